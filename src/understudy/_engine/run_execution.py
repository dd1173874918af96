"""A run being performed: the script becomes timed beats, the clock lets them happen, each leaves an event.

A *beat* is something that will happen to the run at a time. Beats are planned in order, as far ahead as the script allows
(up to calls of the app's functions); the head of the plan is on the world's agenda. Cancelling and expiry cut the plan.

The profile of times is fixed [REC, semantics 5: start after 0 to 2 s, whole run 8 s in the median]; never drawn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

from understudy._engine.agenda import Agenda, Entry
from understudy._engine.lifecycle import TERMINAL, moved
from understudy._engine.objects import (
    Event,
    FunctionToolCall,
    ImageFile,
    Message,
    MessageDelta,
    MessageState,
    Run,
    Step,
    StepState,
    Text,
    Thread,
    Usage,
    tokens,
)

QUEUED_SECONDS = 1  # queued until in_progress
THINK_SECONDS = 5  # before the first step
NEXT_STEP_SECONDS = 1  # between one step and the next
STEP_SECONDS = 2  # how long a step takes
CANCEL_SECONDS = 1  # cancelling until cancelled
LIFETIME_SECONDS = 600  # expires_at - created_at [REC, 958 of 958]


class PlannedEvent(NamedTuple):
    """What will happen: a time, whether it changes the run's own status, whether a poll may see it, and the deed."""

    at: float
    is_status: bool
    is_visible: bool
    act: Callable[[float], None]


class RunExecution:
    """The plan of one run, and the deeds that carry it out."""

    def __init__(self, run: Run, thread: Thread, agenda: Agenda) -> None:
        self.run = run
        self.thread = thread
        self.on_cancel = "cancelled"
        self.usage = Usage()
        self._agenda = agenda
        self._plan: deque[PlannedEvent] = deque()
        self._entry: Entry | None = None
        self._acting = False
        self._step: Step | None = None  # the one in progress
        self._message: Message | None = None  # likewise
        self._spoken: list[MessageDelta] = []  # what was sent of the message in progress
        self.expires_at = run.created_at + LIFETIME_SECONDS
        self._deadline = agenda.add(self.expires_at, self._expire)

    # -- the plan -------------------------------------------------------------

    def plan(self, at: float, act: Callable[[float], None], *, is_status: bool = False, is_visible: bool = True) -> None:
        """Let something happen at a time; never before what is planned already."""
        self._plan.append(PlannedEvent(at, is_status, is_visible or is_status, act))
        if self._entry is None and not self._acting:
            self._schedule()

    def next_at(self, *, status_only: bool) -> float | None:
        """When the next scripted change is due: of the run's status, or of anything a list shows.

        None when nothing is planned, or nothing that comes before the run expires.
        """
        for beat in self._plan:
            if beat.is_status if status_only else beat.is_visible:
                return beat.at if beat.at <= self.expires_at else None
        return None

    @property
    def is_over(self) -> bool:
        """Whether the run is in a terminal status."""
        return self._deadline.cancelled

    def next_event_at(self) -> float | None:
        """When the run's next event of any kind is due, its expiry included; None when it is over."""
        if self.is_over:
            return None
        return min(self._plan[0].at, self.expires_at) if self._plan else self.expires_at

    def cut(self) -> None:
        """Nothing of what was planned will happen."""
        self._plan.clear()
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None

    def drop(self) -> None:
        """The run is gone: nothing happens to it any more."""
        self.cut()
        self._deadline.cancel()

    def _schedule(self) -> None:
        self._entry = self._agenda.add(self._plan[0].at, self._happen) if self._plan else None

    def _happen(self) -> None:
        beat = self._plan.popleft()
        self._acting = True  # what a deed plans or cuts is put on the agenda once, after it
        try:
            beat.act(beat.at)
        finally:
            self._acting = False
            self._schedule()

    # -- deeds: the run -------------------------------------------------------

    def record(self, at: float, name: str, subject: Run | Step | Message, delta: Any = None) -> None:
        self.run.timeline.append(Event(at, name, subject, subject.state, delta))

    def move_run(self, event: str, at: float, **facts: Any) -> None:
        """Change the run's status and say so."""
        run = self.run
        run.state = moved(run.state, event, at, **facts)
        self.record(at, f"run.{event}", run)
        if run.state.status in TERMINAL:
            self._deadline.cancel()
            self.cut()
            self.thread.active_run = None

    def finish(self, event: str, at: float, **facts: Any) -> None:
        """End the run: what is in progress ends with it, its tokens are counted."""
        self._close_open(event, at, facts.get("last_error"))
        self.move_run(event, at, usage=self.usage, **facts)

    def cancel(self, at: float) -> None:
        """What the app asked for; the run is `cancelling` now and `cancelled`, or even complete, a second later."""
        self.cut()
        self.move_run("cancelling", at)
        outcome = "completed" if self.on_cancel == "completes" else "cancelled"
        if outcome == "cancelled":
            self.usage = Usage()  # all zeros [REC, Azure]
        self.plan(at + CANCEL_SECONDS, lambda then: self.finish(outcome, then), is_status=True)

    def _expire(self) -> None:
        self.cut()
        self.finish("expired", self.expires_at)

    # -- deeds: steps and messages -------------------------------------------

    def open_step(self, at: float, step: Step) -> None:
        self._step = step
        self.run.steps.add(step)
        self.record(at, "run.step.created", step)
        self.record(at, "run.step.in_progress", step)

    @property
    def open_calls(self) -> tuple[Any, ...]:
        """The calls of the step in progress, as far as they were sent."""
        return self._step.state.calls if self._step is not None else ()

    def change_step(self, **facts: Any) -> None:
        """What a step in progress holds so far, without an event of its own."""
        assert self._step is not None
        self._step.state = replace(self._step.state, **facts)

    def step_delta(self, at: float, delta: Any) -> None:
        assert self._step is not None
        self.record(at, "run.step.delta", self._step, delta)

    def close_step(self, at: float, event: str = "completed", *, usage: Usage, **facts: Any) -> None:
        step, self._step = self._step, None
        assert step is not None
        self.usage = self.usage + usage
        step.state = moved(step.state, event, at, usage=usage, **facts)
        self.record(at, f"run.step.{event}", step)

    def open_message(self, at: float, message: Message) -> None:
        self._message = message
        self._spoken = []
        self.thread.messages.add(message)
        self.record(at, "message.created", message)
        self.record(at, "message.in_progress", message)

    def message_delta(self, at: float, delta: MessageDelta) -> None:
        """Something more of the message was sent."""
        assert self._message is not None
        self._spoken.append(delta)
        self.record(at, "message.delta", self._message, delta)

    def close_message(self, at: float, reason: str | None = None) -> None:
        """The message is done, or (with a reason) cut where it stands."""
        message, self._message = self._message, None
        assert message is not None
        event = "completed" if reason is None else "incomplete"
        message.state = moved(message.state, event, at, content=_joined(self._spoken), incomplete_reason=reason)
        self.record(at, f"message.{event}", message)

    def submit(self, at: float, outputs: dict[str, str | None]) -> None:
        """The app's outputs are there: the waiting step completes, the run queues again. [REC]"""
        assert self._step is not None
        calls = tuple(
            FunctionToolCall(call.id, call.name, call.arguments, outputs[call.id])
            if isinstance(call, FunctionToolCall)
            else call
            for call in self._step.state.calls
        )
        tokens = sum(len(call.arguments) for call in calls if isinstance(call, FunctionToolCall)) // 4 + 1
        self.close_step(at, calls=calls, usage=Usage(0, tokens))
        self.move_run("queued", at)

    def _close_open(self, run_event: str, at: float, last_error: tuple[str, str] | None) -> None:
        """What is open when the run ends, ends before it: the message, then its step, then (in `finish`) the run.

        That order is recorded for `completed` and `incomplete` [REC, Apr 2024]; for `failed`, `cancelled` and `expired`
        it is a guess [INF], made here and nowhere else. The step's status is then the run's [SPEC], but for
        `incomplete`, which steps do not have: `completed` [REC].
        """
        used = Usage()
        if self._message is not None:
            if run_event != "cancelled":  # a cancelled run counts nothing [REC, Azure]
                used = Usage(0, tokens("".join(said.piece.value for said in self._spoken if isinstance(said.piece, Text))))
            reason = {"completed": None, "incomplete": "max_tokens"}.get(run_event, f"run_{run_event}")
            self.close_message(at, reason)
        if self._step is not None:
            event = run_event if run_event in ("cancelled", "failed", "expired") else "completed"
            self.close_step(at, event, usage=used, last_error=last_error)


def _joined(deltas: list[MessageDelta]) -> tuple[Text | ImageFile, ...]:
    """The parts of a message, from the pieces they were sent in."""
    parts = []
    for _, group in groupby(deltas, key=lambda delta: delta.index):
        pieces = [delta.piece for delta in group]
        texts = [piece for piece in pieces if isinstance(piece, Text)]
        annotations = tuple(annotation for text in texts for annotation in text.annotations)
        parts.append(Text("".join(text.value for text in texts), annotations) if texts else pieces[0])
    return tuple(parts)


def new_message(run: Run, message_id: str, at: float) -> Message:
    """An assistant's message that a run begins to write."""
    return Message(
        id=message_id,
        created_at=at,
        thread_id=run.thread_id,
        assistant_id=run.assistant_id,
        run_id=run.id,
        role="assistant",
        state=MessageState(status="in_progress"),
    )


def new_step(run: Run, step_id: str, at: float, message_id: str | None = None) -> Step:
    """A step of a run: of tool calls, or (with a message id) one that makes a message."""
    return Step(
        id=step_id,
        created_at=at,
        run_id=run.id,
        thread_id=run.thread_id,
        assistant_id=run.assistant_id,
        expires_at=run.created_at + LIFETIME_SECONDS,
        message_id=message_id,
        state=StepState(status="in_progress"),
    )
