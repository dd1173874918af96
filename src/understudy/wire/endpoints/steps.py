"""Run steps: list, retrieve."""

from __future__ import annotations

from understudy.simulation.objects import Step
from understudy.wire import render
from understudy.wire.call import Call, Json
from understudy.wire.paging import page_of
from understudy.wire.views import to_rest


def listed(call: Call) -> Json:
    run = call.world.run(**call.ids)

    def show(step: Step) -> Json:
        return render.step(step, with_content=call.wants_content)

    return page_of(call, run.steps, show)


def retrieve(call: Call) -> Json:
    return to_rest(render.step(call.world.step(**call.ids), with_content=call.wants_content))
