"""What an app sees of a run fits together: each status it passes through, and each time stamp."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from openai import OpenAI

import understudy as us
from tests.effort import examples
from tests.engine.app import ASSISTANT, assistant, outputs_for, thread
from tests.engine.scripts import FILE, scripts
from understudy import FunctionCall, Hang, Reply
from understudy._apis.assistants.lifecycle import RUN, TERMINAL

DIRECT = {(row.source, row.target) for row in RUN}


def lived(script: Any, cancel_in: str | None = None) -> list[Any]:
    """The run as it was shown each second. `cancel_in`: the status to cancel it in."""
    with us.simulate(script=script, time="manual") as backend:
        assistant(backend)
        backend.add_file(id=FILE, filename="notes.txt", content="notes")
        client = OpenAI()
        runs = client.beta.threads.runs
        run = runs.create(thread(client), assistant_id=ASSISTANT)
        shown = [run]
        while run.status not in TERMINAL:
            if run.status == cancel_in:
                shown.append(runs.cancel(run.id, thread_id=run.thread_id))
            elif run.status == "requires_action":
                shown.append(runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs_for(run)))
            backend.clock.advance(1)
            run = runs.retrieve(run.id, thread_id=run.thread_id)
            shown.append(run)
            for step in runs.steps.list(run.id, thread_id=run.thread_id, limit=100):
                assert (step.to_dict()["expires_at"] is None) == (run.status in TERMINAL)
        return shown


@given(script=scripts(), cancel_in=st.sampled_from([None, None, "queued", "in_progress", "requires_action"]))
@settings(examples(40))
def test_every_status_is_seen_and_every_stamp_fits(script, cancel_in):
    """Asked each second, a run shows every status it passes through, and only stamps of statuses it has been in."""
    shown = lived(script, cancel_in)
    statuses = [run.status for run in shown]
    last = shown[-1]
    for before, run in itertools.pairwise(shown):
        assert run.status == before.status or (before.status, run.status) in DIRECT, "a status was passed unseen"
        if run.started_at is not None:
            assert "in_progress" in statuses
            assert run.created_at <= run.started_at
        assert (run.expires_at is None) == (run.status in TERMINAL)
        assert (run.cancelled_at is None) == (run.status != "cancelled")
        assert (run.failed_at is None) == (run.status != "failed")
        assert (run.completed_at is None) == (run.status not in ("completed", "incomplete"))
    if last.status in ("completed", "incomplete"):
        assert last.started_at is not None
        assert last.started_at < last.completed_at


def test_a_run_cancelled_while_queued_does_not_complete():
    """A run that was never in progress is cancelled, though it would have completed before a later cancel."""
    shown = lived((Hang(on_cancel="completes"),), "queued")
    assert [run.status for run in shown] == ["queued", "cancelling", "cancelled"]
    assert shown[-1].started_at is None


def test_a_run_is_in_progress_after_its_last_outputs():
    """A script that ends with a call is in progress for a second after the outputs, and can be cancelled there."""
    shown = lived((Reply("x"), FunctionCall("get_time")))
    statuses = [run.status for run in shown]
    assert statuses[-3:] == ["queued", "in_progress", "completed"]
    assert shown[-1].completed_at == shown[-1].started_at + 1
