"""The mathematics tutor of ../tutor, on Responses: the same questions, the same answers, the same exceptions."""

from __future__ import annotations

from openai import OpenAI
from openai.types.responses import Response

from tutor import INSTRUCTIONS, Answer, TutorBusy, TutorUnavailable


class Tutor:
    """One conversation with the tutor, kept by the service."""

    def __init__(self, client: OpenAI | None = None) -> None:
        self._client = client or OpenAI()
        self._conversation_id = self._client.conversations.create().id

    def ask(self, question: str) -> Answer:
        """Ask, and wait for the answer."""
        response = self._create(question)
        match response.status:
            case "completed":
                return Answer(_written_in(response))
            case "incomplete":
                return Answer(_written_in(response), complete=False)
            case "failed" if response.error and response.error.code == "rate_limit_exceeded":
                raise TutorBusy(response.error.message)
            case "failed" if response.error:
                raise TutorUnavailable(response.error.message)
            case _:
                raise TutorUnavailable(f"The run is {response.status}.")

    def _create(self, question: str) -> Response:
        # instructions are no part of a conversation: every request brings them
        return self._client.responses.create(
            model="gpt-4o", conversation=self._conversation_id, instructions=INSTRUCTIONS, input=question
        )


def _written_in(response: Response) -> str:
    messages = [item for item in response.output if item.type == "message"]
    return "\n".join(part.text for item in messages for part in item.content if part.type == "output_text")
