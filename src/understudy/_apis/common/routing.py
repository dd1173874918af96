"""Routing: from the path of a request to the operation that it asks for.

A URL path begins with `/v1`, `/openai` or a proxy's prefix; the API path after it is compared with those of the operations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from understudy._apis.common.face import Face
    from understudy._apis.common.operation_call import Operation

# The first segment of every path of the API, simulated or not: where the API path begins.
ROOTS = frozenset(
    [
        "assistants",
        "threads",
        "files",
        "uploads",
        "vector_stores",
        "models",
        "chat",
        "completions",
        "embeddings",
        "responses",
        "conversations",
        "images",
        "audio",
        "moderations",
        "batches",
        "fine_tuning",
        "realtime",
        "evals",
        "containers",
        "videos",
        "organization",
    ]
)


@lru_cache(maxsize=256)
def api_path(path: str, roots: frozenset[str] = ROOTS) -> str:
    """Remove everything before the API path.

    A path without any of the API's roots is returned unchanged.

    >>> api_path("/v1/threads/thread_1/runs")
    '/threads/thread_1/runs'
    >>> api_path("/proxy/openai/assistants")
    '/assistants'
    """
    if path.startswith("/v1/") and path[4:].partition("/")[0] in roots:
        return path[3:]
    segments = path.split("/")
    for position, segment in enumerate(segments):
        if segment in roots:
            return "/" + "/".join(segments[position:])
    return path


class Route(NamedTuple):
    """The result of routing a request.

    Attributes:
        operation: the operation requested; None if no face has it.
        ids: the ids in its path, by name; not to be changed, since routes are remembered.
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
        roots: the first segments of the service's paths, of these faces and of others; see `api_path`.
        find: routes a request, given its method and its API path; it remembers some, because apps repeat what they ask.
    """

    find: Callable[[str, str], Route]

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
        self.find = lru_cache(maxsize=256)(self._find)

    def _find(self, method: str, path: str) -> Route:
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
