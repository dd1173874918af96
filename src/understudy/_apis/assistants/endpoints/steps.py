"""Run steps: list, retrieve."""

from __future__ import annotations

from understudy._apis.assistants import render
from understudy._apis.assistants.views import to_rest
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._engine.lifecycle import TERMINAL
from understudy._engine.objects import Run, Step


def listed(call: Call) -> Json:
    run = call.engine.run(**call.ids)
    return page_of(call, run.steps, lambda step: _shown(run, step, call))


def retrieve(call: Call) -> Json:
    step = call.engine.step(**call.ids)
    return _shown(call.engine.run(call.ids["thread_id"], call.ids["run_id"]), step, call)


def _shown(run: Run, step: Step, call: Call) -> Json:
    """A step in REST. Its `expires_at` goes when its run is over, not before. [REC, Oct 2024: a completed step of a live run
    had it; 87 of 87 of finished runs had not]"""
    shown = to_rest(render.step(step, with_content=call.wants_content))
    if run.state.status not in TERMINAL:
        shown["expires_at"] = int(step.expires_at)
    return shown
