"""An API as a value.

The dispatcher receives its faces and knows nothing else about any API. Nothing is registered: code
that only needs the operations of the real service uses a value of `understudy._apis.faces`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy._apis.common import sse
from understudy._apis.common.operation_call import Json, Operation
from understudy._apis.error_texts import REFUSALS, Refusal
from understudy._common.messages import Headers, Request
from understudy._engine.engine import Engine
from understudy._engine.items import Conversation

# The headers of every response of the service. [REC]
SERVICE_HEADERS: Headers = (("openai-version", "2020-10-01"), ("openai-processing-ms", "20"))


def no_check(request: Request) -> None:
    """Demand nothing of a request."""


def no_conversation(engine: Engine, ids: Mapping[str, str]) -> Conversation | None:  # noqa: ARG001
    """Find no conversation: no path of this API names one."""
    return None


def nameless_error(number: int, error: Json) -> tuple[bytes, ...]:  # noqa: ARG001
    """Return the `error` event that ends a stream, and `done`."""
    return sse.render("error", error), sse.DONE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """An API as a view of the engine.

    Attributes:
        name: `assistants`, `responses`.
        operations: what can be requested, one row each.
        refusals: its error texts, by the engine's names of refusals.
        headers: the headers of each of its responses.
        version: what the header `OpenAI-Beta` of its requests contains; "" for no such header.
        check_version: checks a request without that, before its query and body are read; raises `ApiError`.
        is_switched_off: whether the real service has shut it down: what the fault `Sunset` is about.
        conversation: finds the conversation that the ids of a path refer to, or None.
        status_word: its word for an execution's status.
        event_names: the names of the events in its streams.
        error_event: renders the last event of a stream that fails, given the number of events before it
            and the error.
        view_differences: how its views of one object differ; see `assistants.views`.
        id_prefixes: the prefixes of the ids in its paths, by their names there; an unknown id with another
            prefix is refused for its prefix. [REP for threads and assistants, INF for the others]
    """

    name: str
    operations: tuple[Operation, ...]
    refusals: Mapping[str, Refusal] = field(default_factory=lambda: REFUSALS)
    headers: Headers = SERVICE_HEADERS
    version: str = ""
    check_version: Callable[[Request], None] = no_check
    is_switched_off: bool = False
    conversation: Callable[[Engine, Mapping[str, str]], Conversation | None] = no_conversation
    status_word: Callable[[str], str] = str
    event_names: tuple[str, ...] = ()
    error_event: Callable[[int, Json], tuple[bytes, ...]] = nameless_error
    view_differences: tuple[Any, ...] = ()
    id_prefixes: Mapping[str, str] = field(default_factory=dict)
