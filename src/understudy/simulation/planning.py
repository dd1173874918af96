"""From moves to beats: what each kind of move does to a run, and when.

One function a move, found by its type in `_PLANNERS`; to add a kind of step, write its function and enter it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from understudy.errors import ImpossibleScript, NoFunction, nearest
from understudy.simulation.objects import (
    Annotation,
    CodeTool,
    FunctionTool,
    ImageFile,
    MessageDelta,
    Run,
    SearchHit,
    SearchTool,
    Step,
    Text,
    ToolCall,
    Usage,
    tokens,
)
from understudy.simulation.performance import (
    NEXT_STEP_SECONDS,
    QUEUED_SECONDS,
    STEP_SECONDS,
    THINK_SECONDS,
    Performance,
    new_message,
    new_step,
)
from understudy.simulation.script import (
    AnyFunctionCall,
    Call,
    CodeInterpreter,
    Expire,
    Fail,
    FileSearch,
    FunctionCall,
    Hang,
    Incomplete,
    Move,
    Moves,
    Reply,
    Wait,
    ends_queued,
)

_WORDS = re.compile(r"\s*\S+|\s+$")
_MARKER = re.compile(r"【[^】]*】|sandbox:/mnt/data/[^\s)\]]+")


class Stage(Protocol):
    """What planning needs of the world: ids, files, search."""

    def new_id(self, kind: str, parent: str, at: float) -> str: ...

    def file_name(self, file_id: str) -> str | None:
        """The name of a file that exists, else None."""

    def add_image(self, data: bytes, at: float) -> str:
        """Store an image the model made; gives the file's id."""

    def search(self, run: Run, query: str) -> tuple[SearchHit, ...]:
        """Search the vector stores that the run sees."""


class Planner:
    """Plans one run, from its script's moves, up to where the app has to act."""

    def __init__(self, performance: Performance, moves: Moves, stage: Stage, where: str) -> None:
        self.performance = performance
        self.run = performance.run
        self.stage = stage
        self.where = where
        self._moves = moves
        self._ahead: list[Any] = []  # a move looked at but not planned yet
        self.at: float = 0  # the time the plan has come to
        self._gap: float = THINK_SECONDS
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
            if not self._plan_move(move):
                return
            move = self._next()
            if ends_queued(move):
                raise self.impossible(f"{move!r}, but the run is in progress")
        self.plan(lambda then: self.performance.finish("completed", then), is_status=True)

    def plan(self, act: Callable[[float], None], *, is_status: bool = False, is_visible: bool = True) -> None:
        self.performance.plan(self.at, act, is_status=is_status, is_visible=is_visible)

    def peek(self) -> Any:
        """The move after this one, None at the end."""
        if not self._ahead:
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
            check_against_run((move,), self.run.settings.tools, self.stage, self.where)
        return move

    def _plan_move(self, move: Any) -> bool:
        """Plan a move; False if the run ends or waits with it."""
        if isinstance(move, Call):
            move = (move,)
        if isinstance(move, tuple):
            return _plan_calls(self, move)
        return _PLANNERS[type(move)](self, move)

    def note_outputs(self, calls: Sequence[FunctionTool], outputs: dict[str, str | None], now: float) -> None:
        """Let a callable script see what the app submitted."""
        self._moves.note({call.id: call.name for call in calls}, outputs, now)

    def delay(self, seconds: float) -> None:
        """Let the model take longer for what comes next, be it the end."""
        self.at += seconds

    def impossible(self, reason: str) -> ImpossibleScript:
        return ImpossibleScript(f"the script set at {self.where} cannot be performed: {reason}")


def check_against_run(moves: Sequence[Any], tools: list[dict[str, Any]], stage: Stage, where: str) -> None:
    """What needs the run, checked before it starts.

    Raises:
        ImpossibleScript: a call of something that is not among the run's tools, or an unknown file.
    """
    for move in moves:
        for single in move if isinstance(move, tuple) else (move,):
            _check_move(single, tools, stage, where)


def _check_move(move: Any, tools: list[dict[str, Any]], stage: Stage, where: str) -> None:
    types = [tool["type"] for tool in tools]
    if isinstance(move, AnyFunctionCall) and move.bound(tools) is None:
        raise NoFunction(f"the script set at {where} calls a function, but the run has none among its tools {types}")
    if isinstance(move, FunctionCall):
        names = [tool["function"]["name"] for tool in tools if tool["type"] == "function"]
        if move.name not in names:
            close = nearest(move.name, names)
            have = f"its functions are {', '.join(map(repr, names))}" if names else "it has no functions"
            hint = f" Did you mean {close[0]!r}?" if close else " Add it to the assistant's or the run's tools."
            raise ImpossibleScript(
                f"the script set at {where} calls {move.name!r}, which is not among the run's tools: {have}.{hint}"
            )
    for kind, name in ((CodeInterpreter, "code_interpreter"), (FileSearch, "file_search")):
        if isinstance(move, kind) and name not in types:
            raise ImpossibleScript(
                f"the script set at {where} uses {type(move).__name__}, but {name!r} is not among the run's tools {types}"
            )
    for file_id in _files_of(move):
        if stage.file_name(file_id) is None:
            raise ImpossibleScript(
                f"the script set at {where} names the file {file_id!r}, which does not exist: add it with add_file()"
            )


def _files_of(move: Any) -> list[str]:
    if isinstance(move, Reply):
        return [*move.citations, *(image for image in move.images if isinstance(image, str))]
    if isinstance(move, CodeInterpreter):
        return [image for image in move.images if isinstance(image, str)]
    if isinstance(move, FileSearch) and move.results:
        return [result.file_id for result in move.results]
    return []


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
    pieces: list[tuple[int, Text | ImageFile]] = []
    for index, part in enumerate(_parts(planner, move, start)):
        if isinstance(part, Text):
            chunks = move.chunks if move.chunks is not None and move.parts is None else _words(part)
            pieces += [(index, piece) for piece in _cut(part, chunks)]
        else:
            pieces.append((index, part))
    last, annotations = -1, 0
    for number, (index, piece) in enumerate(pieces, 1):
        is_first = index != last
        annotations = 0 if is_first else annotations
        planner.at = start + STEP_SECONDS * number / (len(pieces) + 1)
        _plan_delta(planner, MessageDelta(index, piece, is_first, annotations))
        annotations += len(piece.annotations) if isinstance(piece, Text) else 0
        last = index
    return tokens("".join(piece.value for _, piece in pieces if isinstance(piece, Text)))


def _plan_delta(planner: Planner, delta: MessageDelta) -> None:
    performance = planner.performance
    planner.plan(lambda then: performance.message_delta(then, delta), is_visible=False)


def _joined(text: Any, piece: Any) -> Text:
    return Text(text.value + piece.value, text.annotations + piece.annotations)


def _parts(planner: Planner, move: Reply, at: float) -> list[Text | ImageFile]:
    parts: list[Text | ImageFile] = []
    given = move.parts if move.parts is not None else (move.text or "",)
    citations = list(move.citations)
    for part in given:
        if isinstance(part, str):
            parts.append(_annotated(planner, part, citations))
        else:
            parts.append(ImageFile(planner.stage.add_image(part, at)))
    if citations:  # those without a marker of their own
        last = max((place for place, part in enumerate(parts) if isinstance(part, Text)), default=None)
        if last is None:
            raise planner.impossible("citations need a text to stand in")
        text: Any = parts[last]
        names = [f"【4:{number}†{planner.stage.file_name(file_id)}】" for number, file_id in enumerate(citations)]
        parts[last] = _joined(text, _annotated(planner, "".join(names), citations, len(text.value)))
    parts += [ImageFile(_image(planner, image, at)) for image in move.images]
    return parts


def _image(planner: Planner, image: str | bytes, at: float) -> str:
    """The file id of an image given by its id or its bytes."""
    return image if isinstance(image, str) else planner.stage.add_image(image, at)


def _annotated(planner: Planner, value: str, citations: list[str], offset: int = 0) -> Text:
    """Give each marker in a text the next citation, taking it off the list."""
    annotations = []
    for match in _MARKER.finditer(value):
        if not citations:
            break
        file_id = citations.pop(0)
        if planner.stage.file_name(file_id) is None:
            raise planner.impossible(f"it cites the file {file_id!r}, which does not exist: add it with add_file()")
        kind = "file_path" if match[0].startswith("sandbox:") else "file_citation"
        start, end = offset + match.start(), offset + match.end()
        annotations.append(Annotation(kind=kind, text=match[0], start=start, end=end, file_id=file_id))
    return Text(value, tuple(annotations))


def _words(text: Text) -> list[str]:
    """The text word by word; a citation marker is a piece of its own, as recorded. Joined again they are the text."""
    pieces: list[str] = []
    position = 0
    for annotation in text.annotations:
        pieces += _WORDS.findall(text.value[position : annotation.start])
        pieces.append(text.value[annotation.start : annotation.end])
        position = annotation.end
    return pieces + _WORDS.findall(text.value[position:])


def _cut(text: Text, chunks: Sequence[str]) -> list[Text]:
    """The text in pieces, each with the annotations that end in it."""
    pieces = []
    position = 0
    for chunk in chunks:
        end = position + len(chunk)
        pieces.append(Text(chunk, tuple(a for a in text.annotations if position < a.end <= end)))
        position = end
    if position < len(text.value) or not pieces:  # a citation's marker, put after the chunks
        rest = tuple(a for a in text.annotations if position < a.end)
        pieces.append(Text(text.value[position:], rest))
    return pieces


def _prompt_tokens(performance: Performance) -> int:
    texts = [message.text for message in performance.thread.messages.page(limit=20).items]
    return sum(map(tokens, texts)) + tokens(performance.run.settings.instructions or "")


# -- tool calls ---------------------------------------------------------------


def _plan_calls(planner: Planner, moves: tuple[Any, ...]) -> bool:
    """One step of one or more calls. With a function among them, the run waits for the app."""
    run, performance = planner.run, planner.performance
    start = planner.begin_step()
    step = new_step(run, planner.stage.new_id("step", run.id, start), start)
    planner.plan(lambda then: performance.open_step(then, step))
    calls = tuple(_call(planner, step, move) for move in moves)
    pieces = [(index, call, piece) for index, call in enumerate(calls) for piece in _call_pieces(call)]
    for number, (index, call, (before, after)) in enumerate(pieces, 1):
        planner.at = start + STEP_SECONDS * number / (len(pieces) + 1)
        _plan_call_delta(planner, index, call, before, after)
    planner.at = start + STEP_SECONDS
    waiting = tuple(call for call in calls if isinstance(call, FunctionTool))
    if waiting:
        planner.plan(lambda then: performance.move_run("requires_action", then, calls=waiting), is_status=True)
        return False
    used = Usage(_prompt_tokens(performance), sum(tokens(getattr(call, "input", "")) for call in calls))
    planner.plan(lambda then: performance.close_step(then, calls=calls, usage=used))
    return True


def _call(planner: Planner, step: Step, move: Any) -> ToolCall:
    if isinstance(move, AnyFunctionCall):
        move = move.bound(planner.run.settings.tools)
    given = move.id if isinstance(move, FunctionCall) else None
    call_id = given or planner.stage.new_id("call", step.id, step.created_at)
    if isinstance(move, FunctionCall):
        return FunctionTool(call_id, move.name, move.arguments_text)
    if isinstance(move, CodeInterpreter):
        outputs = [("logs", move.logs)] if move.logs is not None else []
        outputs += [("image", _image(planner, image, step.created_at)) for image in move.images]
        return CodeTool(call_id, move.input, tuple(outputs))
    return _search(planner, call_id, move)


def _search(planner: Planner, call_id: str, move: FileSearch) -> SearchTool:
    """A file search, with the ranking options of the run's tool. [REC]"""
    tool = next((tool for tool in planner.run.settings.tools if tool["type"] == "file_search"), {})
    ranking = tool.get("file_search", {}).get("ranking_options", {})
    return SearchTool(
        call_id,
        _hits(planner, move),
        ranker=ranking.get("ranker", "default_2024_08_21"),
        score_threshold=ranking.get("score_threshold", 0.0),
    )


def _hits(planner: Planner, move: FileSearch) -> tuple[SearchHit, ...]:
    if move.results is None:
        return planner.stage.search(planner.run, move.query or "")
    return tuple(
        SearchHit(result.file_id, planner.stage.file_name(result.file_id) or "", result.score, result.text)
        for result in move.results
    )


def _call_pieces(call: ToolCall) -> list[tuple[ToolCall | None, ToolCall]]:
    """How a call arrives in a stream: pairs of what is known before and after each delta. [REC]"""
    if isinstance(call, FunctionTool):
        empty: ToolCall = replace(call, arguments="")
        return [(None, empty), (empty, call)] if call.arguments else [(None, empty)]
    if isinstance(call, CodeTool):
        stages: list[CodeTool] = [replace(call, input="", outputs=())]
        for word in _WORDS.findall(call.input):
            stages.append(replace(stages[-1], input=stages[-1].input + word))
        if call.outputs:
            stages.append(call)
        return list(zip([None, *stages], stages, strict=False))
    return [(None, replace(call, results=()))]


def _plan_call_delta(planner: Planner, index: int, call: ToolCall, before: ToolCall | None, after: ToolCall) -> None:
    performance = planner.performance
    known = call if isinstance(call, SearchTool) else after  # what a search found is seen at once, by polling [REC]

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
        facts: dict[str, Any] = {}
        if isinstance(move, Fail):
            facts["last_error"] = (move.code, move.message)
        elif isinstance(move, Incomplete):
            facts["incomplete_reason"] = move.reason
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
