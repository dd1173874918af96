"""The observed spec of the Assistants API.

It is OpenAI's published document as far as it is about that API, corrected by real recordings. The
package holds it as `data/assistants-openapi.observed.json`; `data/README.md` gives its origin.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from understudy._apis import faces
from understudy._cassettes import Interaction
from understudy._cassettes.interaction import header
from understudy._inspect import response_shapes
from understudy._inspect.schema_check import Json, SchemaCheck, Violation
from understudy._reconstruct.field_dates import is_settled
from understudy._reconstruct.timestamps import newest, sent_at

SPEC_FILE = Path(__file__).parents[1] / "data" / "assistants-openapi.observed.json"

# The schema that the data of an event follows, by the longest matching beginning of its name.
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
    """Return the document, read once (some 230 KB)."""
    loaded: Json = json.loads(SPEC_FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def _check() -> SchemaCheck:
    return SchemaCheck(spec())


def violations(interaction: Interaction) -> Iterator[Violation]:
    """Yield where a recorded answer breaks the spec.

    The document describes OpenAI's answers of the day it was observed. An older answer, and one of
    another server that speaks this API, is only checked for what never changes: it is JSON, each
    value has its JSON type, and the keys that identify an object of this API (`id`, `object`,
    `status`, ...) are there. Not checked at all are what was lost or cut off, another API's
    answers, those of version 1, and a proxy's error pages.
    """
    if response_shapes.is_of_responses(interaction) and interaction.status < 300:
        whole = interaction.body and (interaction.broken is None or interaction.is_stream)
        yield from response_shapes.violations(interaction) if whole else ()
        return
    found, moment = _departures(interaction)
    as_observed = is_settled(moment) and interaction.host in _OBSERVED
    yield from found if as_observed else filter(partial(_was_never_right, interaction), found)


def departures(interaction: Interaction) -> Iterator[Violation]:
    """Yield where a recorded answer differs from the spec.

    Even where one of its date or its server may.
    """
    yield from _departures(interaction)[0]


def _departures(interaction: Interaction) -> tuple[Iterator[Violation], float]:
    """Return where an answer differs from the spec, and its time in unix seconds."""
    schema = answer_schema(interaction)
    if not interaction.body or interaction.broken is not None or _is_other(interaction) or schema is None:
        return iter(()), 0
    if interaction.is_stream:
        moment = newest([data for _, data in interaction.events]) or sent_at(interaction.header("date"))
        found: Iterator[Violation] = _of_stream(interaction)
    elif interaction.json is None:
        found, moment = iter([Violation((), "is not JSON", is_type=True)]), 0
    else:
        answer = _without_null_ids(interaction.json)
        moment = newest(answer) or sent_at(interaction.header("date"))
        found = of_value(answer, schema)
    return found, moment


def _is_other(interaction: Interaction) -> bool:
    """Return True if the document does not describe an answer to an operation it has."""
    if "assistants=v1" in (header(interaction.request_headers, "openai-beta") or ""):
        return True
    if 300 <= interaction.status < 400:
        return True
    if interaction.status >= 400 and interaction.host not in _OBSERVED:
        return True  # every server words its errors in its own way
    return interaction.status >= 400 and interaction.json is None  # a proxy's page, not the API's answer


_OBSERVED = ("api.openai.com", "")


# What makes an object of this API, from its first day on. [REC: the oldest recordings have them all]
_ALWAYS = frozenset({"id", "object", "created_at", "status", "role", "type", "error", "message", "data", "deleted"})


def _was_never_right(interaction: Interaction, violation: Violation) -> bool:
    """Return True if an answer of any date would break the spec so."""
    if violation.is_type:
        return True
    if violation.missing:
        return violation.missing in _ALWAYS or not _is_named(interaction, violation.path)
    return bool(violation.path) and violation.path[-1] in ("id", "object", "status", "role")


def _is_named(interaction: Interaction, path: tuple[str | int, ...]) -> bool:
    """Return True if the answer that lacks a key says what it is.

    One that does not is not an older shape of anything.
    """
    return (
        interaction.is_stream
        or bool(path)
        or (isinstance(interaction.json, dict) and bool(_KINDS & interaction.json.keys()))
    )


_KINDS = {"object", "error"}


def of_value(value: Any, schema: str, path: tuple[str | int, ...] = ()) -> Iterator[Violation]:
    """Yield where a value breaks one of the document's named schemas."""
    return _check().violations(value, {"$ref": f"#/components/schemas/{schema}"}, path)


def answer_schema(interaction: Interaction) -> str | None:
    """Return the name of the schema that an answer should follow.

    None if the spec does not describe it.
    """
    operation = faces.ALL.find(interaction.method, interaction.path).operation
    if operation is None:
        return None
    if interaction.status >= 400:
        return "ErrorResponse"
    described = spec()["paths"].get(operation.path, {}).get(operation.method.lower(), {})
    content = described.get("responses", {}).get("200", {}).get("content", {})
    reference: str = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return reference.rpartition("/")[2] or None


def event_schema(name: str) -> str | None:
    """Return the name of the schema that an event's data should follow.

    None for an event that the spec does not know.
    """
    found = [beginning for beginning in _EVENTS if name.startswith(beginning)]
    return _EVENTS[max(found, key=len)] if found else None


def _of_stream(interaction: Interaction) -> Iterator[Violation]:
    for number, (name, data) in enumerate(interaction.events):
        yield from _of_event(number, name, data)


def _of_event(number: int, name: str, data: Any) -> Iterator[Violation]:
    schema = event_schema(name)
    if schema is not None:
        yield from of_value(data, schema, (f"event {number} {name}",))
    elif name not in _NOT_JSON:
        yield Violation((f"event {number}",), f"is {name!r}, which the spec does not know", is_type=True)


def _without_null_ids(body: Any) -> Any:
    """Return an empty list without its null `first_id` and `last_id`.

    The spec does not know the nulls [REC: messages.list].
    """
    if isinstance(body, dict) and body.get("object") == "list" and body.get("data") == []:
        return body | {key: "" for key in ("first_id", "last_id") if body.get(key, "") is None}
    return body
