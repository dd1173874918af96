"""Moves: the elements of a script, and their common interface.

A move is a frozen value that compares by value; its repr is code. To be performed, it puts events on a
`Planner`. It checks its own requirements (a function of that name) with `check`.
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
    file_fields: ClassVar[tuple[str, ...]] = ()  # the fields whose values are, or have, the ids of files
    while_queued = False  # whether it ends an execution that is queued

    @property
    def cuts_reply(self) -> bool:
        """Return whether it cuts a reply that comes right before it."""
        return False

    def check(self, tools: Sequence[Tool], where: str) -> None:
        """Check its requirements: those of a call, and of a move that names files.

        Args:
            tools: what the model may use.
            where: the line that set its script.

        Raises:
            ImpossibleScript: something is missing.
        """

    def plan(self, planner: Planner) -> None:
        """Put its events on a plan."""
        raise NotImplementedError


class CallMove(Move):
    """Base of the moves that call a tool.

    Several in a list are one step of parallel calls.
    """

    __slots__ = ()

    needs_tool: ClassVar[str] = ""  # the kind of tool required; "" for none
    only_for: ClassVar[str] = ""  # the kind of execution it can be part of, see `ScriptLabels.kind`; "" for any
    depends_on_tools: ClassVar[bool] = False  # whether `bound` returns another call

    @property
    def given_id(self) -> str | None:
        """Return the id that the test gave the call, or None."""
        return None

    def check(self, tools: Sequence[Tool], where: str) -> None:
        kinds = [tool.kind for tool in tools]
        if self.needs_tool and self.needs_tool not in kinds:
            raise ImpossibleScript(
                f"the script set at {where} uses {type(self).__name__}, but {self.needs_tool!r} is not among the run's "
                f"tools {kinds}"
            )

    def call(self, surroundings: Surroundings, **identity: Any) -> Any:
        """Return the state of the call, complete except for the app's output.

        `identity`: `id`, `call_id`, `step_id`.
        """
        raise NotImplementedError

    def bound(self, tools: Sequence[Tool]) -> CallMove:  # noqa: ARG002 - most calls do not depend on the tools
        """Return the call to be made with these tools."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the model may use, made by a face from its own JSON.

    Attributes:
        kind: `function`, `code_interpreter`, `file_search`, ...
        name, parameters: a function's name, and the JSON schema of its arguments.
        options: of the other kinds, under the engine's names: for a file search `most`, `ranker`, `score_threshold`.
        store_ids: the vector stores to search.
    """

    kind: str
    name: str | None = None
    parameters: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    store_ids: tuple[str, ...] = ()


def tool_of(tools: Sequence[Tool], kind: str) -> Tool:
    """Return the first tool of a kind, or else one without options."""
    return next((tool for tool in tools if tool.kind == kind), Tool(kind=kind))


def as_tuple(what: str, values: Any) -> tuple[Any, ...]:
    """Return a list given to a move as a tuple.

    Raises:
        ImpossibleScript: not a list; a single text or bytes is not one, either.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ImpossibleScript(f"{what}: expected a list, got {values!r}")
    return tuple(values)


def check_choice(what: str, value: str, allowed: Sequence[str]) -> None:
    """Check that a value is one of those allowed."""
    if value not in allowed:
        choices = ", ".join(map(repr, allowed))
        raise ImpossibleScript(f"{what}: {value!r} is not one of {choices}.{did_you_mean(value, allowed)}")
