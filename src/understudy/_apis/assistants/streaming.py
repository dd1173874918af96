"""A run as a stream: its events, sent as they happen.

Pulling the stream is what moves a virtual clock along.

With `time="sleep"` it sleeps, as an app does that waits for a stream. With `time="manual"` only the test
moves the clock: a stream that has to wait then gives other tasks and threads `PATIENCE_TURNS` turns in which
one of them may advance it, and only then says that nobody does.
"""

from __future__ import annotations

from collections.abc import Iterator

from understudy._apis.assistants import render
from understudy._apis.assistants.objects import Run, Thread
from understudy._apis.assistants.stream_events import sent
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
    """Answer with a run's events from the `since`-th on, until it ends or waits for the app."""
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
    state = fold(execution.events[:since])  # as it was at the event that is sent, however late that is read
    position, turns = since, 0
    while True:
        while position < len(execution.events):
            turns = 0
            event = execution.events[position]
            position += 1
            # What was applied already need not be applied again, unless more has happened since.
            state = execution.state if position == len(execution.events) else apply(state, event)
            if isinstance(event, PhaseEvent):
                call.shown[run.id] = execution.state.phase
            for name, payload in sent(run, event, state, with_content=with_content):
                yield sse.render(name, payload)
            if isinstance(event, Ended | Paused):
                return
        with call.engine.lock:
            if run.id not in call.engine.executions:
                return  # deleted with its thread: the stream just ends [INF, a guess]
            pause = _let_time_pass(call.engine, execution, turns)
        if pause is not None:
            turns += 1
            yield pause


def _let_time_pass(engine: Engine, execution: Execution, turns: int) -> Pause | None:
    """Come to the run's next event; in real time by waiting for it, which has been done `turns` times in a row."""
    at = execution.next_event_at()
    if at is None or at <= engine.clock.now():
        engine.settle()
        return None
    if engine.clock.mode == "real":
        return Pause(at - engine.clock.now())
    if engine.clock.mode == "sleep":
        if turns == 0:
            return Pause(at - engine.clock.now())  # its sleeping is the app's, which moves the clock
        raise ClockNotAdvancing(
            f"the stream of {execution.id} slept for its next event, and the clock did not move: time='sleep' needs the "
            "fixture or understudy.simulate(time='sleep'), which replace the sleeping; in trio, pass "
            "understudy.trio_clock(...)."
        )
    if engine.clock.mode == "manual":
        if turns < PATIENCE_TURNS:
            return Pause(TURN_SECONDS)
        raise ClockNotAdvancing(
            f"the stream of {execution.id} has to wait {at - engine.clock.now():g} s for its next event, and "
            "time='manual' moves only with understudy.clock.advance(seconds). Advance it from another task or thread, or "
            "use time='poll'."
        )
    engine.clock.move_to(at)
    return None
