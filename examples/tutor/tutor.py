"""A mathematics tutor on the Assistants API. Ask it on the command line: python tutor.py "Solve 3x + 11 = 14."."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from openai import OpenAI
from openai.types.beta.threads import Run

INSTRUCTIONS = "You are a patient mathematics tutor. Show the steps, then the result."
SECONDS_BETWEEN_POLLS = 1


class TutorBusy(Exception):
    """Too many pupils, or no quota left: come back later."""


class TutorUnavailable(Exception):
    """The tutor cannot answer, and trying again at once will not help."""


@dataclass(frozen=True)
class Answer:
    """What the tutor wrote. `complete` is false where it was cut short."""

    text: str
    complete: bool = True


class Tutor:
    """One conversation with the tutor, on one thread."""

    def __init__(self, client: OpenAI | None = None, assistant_id: str | None = None) -> None:
        self._client = client or OpenAI()
        self._assistant_id = assistant_id or self._engage()
        self._thread_id = self._client.beta.threads.create().id

    def ask(self, question: str) -> Answer:
        """Ask, and wait for the answer. A run that expired is tried once more, on the same question."""
        self._client.beta.threads.messages.create(self._thread_id, role="user", content=question)
        run = self._run()
        if run.status == "expired":
            run = self._run()
        match run.status:
            case "completed":
                return Answer(self._written_by(run))
            case "incomplete":
                return Answer(self._written_by(run), complete=False)
            case "failed" if run.last_error and run.last_error.code == "rate_limit_exceeded":
                raise TutorBusy(run.last_error.message)
            case "failed" if run.last_error:
                raise TutorUnavailable(run.last_error.message)
            case _:
                raise TutorUnavailable(f"The run is {run.status}.")

    def _engage(self) -> str:
        return self._client.beta.assistants.create(model="gpt-4o", name="Tutor", instructions=INSTRUCTIONS).id

    def _run(self) -> Run:
        runs = self._client.beta.threads.runs
        run = runs.create(self._thread_id, assistant_id=self._assistant_id)
        while run.status in ("queued", "in_progress", "cancelling"):
            time.sleep(SECONDS_BETWEEN_POLLS)
            run = runs.retrieve(run.id, thread_id=self._thread_id)
        return run

    def _written_by(self, run: Run) -> str:
        messages = self._client.beta.threads.messages.list(self._thread_id, run_id=run.id, order="asc")
        texts = [part.text.value for message in messages for part in message.content if part.type == "text"]
        return "\n".join(texts)


def main(questions: list[str]) -> int:
    """Ask each question in turn; gives the exit status."""
    tutor = Tutor()
    for question in questions:
        try:
            answer = tutor.ask(question)
        except (TutorBusy, TutorUnavailable) as problem:
            print(f"No answer: {problem}", file=sys.stderr)
            return 1
        print(answer.text if answer.complete else f"{answer.text} [...]")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
