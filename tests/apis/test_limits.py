"""Every limit of every request, by the table that COVERAGE.md shows: just inside it is taken, just outside is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from understudy._apis import faces
from understudy._apis.common import forms
from understudy._apis.common.forms import Form
from understudy._apis.error_texts import REFUSALS
from understudy._apis.limits import Limit, limits
from understudy._backend.backend import Backend

from .limit_samples import EnginePorts, placed, rule_examples, samples, settings_examples

HEADERS = {"authorization": "Bearer x", "openai-beta": "assistants=v2"}
ALL = list(limits())
TOGETHER = "tool_outputs[].output"  # one output may hold more than all of them together


def named(limit: Limit) -> str:
    return f"{limit.operation} {limit.path}: {limit.bound.kind}"


@pytest.fixture
def stage(backend: Backend) -> EnginePorts:
    """A service with one object of every kind."""
    return EnginePorts(backend)


def send(stage: EnginePorts, name: str, sent: Any, query: Any = None) -> httpx.Response:
    """Send a body, a form or a query to an operation with a plain HTTP client."""
    operation, url = faces.ALL.by_name[name], f"https://api.openai.com/v1{stage.path(name)}"
    if isinstance(operation.body, Form):
        flat = {key: value for key, value in sent.items() if not isinstance(value, dict | tuple)}
        flat |= {f"{key}[{k}]": str(v) for key, value in sent.items() if isinstance(value, dict) for k, v in value.items()}
        files = {key: value for key, value in sent.items() if isinstance(value, tuple)}
        files |= {} if files else {"": ("", b"")}
        parts = [*((key, (None, value)) for key, value in flat.items()), *files.items()]
        if not [part for part in parts if part[0]]:
            head = {**HEADERS, "content-type": "multipart/form-data; boundary=b"}
            return httpx.post(url, headers=head, content=b"--b--\r\n")
        return httpx.post(url, headers=HEADERS, files=[part for part in parts if part[0]])
    body = None if operation.body is None else stage.least(operation.body) if sent is None else sent
    return httpx.request(operation.method, url, headers=HEADERS, json=body, params=query)


def send_for(limit: Limit, value: Any, stage: EnginePorts) -> httpx.Response:
    """Send a request in which a value is where the limit is."""
    if limit.path.startswith("?"):
        return send(stage, limit.operation, None, {limit.trail[0]: value})
    return send(stage, limit.operation, placed(faces.ALL.by_name[limit.operation].body, limit.trail, value, stage))


def param_of(limit: Limit) -> str:
    """The parameter that the refusal names."""
    path = limit.path.lstrip("?")
    if path.startswith("include[]"):
        return "include[][0]"
    return path.replace("[]", "[0]").replace(".*", ".a")


def refused(answer: httpx.Response, limit: Limit, path: str | None) -> None:
    """Check that an answer is the limit's refusal, in its words, and that of the right parameter."""
    refusal = REFUSALS[limit.bound.refusal]
    error = answer.json()["error"]
    words = re.escape(refusal.message)
    assert answer.status_code == refusal.status == 400, answer.text
    assert re.fullmatch(re.sub(r"\\\{\w+\\\}", ".*", words), error["message"], re.DOTALL), error
    assert error["code"] == (refusal.code and refusal.code.format(kind=getattr(limit.check, "kind", "")))
    if path is not None:
        assert error["param"] == path


@pytest.mark.parametrize("limit", [row for row in ALL if row.bound.kind != "rule"], ids=named)
def test_a_limit(stage: EnginePorts, limit: Limit) -> None:
    """What is just outside of a limit is refused in the service's words, what is just inside is taken."""
    inside, outside = samples(limit, stage)
    is_form = limit.bound.refusal.startswith("form.")
    refused(send_for(limit, outside, stage), limit, None if is_form else param_of(limit))
    answer = send_for(limit, inside, stage)
    if limit.path == TOGETHER:
        assert answer.json()["error"]["param"] == "tool_outputs"
    elif limit.operation == "steps.retrieve":
        assert answer.status_code == 404  # no step of that id
    else:
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("limit", [row for row in ALL if row.bound.kind == "rule"], ids=named)
def test_a_rule(stage: EnginePorts, limit: Limit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What must hold between the keys of a body is held to, and a body for which it holds is taken."""
    monkeypatch.setattr(forms, "FILE_BYTES", 4)
    examples = settings_examples if limit.path in ("model", "temperature", "top_p", "response_format") else rule_examples
    inside, outside = examples(limit, stage)
    refused(send_for(limit, outside, stage), limit, None)
    answer = send_for(limit, inside, stage)
    assert answer.status_code == 200, json.dumps(answer.json())


def test_the_table_is_whole() -> None:
    """Every operation with a body that holds anything has rows, and no row stands twice."""
    rows = [(row.operation, row.path, row.bound, row.trail) for row in ALL]
    assert len(rows) == len(set(rows))
    ours = faces.ASSISTANTS_AND_SHARED.by_name
    bodies = {name for name, operation in ours.items() if operation.body is not None and operation.body.known}
    assert bodies <= {row.operation for row in ALL}
