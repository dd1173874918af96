"""The runs of a recording as timelines, from its answers alone.

No run is performed for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from understudy._apis.assistants.lifecycle import TERMINAL
from understudy._cassettes import Interaction
from understudy._common.short_text import short
from understudy._diagnostics.timeline import Moment, Timeline
from understudy._reconstruct.session_facts import Facts, Json, RunFacts
from understudy._reconstruct.timestamps import sent_at

_TIMES = {"completed": "completed_at", "failed": "failed_at", "cancelled": "cancelled_at", "in_progress": "started_at"}
_IN_STEP = ("in_progress", "completed", "failed", "cancelled", "expired")


def timelines(interactions: Sequence[Interaction]) -> list[Timeline]:
    """Return a timeline for each run that an answer shows, oldest first.

    Runs that answers only refer to are left out.

    Raises:
        KeyError, TypeError, ValueError: the recording's server shapes its objects differently.
    """
    facts = Facts(interactions)
    runs = sorted((run for run in facts.runs.values() if run.views), key=lambda run: facts.age(run.id))
    sent = {interaction.index: sent_at(interaction.header("date")) for interaction in interactions}
    return [_timeline(run, sent) for run in runs]


def _timeline(run: RunFacts, sent: dict[int, float]) -> Timeline:
    created = run.views[0][1]["created_at"]
    moments = sorted([*_of_run(run, sent), *_of_steps(run), *_of_messages(run)], key=_rank)
    status = run.status or "unknown"
    shifted = tuple(Moment(max(0.0, moment.at - created), moment.what, moment.name, moment.note) for moment in moments)
    return Timeline(run.id, status, shifted)


def _rank(moment: Moment) -> tuple[float, bool]:
    """Return the sort key of a moment.

    The API gives whole seconds only: in the second in which a run ends, what it does comes before
    its end.
    """
    return moment.at, moment.what == "run" and moment.name in TERMINAL


def _of_run(run: RunFacts, sent: dict[int, float]) -> Iterator[Moment]:
    """Yield each status of a run when it was first shown.

    At the time the run gives, else at the answer's, else at that of the status before.
    """
    before: tuple[str, float] = ("", run.views[0][1]["created_at"])
    yield Moment(before[1], "run", "created")
    for index, view in run.views:
        status = view["status"]
        if status == before[0]:
            continue
        given = before[1] if not before[0] and status == "queued" else view.get(_TIMES.get(status, ""))
        shown = given if isinstance(given, (int, float)) else sent.get(index, 0)
        before = (status, max(before[1], shown))
        yield Moment(before[1], "run", status, _run_note(view))


def _run_note(view: Json) -> str:
    action = view.get("required_action")
    if action:
        calls = action["submit_tool_outputs"]["tool_calls"]
        return ", ".join(_call(call) for call in calls)
    error, incomplete = view.get("last_error"), view.get("incomplete_details")
    if error:
        return f"{error['code']}: {short(error['message'])}"
    return incomplete["reason"] if incomplete else ""


def _of_steps(run: RunFacts) -> Iterator[Moment]:
    for step_id, step in run.steps.items():
        details = step["step_details"]
        made = details.get("message_creation", {}).get("message_id")
        note = f"writes {made}" if made else ", ".join(_call(call) for call in details.get("tool_calls") or ())
        yield Moment(step["created_at"], step_id, "created", note)
        ended = step.get("completed_at") or step.get("failed_at") or step.get("cancelled_at")
        if ended and step["status"] in _IN_STEP:
            yield Moment(ended, step_id, step["status"])


def _of_messages(run: RunFacts) -> Iterator[Moment]:
    for message_id, message in run.messages.items():
        pieces = run.chunks.get(message_id)
        arrived = f" in {len(pieces)} pieces" if pieces else ""
        yield Moment(message["created_at"], message_id, "written", f"{short(text_of(message))!r}{arrived}")


def text_of(message: Any) -> str:
    """Return the texts of a message, joined; its images in brackets."""
    parts = message.get("content") or ()
    if isinstance(parts, str):
        return parts
    return "".join(part["text"]["value"] if part["type"] == "text" else f"[{part['type']}]" for part in parts)


def _call(call: Json) -> str:
    details = call.get(call["type"]) or {}
    if call["type"] == "function":
        output = details.get("output")
        answer = "" if output is None else f" -> {short(output)!r}"
        return f"{details.get('name')}({short(details.get('arguments') or '')}){answer}"
    if call["type"] == "code_interpreter":
        return f"code_interpreter {short(details.get('input') or '')!r}"
    return f"{call['type']}, {len(details.get('results') or ())} result(s)"
