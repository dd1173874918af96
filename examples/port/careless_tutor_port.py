"""The same port with a mistake that is easily made: instructions at the first request only, as an assistant has them."""

from __future__ import annotations

import tutor_port
from openai.types.responses import Response

from tutor import INSTRUCTIONS


class Tutor(tutor_port.Tutor):
    """One conversation with the tutor."""

    _is_instructed = False

    def _create(self, question: str) -> Response:
        instructions = None if self._is_instructed else INSTRUCTIONS
        self._is_instructed = True
        return self._client.responses.create(
            model="gpt-4o", conversation=self._conversation_id, instructions=instructions, input=question
        )
