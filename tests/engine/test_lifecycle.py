"""The lifecycle tables: every status and event either moves or refuses."""

from __future__ import annotations

from dataclasses import fields
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from understudy._apis.assistants import lifecycle as runs
from understudy._apis.assistants import render
from understudy._apis.assistants.objects import RunSettings
from understudy._engine import lifecycle
from understudy._engine.fold import ExecutionState, Phase, StepState
from understudy._engine.items import MessageState
from understudy._engine.lifecycle import TERMINAL, IllegalTransition, moved

TABLES = [
    (lifecycle.EXECUTION, Phase(status="queued", deadline=600, started_at=5)),
    (lifecycle.STEP, StepState(id="step_1", message_id=None)),
    (lifecycle.ITEM, MessageState(id="msg_1")),
]


@pytest.mark.parametrize(("table", "state"), TABLES, ids=["run", "step", "message"])
def test_every_pair_moves_or_refuses(table, state):
    """For every status and event a table knows: the event moves as the table says, or is refused and changes nothing."""
    from dataclasses import replace

    statuses = sorted({name for row in table for name in (row.source, row.target)})
    events = sorted({row.event for row in table} | {"nonsense"})
    legal = {(row.source, row.event): row.target for row in table}
    for status, event in product(statuses, events):
        before = replace(state, status=status)
        kept = replace(before)
        if (status, event) in legal:
            assert moved(before, event, 7.0).status == legal[status, event]
        else:
            with pytest.raises(IllegalTransition, match=status):
                moved(before, event, 7.0)
        assert before == kept


def test_terminal_statuses_are_those_without_a_way_out():
    """No run leaves a terminal status, and every other status can be left."""
    sources = {row.source for row in runs.RUN}
    statuses = sources | {row.target for row in runs.RUN}
    assert statuses - sources == TERMINAL


def test_every_status_can_be_reached_from_queued():
    """Nothing in the table is dead: each status lies on a way that begins with `queued`."""
    reached = {"queued"}
    for _ in runs.RUN:
        reached |= {row.target for row in runs.RUN if row.source in reached}
    assert reached == {name for row in runs.RUN for name in (row.source, row.target)}


def run_shown(phase: Phase) -> Any:
    """A run in this phase, as the Assistants API shows it."""
    names = (field.name for field in fields(RunSettings))
    run: Any = SimpleNamespace(
        id="run_1",
        created_at=1,
        assistant_id="asst_1",
        thread_id="thread_1",
        metadata={},
        settings=RunSettings(**dict.fromkeys(names)),  # type: ignore[arg-type]
    )
    return render.run(run, ExecutionState(phase))


def test_a_run_that_is_over_has_no_expiry_and_its_own_stamp():
    """Terminal runs show `expires_at: null`, and the time of their end in the field of its name where there is one."""
    state = Phase(status="running", deadline=600, started_at=1)
    for event, stamp in [("completed", "completed_at"), ("failed", "failed_at"), ("expired", None)]:
        ended = moved(state, event, 9.0)
        assert ended.deadline is None
        shown = run_shown(ended)
        assert (shown["status"], shown["expires_at"]) == (event, None)
        stamps = {name: shown[name] for name in ("completed_at", "failed_at", "cancelled_at")}
        assert stamps == {name: 9 if name == stamp else None for name in stamps}


def test_started_at_is_set_anew_after_outputs():
    """A second in_progress, after tool outputs, has a new started_at."""
    state = Phase(status="queued", deadline=600, started_at=1)
    assert moved(state, "running", 9.0).started_at == 9.0
