"""What a run does, derived from what its recording shows the model did: the script that makes a fake do the same."""

from __future__ import annotations

from collections.abc import Callable

from understudy.errors import ImpossibleScript
from understudy.fidelity.facts import Json, RunFacts
from understudy.simulation.script import (
    CodeInterpreter,
    Expire,
    Fail,
    FileSearch,
    FunctionCall,
    Hang,
    Incomplete,
    Move,
    Reply,
    SearchResult,
    Step,
    Wait,
)

UNKNOWN_SECONDS = 60  # how much longer a run goes on whose end no answer shows
NOT_SHOWN = "(not shown in the recording)"
_PIXEL = b"\x89PNG\r\n\x1a\n"  # what an image's bytes are when nobody looks at them

Served = Callable[[str], str]


def moves_of(run: RunFacts, served: Served) -> tuple[Step, ...]:
    """The script of a run. `served` gives the id that stands for a recorded file's."""
    return *_steps(run, served), *_ending(run)


def _steps(run: RunFacts, served: Served) -> list[Step]:
    """The steps shown, then the messages and calls that no shown step explains."""
    waiting = _calls_waited_for(run)
    messages = dict(run.messages)
    timed: list[tuple[float, Step]] = []
    for step in run.steps.values():
        details = step["step_details"]
        if details["type"] == "message_creation":
            message = messages.pop(details["message_creation"]["message_id"], None)
            move: Step = _reply(message, run, served)
        else:
            calls = details["tool_calls"] or (waiting and waiting.pop(0)[1]) or []
            shown = {call["id"] for call in calls}
            waiting = [(at, other) for at, other in waiting if not shown & {call["id"] for call in other}]
            if not calls:
                continue
            move = _step_of([_call(call, served) for call in calls])
        timed.append((step["created_at"], move))
    timed += [(message["created_at"], _reply(message, run, served)) for message in messages.values()]
    timed += [(at, _step_of([_call(call, served) for call in calls])) for at, calls in waiting]
    return [move for _, move in sorted(timed, key=lambda pair: pair[0])]


def _step_of(calls: list[Move]) -> Step:
    return calls[0] if len(calls) == 1 else tuple(calls)


def _calls_waited_for(run: RunFacts) -> list[tuple[float, list[Json]]]:
    """The calls of each `requires_action`, once each, with a time at which the run had started on them."""
    found: list[tuple[float, list[Json]]] = []
    for _, view in run.views:
        if view.get("required_action"):
            calls = view["required_action"]["submit_tool_outputs"]["tool_calls"]
            if not any(other[0]["id"] == calls[0]["id"] for _, other in found):
                found.append((view.get("started_at") or view["created_at"], calls))
    return found


def _call(call: Json, served: Served) -> Move:
    details = call[call["type"]]
    if call["type"] == "function":
        return FunctionCall(details["name"], details["arguments"])
    if call["type"] == "code_interpreter":
        logs = [output["logs"] for output in details["outputs"] if output["type"] == "logs"]
        images = tuple(_PIXEL for output in details["outputs"] if output["type"] == "image")
        return CodeInterpreter(details["input"], logs="\n".join(logs) if logs else None, images=images)
    return FileSearch(tuple(_result(result, served) for result in details.get("results") or ()))


def _result(result: Json, served: Served) -> SearchResult:
    text = "".join(piece.get("text", "") for piece in result.get("content") or ())
    return SearchResult(served(result["file_id"]), result["score"], text)


def _reply(message: Json | None, run: RunFacts, served: Served) -> Reply:
    content = message["content"] if message is not None else []
    if message is None or not content:
        return Reply(NOT_SHOWN)
    cited = [note for part in content if part["type"] == "text" for note in part["text"]["annotations"]]
    citations = tuple(served(note[note["type"]]["file_id"]) for note in cited if note["type"] in note)
    if len(content) > 1 or content[0]["type"] != "text":
        return Reply(parts=tuple(_part(part) for part in content), citations=citations)
    text = content[0]["text"]["value"]
    chunks = run.chunks.get(message["id"])
    if chunks is not None and "".join(chunks) == text:
        return Reply(chunks=tuple(chunks), text=text, citations=citations)
    return Reply(text, citations=citations)


def _part(part: Json) -> str | bytes:
    return part["text"]["value"] if part["type"] == "text" else _PIXEL


def _ending(run: RunFacts) -> list[Step]:
    """How the run ends. One that was cancelled would else have gone on."""
    last = run.views[-1][1] if run.views else {}
    if run.cancelled is not None:
        return [Hang(on_cancel="completes" if run.status == "completed" else "cancelled")]
    if run.status == "failed":
        try:
            return [Fail(last["last_error"]["code"], last["last_error"]["message"])]
        except ImpossibleScript:  # a code that came later
            return [Fail(message=last["last_error"]["message"])]
    if run.status == "incomplete":
        return [Incomplete((last.get("incomplete_details") or {}).get("reason", "max_completion_tokens"))]
    if run.status == "expired":
        return [Expire()]
    return [Wait(0 if run.status == "completed" else UNKNOWN_SECONDS)]
