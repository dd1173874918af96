"""Moves: what a script consists of, and what one has to say for itself.

A move is a frozen value that compares by value; its repr is code. To be performed, it puts events on a
`Planner`. What it asks of the execution it is for (a function of that name, a file that exists) it checks
itself, with `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from understudy._common.code_repr import CodeRepr
from understudy.errors import ImpossibleScript, did_you_mean

if TYPE_CHECKING:
    from understudy._engine.planning import Planner
    from understudy._engine.ports import Surroundings


class Move(CodeRepr):
    """Base of all moves."""

    __slots__ = ()

    ends: ClassVar[bool] = False  # whether nothing can come after it
    waits_for_app: ClassVar[bool] = False  # whether the app has to hand in an output before anything comes after it

    @property
    def cuts_reply(self) -> bool:
        """Say whether it cuts a reply that comes right before it."""
        return False

    @property
    def ends_queued(self) -> bool:
        """Say whether it ends an execution that is queued."""
        return False

    @property
    def file_ids(self) -> Sequence[str]:
        """Return the files that it names."""
        return ()

    def check(self, tools: Sequence[Tool], where: str) -> None:
        """Check what it asks of the tools. `where`: the line that set its script.

        Raises:
            ImpossibleScript: something is missing.
        """

    def plan(self, planner: Planner) -> None:
        """Put what it does on a plan."""
        raise NotImplementedError


class CallMove(Move):
    """Base of the moves that call a tool; several in a list are one step of parallel calls."""

    __slots__ = ()

    needs_tool: ClassVar[str] = ""  # the kind of tool that must be there; "" if it needs none
    only_for: ClassVar[str] = ""  # the kind of execution it can be part of, see `ScriptLabels.kind`; "" for any

    @property
    def given_id(self) -> str | None:
        """Return the id that the test gave the call."""
        return None

    def check(self, tools: Sequence[Tool], where: str) -> None:
        kinds = [tool.kind for tool in tools]
        if self.needs_tool and self.needs_tool not in kinds:
            raise ImpossibleScript(
                f"the script set at {where} uses {type(self).__name__}, but {self.needs_tool!r} is not among the run's "
                f"tools {kinds}"
            )

    def call(self, surroundings: Surroundings, **identity: Any) -> Any:
        """Give the state of the call, complete but for the app's output.

        `identity`: `id`, `call_id`, `step_id`.
        """
        raise NotImplementedError

    def bound(self, tools: Sequence[Tool]) -> CallMove:  # noqa: ARG002 - most are what they are
        """Give the call to be made with these tools."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the model may use, as a face makes it from its own JSON.

    Attributes:
        kind: `function`, `code_interpreter`, `file_search`, ...
        name, parameters: of a function: its name, and the JSON schema of its arguments.
        options: of the other kinds, by the engine's names: for a file search `most`, `ranker`, `score_threshold`.
        store_ids: the vector stores to be searched.
    """

    kind: str
    name: str | None = None
    parameters: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    store_ids: tuple[str, ...] = ()


def tool_of(tools: Sequence[Tool], kind: str) -> Tool:
    """Give the first tool of a kind, or one without options."""
    return next((tool for tool in tools if tool.kind == kind), Tool(kind=kind))


def as_tuple(what: str, values: Any) -> tuple[Any, ...]:
    """Give a list that a move takes as a tuple."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ImpossibleScript(f"{what}: expected a list, got {values!r}")
    return tuple(values)


def check_choice(what: str, value: str, allowed: Sequence[str]) -> None:
    """Check that a value is one of those allowed."""
    if value not in allowed:
        choices = ", ".join(map(repr, allowed))
        raise ImpossibleScript(f"{what}: {value!r} is none of {choices}.{did_you_mean(value, allowed)}")
