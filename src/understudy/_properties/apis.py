"""The differences between the APIs that generated scripts are for.

Endings, reasons, operations, stream events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from understudy.errors import did_you_mean
from understudy.scripts import INCOMPLETE_REASONS, Reason

Api = Literal["assistants", "responses", "both"]
APIS: tuple[Api, ...] = get_args(Api)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScripts:
    """The limits of generated scripts and faults for an API.

    Attributes:
        expires: whether an execution can expire: a response cannot.
        reasons: why one can end incomplete. `max_prompt_tokens` is of runs alone.
        thoughts: moves in which the model thinks.
        operations: the operations that faults happen at; None for any operation.
        events: the stream events that faults happen at; None for the fault's own place.
    """

    expires: bool
    reasons: tuple[Any, ...]
    thoughts: tuple[Reason, ...] = ()
    operations: tuple[Any, ...] = (None,)
    events: tuple[Any, ...] = (None,)


_THOUGHTS = (Reason(), Reason("The user asks."))
_OF_API: dict[str, ApiScripts] = {
    "assistants": ApiScripts(
        expires=True,
        reasons=INCOMPLETE_REASONS,
        operations=(
            *("runs.retrieve", "runs.create", "runs.submit_tool_outputs"),
            *("messages.create", "messages.list", "threads.create"),
        ),
        events=(
            *(None, "thread.run.completed", "thread.message.completed"),
            *("thread.message.delta", "thread.run.in_progress"),
        ),
    ),
    "responses": ApiScripts(
        expires=False,
        reasons=("max_output_tokens", "content_filter"),
        thoughts=_THOUGHTS,
        operations=(
            *("responses.create", "responses.retrieve", "conversations.create"),
            *("conversations.items.create", "conversations.items.list"),
        ),
        events=(
            *(None, "response.completed", "response.output_item.done"),
            *("response.output_text.delta", "response.in_progress"),
        ),
    ),
    "both": ApiScripts(expires=False, reasons=("max_completion_tokens", "content_filter"), thoughts=_THOUGHTS),
}


def of_api(asker: str, api: str) -> ApiScripts:
    """Return the limits of scripts for an API.

    `asker`: the function that was given `api`, for the error message.

    Raises:
        ValueError: an unknown API; the message names the nearest.
    """
    if not isinstance(api, str) or api not in _OF_API:
        raise ValueError(f"{asker}(api={api!r}): expected one of {', '.join(map(repr, APIS))}.{did_you_mean(api, APIS)}")
    return _OF_API[api]
