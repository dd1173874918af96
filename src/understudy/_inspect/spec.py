"""The observed spec: OpenAI's published document as far as it is about the Assistants API, corrected by real recordings.

Lies in the package as `data/assistants-openapi.observed.json`; `data/README.md` says where it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from understudy._apis.operations import find
from understudy._cassettes import Interaction
from understudy._inspect.schema_check import Json, SchemaCheck, Violation
from understudy._reconstruct.field_dates import not_yet
from understudy._reconstruct.timestamps import newest, sent_at

SPEC_FILE = Path(__file__).parents[1] / "data" / "assistants-openapi.observed.json"

# Which schema the data of an event follows, by the longest beginning of its name that is here.
_EVENTS = {
    "thread.created": "ThreadObject",
    "thread.run.": "RunObject",
    "thread.run.step.": "RunStepObject",
    "thread.run.step.delta": "RunStepDeltaObject",
    "thread.message.": "MessageObject",
    "thread.message.delta": "MessageDeltaObject",
}
_NOT_JSON = ("done", "error")


@cache
def spec() -> Json:
    """The document. Read once, some 230 KB."""
    loaded: Json = json.loads(SPEC_FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def _check() -> SchemaCheck:
    return SchemaCheck(spec())


def violations(interaction: Interaction) -> Iterator[Violation]:
    """Where a recorded answer breaks the spec; nothing for one that is lost, or of an operation that the spec lacks.

    An answer that is older than a key may lack it.
    """
    if not interaction.body or interaction.broken is not None:
        return
    if interaction.is_stream:
        for number, (name, data) in enumerate(interaction.events):
            yield from _of_event(number, name, data)
        return
    schema = answer_schema(interaction)
    if schema is not None and interaction.json is None:
        yield Violation((), "is no JSON")
    elif schema is not None:
        answer = _without_null_ids(interaction.json)
        moment = newest(answer) or sent_at(interaction.header("date"))
        found = of_value(answer, schema)
        yield from (violation for violation in found if not _came_later(violation, answer, moment))


def of_value(value: Any, schema: str, path: tuple[str | int, ...] = ()) -> Iterator[Violation]:
    """Where a value breaks one of the document's named schemas."""
    return _check().violations(value, {"$ref": f"#/components/schemas/{schema}"}, path)


def answer_schema(interaction: Interaction) -> str | None:
    """The name of the schema that an answer should follow; None where the spec says nothing of it."""
    operation, _, _ = find(interaction.method, interaction.path)
    if operation is None:
        return None
    if interaction.status >= 400:
        return "ErrorResponse"
    described = spec()["paths"].get(operation.path, {}).get(operation.method.lower(), {})
    content = described.get("responses", {}).get("200", {}).get("content", {})
    reference: str = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2] or None


def event_schema(name: str) -> str | None:
    """The name of the schema that an event's data should follow; None for an event that the spec does not know."""
    found = [beginning for beginning in _EVENTS if name.startswith(beginning)]
    return _EVENTS[max(found, key=len)] if found else None


def _came_later(violation: Violation, answer: Any, moment: float) -> bool:
    """Whether what an answer of this moment lacks is a key that the service added later."""
    owner, below, value = "", "", answer
    for key in (*violation.path, violation.missing):
        if isinstance(value, dict) and isinstance(value.get("object"), str):
            owner, below = value["object"], ""
        below += "[]" if isinstance(key, int) else f".{key}"
        value = value[key] if key != violation.missing else None
    return bool(violation.missing) and not_yet(owner, below.lstrip("."), moment)


def _of_event(number: int, name: str, data: Any) -> Iterator[Violation]:
    schema = event_schema(name)
    if schema is not None:
        yield from of_value(data, schema, (f"event {number} {name}",))
    elif name not in _NOT_JSON:
        yield Violation((f"event {number}",), f"is {name!r}, which the spec does not know")


def _without_null_ids(body: Any) -> Any:
    """An empty list has null for first_id and last_id, which the spec does not know. [REC: messages.list]"""
    if isinstance(body, dict) and body.get("object") == "list" and body.get("data") == []:
        return body | {key: "" for key in ("first_id", "last_id") if body.get(key, "") is None}
    return body
