"""A run as a stream: its events, sent as they happen. Pulling the stream is what moves a virtual clock along.

With `time="sleep"` it sleeps, as an app does that waits for a stream. With `time="manual"` only the test moves the clock: a
stream that has to wait then gives other tasks and threads `PATIENCE` turns in which one of them may advance it, and only
then says that nobody does.
"""

from __future__ import annotations

from collections.abc import Iterator

from understudy._apis.assistants import render
from understudy._apis.common import sse
from understudy._apis.common.operation_call import Call, Json
from understudy._common.messages import Chunk, Pause, Response
from understudy._engine.engine import Engine
from understudy._engine.lifecycle import TERMINAL
from understudy._engine.objects import Event, Message, Run, RunState, Step, Thread
from understudy.errors import ClockNotAdvancing

PATIENCE = 100
TURN_SECONDS = 0.001


def stream_response(call: Call, run: Run, *, since: int, created_thread: Thread | None = None) -> Response:
    """Answer with a run's events from the `since`-th on, until it ends or waits for the app."""
    run.shown = run.state
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
    position, turns = since, 0
    while True:
        while position < len(run.timeline):
            turns = 0
            event = run.timeline[position]
            position += 1
            if event.subject is run:
                run.shown = run.state
            yield sse.render(f"thread.{event.name}", payload(event, with_content=call.wants_content))
            if _ends_stream(event):
                return
        with call.engine.lock:
            if run.id not in call.engine.performances:
                return  # deleted with its thread: the stream just ends [INF, a guess]
            pause = _let_time_pass(call.engine, run, turns)
        if pause is not None:
            turns += 1
            yield pause


def _ends_stream(event: Event) -> bool:
    state = event.state
    return isinstance(state, RunState) and (state.status in TERMINAL or event.name == "run.requires_action")


def _let_time_pass(engine: Engine, run: Run, turns: int) -> Pause | None:
    """Come to the run's next event; in real time by waiting for it, which has been done `turns` times in a row."""
    at = engine.performances[run.id].next_event_at()
    if at is None or at <= engine.clock.now():
        engine.settle()
        return None
    if engine.clock.mode == "real":
        return Pause(at - engine.clock.now())
    if engine.clock.mode == "sleep":
        if turns == 0:
            return Pause(at - engine.clock.now())  # its sleeping is the app's, which moves the clock
        raise ClockNotAdvancing(
            f"the stream of {run.id} slept for its next event, and the clock did not move: time='sleep' needs the fixture "
            "or understudy.simulate(time='sleep'), which replace the sleeping; in trio, pass understudy.trio_clock(...)."
        )
    if engine.clock.mode == "manual":
        if turns < PATIENCE:
            return Pause(TURN_SECONDS)
        raise ClockNotAdvancing(
            f"the stream of {run.id} has to wait {at - engine.clock.now():g} s for its next event, and time='manual' moves "
            "only with understudy.clock.advance(seconds). Advance it from another task or thread, or use time='poll'."
        )
    engine.clock.move_to(at)
    return None


def payload(event: Event, *, with_content: bool = False) -> Json:
    """What an event of a run's timeline carries."""
    subject = event.subject
    if isinstance(subject, Message):
        if event.delta is not None:
            return render.message_delta(subject, event.delta)
        return render.message(subject, event.state)  # type: ignore[arg-type]
    if isinstance(subject, Step):
        if event.delta is not None:
            return render.step_delta(subject, event.delta, with_content=with_content)
        return render.step(subject, event.state, with_content=with_content)  # type: ignore[arg-type]
    return render.run(subject, event.state)  # type: ignore[arg-type]
