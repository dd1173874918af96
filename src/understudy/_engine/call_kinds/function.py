"""Calls of the app's functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from understudy._common.code_repr import first
from understudy._common.minimal_value import minimal_value
from understudy._common.short_text import short
from understudy._engine.items import CallState, CallView, Reading
from understudy._engine.moves.base import CallMove, Tool
from understudy._engine.ports import Surroundings
from understudy.errors import ImpossibleScript, NoFunction, nearest


@dataclass(frozen=True, slots=True, repr=False)
class FunctionCall(CallMove):
    """The model calls one of the app's functions.

    The run waits in `requires_action` until the outputs are submitted.

    Args:
        name: the function's name, one of the run's tools unless the call is hallucinated.
        arguments: a mapping, sent as compact JSON (as recorded), or the exact text, which may be broken JSON, as models
            sometimes write. They need not fit the function's schema.
        id: the call's id; derived by default.
        hallucinated: the model makes the name up: it need not be among the run's tools, and the run need not have any.
            Models do that, as with `multi_tool_use.parallel`. [REP]
    """

    waits_for_app: ClassVar[bool] = True
    name: str = first()
    arguments: Mapping[str, Any] | str = field(default_factory=dict, metadata={"first": True}, hash=False)
    id: str | None = field(default=None, kw_only=True)
    hallucinated: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ImpossibleScript(f"FunctionCall({self.name!r}): expected the name of a function")
        if not isinstance(self.arguments, str | Mapping):
            raise ImpossibleScript(
                f"FunctionCall({self.name!r}, {self.arguments!r}): expected a mapping, or the text that the model "
                f"writes instead, got {type(self.arguments).__name__}"
            )
        if not isinstance(self.arguments, str):
            try:
                own = json.loads(json.dumps(dict(self.arguments)))  # a copy, and certainly JSON
            except (TypeError, ValueError) as error:
                problem = f"FunctionCall({self.name!r}): the arguments are not JSON: {error}"
                raise ImpossibleScript(problem) from None
            object.__setattr__(self, "arguments", own)

    @property
    def given_id(self) -> str | None:
        return self.id

    @property
    def arguments_text(self) -> str:
        """Return the arguments as the model wrote them."""
        if isinstance(self.arguments, str):
            return self.arguments
        return json.dumps(self.arguments, ensure_ascii=False, separators=(",", ":"))

    def check(self, tools: Sequence[Tool], where: str) -> None:
        names = [tool.name or "" for tool in tools if tool.kind == "function"]
        if self.name not in names and not self.hallucinated:
            close = nearest(self.name, names)
            have = f"its functions are {', '.join(map(repr, names))}" if names else "it has no functions"
            hint = (
                f" Did you mean {close[0]!r}?" if close else " Add it to the tools of the assistant, the run or the request."
            )
            raise ImpossibleScript(
                f"the script set at {where} calls {self.name!r}, which is not among the run's tools: {have}.{hint}"
                " If the model is to make the name up, write FunctionCall(..., hallucinated=True)."
            )

    def call(self, surroundings: Surroundings, **identity: Any) -> FunctionCallState:  # noqa: ARG002 - all is given
        return FunctionCallState(name=self.name, arguments=self.arguments_text, **identity)


@dataclass(frozen=True, slots=True, repr=False)
class AnyFunctionCall(CallMove):
    """The model calls whichever function the run has.

    For scripts that are generated before the app's tools are known. It is bound when the run starts, to the function tool of
    this index (modulo their number); the arguments are the smallest that fit the function's schema.
    """

    waits_for_app: ClassVar[bool] = True
    depends_on_tools: ClassVar[bool] = True
    index: int = first(default=0)

    def __post_init__(self) -> None:
        if not isinstance(self.index, int) or self.index < 0:
            raise ImpossibleScript(f"AnyFunctionCall({self.index!r}): expected an index of at least 0")

    def check(self, tools: Sequence[Tool], where: str) -> None:
        try:
            self.bound(tools)
        except NoFunction:
            kinds = [tool.kind for tool in tools]
            raise NoFunction(
                f"the script set at {where} calls a function, but the run has none among its tools {kinds}"
            ) from None
        except ImpossibleScript as error:
            raise ImpossibleScript(f"the script set at {where} cannot be performed: {error}") from error

    def bound(self, tools: Sequence[Tool]) -> FunctionCall:
        functions = [tool for tool in tools if tool.kind == "function"]
        if not functions:
            raise NoFunction("the run has no function to call")
        function = functions[self.index % len(functions)]
        name = function.name or ""
        try:
            return FunctionCall(name, minimal_value(function.parameters or {}))
        except ValueError as error:
            raise ImpossibleScript(f"nothing fits the parameters of the function {name!r}: {error}") from error
        except RecursionError as error:
            raise ImpossibleScript(f"the parameters of the function {name!r} require themselves") from error


def _details(call: FunctionCallState, with_content: bool) -> dict[str, Any]:  # noqa: ARG001 - as every CallView
    return {"name": call.name, "arguments": call.arguments, "output": call.output}


def _read(call_id: str, details: dict[str, Any], reading: Reading) -> FunctionCall:
    arguments = reading.arguments(details["arguments"])
    name = details["name"]
    return FunctionCall(name, arguments, id=reading.call_id(call_id), hallucinated=not reading.may_call(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCallState(CallState):
    """A call of one of the app's functions.

    `arguments` is the JSON text that the model wrote; `output`, what the app submitted.
    """

    kind: ClassVar[str] = "function"
    faces: ClassVar[Mapping[str, Any]] = {"assistants": CallView(_details, lambda piece: {"arguments": piece}, _read)}
    name: str
    arguments: str
    output: str | None = None

    def opening(self) -> FunctionCallState:
        return replace(self, arguments="")

    def pieces(self) -> Sequence[str]:
        return (self.arguments,) if self.arguments else ()

    def plus(self, piece: str) -> FunctionCallState:
        return replace(self, arguments=self.arguments + piece)

    @property
    def written(self) -> str:
        return self.arguments

    @property
    def words(self) -> str:
        output = "" if self.output is None else f" -> {short(self.output)!r}"
        return f"{self.name}({short(self.arguments)}){output}"
