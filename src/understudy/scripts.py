"""Scripts: what a run does, in values. A script is a tuple of moves; a list inside it is one step of parallel calls.

Moves are frozen, compare by value, and their repr is code that can be pasted into a test. What a script alone shows to be
impossible is refused when it is made or set; what depends on the run, when the run starts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from understudy._common.code_repr import CodeRepr, first
from understudy._common.minimal_value import minimal_value
from understudy.errors import ImpossibleScript, did_you_mean

RUN_ERROR_CODES = ("server_error", "rate_limit_exceeded", "invalid_prompt")  # [SPEC]
INCOMPLETE_REASONS = ("max_completion_tokens", "max_prompt_tokens")  # [SPEC]
DEFAULT_SENTENCE = "I am only the understudy, but I am glad to help."
T = TypeVar("T")


class Move(CodeRepr):
    """Base of all moves."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, repr=False)
class Reply(Move):
    """The model writes a message.

    Args:
        text: its text. Citation markers in it (`【4:0†notes.txt】`) belong to `citations` in order; a citation without a
            marker gets one at the end. A path `sandbox:/mnt/data/NAME` becomes a file_path annotation of the citation
            that stands in its place. [REC for citations, DOCS for paths]
        parts: instead of `text`: several content parts, each a text or a bytes image.
        citations: ids of the files the markers stand for.
        images: ids of image files, or the images' bytes, which become files; content parts after the text.
        chunks: the pieces a stream sends the text in; joined they are the text. Default: word by word, as recorded.

    Right before `Fail` or `Incomplete` the reply is cut by it: the message ends `incomplete`, with this text.
    """

    text: str | None = first(default=None)
    parts: Sequence[str | bytes] | None = field(default=None, kw_only=True)
    citations: Sequence[str] = field(default=(), kw_only=True)
    images: Sequence[str | bytes] = field(default=(), kw_only=True)
    chunks: Sequence[str] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("parts", "citations", "images", "chunks"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _tuple(f"Reply({name}=...)", value))
        if self.text is None and self.parts is None and self.chunks is not None:
            object.__setattr__(self, "text", "".join(self.chunks))
        if (self.text is None) == (self.parts is None):
            raise ImpossibleScript("Reply takes either a text or parts=...: a message has content")
        if self.text is not None and not isinstance(self.text, str):
            raise ImpossibleScript(f"Reply({self.text!r}): expected a str, got {type(self.text).__name__}")
        if self.parts is not None and (not self.parts or not all(isinstance(part, str | bytes) for part in self.parts)):
            raise ImpossibleScript(f"Reply(parts={self.parts!r}): expected texts and bytes images, at least one")
        if self.parts is not None and self.chunks is not None:
            raise ImpossibleScript("Reply takes chunks=... with one text, not with parts=...")
        if self.chunks is not None and "".join(self.chunks) != self.text:
            raise ImpossibleScript(f"Reply: the chunks join to {''.join(self.chunks)!r}, but the text is {self.text!r}")


@dataclass(frozen=True, slots=True, repr=False)
class FunctionCall(Move):
    """The model calls one of the app's functions: the run waits in `requires_action` until the outputs are submitted.

    Args:
        name: the function's name; must be among the run's tools.
        arguments: a mapping, sent as compact JSON as recorded, or the very text (models write broken JSON, too). They need
            not fit the function's schema.
        id: the call's id; derived by default.
    """

    name: str = first()
    arguments: Mapping[str, Any] | str = field(default_factory=dict, metadata={"first": True}, hash=False)
    id: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ImpossibleScript(f"FunctionCall({self.name!r}): expected the name of a function")
        if not isinstance(self.arguments, str | Mapping):
            raise ImpossibleScript(
                f"FunctionCall({self.name!r}, {self.arguments!r}): expected a mapping, or a text that the model wrote "
                f"in its place, got {type(self.arguments).__name__}"
            )
        if not isinstance(self.arguments, str):
            try:
                own = json.loads(json.dumps(dict(self.arguments)))  # ours from now on, and JSON
            except (TypeError, ValueError) as error:
                problem = f"FunctionCall({self.name!r}): the arguments are not JSON: {error}"
                raise ImpossibleScript(problem) from None
            object.__setattr__(self, "arguments", own)

    @property
    def arguments_text(self) -> str:
        """The arguments as the model wrote them."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(self.arguments, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, repr=False)
class AnyFunctionCall(Move):
    """The model calls whatever function the run has: for scripts that are generated before the app's tools are known.

    Bound when the run starts: to the function tool of this index, counted on from the first again if there are fewer. The
    arguments are the smallest that fit the function's schema.
    """

    index: int = first(default=0)

    def __post_init__(self) -> None:
        if not isinstance(self.index, int) or self.index < 0:
            raise ImpossibleScript(f"AnyFunctionCall({self.index!r}): expected an index from 0 on")

    def bound(self, tools: Sequence[Mapping[str, Any]]) -> FunctionCall | None:
        """The call for a run with these tools; None when no function is among them.

        Raises:
            ImpossibleScript: nothing fits the parameters of the function.
        """
        functions = [tool["function"] for tool in tools if tool["type"] == "function"]
        if not functions:
            return None
        function = functions[self.index % len(functions)]
        try:
            return FunctionCall(function["name"], minimal_value(function.get("parameters") or {}))
        except ValueError as error:
            raise ImpossibleScript(f"nothing fits the parameters of the function {function['name']!r}: {error}") from error
        except RecursionError as error:
            raise ImpossibleScript(f"the parameters of the function {function['name']!r} require themselves") from error


@dataclass(frozen=True, slots=True, repr=False)
class CodeInterpreter(Move):
    """The model runs code.

    Args:
        input: the code.
        logs: what it printed; None for no outputs at all, as often recorded.
        images: ids of image files it drew, or their bytes, which become files the app can download.
    """

    input: str = first()
    logs: str | None = field(default=None, kw_only=True)
    images: Sequence[str | bytes] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.input, str):
            raise ImpossibleScript(f"CodeInterpreter({self.input!r}): expected the code, a str")
        object.__setattr__(self, "images", _tuple("CodeInterpreter(images=...)", self.images))


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A passage a file search found. `score` is between 0 and 1."""

    file_id: str
    score: float = 1.0
    text: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise ImpossibleScript(f"SearchResult(score={self.score!r}): expected a number from 0 to 1")


@dataclass(frozen=True, slots=True, repr=False)
class FileSearch(Move):
    """The model searches the files. `results` as given, or found with `query` in the attached vector stores."""

    results: Sequence[SearchResult] | None = first(default=None)
    query: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.results is not None:
            object.__setattr__(self, "results", _tuple("FileSearch(results)", self.results))
        if self.results is not None and self.query is not None:
            raise ImpossibleScript("FileSearch takes results or query=..., not both")


@dataclass(frozen=True, slots=True, repr=False)
class Fail(Move):
    """The run ends `failed` with this last_error. Codes: server_error, rate_limit_exceeded, invalid_prompt. [SPEC]

    `while_queued`: it does so right from the queue, without having been in progress (again). [INF]
    """

    code: str = first(default="server_error")
    message: str = first(default="Sorry, something went wrong.")
    while_queued: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _one_of("Fail", self.code, RUN_ERROR_CODES)


@dataclass(frozen=True, slots=True, repr=False)
class Incomplete(Move):
    """The run ends `incomplete`. Reasons: max_completion_tokens, max_prompt_tokens. [SPEC]"""

    reason: str = first(default="max_completion_tokens")

    def __post_init__(self) -> None:
        _one_of("Incomplete", self.reason, INCOMPLETE_REASONS)


@dataclass(frozen=True, slots=True, repr=False)
class Expire(Move):
    """The run goes on until it expires, 600 s after it was made. `while_queued`: it is never in progress (again). [INF]"""

    while_queued: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, repr=False)
class Hang(Move):
    """The run never ends by itself: cancel it, or let it expire.

    Args:
        on_cancel: `"cancelled"` (default), or `"completes"`: it ends before the cancel gets to it. [DOCS: not guaranteed]
    """

    on_cancel: str = field(default="cancelled", kw_only=True)

    def __post_init__(self) -> None:
        _one_of("Hang(on_cancel=...)", self.on_cancel, ("cancelled", "completes"))


@dataclass(frozen=True, slots=True, repr=False)
class Wait(Move):
    """What comes next, be it the end, takes this many (virtual) seconds longer. Past 600 the run expires first."""

    seconds: float = first()

    def __post_init__(self) -> None:
        if not isinstance(self.seconds, int | float) or not 0 <= self.seconds < math.inf:
            raise ImpossibleScript(f"Wait({self.seconds!r}): expected a number of seconds from 0 on")


Call = FunctionCall | AnyFunctionCall | CodeInterpreter | FileSearch
Ending = Fail | Incomplete | Expire | Hang
Step = Move | Sequence[Move]
ScriptFunction = Callable[["ScriptedRun"], Any]


def check_moves(moves: Sequence[Step]) -> tuple[Step, ...]:
    """Give a script back in its normal form, or say why no service could perform it.

    Raises:
        ImpossibleScript: it is empty, something in it is not a move, or something follows the end of the run.
    """
    if not moves:
        raise ImpossibleScript("a script needs at least one move, such as Reply('Hello.')")
    checked = tuple(check_move(move) for move in moves)
    for position, move in enumerate(checked[:-1]):
        if isinstance(move, Ending):
            raise ImpossibleScript(f"{move!r} ends the run, but {checked[position + 1]!r} comes after it")
    if len(checked) > 1 and ends_queued(checked[-1]) and not is_waited_for(checked[-2]):
        raise ImpossibleScript(
            f"{checked[-1]!r}: after {checked[-2]!r} the run is in progress. A run is queued at its start, and after "
            "outputs were submitted."
        )
    return checked


def ends_queued(move: Step | None) -> bool:
    """Whether a move ends the run while it is queued."""
    return isinstance(move, Fail | Expire) and move.while_queued


def is_waited_for(move: Step) -> bool:
    """Whether the run waits for the app's outputs with this move, and is queued again after it."""
    calls = move if isinstance(move, Sequence) else (move,)
    return any(isinstance(call, FunctionCall | AnyFunctionCall) for call in calls)


def check_move(move: Any) -> Step:
    """Give one step of a script back in its normal form: a move, or a tuple of parallel calls."""
    if isinstance(move, list | tuple):
        if not move:
            raise ImpossibleScript("an empty list in a script: a step of parallel calls needs at least one call")
        for call in move:
            if not isinstance(call, Call):
                raise ImpossibleScript(f"{call!r} cannot stand in a list: only calls can be made in parallel")
        given = [call.id for call in move if isinstance(call, FunctionCall) and call.id is not None]
        if len(given) != len(set(given)):
            raise ImpossibleScript(f"two calls of one step have the same id: {given}")
        return tuple(move)
    if isinstance(move, Move):
        return move
    raise ImpossibleScript(_why_no_move(move))


def _why_no_move(move: Any) -> str:
    if isinstance(move, type) and issubclass(move, Move):
        return f"{move.__name__} is the class, not a move: write {move.__name__}()"
    if isinstance(move, str):
        return f"{move!r} is not a move; for a reply write Reply({move!r})"
    if callable(move):
        return f"{move!r} is not a move: a function is a whole script: set it alone"
    return f"{move!r} is not a move; moves are Reply('...'), FunctionCall('name', {{...}}), Fail(), Hang(), ..."


@dataclass(slots=True, kw_only=True)
class ScriptedRun:
    """What a callable or generator script gets to know of its run.

    Attributes:
        messages: the thread's messages, oldest first; each has role, text and metadata.
        last_user_text: the text of the newest user message, "" if there is none.
        outputs: what was submitted so far, by call id and by function name (the latest).
        now: the (virtual) time the script has come to, in unix seconds.
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


class Moves:
    """A script being performed: gives one move after the other. The same for tuples, callables and generators."""

    def __init__(self, script: Sequence[Step] | ScriptFunction, run: ScriptedRun | None, where: str) -> None:
        self._run = run  # only a callable needs to know its run
        self._where = where
        self._generator: Generator[Any, Any, Any] | None = None
        self._rest: list[Step] = []
        self.made_up = callable(script)  # the moves are not known before the run
        if not callable(script):
            self._rest = list(script)
            return
        assert run is not None
        result = self._guard(lambda: script(run))
        if isinstance(result, Generator):
            self._generator = result
        else:  # a tuple is a script, as everywhere; a list is one step of parallel calls
            moves = result if isinstance(result, tuple) else (result,)
            self._rest = list(self._checked(lambda: check_moves(moves)))

    def next(self, outputs: list[str] | None = None) -> Step | None:
        """The next move, None at the end. `outputs`: those submitted for the calls of the move before, in their order."""
        if self._generator is None:
            return self._rest.pop(0) if self._rest else None
        generator = self._generator

        def advance() -> Any:
            try:
                return generator.send(outputs) if outputs is not None else next(generator)
            except StopIteration:
                return None

        move = self._guard(advance)
        return None if move is None else self._checked(lambda: check_move(move))

    def note(self, names: Mapping[str, str], outputs: Mapping[str, str | None], now: float) -> None:
        """Let the script know what was submitted, by call id (`names`: id to function name), and when."""
        if self._run is None:
            return
        for call_id, output in outputs.items():
            self._run.outputs[call_id] = self._run.outputs[names[call_id]] = output or ""
        self._run.now = now

    def _checked(self, check: Callable[[], T]) -> T:
        """What a function made up is checked like what stands in a test, and blamed on the line that set it."""
        try:
            return check()
        except ImpossibleScript as error:
            raise ImpossibleScript(f"the script set at {self._where} cannot be performed: {error}") from None

    def _guard(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except ImpossibleScript as error:
            raise ImpossibleScript(f"the script set at {self._where} cannot be performed: {error}") from error
        except Exception as error:
            raise ImpossibleScript(f"the script set at {self._where} raised {error!r}") from error


def _tuple(what: str, values: Any) -> tuple[Any, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ImpossibleScript(f"{what}: expected a list, got {values!r}")
    return tuple(values)


def _one_of(what: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        choices = ", ".join(map(repr, allowed))
        raise ImpossibleScript(f"{what}: {value!r} is none of {choices}.{did_you_mean(value, allowed)}")
