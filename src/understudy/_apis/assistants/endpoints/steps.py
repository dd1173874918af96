"""Run steps: list, retrieve."""

from __future__ import annotations

from understudy._apis.assistants import render
from understudy._apis.assistants.objects import AssistantsObjects, Run
from understudy._apis.assistants.views import to_rest
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._engine.execution import Step


def list_page(call: Call) -> Json:
    run = call.engine.part(AssistantsObjects).run(**call.ids)
    call.polls.asked_list(run.execution.conversation, call.request.url)
    return page_of(call, run.steps, lambda step: _show(run, step, call))


def retrieve(call: Call) -> Json:
    objects = call.engine.part(AssistantsObjects)
    step = objects.step(**call.ids)
    return _show(objects.run(call.ids["thread_id"], call.ids["run_id"]), step, call)


def _show(run: Run, step: Step, call: Call) -> Json:
    """Return the REST view of a step."""
    return to_rest(render.step(run, step, with_content=call.wants_content), run_is_over=run.is_over)
