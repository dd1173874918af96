"""The Responses and Conversations API as a face."""

from __future__ import annotations

from collections.abc import Mapping

from understudy._apis.common import sse
from understudy._apis.common.face import Face
from understudy._apis.common.operation_call import Json
from understudy._apis.responses.error_texts import REFUSALS
from understudy._apis.responses.event_names import EVENT_NAMES
from understudy._apis.responses.lifecycle import response_status
from understudy._apis.responses.objects import ResponsesObjects
from understudy._apis.responses.operations import OPERATIONS
from understudy._engine.engine import Engine
from understudy._engine.items import Conversation


def _conversation(engine: Engine, ids: Mapping[str, str]) -> Conversation | None:
    objects = engine.part(ResponsesObjects)
    if "conversation_id" in ids:
        return objects.conversations.get(ids["conversation_id"])
    response = objects.responses.get(ids.get("response_id", ""))
    return None if response is None else response.execution.conversation


def _error_event(number: int, error: Json) -> tuple[bytes, ...]:
    """Return the event of a stream that fails [REC, one fixture].

    Numbered, as all events are.
    """
    return (sse.render("error", {"type": "error", "sequence_number": number, **error}),)


RESPONSES = Face(
    name="responses",
    operations=OPERATIONS,
    refusals=REFUSALS,
    conversation=_conversation,
    status_word=response_status,
    event_names=EVENT_NAMES,
    error_event=_error_event,
    id_prefixes={"response_id": "resp", "conversation_id": "conv"},
)
