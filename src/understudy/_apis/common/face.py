"""An API as a value, and several of them as one table of operations.

The dispatcher receives its faces and knows nothing else about any API. Nothing is registered: code
that only needs the operations of the real service uses a value of `understudy._apis.faces`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from understudy._apis.common import sse
from understudy._apis.common.operation_call import Json, Operation
from understudy._apis.common.paths import ROOTS
from understudy._apis.error_texts import REFUSALS, Refusal
from understudy._common.messages import Headers, Request
from understudy._engine.engine import Engine
from understudy._engine.items import Conversation

# The headers of every response of the service. [REC]
SERVICE_HEADERS: Headers = (("openai-version", "2020-10-01"), ("openai-processing-ms", "20"))


def no_check(request: Request) -> None:
    """Demand nothing of a request."""


def no_conversation(engine: Engine, ids: Mapping[str, str]) -> Conversation | None:  # noqa: ARG001
    """Find no conversation: no path of this API names one."""
    return None


def nameless_error(number: int, error: Json) -> tuple[bytes, ...]:  # noqa: ARG001
    """Return the `error` event that ends a stream, and `done`."""
    return sse.render("error", error), sse.DONE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """An API as a view of the engine.

    Attributes:
        name: `assistants`, `responses`.
        operations: what can be requested, one row each.
        refusals: its error texts, by the engine's names of refusals.
        headers: the headers of each of its responses.
        check: checks a request before its query and body are read; raises `ApiError`.
        is_switched_off: whether the real service has shut it down: what the fault `Sunset` is about.
        conversation: finds the conversation that the ids of a path refer to, or None.
        status_word: its word for an execution's status.
        event_names: the names of the events in its streams.
        error_event: renders the last event of a stream that fails, given the number of events before it
            and the error.
        view_differences: how its views of one object differ; see `assistants.views`.
        id_prefixes: the prefixes of the ids in its paths, by their names there; an unknown id with another
            prefix is refused for its prefix. [REP for threads and assistants, INF for the others]
    """

    name: str
    operations: tuple[Operation, ...]
    refusals: Mapping[str, Refusal] = field(default_factory=lambda: REFUSALS)
    headers: Headers = SERVICE_HEADERS
    check: Callable[[Request], None] = no_check
    is_switched_off: bool = False
    conversation: Callable[[Engine, Mapping[str, str]], Conversation | None] = no_conversation
    status_word: Callable[[str], str] = str
    event_names: tuple[str, ...] = ()
    error_event: Callable[[int, Json], tuple[bytes, ...]] = nameless_error
    view_differences: tuple[Any, ...] = ()
    id_prefixes: Mapping[str, str] = field(default_factory=dict)


class Route(NamedTuple):
    """The result of routing a request.

    Attributes:
        operation: the operation requested; None if no face has it.
        ids: the ids in its path, by name.
        face: the face that the operation belongs to.
        allowed: the methods that this path allows, if the operation is None.
    """

    operation: Operation | None
    ids: dict[str, str]
    face: Face | None = None
    allowed: tuple[str, ...] = ()


class _Template:
    """An operation's path, split up: literal segments and ids, by position."""

    __slots__ = ("face", "ids", "literals", "operation")

    def __init__(self, face: Face, operation: Operation) -> None:
        segments = operation.path.strip("/").split("/")
        self.face = face
        self.operation = operation
        # The first segment is the key that templates are found by.
        self.literals = [(place, text) for place, text in enumerate(segments) if text[0] != "{"][1:]
        self.ids = [(place, text[1:-1]) for place, text in enumerate(segments) if text[0] == "{"]

    def fits(self, segments: list[str]) -> bool:
        for place, text in self.literals:
            if segments[place] != text:
                return False
        return "" not in segments  # no id is empty


class Faces:
    """Several faces behind one address.

    Attributes:
        faces: in order of precedence, for operations that several of them have.
        operations: those of all faces.
        by_name: the operations by name.
        roots: the first segments of the service's paths, of these faces and of others; see `paths.api_path`.
    """

    def __init__(self, *faces: Face) -> None:
        self.faces = faces
        self.operations = tuple(operation for face in faces for operation in face.operations)
        self.by_name = {operation.name: operation for operation in self.operations}
        self._templates: dict[tuple[str, int], list[_Template]] = {}
        for face in faces:
            for operation in face.operations:
                segments = operation.path.strip("/").split("/")
                self._templates.setdefault((segments[0], len(segments)), []).append(_Template(face, operation))
        for templates in self._templates.values():
            templates.sort(key=lambda template: len(template.ids))  # literals first: `/threads/runs` does not name a thread
        self._own_roots = frozenset(root for root, _ in self._templates)
        self.roots = ROOTS | self._own_roots

    def find(self, method: str, path: str) -> Route:
        """Route a request.

        `path`: an API path, see `paths.api_path`.
        """
        segments = path.strip("/").split("/")
        templates = self._templates.get((segments[0], len(segments)), ())
        for template in templates:
            if template.operation.method == method and template.fits(segments):
                ids = {}
                for place, name in template.ids:
                    ids[name] = segments[place]
                return Route(template.operation, ids, template.face)
        return Route(None, {}, None, tuple(one.operation.method for one in templates if one.fits(segments)))

    def is_of_another_api(self, path: str) -> bool:
        """Return whether a path belongs to the service, but to none of these faces.

        For example `/chat/completions`.
        """
        root = path.strip("/").partition("/")[0]
        return root in ROOTS and root not in self._own_roots
