"""The state in which a recorded write was made, as its answer shows it.

The service must reach it before the write can be answered as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from understudy._apis import faces
from understudy._apis.assistants.lifecycle import TERMINAL
from understudy._cassettes.interaction import Interaction

_STATUS = re.compile(r"status ['\"](\w+)['\"]")

Json = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """A state of the service.

    `path`: a GET of it shows the state; `is_met`: recognises the state.
    """

    path: str
    is_met: Callable[[Json], bool]


def wanted_before(exchange: Interaction) -> Wanted | None:
    """Return the state that a recorded write was made in; None when any will do."""
    operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
    name = operation.name if operation else ""
    if name in ("runs.cancel", "runs.update", "runs.submit_tool_outputs"):
        path = f"/threads/{ids['thread_id']}/runs/{ids['run_id']}"
        return Wanted(path, _run_state(name, exchange))
    if name in ("messages.create", "runs.create") and exchange.status == 200:
        return Wanted(f"/threads/{ids['thread_id']}/runs?limit=1", _nothing_runs)
    if name == "vector_stores.file_batches.cancel" and exchange.status == 200:
        path = f"/vector_stores/{ids['vector_store_id']}/file_batches/{ids['batch_id']}"
        over = exchange.json["status"] == "completed"
        return Wanted(path, lambda view: not over or view["status"] == "completed")
    return None


def _run_state(name: str, exchange: Interaction) -> Callable[[Json], bool]:
    if exchange.status >= 400:
        named = _STATUS.search(str(exchange.json))
        return lambda view: named is None or view["status"] == named[1]
    if name == "runs.submit_tool_outputs":
        return lambda view: view["status"] == "requires_action"
    if name == "runs.update":
        return lambda view: view["status"] in TERMINAL
    had_started = exchange.json["started_at"] is not None
    return lambda view: not had_started or view["started_at"] is not None


def _nothing_runs(page: Json) -> bool:
    return all(run["status"] in TERMINAL for run in page["data"])
