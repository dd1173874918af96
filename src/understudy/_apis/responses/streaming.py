"""A response that the client waits for: a stream, or one answer at its end.

Waiting for a *foreground* response lets time pass: the clock advances to its next event in every virtual mode, including
`manual`. A *background* stream advances it as the stream of a run does. If the timeout of the client comes first, the
request times out then, and a foreground response ceases to exist. [DOCS, REP]
"""

from __future__ import annotations

from collections.abc import Iterator

from understudy._apis.common import sse
from understudy._apis.common.json_encoding import pretty
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.responses import render
from understudy._apis.responses.objects import ModelResponse, ResponsesObjects
from understudy._apis.responses.stream_events import StreamWriter
from understudy._common.messages import Abort, Chunk, Pause, Response
from understudy._engine.engine import Engine
from understudy._engine.execution import Execution
from understudy._engine.fold import START, apply
from understudy._engine.lifecycle import TERMINAL
from understudy.errors import ClockNotAdvancing

DEFAULT_TIMEOUT_SECONDS = 600  # the SDK's own [SDK]
PATIENCE_TURNS = 100
TURN_SECONDS = 0.001
_JSON = (("content-type", "application/json"),)
_TIMED_OUT = Abort("ReadTimeout", "The read operation timed out")


def timeout_of(call: Call) -> float:
    """Return the read timeout of the client, in seconds, as its SDK announces it."""
    for name in ("x-stainless-read-timeout", "x-stainless-timeout"):
        text = call.request.header(name) or ""
        try:
            seconds = float(text)
        except ValueError:
            continue
        if seconds > 0:
            return seconds
    return DEFAULT_TIMEOUT_SECONDS


def answer_at_the_end(call: Call, response: ModelResponse, *, overlaps: bool = False) -> Json | Response | Abort:
    """Return a foreground response once it has ended.

    `overlaps`: other tasks of the event loop ask before that.
    """
    if call.engine.clock.mode == "real":
        return Response(200, _JSON, stream=_wait_in_real_time(call, response))
    if overlaps:
        return Response(200, _JSON, stream=_after_other_tasks(call, response))
    return _at_the_end(call, response)


def _after_other_tasks(call: Call, response: ModelResponse) -> Iterator[Chunk]:
    """Let the other tasks of the event loop ask, then yield the response."""
    yield from call.engine.overlap.turns()
    with call.engine.lock:
        answer = _at_the_end(call, response)
    yield answer if isinstance(answer, Abort) else pretty(answer)


def _at_the_end(call: Call, response: ModelResponse) -> Json | Abort:
    if not _wait_for_end(call.engine, response.execution, timeout_of(call)):
        _forget(call.engine, response)
        return _TIMED_OUT
    return show_at_the_end(call, response)


def show_at_the_end(call: Call, response: ModelResponse) -> Json:
    """Return a response that has ended, and record its open calls."""
    finish(call.engine, response)
    call.shown[response.id] = response.execution.state.phase
    return render.response(response)


def finish(engine: Engine, response: ModelResponse) -> None:
    """Record the open calls of a response that has ended.

    Remove it if it is not to be stored.
    """
    objects = engine.part(ResponsesObjects)
    objects.note_calls(response)
    if not response.settings.is_stored:
        objects.unstore(response)


def _wait_for_end(engine: Engine, execution: Execution, seconds: float) -> bool:
    """Let time pass until an execution has ended or paused.

    Returns False if that takes longer than `seconds`.
    """
    clock = engine.clock
    status, now = execution.state.phase.status, clock.now()
    if status == "paused" or status in TERMINAL:  # another thread has moved the clock
        return True
    at, deadline = execution.rests_at(), now + seconds
    if at is None or at > deadline:
        clock.move_to(deadline)
        return False
    clock.move_to(at)  # which settles
    return True


def _wait_in_real_time(call: Call, response: ModelResponse) -> Iterator[Chunk]:
    """Wait in real time, then yield the response."""
    engine, execution = call.engine, response.execution
    deadline = engine.clock.now() + timeout_of(call)
    while True:
        with engine.lock:
            engine.settle()
            at = execution.next_event_at()
            if execution.is_over or execution.status == "paused":
                last: Chunk = pretty(show_at_the_end(call, response))
                break
            now = engine.clock.now()
            if (at is None or at > deadline) and now >= deadline:
                _forget(engine, response)
                last = _TIMED_OUT
                break
        yield Pause(max(min(deadline if at is None else at, deadline) - now, TURN_SECONDS))
    yield last


def _forget(engine: Engine, response: ModelResponse) -> None:
    engine.part(ResponsesObjects).drop(response)


# -- streams ------------------------------------------------------------------------


def stream_response(call: Call, response: ModelResponse, *, after: int = -1, overlaps: bool = False) -> Response:
    """Return a response that streams the events with a number above `after`.

    `overlaps`: other tasks of the event loop ask before the first of them.
    """
    call.shown[response.id] = response.execution.state.phase
    stream = _events(call, response, after, overlaps=overlaps)
    return Response(200, (("content-type", sse.CONTENT_TYPE),), stream=stream)


def _events(call: Call, response: ModelResponse, after: int, *, overlaps: bool) -> Iterator[Chunk]:
    try:
        if overlaps:
            yield from call.engine.overlap.turns()
        yield from _until_over(call, response, after)
    finally:
        _abandon(call.engine, response)  # closing the stream of a foreground response ends it [REP]


def _abandon(engine: Engine, response: ModelResponse) -> None:
    with engine.lock:
        is_there = response.execution.id in engine.executions
        if is_there and not response.settings.is_background and not response.is_over:
            _forget(engine, response)


def _until_over(call: Call, response: ModelResponse, after: int) -> Iterator[Chunk]:
    engine, execution = call.engine, response.execution
    writer = StreamWriter(response, obfuscates=_wants_obfuscation(call, response))
    timeout = timeout_of(call)
    state, position, turns = START, 0, 0
    heard_at = engine.clock.now()
    while True:
        while True:
            with engine.lock:
                event = execution.happened.get(position)
                if event is None:
                    break
                position += 1
                is_newest = execution.happened.get(position) is None
                # The current state needs no folding, unless more events have happened since.
                state = execution.state if is_newest else apply(state, event)
                is_last = state.phase.status == "paused" or (is_newest and execution.is_over)
                if is_last:
                    finish(engine, response)
            for name, payload in writer.sent(event, state):
                if payload["sequence_number"] > after:
                    turns, heard_at = 0, engine.clock.now()
                    yield sse.render(name, payload)
            if is_last:
                return
        with engine.lock:
            if execution.id not in engine.executions:
                return
            chunk = _let_time_pass(engine, response, turns, heard_at + timeout)
        if isinstance(chunk, Abort):
            break
        if chunk is not None:
            turns += 1
            yield chunk
    _abandon(engine, response)  # the client gives up now, although it may close the stream later
    yield chunk


def _wants_obfuscation(call: Call, response: ModelResponse) -> bool:
    if "include_obfuscation" in call.query:
        return bool(call.query["include_obfuscation"] == "true")
    return response.settings.obfuscates


def _let_time_pass(engine: Engine, response: ModelResponse, turns: int, deadline: float) -> Pause | Abort | None:
    """Advance to the next event.

    Returns None once the clock has reached it, a pause to wait for it, or `_TIMED_OUT` after the timeout of the client.
    """
    clock, at = engine.clock, response.execution.next_event_at()
    if at is not None and at <= clock.now():
        engine.settle()
        return None
    if at is None or at > deadline:
        if clock.virtual:
            clock.move_to(deadline)
        elif clock.now() < deadline:
            return Pause(deadline - clock.now())
        return _TIMED_OUT
    if clock.mode == "real":
        return Pause(at - clock.now())
    if not response.settings.is_background or clock.mode == "poll":
        clock.move_to(at)
        return None
    if clock.mode == "sleep":
        if turns == 0:
            return Pause(at - clock.now())  # the stream sleeps as the app would, which advances the clock
        reason = (
            "slept until its next event, but the clock did not advance. time='sleep' needs the fixture or "
            "understudy.simulate(time='sleep'), which replace the sleep functions; with trio, use "
            "understudy.trio_clock(...)."
        )
        raise ClockNotAdvancing(f"the stream of {response.id} {reason}")
    if turns < PATIENCE_TURNS:
        return Pause(TURN_SECONDS)
    raise ClockNotAdvancing(
        f"the stream of {response.id} has to wait {at - clock.now():g} s for its next event, but with time='manual' the "
        "clock only advances by understudy.clock.advance(seconds). Call that from another task or thread, or "
        "use time='poll'."
    )
