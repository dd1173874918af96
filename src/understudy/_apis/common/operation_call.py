"""A request as the operations see it: parsed and checked, with the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from understudy._apis.common.forms import Form
from understudy._apis.common.schema import Fields
from understudy._common.messages import Abort, Headers, Request, Response
from understudy._engine.engine import Engine
from understudy._engine.poll_clock import PollClock

Json = dict[str, Any]
INCLUDE_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


@dataclass(slots=True, kw_only=True)
class Call:
    """A call of an operation.

    Attributes:
        engine: the engine of the service.
        polls: advances the clock for this API's polling.
        shown: the state that this API's responses showed last, by id; see `PollClock`.
        ids: the ids in the path, `{"thread_id": "thread_..."}`.
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
    def wants_content(self) -> bool:
        """Return whether the text that a file search found is requested [REC].

        With `include[]`.
        """
        return INCLUDE_CONTENT in self.query.get("include[]", ())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One operation of an API: a row of its face.

    Attributes:
        name: as in the SDK, `runs.submit_tool_outputs`; faults and coverage use it too.
        method, path: `POST`, `/threads/{thread_id}/runs`.
        run: carries it out; returns the JSON of a 200 response, or a whole response.
        body: the check of the JSON body or form; None if the operation has no body.
        query: the checks of the query parameters.
        mark: how its behaviour is known.
        polled: who repeats this request until the response changes: `"sdk"`, whose polling need not
            sleep here; `"app"`, in its own loops; "" for no one.
        headers: what its successful responses say besides.
        arrives: called with each request on arrival, before faults are applied.
    """

    name: str
    method: str
    path: str
    run: Callable[[Call], Json | Response | Abort]
    body: Fields | Form | None = None
    query: dict[str, Callable[[Any, str], Any]] = field(default_factory=dict)
    mark: str = "REC"
    polled: Literal["", "app", "sdk"] = ""
    headers: Headers = ()
    arrives: Callable[[Engine, Request], None] | None = None
