"""The admin route as an OpenAPI document.

Made from the signatures of the verbs and the fields of the values.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from understudy._apis import faces
from understudy._backend.backend import Backend
from understudy._common.ids import HasId
from understudy._serve.admin import KNOWN, Verbs
from understudy._serve.admin_values import CONDITIONS, FAULTS, MOVES, Json
from understudy.scripts import INCOMPLETE_REASONS, RUN_ERROR_CODES, SearchResult

_EVIDENCE = re.compile(r"\s*\[(?:REC|RUN|SPEC|DOCS|REP|INF)\b[^\]]*\]")  # for readers of the code
_SIMPLE: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}
_BASE64: Json = {
    "type": "object",
    "properties": {"base64": {"type": "string", "contentEncoding": "base64"}},
    "required": ["base64"],
    "additionalProperties": False,
}
_BYTES_OR_TEXT: Json = {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/Base64"}]}
_WHEN: Json = {
    "anyOf": [
        {"type": "string", "description": "what the last user message contains"},
        {
            "type": "object",
            "properties": {name: {"type": "string"} for name in CONDITIONS},
            "additionalProperties": False,
            "minProperties": 1,
        },
        {"type": "null"},
    ]
}
_OWN: dict[tuple[str, str], Json] = {  # what a signature cannot express
    ("next_run", "moves"): {"$ref": "#/components/schemas/Script"},
    ("every_run", "moves"): {"$ref": "#/components/schemas/Script"},
    ("every_run", "when"): _WHEN,
    ("fault", "fault"): {"$ref": "#/components/schemas/Fault"},
    ("add_file", "content"): _BYTES_OR_TEXT,
    ("clock", "mode"): {"enum": ["poll", "manual", "real", None]},
    ("fail_file", "code"): {"enum": ["server_error", "unsupported_file", "invalid_file"]},
    ("export", "form"): {"enum": ["python", "cassette"]},
    ("Fail", "code"): {"enum": list(RUN_ERROR_CODES)},
    ("Incomplete", "reason"): {"enum": list(INCOMPLETE_REASONS)},
    ("Hang", "on_cancel"): {"enum": ["cancelled", "completes"]},
    ("Reply", "parts"): {"anyOf": [{"type": "array", "items": _BYTES_OR_TEXT}, {"type": "null"}]},
    ("Reply", "images"): {"type": "array", "items": _BYTES_OR_TEXT},
    ("CodeInterpreter", "images"): {"type": "array", "items": _BYTES_OR_TEXT},
    ("FileSearch", "results"): {
        "anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/SearchResult"}}, {"type": "null"}]
    },
}
_RESET: Json = {
    "time": {"enum": ["poll", "manual", "real"]},
    "seed": {"type": "integer"},
    "strict": {"type": ["boolean", "null"]},
    "start": {"type": "number"},
}


@cache
def document() -> Json:
    """Return the OpenAPI document of the admin route."""
    from understudy import __version__

    paths: Json = {f"/_understudy/{name}": {"post": _operation(name)} for name in KNOWN}
    paths["/_understudy/events"] = {"get": _event_stream()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "understudy serve: the admin route",
            "version": __version__,
            "description": "Every path also exists in each simulation: /w/NAME/_understudy/VERB.",
        },
        "paths": paths,
        "components": {"schemas": _schemas()},
        "x-operations": sorted(faces.ALL.by_name),  # the values of `on` of a fault
    }


def _operation(name: str) -> Json:
    text = inspect.getdoc(getattr(Verbs, name)) or ""
    body = _body(name)
    return {
        "operationId": name,
        "summary": text.partition("\n")[0],
        "description": text,
        "requestBody": {
            "required": bool(body["required"]),
            "content": {"application/json": {"schema": body}},
        },
        "responses": {
            "200": _answer("the result", {"ok": {"const": True}, "request": {"type": "integer"}}),
            "400": _answer("what is wrong with the request", {"error": {"type": "string"}}),
            **({"409": _answer("what is wrong with the test", _PROBLEMS)} if name == "check" else {}),
        },
    }


_PROBLEMS: Json = {
    "error": {"type": "string"},
    "problems": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["code", "message"],
        },
    },
}


def _answer(text: str, properties: Json) -> Json:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _event_stream() -> Json:
    text = "The events of the simulation, as server-sent events: state, exchange, run, reset."
    return {
        "operationId": "events",
        "summary": text,
        "responses": {"200": {"description": text, "content": {"text/event-stream": {}}}},
    }


def _body(name: str) -> Json:
    """Return the schema of a verb's body, from the parameters of its method."""
    if name == "reset":
        return {"type": "object", "properties": _RESET, "required": [], "additionalProperties": False}
    verb = getattr(Verbs, name)
    own = _parameters(verb)
    is_open = any(one.kind is one.VAR_KEYWORD for one in inspect.signature(verb).parameters.values())
    further = _parameters(getattr(Backend, name)) if is_open else {}
    parameters = {**further, **own}
    takes_more = is_open and any(
        one.kind is one.VAR_KEYWORD for one in inspect.signature(getattr(Backend, name)).parameters.values()
    )
    return {
        "type": "object",
        "properties": {key: _OWN.get((name, key), schema) for key, (schema, _) in parameters.items()},
        "required": [key for key, (_, is_required) in parameters.items() if is_required],
        "additionalProperties": takes_more,  # the fields of the API's own create request
    }


def _parameters(function: Any) -> dict[str, tuple[Json, bool]]:
    """Return the schema of each named parameter, and whether it is required."""
    hints = typing.get_type_hints(function, vars(inspect.getmodule(function)))
    found = {}
    for name, one in inspect.signature(function).parameters.items():
        if name != "self" and one.kind is not one.VAR_KEYWORD:
            found[name] = (_schema(hints[name]), one.default is one.empty)
    return found


def _schema(hint: Any) -> Json:
    """Return the JSON schema of a type; `{}` for a type unknown to JSON."""
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        members = [one for one in arguments if one not in (bytes, HasId)]  # JSON has neither
        return _schema(members[0]) if len(members) == 1 else {"anyOf": [_schema(one) for one in members]}
    if origin is typing.Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin in (list, Sequence):
        return {"type": "array", "items": _schema(arguments[0])}
    if origin in (dict, Mapping):
        return {"type": "object"}
    return {}


def _schemas() -> Json:
    """Return the schemas of the values: moves, scripts, faults."""
    moves = [_named(name, kind) for name, kind in MOVES.items()]
    return {
        "Base64": _BASE64,
        "SearchResult": _fields(SearchResult),
        "Move": {"anyOf": [{"type": "string", "description": "a Reply of this text"}, *moves]},
        "Script": {
            "type": "array",
            "minItems": 1,
            "items": {
                "anyOf": [
                    {"$ref": "#/components/schemas/Move"},
                    {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Move"}},
                ]
            },
        },
        "Fault": {"anyOf": [_named(name, kind) for name, kind in FAULTS.items()]},
    }


def _named(name: str, kind: Any) -> Json:
    """Return the schema of `{"Name": {...}}`."""
    return {
        "type": "object",
        "properties": {name: _fields(kind)},
        "required": [name],
        "additionalProperties": False,
    }


def _fields(kind: Any) -> Json:
    hints = typing.get_type_hints(kind)  # resolves the names of each base in its own module
    known = [spec for spec in fields(kind) if spec.init]
    return {
        "type": "object",
        "description": _EVIDENCE.sub("", (inspect.getdoc(kind) or "").partition("\n\n")[0]),
        "properties": {one.name: _OWN.get((kind.__name__, one.name), _schema(hints[one.name])) for one in known},
        "required": [one.name for one in known if one.default is MISSING and one.default_factory is MISSING],
        "additionalProperties": False,
    }
