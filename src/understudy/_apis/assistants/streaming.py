"""A run as a stream: its events, sent as they happen.

Pulling the stream advances a virtual clock. With `time="sleep"` the stream sleeps, as an app that waits for it does.
With `time="manual"` only the test advances the clock: a stream that has to wait gives other tasks and threads
`PATIENCE_TURNS` turns in which to advance it, and only then raises `ClockNotAdvancing`.
"""

from __future__ import annotations

from collections.abc import Iterator

from understudy._apis.assistants import render
from understudy._apis.assistants.objects import Run, Thread
from understudy._apis.assistants.stream_events import api_events
from understudy._apis.common import sse
from understudy._apis.common.operation_call import Call
from understudy._common.messages import Chunk, Pause, Response
from understudy._engine.engine import Engine
from understudy._engine.events import Ended, Paused, PhaseEvent
from understudy._engine.execution import Execution
from understudy._engine.fold import apply, fold
from understudy.errors import ClockNotAdvancing

PATIENCE_TURNS = 100
TURN_SECONDS = 0.001


def stream_response(call: Call, run: Run, *, since: int, created_thread: Thread | None = None) -> Response:
    """Return a response that streams the events of a run.

    From the event number `since` on, until the run ends or waits for the app.
    """
    call.shown[run.id] = run.execution.state.phase
    return Response(
        200,
        (("content-type", sse.CONTENT_TYPE),),
        stream=_events(call, run, since=since, created_thread=created_thread),
    )


def _events(call: Call, run: Run, *, since: int, created_thread: Thread | None) -> Iterator[Chunk]:
    if created_thread is not None:
        yield sse.render("thread.created", render.thread(created_thread))
    yield from _until_over(call, run, since)
    yield sse.DONE


def _until_over(call: Call, run: Run, since: int) -> Iterator[Chunk]:
    execution, with_content = run.execution, call.wants_content
    state = fold(execution.events[:since])  # as of the event being sent, however late the app reads it
    position, turns = since, 0
    while True:
        while True:
            with call.engine.lock:
                event = execution.happened.get(position)
                if event is None:
                    break
                position += 1
                # The current state needs no folding, unless more events have happened since.
                state = execution.state if execution.happened.get(position) is None else apply(state, event)
            turns = 0
            if isinstance(event, PhaseEvent):
                call.shown[run.id] = execution.state.phase
            for name, payload in api_events(run, event, state, with_content=with_content):
                yield sse.render(name, payload)
            if isinstance(event, Ended | Paused):
                return
        with call.engine.lock:
            if run.id not in call.engine.executions:
                return  # deleted with its thread: the stream ends [INF]
            pause = _let_time_pass(call.engine, execution, turns)
        if pause is not None:
            turns += 1
            yield pause


def _let_time_pass(engine: Engine, execution: Execution, turns: int) -> Pause | None:
    """Advance to the next event of a run.

    In real time, wait for it; `turns` is how many times in a row that has been done.
    """
    at = execution.next_event_at()
    if at is None or at <= engine.clock.now():
        engine.settle()
        return None
    if engine.clock.mode == "real":
        return Pause(at - engine.clock.now())
    if engine.clock.mode == "sleep":
        if turns == 0:
            return Pause(at - engine.clock.now())  # the stream sleeps as the app would, which advances the clock
        raise ClockNotAdvancing(
            f"the stream of {execution.id} slept until its next event, but the clock did not advance. time='sleep' needs "
            "the fixture or understudy.simulate(time='sleep'), which replace the sleep functions; with trio, use "
            "understudy.trio_clock(...)."
        )
    if engine.clock.mode == "manual":
        if turns < PATIENCE_TURNS:
            return Pause(TURN_SECONDS)
        raise ClockNotAdvancing(
            f"the stream of {execution.id} has to wait {at - engine.clock.now():g} s for its next event, but "
            "with time='manual' the clock only advances by understudy.clock.advance(seconds). Call that from another task "
            "or thread, or use time='poll'."
        )
    engine.clock.move_to(at)
    return None
