"""Validates what the service answers: against the observed spec (the published OpenAPI document, corrected by recordings),
and against the types of the installed SDK.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

import tests.sdk_types as sdk_types
import understudy
from understudy._apis import faces
from understudy._apis.common import sse
from understudy._apis.common.routing import api_path
from understudy._common.messages import Answer, Chunk, Request, Response

SPEC_FILE = Path(understudy.__file__).parent / "data" / "assistants-openapi.observed.json"

# Which schema the data of an SSE event follows, by the longest prefix of its name that is here.
_EVENTS = {
    "thread.created": "ThreadObject",
    "thread.run.": "RunObject",
    "thread.run.step.": "RunStepObject",
    "thread.run.step.delta": "RunStepDeltaObject",
    "thread.message.": "MessageObject",
    "thread.message.delta": "MessageDeltaObject",
}


@cache
def spec() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SPEC_FILE.read_text("utf-8"))
    return loaded


@cache
def validator(schema: str) -> Draft202012Validator:
    """The validator of one named schema."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": spec()["components"]})


def _is_known(error: ValidationError) -> bool:
    """Whether the spec is wrong.

    It says 256 for the least `max_completion_tokens`, the service took 16 [REC]; and it lacks `content_filter` among the
    reasons of incomplete runs, which Azure gives [REP].
    """
    last = list(error.absolute_path)[-1:]
    if error.validator == "enum":
        return last == ["reason"] and error.instance == "content_filter"
    return error.validator == "minimum" and last == ["max_completion_tokens"]


def check(value: Any, schema: str) -> None:
    """Assert that a JSON value follows a schema."""
    found = (error for error in validator(schema).iter_errors(value) if not _is_known(error))
    errors = sorted(found, key=lambda error: list(error.absolute_path))
    assert not errors, f"{schema}: " + "\n".join(f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in errors)


def response_schema(method: str, path: str) -> str | None:
    """The name of the schema of an operation's JSON answer; None for one that answers with bytes."""
    answer = spec()["paths"][path][method.lower()]["responses"]["200"]["content"]
    reference = answer.get("application/json", {}).get("schema", {}).get("$ref")
    return reference.rpartition("/")[2] if reference else None


def check_answer(request: Request, answer: Answer) -> Answer:
    """Check one answer; that of a stream as it is read. Gives it back, to be used instead."""
    operation, _, face, _ = faces.ALL.find(request.method, api_path(request.path))
    if operation is None or not isinstance(answer, Response):
        return answer
    if face is faces.RESPONSES and (answer.stream is not None or answer.status == 200):
        return answer  # the published schemas of the other face fit none of its recorded answers
    if answer.stream is not None:
        answer.stream = _checked_stream(answer.stream)
    elif answer.status in (307, 501) or answer.body.startswith(b"<"):
        pass  # no body; the test's mistake, or a proxy's page: not the service's words
    elif answer.status != 200:
        body = json.loads(answer.body)
        if set(body["error"]) != {"code", "message"}:  # as Azure's gate has it
            check(body, "ErrorResponse")
    elif (schema := response_schema(operation.method, operation.path)) is not None:
        body = json.loads(answer.body)
        check(_without_null_ids(body), schema)
        sdk_types.check(body)
    return answer


def _without_null_ids(body: dict[str, Any]) -> dict[str, Any]:
    """An empty list has null for first_id and last_id, which the spec does not know. [recorded: messages.list]"""
    if body.get("object") == "list" and body["data"] == [] and body.get("first_id", "") is None:
        assert body["last_id"] is None
        return body | {"first_id": "", "last_id": ""}
    return body


def _checked_stream(stream: Any) -> Any:
    for chunk in stream:
        check_chunk(chunk)
        yield chunk


def check_chunk(chunk: Chunk) -> None:
    """Check the events in a piece of a stream."""
    if not isinstance(chunk, bytes):
        return
    for name, data in sse.parse(chunk):
        schema = next(
            (_EVENTS[prefix] for prefix in sorted(_EVENTS, key=len, reverse=True) if name.startswith(prefix)), None
        )
        if schema is not None:
            check(data, schema)
            sdk_types.check(data)
        else:
            assert name in ("done", "error"), name
