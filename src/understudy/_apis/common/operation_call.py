"""One request as the operations see it: parsed, checked, with the service at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from understudy._apis.common.forms import Form
from understudy._apis.common.schema import Fields
from understudy._common.messages import Abort, Request, Response
from understudy._engine.engine import Engine
from understudy._engine.poll_clock import PollClock

Json = dict[str, Any]
MOST_DIGITS = 12  # of an interval in milliseconds: 30 years
INCLUDE_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


@dataclass(slots=True, kw_only=True)
class Call:
    """A call of an operation.

    Attributes:
        engine: the service it is for.
        polls: moves the clock as this API's polling wants it.
        shown: what answers of this API have shown last, by id: see `PollClock`.
        ids: the parts of the path, `{"thread_id": "thread_..."}`.
        body: the checked JSON body, `{}` when there was none.
        query: the checked query; numbers are numbers, `include[]` is a list.
        request: as sent.
    """

    engine: Engine
    polls: PollClock
    shown: dict[Any, Any]
    ids: dict[str, str]
    body: Json
    query: Json
    request: Request

    @property
    def poll_interval(self) -> float | None:
        """Return the seconds between polls that the SDK announces when the app chose them: then it really sleeps."""
        text = self.request.header("x-stainless-custom-poll-interval")
        return int(text) / 1000 if text and text.isdecimal() and len(text) <= MOST_DIGITS else None

    @property
    def wants_content(self) -> bool:
        """Say whether the passages that a file search found are asked for, with `include[]` [REC]."""
        return INCLUDE_CONTENT in self.query.get("include[]", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of an API: a row of its face.

    Attributes:
        name: as in the SDK, `runs.submit_tool_outputs`; also what faults and coverage call it.
        method, path: `POST`, `/threads/{thread_id}/runs`.
        run: carries it out; gives the JSON to answer with (200), or a whole response.
        body: what the JSON body or the form may hold; None when the operation takes none.
        query: what the query may hold.
        mark: how its behaviour is known.
        polled: who asks this again until the answer changes: `"sdk"`, whose polling need not sleep
            here; `"app"`, in loops of its own; "" for nobody.
        arrives: notes a request before anything becomes of it, a fault included.
    """

    name: str
    method: str
    path: str
    run: Callable[[Call], Json | Response | Abort]
    body: Fields | Form | None = None
    query: dict[str, Callable[[Any, str], Any]] = field(default_factory=dict)
    mark: str = "REC"
    polled: Literal["", "app", "sdk"] = ""
    arrives: Callable[[Engine, Request], None] | None = None
