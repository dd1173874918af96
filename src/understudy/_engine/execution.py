"""An execution: a script performed on a conversation.

**Theory of operation.** The script's moves become *planned events*: values with a time, in a queue of which
only the head is on the service's agenda. When the clock reaches it, the event happens: it is applied to
the state (`fold.apply`) and appended to `events`, and the conversation's log shows the item's new state.
Nothing else changes anything, so `state == fold(events)` at all times; polling reads `state`, streaming iterates
over `events`, and the two cannot disagree. What has not happened yet is the plan, which can be printed;
cancelling and expiring cut it. An end first closes what is open: the items, then the step.

The plan reaches as far as the script goes without the app: to its end, or to calls that the app has to answer.
There the execution is `paused`, and continues in one of two ways:

* `resume(outputs)`: the same execution continues (a run of the Assistants API);
* another execution takes over: `position.after(handed_in)` of this one, passed to `Engine.perform(request,
  position)`, is where the script continues (a chain of responses, each of which ends with its calls). Positions
  are values: two executions that continue from one are a fork; another from the same `position` is a retry.

An execution knows no thread, assistant or response: the face passes an `ExecutionRequest`, and keeps whatever
else it shows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from understudy._engine.agenda import Agenda, AgendaEntry
from understudy._engine.event_log import EventLog, PlannedPieces
from understudy._engine.events import (
    Cancelling,
    Ended,
    Event,
    ItemAnswered,
    ItemClosed,
    ItemDelta,
    ItemOpened,
    Paused,
    PhaseEvent,
    Queued,
    Resumed,
    StepClosed,
    StepOpened,
    Usage,
    tokens,
)
from understudy._engine.fold import START, ExecutionState, StepState, apply, apply_pieces
from understudy._engine.items import Conversation, Item, is_message
from understudy._engine.lifecycle import TERMINAL
from understudy._engine.listing import Listing
from understudy._engine.moves.base import Tool
from understudy._engine.planning import PlannedEvent, Planner, check_steps, written_out
from understudy._engine.ports import EnginePorts
from understudy._engine.script import HandedIn, ScriptCursor, ScriptedRun
from understudy._engine.script_queue import QueuedScript, ScriptLabels
from understudy._engine.timing import CANCEL_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRequest:
    """What a face asks the engine to perform.

    Attributes:
        id: the execution's id.
        conversation: what it runs on.
        labels: what scripts are chosen by.
        scripted_run: makes the argument of a function script.
        tools: what the model may use.
        instructions: the model's instructions; only their length matters, and only if the prompt is counted.
        last_user_text: what scripts are chosen by, and the default query of a search.
        author: who writes the messages, in the face's terms.
        lifetime_seconds: after how long it expires; None for never.
        new_item_id: makes the ids of its items, from a kind (`message`, `reasoning`, or a call's move), the parent's id and
            the time; by default the engine makes them, and a call's item has the call's id.
        checks_ahead: whether the whole script has to fit these tools; otherwise only the part before it waits for the app,
            since the rest is performed with another request's tools.
        shows_images: whether a message can hold images.
        counts_prompt: whether its usage has what the model read; a face that bills whole chains counts that itself.
    """

    id: str
    conversation: Conversation
    labels: ScriptLabels
    scripted_run: Callable[[], ScriptedRun]
    tools: tuple[Tool, ...] = ()
    instructions: str | None = None
    last_user_text: str = ""
    author: str | None = None
    lifetime_seconds: float | None = None
    new_item_id: Callable[[Any, str, float], str] | None = None
    checks_ahead: bool = True
    shows_images: bool = True
    counts_prompt: bool = True


class ScriptPosition(NamedTuple):
    """A point in a script: the script, and the outputs handed in so far."""

    script: QueuedScript
    handed_in: tuple[HandedIn, ...] = ()

    def after(self, handed_in: HandedIn) -> ScriptPosition:
        """Return the point after these outputs."""
        return ScriptPosition(self.script, (*self.handed_in, handed_in))


@dataclass(slots=True)
class Step:
    """A step that has begun, as a list shows it."""

    id: str
    created_at: float
    state: StepState
    items: list[Item]


class Execution:
    """A script being performed, or already performed.

    Attributes:
        request: what was asked for.
        position: the point of the script that the present plan starts from.
        state: the fold of the events so far.
        happened: the events that have happened; `events` is the list of them, append-only.
        steps: the steps that have begun.
        items: the items it has begun, by id; the log has them, too.
        planned: future events, in order, unless it is cancelled or expires.
        deadline: when it expires, None for never.
        began_at: marks what the log held when it was created.
        outcome_of_cancel: the outcome of a cancel, `cancelled` or `completed`.
    """

    __slots__ = (
        "_agenda",
        "_entry",
        "_future",
        "_log",
        "_ports",
        "_used",
        "_waking",
        "began_at",
        "conversation",
        "created_at",
        "cursor",
        "deadline",
        "happened",
        "id",
        "items",
        "outcome_of_cancel",
        "position",
        "request",
        "state",
        "steps",
    )

    def __init__(
        self, request: ExecutionRequest, position: ScriptPosition, ports: EnginePorts, agenda: Agenda, now: float
    ) -> None:
        script = position.script
        self.id = request.id
        self.created_at = now
        self.request = request
        self.conversation = request.conversation
        self.position = position
        self.cursor = ScriptCursor(script.moves, script.where, request.scripted_run)
        self.state: ExecutionState = START
        self.happened = EventLog()
        self.steps: Listing[Step] = Listing()
        self.items: dict[str, Item] = {}
        self.deadline = None if request.lifetime_seconds is None else now + request.lifetime_seconds
        self.began_at = request.conversation.items.mark()
        self.outcome_of_cancel = "cancelled"
        self._future: deque[PlannedEvent | PlannedPieces] = deque()
        self._log = request.conversation.items
        self._ports = ports
        self._agenda = agenda
        self._used = Usage()
        self._entry: AgendaEntry | None = None  # the head of the plan, on the agenda
        self._waking = None if self.deadline is None else agenda.add(self.deadline, self._expire)

    # -- what a face calls --------------------------------------------------------

    def begin(self) -> None:
        """Queue it, and plan as far as the script goes without the app.

        Raises:
            ImpossibleScript: the script needs something that is missing, or its function failed.
        """
        if not self.cursor.is_made_up:
            moves: Any = self.position.script.moves
            if not self.request.checks_ahead:
                moves = self.cursor.moves_after(self.position.handed_in)
            check_steps(moves, self.request.tools, self._ports, self.cursor.where)
        self._record(Queued(self.created_at, self.deadline))
        self._plan_on(self.created_at)

    def resume(self, outputs: Mapping[str, str | None], now: float) -> None:
        """Hand in the outputs, by id of the items it waits for, and continue.

        The step completes, then the execution is queued. [REC]
        """
        handed_in = self.handed_in(outputs, now)
        written = 0
        for item_id in self.state.phase.waits_for:
            self._record(ItemAnswered(now, item_id, outputs[item_id]))
            written += len(self.state.item(item_id).written)
        assert self.state.open_step is not None
        self._record(StepClosed(now, self.state.open_step.id, "completed", Usage(self._prompt_tokens(), written // 4 + 1)))
        self._record(Resumed(now))
        self.position = self.position.after(handed_in)
        self._plan_on(now)

    def handed_in(self, outputs: Mapping[str, str | None], now: float) -> HandedIn:
        """Return outputs, given by item id, in the form of a script's position."""
        calls = [self.state.item(item_id) for item_id in self.state.phase.waits_for]
        named = tuple((call.call_id, call.name) for call in calls)
        return HandedIn(now, named, tuple(outputs[call.id] or "" for call in calls))

    def cancel(self, now: float, seconds: float = CANCEL_SECONDS) -> None:
        """Cancel it: `cancelling` now, `cancelled` (or `completed`) `seconds` later.

        A queued execution is not working yet, so it cannot complete before it is cancelled. [INF]
        """
        outcome = "cancelled" if self.status == "queued" else self.outcome_of_cancel
        self.cut()
        self._record(Cancelling(now))
        self._plan([PlannedEvent(now + seconds, Ended(now + seconds, outcome), is_status=True, is_visible=True)])
        if not seconds:
            self._happen()

    def drop(self) -> None:
        """Stop it for good: it was deleted."""
        self.cut()
        if self._waking is not None:
            self._waking.cancel()
        if self.conversation.active is self:
            self.conversation.active = None

    # -- queries --------------------------------------------------------------------

    @property
    def events(self) -> list[Event]:
        """Return what has happened, oldest first."""
        return self.happened.all()

    @property
    def planned(self) -> deque[PlannedEvent]:
        """Return the future events, in order, unless it is cancelled or expires."""
        written: deque[PlannedEvent] = deque()
        for entry in self._future:
            written.extend(written_out(entry) if isinstance(entry, PlannedPieces) else (entry,))
        return written

    @property
    def opens_more(self) -> bool:
        """Return whether further items are planned."""
        return any(isinstance(entry.event, ItemOpened) for entry in self._future)

    @property
    def status(self) -> str:
        """`queued`, `running`, `paused`, `cancelling`, or the outcome."""
        return self.state.phase.status

    @property
    def is_over(self) -> bool:
        """Return whether it has an outcome."""
        return self.state.phase.status in TERMINAL

    def next_at(self, *, status_only: bool) -> float | None:
        """Return when the next planned visible change is due, in unix seconds.

        Args:
            status_only: only changes of the phase; otherwise also of anything that a list shows.

        Returns:
            None when nothing is planned, or nothing before it expires.
        """
        for planned in self._future:
            if planned.is_status or (planned.is_visible and not status_only):
                return planned.at if self.deadline is None or planned.at <= self.deadline else None
        return None

    def rests_at(self) -> float | None:
        """Return when it is over or paused by the plan, or expires if that is earlier.

        None if it hangs for ever.
        """
        last = self._future[-1] if self._future else None
        if last is None or not isinstance(last.event, Ended | Paused):
            return self.deadline
        return last.at if self.deadline is None else min(last.at, self.deadline)

    def next_event_at(self) -> float | None:
        """Return when the next event of any kind is due, its expiry included.

        None when nothing will happen without the app.
        """
        if self.is_over:
            return None
        if self._future and (self.deadline is None or self._future[0].at < self.deadline):
            return self._future[0].at
        return self.deadline

    # -- the plan -------------------------------------------------------------------

    def _plan(self, planned: Sequence[PlannedEvent | PlannedPieces]) -> None:
        """Append to the plan."""
        self._future.extend(planned)
        self._schedule()

    def cut(self) -> None:
        """Drop the plan."""
        self._future.clear()
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None

    def _plan_on(self, now: float) -> None:
        within = None if self.deadline is None else self.deadline - now
        stretch = self.cursor.moves_after(self.position.handed_in, within)
        if self.cursor.is_made_up:
            check_steps(stretch, self.request.tools, self._ports, self.cursor.where)
        self._plan(Planner(self, self._ports, now).plan_stretch(stretch, is_first=not self.position.handed_in))

    def _schedule(self) -> None:
        self._entry = self._agenda.add(self._future[0].at, self._happen) if self._future else None

    def _happen(self) -> None:
        """Carry out the head of the plan, and what follows it undisturbed.

        That is what is due before anything else of the service.
        """
        try:
            until = self._agenda.quiet_until  # nothing that happens here puts anything on the agenda
            self._happen_next(until)
            future = self._future
            while future and future[0].at < until:
                self._happen_next(until)
        finally:
            self._schedule()

    def _happen_next(self, until: float) -> None:
        entry = self._future.popleft()
        event = entry.event
        if event is None:
            self._send(entry, until)  # type: ignore[arg-type]  # `PlannedPieces`
        elif isinstance(event, ItemDelta):
            self._send_each(event, until)
        elif isinstance(event, Ended):
            self._end(event)
        elif isinstance(event, StepClosed):
            used = Usage(self._prompt_tokens(), event.usage.completion)
            self._record(StepClosed(event.at, event.step_id, event.outcome, used, event.error))
        else:
            self._record(event)

    def _expire(self) -> None:
        assert self.deadline is not None
        self.cut()
        self._end(Ended(self.deadline, "expired"))

    def _used_by(self, step: StepState) -> Usage:
        """Estimate the usage of a step that is cut short.

        It counts the prompt read and the text written, as failed runs do. [REP]
        """
        items = self.state.items_of(step.id)
        written = (item.sent_text if item.kind == "message" else item.written for item in items)
        return Usage(self._prompt_tokens(), sum(map(tokens, written)))

    def _total(self, outcome: str) -> Usage:
        """Return the usage of the whole: the sum of its steps.

        None at all if it was cancelled. [REC, Azure] Without any step the model wrote nothing, but did read its prompt,
        [INF] unless reading it is what failed [REP, Azure] or it expired.
        """
        if outcome == "cancelled":
            return Usage()
        if not self.state.steps and outcome in ("completed", "incomplete"):
            return Usage(self._prompt_tokens(), 0)
        return self._used

    def _prompt_tokens(self) -> int:
        """Estimate what the model read: the last 20 messages, and the instructions [INF]."""
        if not self.request.counts_prompt:
            return 0
        messages = islice(filter(is_message, reversed(self._log)), 20)
        return sum([tokens(message.text) for message in messages]) + tokens(self.request.instructions or "")

    # -- events ---------------------------------------------------------------------

    def _send(self, pieces: PlannedPieces, until: float) -> None:
        """Send the pieces of an item: as `_record` with each.

        In one go if they are all due, which leaves them unwritten; else one by one.
        """
        if pieces.last_at < until:
            self.state = apply_pieces(self.state, pieces.item_id, pieces.pieces)
            self.happened.append_pieces(pieces)
            self.items[pieces.item_id].state = self.state.item(pieces.item_id)
            return
        self._future.extendleft(reversed(written_out(pieces)))
        self._happen_next(until)

    def _send_each(self, first: ItemDelta, until: float) -> None:
        """Send a piece, and those right after it: as `_record` with each, in one go."""
        planned = self._future
        if not planned or planned[0].at >= until:  # as a stream has them, one by one
            state = self.state = apply(self.state, first)
            self.happened.append(first)
            self.items[first.item_id].state = state.item(first.item_id)
            return
        deltas = [first]
        while planned and planned[0].at < until:
            event = planned[0].event
            if not isinstance(event, ItemDelta) or event.item_id != first.item_id:
                break
            deltas.append(event)
            planned.popleft()
        self.state = apply_pieces(self.state, first.item_id, [delta.piece for delta in deltas])
        for delta in deltas:
            self.happened.append(delta)
        self.items[first.item_id].state = self.state.item(first.item_id)

    def _record(self, event: Event) -> None:
        """Apply an event: the one place, with `_send`, where anything changes."""
        state = self.state = apply(self.state, event)
        self.happened.entries.append(event)
        if isinstance(event, PhaseEvent):
            return
        if isinstance(event, ItemOpened):
            self._open_item(event)
        elif isinstance(event, StepOpened):
            self.steps.add(Step(event.step_id, event.at, state.step(event.step_id), []))
        elif isinstance(event, StepClosed):
            self.steps.get(event.step_id).state = state.step(event.step_id)  # type: ignore[union-attr]
            self._used = self._used + event.usage
        else:
            assert isinstance(event, ItemClosed | ItemAnswered)
            self.items[event.item_id].state = state.item(event.item_id)

    def _open_item(self, event: ItemOpened) -> None:
        item = Item(
            id=event.state.id,
            created_at=event.at,
            conversation_id=self.conversation.id,
            state=event.state,
            execution_id=self.id,
            author=self.request.author,
        )
        self.items[item.id] = item
        self._log.add(item)
        if event.state.step_id is not None:
            self.steps.get(event.state.step_id).items.append(item)  # type: ignore[union-attr]

    def _end(self, event: Ended) -> None:
        """Close what is open, then end.

        That the items end before their step, and the step before the whole, is recorded for `completed` and `incomplete`
        [REC, Apr 2024]; for `failed`, `cancelled` and `expired` it is a guess [INF], made only here. The step's status
        is the outcome [SPEC], except that steps have no `incomplete`: those are `completed`. [REC]
        """
        step = self.state.open_step
        used = Usage() if step is None or event.outcome == "cancelled" else self._used_by(step)
        for item in self.state.open_items:
            self._record(ItemClosed(event.at, item.id, _item_reason(event)))
        if step is not None:
            outcome = event.outcome if event.outcome in ("cancelled", "failed", "expired") else "completed"
            self._record(StepClosed(event.at, step.id, outcome, used, event.error))
        self._record(Ended(event.at, event.outcome, event.error, event.reason, self._total(event.outcome)))
        if self._waking is not None:
            self._waking.cancel()
        self.cut()
        self.conversation.active = None


def _item_reason(event: Ended) -> str | None:
    """Return why an item closed by an end is incomplete; None if it is not."""
    if event.outcome == "completed":
        return None
    if event.outcome == "incomplete":
        return "content_filter" if event.reason == "content_filter" else "max_tokens"  # [SPEC]
    return f"run_{event.outcome}"
