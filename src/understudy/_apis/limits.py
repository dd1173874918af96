"""The limits of all requests, as rows of one table, from the checks themselves.

A row says where (operation and path), what must hold, the refusal otherwise, and how the bound is known; the mark of
the sentence is with the refusal. COVERAGE.md shows the table, and one test goes through all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from understudy._apis import faces
from understudy._apis.assistants.settings import SETTINGS_RULES
from understudy._apis.common.bounds import Bound
from understudy._apis.common.face import Face
from understudy._apis.common.forms import Form
from understudy._apis.common.operation_call import Operation
from understudy._apis.common.routing import Faces
from understudy._apis.common.schema import Array, Choice, Either, Fields, Pairs, Tagged, join
from understudy._apis.common.urls import url, url_or_data
from understudy._apis.responses.settings import RESPONSE_RULES

_SET = ("assistants.create", "assistants.update", "runs.create", "threads.create_and_run")  # they set a model

# A step from a check to one inside it: a key of an object, an item (None), or a tag of an object with its key.
Trail = tuple[Any, ...]


class Limit(NamedTuple):
    """One row.

    Attributes:
        operation: the operation's name.
        path: where, `tools[].function.name`; of a query, its name after `?`.
        bound: what must hold.
        check: the check that has the bound.
        trail: the way from the body's check to it; see `Trail`.
    """

    operation: str
    path: str
    bound: Bound
    check: Any
    trail: Trail


def limits(of: Faces | Face = faces.ALL) -> Iterator[Limit]:
    """Yield all limits, operation by operation."""
    for operation in of.operations:
        for name, check in operation.query.items():
            for path, bound, owner, trail in _walk(check, f"?{name}", (name,)):
                yield Limit(operation.name, path, bound, owner, trail)
        yield from _of_body(operation)
        for name, bound in _settings(operation.name).items():
            yield Limit(operation.name, name, bound, operation.body, ())


def _settings(operation: str) -> dict[str, Bound]:
    if operation == "responses.create":
        return RESPONSE_RULES
    return SETTINGS_RULES if operation in _SET else {}


def _of_body(operation: Operation) -> Iterator[Limit]:
    body = operation.body
    if isinstance(body, Form):
        for name, check in body.nested.items():
            for path, bound, owner, trail in _walk(check, name, (name,)):
                yield Limit(operation.name, path, bound, owner, trail)
        rows = [*(Bound("required", name, "form.missing", "SPEC") for name in body.required), *_rules(body)]
        for bound in rows:
            yield Limit(operation.name, bound.value if bound.kind == "required" else "", bound, body, ())
    elif body is not None:
        for path, bound, owner, trail in _walk(body, "", ()):
            yield Limit(operation.name, path, bound, owner, trail)


def _rules(check: Fields | Form) -> list[Bound]:
    return [Bound("rule", rule.says, rule.refusal, rule.mark) for rule in check.rules]


def _walk(check: Any, path: str, trail: Trail) -> Iterator[tuple[str, Bound, Any, Trail]]:
    """Yield the bounds of a check and of all checks inside it.

    Each with its path and its trail.
    """
    if check in (url, url_or_data):
        kind = "a URL on the web" if check is url else "a URL on the web, or a data URL"
        yield path, Bound("a URL", kind, "url", "REP"), check, trail
    for bound in check.bounds() if hasattr(check, "bounds") else ():
        at = join(path, bound.value) if bound.kind == "required" else path
        yield at, bound, check, trail
    if isinstance(check, Fields):
        for bound in _rules(check):
            yield path, bound, check, trail
    for step, below, inner in _inside(check, path):
        yield from _walk(inner, below, (*trail, *step))


def _inside(check: Any, path: str) -> Iterator[tuple[Trail, str, Any]]:
    """Yield the checks directly inside one: the step there, and the path."""
    if isinstance(check, Fields):
        for key, inner in check.known.items():
            yield (key,), join(path, key), inner
    elif isinstance(check, Array):
        yield (None,), f"{path}[]", check.item
    elif isinstance(check, Pairs):
        yield ("key",), join(path, "*"), check.value
    elif isinstance(check, Either):
        for kind, inner in check.options.items():
            yield (kind,), path, inner
    elif isinstance(check, Tagged):
        place = path if check.blames_object else join(path, check.key)
        yield ((check.key, check.tag.allowed[0]),), place, _TagOf(check.tag)
        for tag, inner in check.options.items():
            yield ((check.key, tag),), path, inner


class _TagOf(NamedTuple):
    """The tag of a tagged object, as a check of its own."""

    choice: Choice

    def bounds(self) -> list[Bound]:
        return self.choice.bounds()
