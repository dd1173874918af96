"""Run steps: list, retrieve."""

from __future__ import annotations

from understudy.simulation.lifecycle import TERMINAL
from understudy.simulation.objects import Run, Step
from understudy.wire import render
from understudy.wire.call import Call, Json
from understudy.wire.paging import page_of
from understudy.wire.views import to_rest


def listed(call: Call) -> Json:
    run = call.world.run(**call.ids)
    return page_of(call, run.steps, lambda step: _shown(run, step, call))


def retrieve(call: Call) -> Json:
    step = call.world.step(**call.ids)
    return _shown(call.world.run(call.ids["thread_id"], call.ids["run_id"]), step, call)


def _shown(run: Run, step: Step, call: Call) -> Json:
    """A step in REST. Its `expires_at` goes when its run is over, not before. [REC, Oct 2024: a completed step of a live run
    had it; 87 of 87 of finished runs had not]"""
    shown = to_rest(render.step(step, with_content=call.wants_content))
    if run.state.status not in TERMINAL:
        shown["expires_at"] = int(step.expires_at)
    return shown
