"""A run as a stream: its events, sent as they happen. Pulling the stream is what moves a virtual clock along.

With `time="sleep"` it sleeps, as an app does that waits for a stream. With `time="manual"` only the test moves the clock: a
stream that has to wait then gives other tasks and threads `PATIENCE` turns in which one of them may advance it, and only
then says that nobody does.
"""

from __future__ import annotations

from collections.abc import Iterator

from understudy.errors import ClockStandsStill
from understudy.exchange import Chunk, Pause, Response
from understudy.simulation.lifecycle import TERMINAL
from understudy.simulation.objects import Event, Message, Run, RunState, Step, Thread
from understudy.simulation.world import World
from understudy.wire import render, sse
from understudy.wire.call import Call, Json

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
        with call.world.lock:
            if run.id not in call.world.performances:
                return  # deleted with its thread: the stream just ends [INF, a guess]
            pause = _let_time_pass(call.world, run, turns)
        if pause is not None:
            turns += 1
            yield pause


def _ends_stream(event: Event) -> bool:
    state = event.state
    return isinstance(state, RunState) and (state.status in TERMINAL or event.name == "run.requires_action")


def _let_time_pass(world: World, run: Run, turns: int) -> Pause | None:
    """Come to the run's next event; in real time by waiting for it, which has been done `turns` times in a row."""
    at = world.performances[run.id].next_event_at()
    if at is None or at <= world.clock.now():
        world.settle()
        return None
    if world.clock.mode == "real":
        return Pause(at - world.clock.now())
    if world.clock.mode == "sleep":
        if turns == 0:
            return Pause(at - world.clock.now())  # its sleeping is the app's, which moves the clock
        raise ClockStandsStill(
            f"the stream of {run.id} slept for its next event, and the clock did not move: time='sleep' needs the fixture "
            "or understudy.simulate(time='sleep'), which replace the sleeping; in trio, pass understudy.trio_clock(...)."
        )
    if world.clock.mode == "manual":
        if turns < PATIENCE:
            return Pause(TURN_SECONDS)
        raise ClockStandsStill(
            f"the stream of {run.id} has to wait {at - world.clock.now():g} s for its next event, and time='manual' moves "
            "only with understudy.clock.advance(seconds). Advance it from another task or thread, or use time='poll'."
        )
    world.clock.move_to(at)
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
