"""From moves to planned events, up to where the app has to act.

**Theory of operation.** A `Planner` plans one stretch of a script (from the start, or from the outputs just handed in, to
the next step that waits for the app, or the end) and is then discarded. It is a pen moving along the time axis: `at` is
where it is, and each move advances it and puts down its own events (see `Move.plan`), so a move's file alone decides how
long the move takes. Only what depends on its neighbours is kept here: the pause before a step, and whether the next move
cuts the reply that is being planned, in which case the reply is left open for the end to close.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from understudy._engine.event_log import PlannedPieces, spread_at
from understudy._engine.events import (
    Ended,
    Event,
    ItemClosed,
    ItemDelta,
    ItemOpened,
    Paused,
    PhaseEvent,
    Started,
    StepClosed,
    StepOpened,
    Usage,
    tokens,
)
from understudy._engine.moves.base import CallMove, Move, Tool
from understudy._engine.ports import EnginePorts, Surroundings
from understudy._engine.script import Step, ends_queued, singles
from understudy._engine.timing import NEXT_STEP_SECONDS, QUEUED_SECONDS, STEP_SECONDS, THINK_SECONDS
from understudy.errors import ImpossibleScript

if TYPE_CHECKING:
    from understudy._engine.execution import Execution


class PlannedEvent(NamedTuple):
    """A future event.

    Attributes:
        at: when, in unix seconds.
        event: what; a `StepClosed` and an `Ended` are completed when they happen, by what is known only then: what the
            model read, and what is still open.
        is_status: whether it changes the phase of the execution itself.
        is_visible: whether a list of steps or messages shows it.
    """

    at: float
    event: Event
    is_status: bool
    is_visible: bool


def written_out(pieces: PlannedPieces) -> list[PlannedEvent]:
    """Return the events of pieces, planned one by one."""
    return [PlannedEvent(delta.at, delta, is_status=False, is_visible=False) for delta in pieces.deltas()]


class Planner:
    """Plans one stretch of a script.

    Attributes:
        execution: the execution planned.
        at: the time that the plan has reached, in unix seconds.
        planned: the plan so far.
        new_id: returns a new id, from a kind, the parent's id and the time.
    """

    def __init__(self, execution: Execution, ports: EnginePorts, at: float) -> None:
        self.execution = execution
        self.ports = ports
        self.conversation = execution.conversation
        self.at = at
        self.planned: list[PlannedEvent | PlannedPieces] = []
        self.new_id = ports.new_id
        self._gap: float = 0
        self._cuts_next = False
        self._is_cut = False
        self._is_after_reply = False

    def plan_stretch(self, stretch: Sequence[Step], *, is_first: bool) -> list[PlannedEvent | PlannedPieces]:
        """Plan a stretch of a script, from now on, when the execution is queued."""
        self.at += QUEUED_SECONDS
        if stretch and ends_queued(stretch[0]):
            self._plan_step(stretch[0])
            return self.planned
        self.plan(Started(self.at))
        shown_until = self.at + NEXT_STEP_SECONDS  # it is in progress for this long, however little it does
        self._gap = THINK_SECONDS if is_first else NEXT_STEP_SECONDS
        for number, step in enumerate(stretch):
            if number and ends_queued(step):
                raise self.impossible(f"{step!r}, but the run is in progress")
            following = stretch[number + 1] if number + 1 < len(stretch) else None
            self._cuts_next = isinstance(following, Move) and following.cuts_reply
            if self._plan_step(step):
                return self.planned
        self.at = max(self.at, shown_until)
        self.plan(Ended(self.at, "completed"))
        return self.planned

    def _plan_step(self, step: Step) -> bool:
        """Plan a step; return whether it ends the stretch."""
        if isinstance(step, Move) and not isinstance(step, CallMove):
            step.plan(self)
            return step.ends
        return self._plan_calls(singles(step))

    def _plan_calls(self, moves: Sequence[Any]) -> bool:
        """Plan one step of calls; return whether it pauses the execution.

        It does if one of the calls waits for the app.
        """
        start = self.begin_step()
        step_id = self.new_id("step", self.execution.id, start)
        self.plan(StepOpened(start, step_id))
        calls = [self._call(move, step_id, start) for move in moves]
        sent: list[tuple[Any, ...]] = []
        for call in calls:
            sent.append((ItemOpened, call.opening()))
            sent += [(ItemDelta, call.id, piece) for piece in call.pieces()]
        self.spread(start, STEP_SECONDS, sent)
        self.at = start + STEP_SECONDS
        waiting = tuple(call.id for call, move in zip(calls, moves, strict=True) if move.waits_for_app)
        if waiting:
            self.plan(Paused(self.at, waiting))
            return True
        written = sum(tokens(call.written) for call in calls)
        self.plan(StepClosed(self.at, step_id, "completed", Usage(0, written)))
        return False

    def _call(self, move: CallMove, step_id: str, at: float) -> Any:
        request = self.execution.request
        if move.only_for not in ("", request.labels.kind):
            raise self.impossible(f"{move!r} is for a {move.only_for}, and this is a {request.labels.kind}")
        if move.depends_on_tools:
            move = move.bound(request.tools)
        call_id = move.given_id or self.new_id("call", step_id, at)
        item_id = call_id if request.new_item_id is None else request.new_item_id(move, step_id, at)
        surroundings = Surroundings(self.ports, request.tools, at, request.last_user_text)
        return move.call(surroundings, id=item_id, call_id=call_id, step_id=step_id)

    # -- what moves call -----------------------------------------------------------

    def plan(self, event: Event, *, is_visible: bool = True) -> None:
        """Append an event to the plan."""
        self.planned.append(PlannedEvent(event.at, event, isinstance(event, PhaseEvent), is_visible))

    def send(self, start: float, seconds: float, item_id: str, pieces: Sequence[Any]) -> None:
        """Let the pieces of one item be sent evenly over some time."""
        if pieces:
            self.planned.append(PlannedPieces(spread_at(start, seconds, 1, len(pieces)), start, seconds, item_id, pieces))

    def spread(self, start: float, seconds: float, sent: Sequence[tuple[Any, ...]]) -> None:
        """Plan items one after the other, sent evenly over `seconds` from `start`.

        Args:
            start: in unix seconds.
            seconds: from `start` to the step's end.
            sent: for each opening and each piece, the class of its event and the arguments after the time.
        """
        item_id = ""
        for number, (kind, *rest) in enumerate(sent, 1):
            at = start + seconds * number / (len(sent) + 1)
            if kind is ItemOpened:
                if item_id:
                    self.plan(ItemClosed(self.at, item_id), is_visible=False)
                item_id = rest[0].id
            self.at = at
            self.plan(kind(at, *rest), is_visible=False)
        self.plan(ItemClosed(self.at, item_id), is_visible=False)

    def begin_step(self) -> float:
        """Advance by the model's time before a step; return when the step begins."""
        self._is_after_reply = False
        self.at += self._gap
        self._gap = NEXT_STEP_SECONDS
        return self.at

    def is_cut_now(self) -> bool:
        """Return whether the next move cuts the reply that is being planned.

        If so, the reply leaves its message open for the end to close.
        """
        self._is_after_reply = True
        self._is_cut = self._cuts_next
        return self._is_cut

    def end(
        self,
        outcome: str,
        *,
        error: tuple[str, str] | None = None,
        reason: str | None = None,
        is_with_reply: bool = False,
    ) -> None:
        """Plan the end: at once if it cuts a reply, else after the time before a step.

        `is_with_reply`: at once after a whole reply, too.
        """
        if not (self._is_cut or (is_with_reply and self._is_after_reply)):
            self.begin_step()
        self.plan(Ended(self.at, outcome, error, reason))

    def item_id(self, kind: str, parent: str, at: float) -> str:
        """Return the id of a new message or reasoning item."""
        new_item_id = self.execution.request.new_item_id
        return self.new_id(kind, parent, at) if new_item_id is None else new_item_id(kind, parent, at)

    def impossible(self, reason: str) -> ImpossibleScript:
        """Return the error for a script that cannot be performed."""
        return ImpossibleScript(f"the script set at {self.execution.cursor.where} cannot be performed: {reason}")


def files_named(move: Move) -> list[str | bytes]:
    """Return what a move names as files: ids, and the bytes of images it makes."""
    named = [value for name in move.file_fields for value in getattr(move, name) or ()]
    return [getattr(value, "file_id", value) for value in named]


def check_steps(steps: Sequence[Step], tools: Sequence[Tool], ports: EnginePorts, where: str) -> None:
    """Check the requirements of steps before they are planned.

    Raises:
        ImpossibleScript: a call of something that is not among the tools, or a file that does not exist.
    """
    for step in steps:
        for move in (step,) if isinstance(step, Move) else step:
            named = files_named(move)
            if named or isinstance(move, CallMove):
                move.check(tools, where)
            for file_id in named:
                if isinstance(file_id, str) and ports.file_name(file_id) is None:
                    raise ImpossibleScript(
                        f"the script set at {where} names the file {file_id!r}, which does not exist: add it with add_file()"
                    )
