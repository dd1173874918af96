"""Calls of the code interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from understudy._common.code_repr import first
from understudy._common.short_text import short
from understudy._engine.content import WORDS
from understudy._engine.items import CallState, CallView, Reading
from understudy._engine.moves.base import CallMove, as_tuple
from understudy._engine.ports import Surroundings, image_id
from understudy.errors import ImpossibleScript


@dataclass(frozen=True, slots=True, repr=False)
class CodeInterpreter(CallMove):
    """The model runs code.

    Args:
        input: the code.
        logs: what it printed; None for no log output, as often recorded.
        images: the images it drew, each the id of a file or its bytes, which become a file the app can download.
    """

    needs_tool: ClassVar[str] = "code_interpreter"
    file_fields: ClassVar[tuple[str, ...]] = ("images",)
    input: str = first()
    logs: str | None = field(default=None, kw_only=True)
    images: Sequence[str | bytes] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.input, str):
            raise ImpossibleScript(f"CodeInterpreter({self.input!r}): expected the code, a str")
        object.__setattr__(self, "images", as_tuple("CodeInterpreter(images=...)", self.images))

    def call(self, surroundings: Surroundings, **identity: Any) -> CodeInterpreterCallState:
        outputs = [("logs", self.logs)] if self.logs is not None else []
        outputs += [("image", image_id(surroundings.ports, image, surroundings.at)) for image in self.images]
        return CodeInterpreterCallState(input=self.input, outputs=tuple(outputs), **identity)


def _output(kind: str, value: str) -> dict[str, Any]:
    return {"type": "logs", "logs": value} if kind == "logs" else {"type": "image", "image": {"file_id": value}}


def _details(call: CodeInterpreterCallState, with_content: bool) -> dict[str, Any]:  # noqa: ARG001
    return {"input": call.input, "outputs": [_output(*output) for output in call.outputs]}


def _added(piece: str | CodeOutputs) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"input": piece}
    return {"outputs": [{"index": number, **_output(*output)} for number, output in enumerate(piece)]}


def _read(call_id: str, details: dict[str, Any], reading: Reading) -> CodeInterpreter:  # noqa: ARG001 - as every kind
    logs = [output["logs"] for output in details["outputs"] if output["type"] == "logs"]
    drawn = (output["image"]["file_id"] for output in details["outputs"] if output["type"] == "image")
    images = tuple(reading.image(file_id) for file_id in drawn)
    return CodeInterpreter(details["input"], logs="\n".join(logs) if logs else None, images=images)


CodeOutputs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeInterpreterCallState(CallState):
    """A code interpreter call. Outputs: `("logs", text)` or `("image", file id)`."""

    kind: ClassVar[str] = "code_interpreter"
    faces: ClassVar[Mapping[str, Any]] = {"assistants": CallView(_details, _added, _read)}
    input: str
    outputs: CodeOutputs = ()

    def opening(self) -> CodeInterpreterCallState:
        return replace(self, input="", outputs=())

    def pieces(self) -> Sequence[str | CodeOutputs]:
        """Return the code word by word, then all outputs at once [REC]."""
        words: list[str | CodeOutputs] = [*WORDS.findall(self.input)]
        return [*words, self.outputs] if self.outputs else words

    def plus(self, piece: str | CodeOutputs) -> CodeInterpreterCallState:
        if isinstance(piece, str):
            return replace(self, input=self.input + piece)
        return replace(self, outputs=piece)

    @property
    def written(self) -> str:
        return self.input

    @property
    def words(self) -> str:
        return f"code_interpreter {short(self.input)!r}"
