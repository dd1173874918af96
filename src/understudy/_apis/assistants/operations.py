"""The operations of the Assistants API: one row each."""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.bodies import (
    CREATE_ASSISTANT,
    CREATE_MESSAGE,
    CREATE_RUN,
    CREATE_THREAD,
    CREATE_THREAD_AND_RUN,
    EMPTY,
    MODIFY_ASSISTANT,
    MODIFY_MESSAGE,
    MODIFY_RUN,
    MODIFY_THREAD,
    SUBMIT_TOOL_OUTPUTS,
)
from understudy._apis.assistants.endpoints import assistants, messages, runs, steps, threads
from understudy._apis.common.operation_call import INCLUDE_CONTENT, Operation
from understudy._apis.common.paging import PAGE_QUERY
from understudy._apis.common.schema import array, enum, string

_INCLUDE: dict[str, Any] = {"include[]": array(enum(INCLUDE_CONTENT))}
_RUN = "/threads/{thread_id}/runs/{run_id}"


def _op(name: str, route: str, run: Any, body: Any = None, **more: Any) -> Operation:
    method, path = route.split(" ")
    return Operation(name=name, method=method, path=path, run=run, body=body, **more)


OPERATIONS: tuple[Operation, ...] = (
    _op("assistants.create", "POST /assistants", assistants.create, CREATE_ASSISTANT),
    _op("assistants.list", "GET /assistants", assistants.list_page, query=PAGE_QUERY),
    _op("assistants.retrieve", "GET /assistants/{assistant_id}", assistants.retrieve),
    _op("assistants.update", "POST /assistants/{assistant_id}", assistants.modify, MODIFY_ASSISTANT),
    _op("assistants.delete", "DELETE /assistants/{assistant_id}", assistants.delete),
    _op("threads.create", "POST /threads", threads.create, CREATE_THREAD),
    _op("threads.create_and_run", "POST /threads/runs", runs.create_with_thread, CREATE_THREAD_AND_RUN, query=_INCLUDE),
    _op("threads.retrieve", "GET /threads/{thread_id}", threads.retrieve, polled="app"),
    _op("threads.update", "POST /threads/{thread_id}", threads.modify, MODIFY_THREAD),
    _op("threads.delete", "DELETE /threads/{thread_id}", threads.delete),
    _op("messages.create", "POST /threads/{thread_id}/messages", messages.create, CREATE_MESSAGE),
    _op(
        "messages.list",
        "GET /threads/{thread_id}/messages",
        messages.list_page,
        query={**PAGE_QUERY, "run_id": string()},
        polled="app",
    ),
    _op("messages.retrieve", "GET /threads/{thread_id}/messages/{message_id}", messages.retrieve, polled="app"),
    _op("messages.update", "POST /threads/{thread_id}/messages/{message_id}", messages.modify, MODIFY_MESSAGE),
    _op("messages.delete", "DELETE /threads/{thread_id}/messages/{message_id}", messages.delete),
    _op("runs.create", "POST /threads/{thread_id}/runs", runs.create, CREATE_RUN, query=_INCLUDE),
    _op("runs.list", "GET /threads/{thread_id}/runs", runs.list_page, query=PAGE_QUERY, polled="app"),
    _op("runs.retrieve", f"GET {_RUN}", runs.retrieve, polled="sdk"),
    _op("runs.update", f"POST {_RUN}", runs.modify, MODIFY_RUN),
    _op("runs.cancel", f"POST {_RUN}/cancel", runs.cancel, EMPTY),
    _op(
        "runs.submit_tool_outputs",
        f"POST {_RUN}/submit_tool_outputs",
        runs.submit_tool_outputs,
        SUBMIT_TOOL_OUTPUTS,
    ),
    _op("steps.list", f"GET {_RUN}/steps", steps.list_page, query={**PAGE_QUERY, **_INCLUDE}, polled="app"),
    _op("steps.retrieve", f"GET {_RUN}/steps/{{step_id}}", steps.retrieve, query=_INCLUDE, polled="app"),
)
