"""One request as the operations see it: parsed, checked, with the service at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from understudy._apis.common.forms import Form
from understudy._apis.common.schema import Fields
from understudy._common.messages import Abort, Request, Response
from understudy._engine.engine import Engine

Json = dict[str, Any]
INCLUDE_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


@dataclass(slots=True, kw_only=True)
class Call:
    """A call of an operation.

    Attributes:
        engine: the service it is for.
        shown: what answers of this API have shown last, by id: see `PollClock`.
        ids: the parts of the path, `{"thread_id": "thread_..."}`.
        body: the checked JSON body, `{}` when there was none.
        query: the checked query; numbers are numbers, `include[]` is a list.
        request: as sent.
    """

    engine: Engine
    shown: dict[Any, Any]
    ids: dict[str, str]
    body: Json
    query: Json
    request: Request

    @property
    def wants_content(self) -> bool:
        """Whether the passages that a file search found are asked for, with `include[]`. [REC]"""
        return INCLUDE_CONTENT in self.query.get("include[]", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API: a row of `operations.OPERATIONS`.

    Attributes:
        name: as in the SDK, `runs.submit_tool_outputs`; also what faults and coverage call it.
        method, path: `POST`, `/threads/{thread_id}/runs`.
        run: carries it out; gives the JSON to answer with (200), or a whole response.
        body: what the JSON body or the form may hold; None when the operation takes none.
        query: what the query may hold.
        beta: whether `OpenAI-Beta: assistants=v2` is demanded. [REC: assistants and threads do, nothing else]
        mark: how its behaviour is known.
        watches: what is being waited for by asking this: `"run"`, `"list"`, `"store"`, `"store_file"`, `"batch"`,
            `"store_files"`, `"batch_files"`, `"response"`, or nothing.
        face: which API it belongs to: whose texts refuse, and what counts as shown.
    """

    name: str
    method: str
    path: str
    run: Callable[[Call], Json | Response | Abort]
    body: Fields | Form | None = None
    query: dict[str, Callable[[Any, str], Any]] = field(default_factory=dict)
    beta: bool = True
    mark: str = "REC"
    watches: str = ""
    face: str = "assistants"
