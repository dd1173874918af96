"""The Assistants API as a face."""

from __future__ import annotations

from collections.abc import Mapping

from understudy._apis.assistants.event_names import EVENT_NAMES
from understudy._apis.assistants.lifecycle import run_status
from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.assistants.operations import OPERATIONS
from understudy._apis.assistants.views import DIFFERENCES
from understudy._apis.common.face import Face
from understudy._apis.dialect import is_azure
from understudy._common.messages import Request
from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.items import Conversation


def _check_version(request: Request) -> None:
    """Refuse a request without `OpenAI-Beta: assistants=v2` [REC].

    Not on Azure: Microsoft's examples send none [DOCS].
    """
    if not is_azure(request):
        raise ApiError("beta.v1" if "assistants=" in (request.header("openai-beta") or "") else "beta.missing")


def _conversation(engine: Engine, ids: Mapping[str, str]) -> Conversation | None:
    thread_id = ids.get("thread_id")
    return None if thread_id is None else engine.part(AssistantsObjects).threads.get(thread_id)


ASSISTANTS = Face(
    name="assistants",
    operations=OPERATIONS,
    version="assistants=v2",
    check_version=_check_version,
    is_switched_off=True,
    conversation=_conversation,
    status_word=run_status,
    event_names=EVENT_NAMES,
    view_differences=DIFFERENCES,
    id_prefixes={
        "assistant_id": "asst",
        "thread_id": "thread",
        "message_id": "msg",
        "run_id": "run",
        "step_id": "step",
    },
)
