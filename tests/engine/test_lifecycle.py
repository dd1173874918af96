"""The lifecycle tables: every status and event either moves or refuses."""

from __future__ import annotations

from itertools import product

import pytest

from understudy._engine import lifecycle
from understudy._engine.lifecycle import TERMINAL, IllegalTransition, moved
from understudy._engine.objects import MessageState, RunState, StepState

TABLES = [
    (lifecycle.RUN, RunState(status="queued", expires_at=600, started_at=5)),
    (lifecycle.STEP, StepState(status="in_progress")),
    (lifecycle.MESSAGE, MessageState(status="in_progress")),
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
    sources = {row.source for row in lifecycle.RUN}
    statuses = sources | {row.target for row in lifecycle.RUN}
    assert statuses - sources == TERMINAL


def test_every_status_can_be_reached_from_queued():
    """Nothing in the table is dead: each status lies on a way that begins with `queued`."""
    reached = {"queued"}
    for _ in lifecycle.RUN:
        reached |= {row.target for row in lifecycle.RUN if row.source in reached}
    assert reached == {name for row in lifecycle.RUN for name in (row.source, row.target)}


def test_a_run_that_is_over_has_no_expiry_and_its_own_stamp():
    """Terminal runs show `expires_at: null`, and the time of their end in the field of its name where there is one."""
    state = RunState(status="in_progress", expires_at=600, started_at=1)
    for event, stamp in [("completed", "completed_at"), ("failed", "failed_at"), ("expired", None)]:
        ended = moved(state, event, 9.0)
        assert ended.expires_at is None
        assert stamp is None or getattr(ended, stamp) == 9.0


def test_started_at_is_set_anew_after_outputs():
    """A second in_progress, after tool outputs, has a new started_at."""
    state = RunState(status="queued", expires_at=600, started_at=1)
    assert moved(state, "in_progress", 9.0).started_at == 9.0
