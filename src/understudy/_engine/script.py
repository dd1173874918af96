"""Scripts: checked when they are set, and read move by move.

A script is a tuple of moves, in which a tuple is one step of parallel calls; or a function that makes them. What a
script alone shows to be impossible is refused when it is set; what depends on the execution, when that starts.

**Theory of operation.** A script is a function of the outputs handed in so far: `ScriptCursor.moves_after(handed_in)`
returns the moves from there to where the app has to act, and called again for an earlier point it returns the same
moves again. So a point in a script is `(script, handed_in)`, two plain values, and executions that continue from one
point share nothing. A tuple is indexed. A generator function is run from its start, with the outputs handed in; that
the generator is usually at the right point already is a short cut, not state.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from understudy._engine.moves.base import CallMove, Move
from understudy._engine.moves.wait import Wait
from understudy.errors import ImpossibleScript

Step = Move | Sequence[CallMove]  # a list is one step of parallel calls
ScriptFunction = Callable[["ScriptedRun"], Step | Sequence[Step] | Iterator[Step]]
Script = Step | Sequence[Step] | ScriptFunction
MAX_MOVES = 1000  # in a row from a function that does not end; more count as endless
T = TypeVar("T")


# -- checking -------------------------------------------------------------------


def check_moves(moves: Sequence[Step]) -> tuple[Step, ...]:
    """Return a script in its normal form: a tuple of moves and of tuples.

    Raises:
        ImpossibleScript: it is empty, something in it is not a move, or something follows the end of the run.
    """
    if not moves:
        raise ImpossibleScript("a script needs at least one move, such as Reply('Hello.')")
    checked = tuple(check_move(move) for move in moves)
    for position, move in enumerate(checked[:-1]):
        if isinstance(move, Move) and move.ends:
            raise ImpossibleScript(
                f"{move!r} ends the run, but {checked[position + 1]!r} comes after it: remove it, or set it for the next run"
            )
    if len(checked) > 1 and ends_queued(checked[-1]) and not waits_for_app(checked[-2]):
        raise ImpossibleScript(
            f"{checked[-1]!r}: after {checked[-2]!r} the run is in progress. A run is queued only at its start, and after "
            "outputs were submitted."
        )
    return checked


def check_move(move: Any) -> Step:
    """Return one step in its normal form: a move, or a tuple of parallel calls.

    Raises:
        ImpossibleScript: neither, or an empty list, or two calls with the same id.
    """
    if isinstance(move, list | tuple):
        if not move:
            raise ImpossibleScript("an empty list in a script: a step of parallel calls needs at least one call")
        for call in move:
            if not isinstance(call, CallMove):
                raise ImpossibleScript(f"{call!r} cannot be in a list: a list is one step of parallel calls")
        given = [call.given_id for call in move if call.given_id is not None]
        if len(given) != len(set(given)):
            raise ImpossibleScript(f"two calls of one step have the same id: {given}")
        return tuple(move)
    if isinstance(move, Move):
        return move
    raise ImpossibleScript(_why_not_a_move(move))


def _why_not_a_move(move: Any) -> str:
    if isinstance(move, type) and issubclass(move, Move):
        return f"{move.__name__} is a class, not a move: write {move.__name__}()"
    if isinstance(move, str):
        return f"{move!r} is not a move; for a reply write Reply({move!r})"
    if callable(move):
        return f"{move!r} is not a move: a function is a whole script, so pass it alone"
    return f"{move!r} is not a move; moves are Reply('...'), FunctionCall('name', {{...}}), Fail(), Hang(), ..."


def singles(step: Step) -> Sequence[Move]:
    """Return the moves of one step: the parallel calls, or the one move."""
    return (step,) if isinstance(step, Move) else step


def ends_queued(step: Step) -> bool:
    """Return whether a step ends an execution that is queued."""
    return isinstance(step, Move) and step.while_queued


def waits_for_app(step: Step) -> bool:
    """Return whether an execution waits for the app's outputs in this step.

    It is queued again after it.
    """
    return step.waits_for_app if isinstance(step, Move) else any(move.waits_for_app for move in step)


# -- reading ----------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class ScriptedRun:
    """The run, as a callable or generator script sees it.

    Attributes:
        messages: the thread's messages, oldest first; each has role, text and metadata.
        last_user_text: the text of the newest user message, "" if there is none.
        outputs: the outputs submitted so far, by call id and by function name (its latest).
        now: the (virtual) time that the script has reached, in unix seconds.
        input: the input items of the present request, in the Responses API; otherwise empty.
    """

    id: str
    thread_id: str
    assistant_id: str
    model: str
    instructions: str | None
    tools: list[dict[str, Any]]
    metadata: dict[str, str]
    messages: list[Any]
    last_user_text: str
    outputs: dict[str, str]
    now: float
    input: list[Any] = field(default_factory=list)


class HandedIn(NamedTuple):
    """The outputs of one step's calls, as handed in by the app.

    Attributes:
        at: when, in unix seconds.
        calls: (call id, function name) of each call.
        outputs: their outputs, in the same order.
    """

    at: float
    calls: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]


class ScriptCursor:
    """A script that can be read from any point.

    Args:
        moves: the moves, or the function that makes them.
        where: the line that set it, for error texts.
        new_run: makes the argument of a function script, once for each call of it.
    """

    __slots__ = ("_at", "_generator", "_moves", "_new_run", "_run", "_within", "is_made_up", "where")

    def __init__(self, moves: tuple[Step, ...] | ScriptFunction, where: str, new_run: Callable[[], ScriptedRun]) -> None:
        self.is_made_up = callable(moves)  # its moves are known only when it is performed
        self.where = where
        self._moves = moves
        self._new_run = new_run
        self._run: ScriptedRun | None = None
        self._within: float | None = None
        self._generator: Generator[Any, Any, Any] | None = None
        self._at: tuple[HandedIn, ...] | None = None  # the outputs sent to the generator so far

    def moves_after(self, handed_in: tuple[HandedIn, ...] = (), within: float | None = None) -> tuple[Step, ...]:
        """Return the moves after these outputs, up to where the app has to act.

        That is the next step that waits for the app, or the end.

        Args:
            handed_in: the outputs.
            within: the remaining lifetime of the execution, in seconds; a generator is not advanced past it. None for ever.

        Raises:
            ImpossibleScript: a function raised an exception, gave something that is not a move, or never ends.
        """
        if callable(self._moves):
            self._within = within
            return self._function_moves_after(handed_in)
        return _segment(self._moves, len(handed_in))

    def _function_moves_after(self, handed_in: tuple[HandedIn, ...]) -> tuple[Step, ...]:
        if self._at is not None and handed_in and handed_in[:-1] == self._at:
            return self._continue(handed_in)
        function: Any = self._moves
        run = self._run = self._new_run()
        result = self._call_script(lambda: function(run))
        if not isinstance(result, Generator):  # as everywhere, a tuple is a script, and a list one step of parallel calls
            moves = result if isinstance(result, tuple) else (result,)
            return _segment(self._check_made(lambda: check_moves(moves)), len(handed_in))
        self._generator, self._at = result, ()
        segment = self._fetch(None)
        for number in range(len(handed_in)):
            segment = self._continue(handed_in[: number + 1])
        return segment

    def _continue(self, handed_in: tuple[HandedIn, ...]) -> tuple[Step, ...]:
        """Continue from where the generator is."""
        at, calls, outputs = handed_in[-1]
        assert self._run is not None
        for (call_id, name), output in zip(calls, outputs, strict=True):
            self._run.outputs[call_id] = self._run.outputs[name] = output
        self._run.now = at
        self._at = handed_in
        return self._fetch([*outputs])

    def _fetch(self, outputs: list[str] | None) -> tuple[Step, ...]:
        generator: Any = self._generator
        moves: list[Step] = []

        def advance() -> Any:
            try:
                return next(generator) if outputs is None or moves else generator.send(outputs)
            except StopIteration:
                return None

        waits, taken = 0, 0.0
        while (move := self._call_script(advance)) is not None:
            step: Step = self._check_made(lambda: check_move(move))
            moves.append(step)
            if waits_for_app(step) or (isinstance(step, Move) and step.ends):
                break
            waits = waits + 1 if isinstance(step, Wait) else 0
            taken += step.seconds if isinstance(step, Wait) else 1  # at least
            self._refuse_endless(move, waits, len(moves))
            if self._within is not None and taken > self._within:
                break  # the execution expires before anything else could happen
        return tuple(moves)

    def _refuse_endless(self, move: Any, waits: int, moves: int) -> None:
        if waits <= MAX_MOVES and (moves <= MAX_MOVES or self._within is not None):
            return
        given = f"{waits} moves {move!r} in a row, and nothing else" if waits > MAX_MOVES else f"{moves} moves"
        raise ImpossibleScript(
            f"the script set at {self.where} cannot be performed: it yielded {given}. A function that makes a script "
            "has to end, or to yield a move in which something happens."
        )

    def _check_made(self, check: Callable[[], T]) -> T:
        """Check what a function made, naming in errors the line that set it."""
        try:
            return check()
        except ImpossibleScript as error:
            raise ImpossibleScript(f"the script set at {self.where} cannot be performed: {error}") from None

    def _call_script(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except ImpossibleScript as error:
            raise ImpossibleScript(f"the script set at {self.where} cannot be performed: {error}") from error
        except Exception as error:
            raise ImpossibleScript(f"the script set at {self.where} raised {error!r}") from error


def _segment(moves: Sequence[Step], number: int) -> tuple[Step, ...]:
    """Return the moves after `number` steps that waited for the app, up to the next."""
    segment: list[Step] = []
    for step in moves:
        if number == 0:
            segment.append(step)
        if waits_for_app(step):
            if number == 0:
                break
            number -= 1
    return tuple(segment)
