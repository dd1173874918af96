"""From moves to beats: what each kind of move does to a run, and when.

One function a move, found by its type in `_PLANNERS`; to add a kind of step, write its function and enter it there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from understudy._engine.content import deltas
from understudy._engine.objects import FileSearchToolCall, FunctionToolCall, MessageDelta, Text, ToolCall, Usage, tokens
from understudy._engine.ports import EnginePorts
from understudy._engine.run_execution import (
    NEXT_STEP_SECONDS,
    QUEUED_SECONDS,
    STEP_SECONDS,
    THINK_SECONDS,
    RunExecution,
    new_message,
    new_step,
)
from understudy._engine.script_checks import check_against_run
from understudy._engine.tool_calls import call_pieces, make_call
from understudy.errors import ImpossibleScript
from understudy.scripts import (
    Call,
    Expire,
    Fail,
    Hang,
    Incomplete,
    Move,
    Moves,
    Reply,
    Wait,
    ends_queued,
)

MOST_WAITS = 1000  # one after the other: a script that waits on and on is endless


class Planner:
    """Plans one run, from its script's moves, up to where the app has to act."""

    def __init__(self, performance: RunExecution, moves: Moves, stage: EnginePorts, where: str) -> None:
        self.performance = performance
        self.run = performance.run
        self.stage = stage
        self.where = where
        self._moves = moves
        self._ahead: list[Any] = []  # a move looked at but not planned yet
        self.at: float = 0  # the time the plan has come to
        self._gap: float = THINK_SECONDS
        self._waits = 0  # one after the other, just now
        self.reply_is_cut = False

    def start(self, at: float, outputs: list[str] | None = None) -> None:
        """Plan on from a time at which the run is queued. `outputs`: what was submitted for the last calls."""
        self.at = at + QUEUED_SECONDS
        move = self._next(outputs)
        if ends_queued(move):
            self._gap = 0
            self._plan_move(move)
            return
        self.plan(lambda then: self.performance.move_run("in_progress", then), is_status=True)
        self._gap = THINK_SECONDS if outputs is None else NEXT_STEP_SECONDS
        while move is not None:
            if not self._plan_move(move) or self.at > self.performance.expires_at:
                return  # the run waits, or is over before anything more could happen
            move = self._next()
            if ends_queued(move):
                raise self.impossible(f"{move!r}, but the run is in progress")
        self.plan(lambda then: self.performance.finish("completed", then), is_status=True)

    def plan(self, act: Callable[[float], None], *, is_status: bool = False, is_visible: bool = True) -> None:
        self.performance.plan(self.at, act, is_status=is_status, is_visible=is_visible)

    def peek(self) -> Any:
        """The move after this one, None at the end. To be asked once for each move."""
        self._ahead.append(self._fetch())
        return self._ahead[0]

    def begin_step(self) -> float:
        """Let the time pass that the model takes before a step; gives the time the step begins."""
        self.at += self._gap
        self._gap = NEXT_STEP_SECONDS
        return self.at

    def _next(self, outputs: list[str] | None = None) -> Any:
        return self._ahead.pop() if self._ahead else self._fetch(outputs)

    def _fetch(self, outputs: list[str] | None = None) -> Any:
        """The script's next move; one that a function makes as it goes is checked only now."""
        move = self._moves.next(outputs)
        if move is not None and self._moves.made_up:
            self._check_made_up(move)
        return move

    def _check_made_up(self, move: Any) -> None:
        check_against_run((move,), self.run.settings.tools, self.stage, self.where)
        self._waits = self._waits + 1 if isinstance(move, Wait) else 0
        if self._waits > MOST_WAITS:
            raise self.impossible(
                f"it has given {self._waits} moves {move!r} one after the other, and nothing else. A function that makes a "
                "script ends, or gives a move in which something happens."
            )

    def _plan_move(self, move: Any) -> bool:
        """Plan a move; False if the run ends or waits with it."""
        if isinstance(move, Call):
            move = (move,)
        if isinstance(move, tuple):
            return _plan_calls(self, move)
        return _PLANNERS[type(move)](self, move)

    def note_outputs(self, calls: Sequence[FunctionToolCall], outputs: dict[str, str | None], now: float) -> None:
        """Let a callable script see what the app submitted."""
        self._moves.note({call.id: call.name for call in calls}, outputs, now)

    def impossible(self, reason: str) -> ImpossibleScript:
        return ImpossibleScript(f"the script set at {self.where} cannot be performed: {reason}")

    def delay(self, seconds: float) -> None:
        """Let the model take longer for what comes next, be it the end."""
        self.at += seconds


# -- messages -----------------------------------------------------------------


def _plan_reply(planner: Planner, move: Reply) -> bool:
    run, performance = planner.run, planner.performance
    start = planner.begin_step()
    message_id = planner.stage.new_id("message", run.thread_id, start)
    step = new_step(run, planner.stage.new_id("step", run.id, start), start, message_id)
    message = new_message(run, message_id, start)
    planner.plan(lambda then: performance.open_step(then, step))
    planner.plan(lambda then: performance.open_message(then, message))
    sent = _plan_deltas(planner, move, start)
    planner.at = start + STEP_SECONDS
    if isinstance(planner.peek(), Fail | Incomplete):  # the ending cuts the message; see _close_open
        planner.reply_is_cut = True
        return True
    planner.plan(lambda then: performance.close_message(then))
    planner.plan(lambda then: performance.close_step(then, usage=Usage(_prompt_tokens(performance), sent)))
    return True


def _plan_deltas(planner: Planner, move: Reply, start: float) -> int:
    """Plan the message piece by piece; gives its tokens."""
    pieces = deltas(planner.stage, move, start)
    for number, delta in enumerate(pieces, 1):
        planner.at = start + STEP_SECONDS * number / (len(pieces) + 1)
        _plan_delta(planner, delta)
    return tokens("".join(delta.piece.value for delta in pieces if isinstance(delta.piece, Text)))


def _plan_delta(planner: Planner, delta: MessageDelta) -> None:
    performance = planner.performance
    planner.plan(lambda then: performance.message_delta(then, delta), is_visible=False)


def _prompt_tokens(performance: RunExecution) -> int:
    texts = [message.text for message in performance.thread.messages.page(limit=20).items]
    return sum(map(tokens, texts)) + tokens(performance.run.settings.instructions or "")


# -- tool calls ---------------------------------------------------------------


def _plan_calls(planner: Planner, moves: tuple[Any, ...]) -> bool:
    """One step of one or more calls. With a function among them, the run waits for the app."""
    run, performance = planner.run, planner.performance
    start = planner.begin_step()
    step = new_step(run, planner.stage.new_id("step", run.id, start), start)
    planner.plan(lambda then: performance.open_step(then, step))
    calls = tuple(make_call(planner.stage, run, step, move) for move in moves)
    pieces = [(index, call, piece) for index, call in enumerate(calls) for piece in call_pieces(call)]
    for number, (index, call, (before, after)) in enumerate(pieces, 1):
        planner.at = start + STEP_SECONDS * number / (len(pieces) + 1)
        _plan_call_delta(planner, index, call, before, after)
    planner.at = start + STEP_SECONDS
    waiting = tuple(call for call in calls if isinstance(call, FunctionToolCall))
    if waiting:
        planner.plan(lambda then: performance.move_run("requires_action", then, calls=waiting), is_status=True)
        return False
    used = Usage(_prompt_tokens(performance), sum(tokens(getattr(call, "input", "")) for call in calls))
    planner.plan(lambda then: performance.close_step(then, calls=calls, usage=used))
    return True


def _plan_call_delta(planner: Planner, index: int, call: ToolCall, before: ToolCall | None, after: ToolCall) -> None:
    performance = planner.performance
    known = call if isinstance(call, FileSearchToolCall) else after  # what a search found is seen at once, by polling [REC]

    def act(then: float) -> None:
        so_far = performance.open_calls
        performance.change_step(calls=(*so_far[:index], known, *so_far[index + 1 :]))
        performance.step_delta(then, (index, before, after))

    planner.plan(act, is_visible=False)


# -- endings ------------------------------------------------------------------


def _plan_wait(planner: Planner, move: Wait) -> bool:
    planner.delay(move.seconds)
    return True


def _plan_ending(event: str) -> Callable[[Planner, Any], bool]:
    def plan(planner: Planner, move: Any) -> bool:
        if not planner.reply_is_cut:
            planner.begin_step()
        is_failure = isinstance(move, Fail)
        facts = {"last_error": (move.code, move.message)} if is_failure else {"incomplete_reason": move.reason}
        planner.plan(lambda then: planner.performance.finish(event, then, **facts), is_status=True)
        return False

    return plan


def _plan_expire(planner: Planner, move: Expire) -> bool:
    planner.at = planner.performance.expires_at
    planner.plan(lambda then: planner.performance.finish("expired", then), is_status=True)
    return False


def _plan_hang(planner: Planner, move: Hang) -> bool:
    planner.performance.on_cancel = move.on_cancel
    return False


_PLANNERS: dict[type[Move], Callable[[Planner, Any], bool]] = {
    Reply: _plan_reply,
    Wait: _plan_wait,
    Fail: _plan_ending("failed"),
    Incomplete: _plan_ending("incomplete"),
    Expire: _plan_expire,
    Hang: _plan_hang,
}
