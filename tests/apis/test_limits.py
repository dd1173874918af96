"""Every limit of every request, by the table that COVERAGE.md shows: just inside it is taken, just outside is refused."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from understudy._apis import faces
from understudy._apis.common import forms
from understudy._apis.common.forms import Form
from understudy._apis.limits import Limit, limits
from understudy._backend.backend import Backend

from .limit_samples import EnginePorts, placed, rule_examples, samples, settings_examples

HEADERS = {"authorization": "Bearer x", "openai-beta": "assistants=v2"}
RESPONSES = {operation.name for operation in faces.RESPONSES.operations}
CLIENT = httpx.Client()  # one for all: what it costs is its TLS context
ALL = list(limits())
HEAVY = 1_000_000  # characters; one such body is enough for the suite
# What is said of a legal value that refers to something the request is without.
REFERS = (
    "call.unanswered",
    "context.exceeded",
    "reasoning.none",
    "value.other",
    "output.uncalled",
    "reasoning.alone",
    "item.unknown",
    "conversation.not_found",
    "tool_choice.unknown",
    "tool_choice.alone",
    "json.unsaid",
)
OF_THE_MODEL = ("output_text", "refusal")  # parts of an assistant's messages
OF_THE_APP = ("input_text", "input_image", "input_file", "input_audio")  # and of all others
TOGETHER = "tool_outputs[].output"  # one output may hold more than all of them together


def named(limit: Limit) -> str:
    return f"{limit.operation} {limit.path}: {limit.bound.kind}"


def refusals_of(operation: str) -> Any:
    """The texts of the face that an operation is of."""
    return next(face.refusals for face in faces.ALL.faces if operation in [one.name for one in face.operations])


def is_reachable(limit: Limit) -> bool:
    """Whether messages of the role that a limit is about may have the parts that it is about."""
    facts = dict(step for step in limit.trail if isinstance(step, tuple))
    is_of_part = "role" in facts and "content" in limit.trail and facts["type"] != "message"
    return not is_of_part or facts["type"] in (OF_THE_MODEL if facts["role"] == "assistant" else OF_THE_APP)


def rows() -> list[Any]:
    """Every limit but the rules; where operations, or places, of Responses share a check, all but one of them are `deep`."""
    seen: set[Any] = set()
    found = []
    for limit in sorted(ALL, key=lambda limit: limit.operation != "conversations.items.create"):
        if limit.bound.kind == "rule" or not is_reachable(limit):
            continue
        is_heavy = isinstance(limit.bound.value, int) and limit.bound.value > HEAVY
        key = "heavy" if is_heavy else (id(limit.check), limit.bound)
        is_repeated = limit.operation in RESPONSES and key in seen
        seen.add(key)
        found.append(pytest.param(limit, id=named(limit), marks=[pytest.mark.deep] if is_repeated else []))
    return found


@pytest.fixture
def stage(backend: Backend, limit: Limit) -> EnginePorts:
    """A service with one object of every kind that the operation needs."""
    return EnginePorts(backend, limit.operation)


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
            return CLIENT.post(url, headers=head, content=b"--b--\r\n")
        return CLIENT.post(url, headers=HEADERS, files=[part for part in parts if part[0]])
    body = None if operation.body is None else stage.least(operation.body) if sent is None else sent
    return CLIENT.request(operation.method, url, headers=HEADERS, json=body, params=query)


def send_for(limit: Limit, value: Any, stage: EnginePorts) -> httpx.Response:
    """Send a request in which a value is where the limit is."""
    if limit.path.startswith("?"):
        return send(stage, limit.operation, None, {limit.trail[0]: value})
    return send(stage, limit.operation, placed(faces.ALL.by_name[limit.operation].body, limit.trail, value, stage))


def param_of(limit: Limit) -> str:
    """The parameter that the refusal names."""
    path = limit.path.lstrip("?")
    if limit.path.startswith("?include[]"):
        return "include[][0]"
    return path.replace("[]", "[0]").replace(".*", ".a")


def says(error: Any, text: str) -> bool:
    """Whether an error's message is a refusal's, whatever its facts."""
    words = re.sub(r"\\\{\w+\\\}", ".*", re.escape(text))
    return re.fullmatch(words, error["message"], re.DOTALL) is not None


def refused(answer: httpx.Response, limit: Limit, path: str | None) -> None:
    """Check that an answer is the limit's refusal, in its words, and that of the right parameter."""
    refusal = refusals_of(limit.operation)[limit.bound.refusal]
    error = answer.json()["error"]
    assert answer.status_code == refusal.status == 400, answer.text
    assert says(error, refusal.message), error
    assert error["code"] == (refusal.code and refusal.code.format(kind=getattr(limit.check, "kind", "")))
    if path is not None:
        assert error["param"] == path


@pytest.mark.parametrize("limit", rows())
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
        taken(answer, limit)


def taken(answer: httpx.Response, limit: Limit) -> None:
    """Check that a body was found right; on Responses, what it refers to need not be there."""
    if limit.operation in RESPONSES and answer.status_code != 200:
        texts, others = refusals_of(limit.operation), {*REFERS} - {limit.bound.refusal}
        assert any(says(answer.json()["error"], texts[name].message) for name in others), answer.text
    else:
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("limit", [row for row in ALL if row.bound.kind == "rule"], ids=named)
def test_a_rule(stage: EnginePorts, limit: Limit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What must hold between the keys of a body is held to, and a body for which it holds is taken."""
    monkeypatch.setattr(forms, "FILE_BYTES", 4)
    is_setting = (
        limit.path in ("model", "temperature", "top_p", "reasoning_effort", "response_format")
        and limit.operation not in RESPONSES
    )
    examples = settings_examples if is_setting else rule_examples
    inside, outside = examples(limit, stage)
    refused(send_for(limit, outside, stage), limit, None)
    taken(send_for(limit, inside, stage), limit)


def test_the_table_is_whole() -> None:
    """Every operation with a body that holds anything has rows, and no row stands twice."""
    rows = [(row.operation, row.path, row.bound, row.trail) for row in ALL]
    assert len(rows) == len(set(rows))
    ours = faces.ALL.by_name
    bodies = {name for name, operation in ours.items() if operation.body is not None and operation.body.known}
    assert bodies <= {row.operation for row in ALL}
