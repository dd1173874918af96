"""A test in Python that repeats what was done in a simulation.

Each request becomes a call of the SDK, each verb a call of the `Backend`.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl

from understudy._apis import faces
from understudy._apis.common.routing import api_path
from understudy._serve.admin_values import FAULTS, MOVES, condition_from, fault_from, moves_from
from understudy._serve.exchanges import ServedExchange

_STEP = "    "
_LOOP = -1.0  # instead of a time: this poll represents a loop of polls
_ACTIVE = ("queued", "in_progress", "cancelling")
_PLACEHOLDER = re.compile(r"\{outputs\[(\w+)\]\}")
_BETA = '{"OpenAI-Beta": "assistants=v2"}'
_GROUPS = {  # the path in the SDK of each resource of the API
    "assistants": "beta.assistants",
    "threads": "beta.threads",
    "messages": "beta.threads.messages",
    "runs": "beta.threads.runs",
    "steps": "beta.threads.runs.steps",
}


class TestCode:
    """Generates the code of the test.

    Args:
        mode: the initial mode of the clock.
    """

    __test__ = False  # pytest collects classes by name

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._ids: dict[str, str] = {}  # id to the expression for it
        self._names: Counter[str] = Counter()
        self._imports: set[str] = set()
        self._needs: set[str] = set()

    def module(self, exchanges: Sequence[ServedExchange]) -> str:
        """Return the code of the module.

        Raises:
            ValueError: a request cannot be expressed in code, such as an upload.
        """
        lines = [line for entry in _without_polls(exchanges) for line in self._lines(entry)]
        body = "\n".join(_STEP + line for line in lines)
        marker = f'@pytest.mark.understudy(time="{self._mode}")\n' if self._mode != "poll" else ""
        test = f"{marker}def test_conversation(understudy):\n{_STEP}client = openai.OpenAI(max_retries=0)\n{body}\n"
        return f'"""Done by hand in the playground of understudy."""\n\n{self._head(marker)}\n\n\n{test}'

    def _head(self, marker: str) -> str:
        standard = ["import re"] if "re" in self._needs else []
        third = ["import openai"]
        if marker or "pytest" in self._needs:
            third.append("import pytest")
        faults = sorted(self._imports & set(FAULTS))
        moves = sorted(self._imports - set(FAULTS))
        third += [f"from understudy import {', '.join(moves)}"] if moves else []
        third += [f"from understudy.faults import {', '.join(faults)}"] if faults else []
        return "\n".join([*standard, *([""] if standard else []), *third])

    def _lines(self, entry: ServedExchange) -> Iterator[str]:
        if entry.verb is not None:
            yield from self._verb(entry.verb, _json(entry.request_body) or {}, _json(entry.body))
        elif entry.status == 501:
            yield f"# {entry.method} {entry.path}: answered 501, a mistake in the test"
        elif entry.status is None or entry.status >= 400:
            yield from self._refusal_lines(entry)
        else:
            yield from self._call(entry)

    # -- requests -------------------------------------------------------------

    def _call(self, entry: ServedExchange) -> Iterator[str]:
        operation, ids = faces.ALL.find(entry.method, api_path(entry.path))[:2]
        if operation is None or (entry.request_body and _json(entry.request_body) is None):
            text = f"{entry.method} {entry.path} cannot be exported as code, as its body is not JSON"
            raise ValueError(f"{text}. Export a cassette instead.")
        group, _, method = operation.name.rpartition(".")
        *others, last = [*ids.items()] or [("", "")]
        arguments = [self._code(last[1])] if last[1] else []
        arguments += [f"{name}={self._code(value)}" for name, value in others]
        given = _json(entry.request_body) or {}
        arguments += [f"{name}={self._code(value)}" for name, value in given.items()]
        arguments += [f"{name}={self._code(value)}" for name, value in _query(entry.query)]
        call = f"client.{_GROUPS.get(group, group)}.{method}({', '.join(arguments)})"
        if given.get("stream"):
            yield from self._stream_lines(call, entry)
        else:
            yield from self._call_lines(call, operation.name, _json(entry.body), is_poll=entry.wall == _LOOP)

    def _call_lines(self, call: str, operation: str, answer: Any, *, is_poll: bool) -> Iterator[str]:
        kind = answer.get("object", "") if isinstance(answer, dict) else ""
        if kind == "list":
            yield from self._list_lines(call, operation, answer["data"])
            return
        if not isinstance(answer, dict) or "id" not in answer or operation.endswith("delete"):
            yield call
            return
        name = self._name_of(answer["id"], kind.rpartition(".")[2])
        if is_poll:
            yield f"while {name}.status in {_ACTIVE!r}:"
            yield f"{_STEP}{name} = {call}"
        else:
            yield f"{name} = {call}"
        if kind == "thread.run":
            yield f'assert {name}.status == "{answer["status"]}"'
            self._learn_calls(name, answer)

    def _list_lines(self, call: str, operation: str, items: list[Any]) -> Iterator[str]:
        name = operation.split(".")[-2]
        yield f"{name} = {call}"
        if name == "messages" and all(_single_text(item) is not None for item in items):
            texts = [_single_text(item) for item in items]
            yield f"assert [message.content[0].text.value for message in {name}.data] == {texts!r}"
        elif name == "steps":
            yield f"assert [step.type for step in {name}.data] == {[item['type'] for item in items]!r}"

    def _stream_lines(self, call: str, entry: ServedExchange) -> Iterator[str]:
        events = re.findall(rb"^event: (.*)\ndata: (.*)$", entry.body, re.MULTILINE)
        if entry.broken or any(name == b"error" for name, _ in events):
            self._needs.add("pytest")
            error = "Exception" if entry.broken else "openai.APIError"  # the first is of the HTTP library
            yield f"with pytest.raises({error}):"
            yield f"{_STEP}list({call})"
            return
        yield f"events = list({call})"
        runs = [(name.decode(), _json(data)) for name, data in events]
        runs = [(name, data) for name, data in runs if isinstance(data, dict) and data.get("object") == "thread.run"]
        if runs:
            variable = self._name_of(runs[-1][1]["id"], "run")
            yield f'{variable} = [event for event in events if event.event == "{runs[-1][0]}"][-1].data'
            self._learn_calls(variable, runs[-1][1])

    def _refusal_lines(self, entry: ServedExchange) -> Iterator[str]:
        self._needs.add("pytest")
        error = "openai.APIStatusError" if entry.status else "openai.APIConnectionError"
        path = self._path(api_path(entry.path))
        body = _json(entry.request_body)
        given = f", body={self._code(body)}" if body is not None else ""
        method = entry.method.lower()
        yield f"with pytest.raises({error}) as refused:"
        yield f'{_STEP}client.{method}({path}, cast_to=object{given}, options={{"headers": {_BETA}}})'
        if entry.status:
            yield f"assert refused.value.status_code == {entry.status}"

    # -- verbs ----------------------------------------------------------------

    def _verb(self, verb: str, given: dict[str, Any], answer: Any) -> Iterator[str]:
        if verb in ("next_run", "every_run"):
            yield from self._script(verb, given)
        elif verb == "fault":
            fault = fault_from(given.pop("fault"))
            self._imports.add(type(fault).__name__)
            yield f"understudy.fault({', '.join([repr(fault), *self._keywords(given)])})"
        elif verb == "clock":
            if given.get("mode"):
                yield f'understudy.clock.mode = "{given["mode"]}"'
            if given.get("advance"):
                yield f"understudy.clock.advance({given['advance']!r})"
        elif verb == "next_ids":
            yield f"understudy.next_ids({', '.join(map(self._code, given['ids']))})"
        elif verb == "strict":
            yield f"understudy.strict = {given['strict']!r}"
        else:
            call = f"understudy.{verb}({', '.join(self._keywords(given))})"
            is_seen = verb == "fail_file"  # what the others add gets a name
            yield call if is_seen else f"{self._name_of(answer['id'], verb.removeprefix('add_'))} = {call}"

    def _script(self, verb: str, given: dict[str, Any]) -> Iterator[str]:
        steps = given["moves"]
        moves = moves_from(steps)
        wanted = condition_from(given.get("when"))
        more = self._keywords({name: given[name] for name in ("assistant", "thread") if given.get(name)})
        if "assistant" in wanted:
            more.append(f"assistant={self._code(wanted['assistant'])}")
        if "regex" in wanted:
            self._needs.add("re")
            more.append(f"when=re.compile({wanted['regex']!r})")
        elif "text" in wanted:
            more.append(f"when={wanted['text']!r}")
        if "function" in wanted:
            yield f"# only runs with the function {wanted['function']!r} used this:"
        self._imports.update(name for step in steps for name in _kinds(step))
        if callable(moves[0]):
            self._names["script"] += 1
            name = f"script_{self._names['script']}"
            yield from _generator(name, steps)
            yield f"understudy.{verb}({', '.join([name, *more])})"
        else:
            yield f"understudy.{verb}({', '.join([*map(repr, moves), *more])})"

    # -- values ---------------------------------------------------------------

    def _keywords(self, given: dict[str, Any]) -> list[str]:
        return [f"{name}={self._code(value)}" for name, value in given.items()]

    def _code(self, value: Any) -> str:
        """Return a value as code; an id from an earlier response becomes an expression."""
        if isinstance(value, str):
            return self._ids.get(value) or json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict) and set(value) == {"base64"}:
            return repr(base64.b64decode(value["base64"]))
        if isinstance(value, dict):
            return f"{{{', '.join(f'{json.dumps(key)}: {self._code(item)}' for key, item in value.items())}}}"
        if isinstance(value, list):
            return f"[{', '.join(map(self._code, value))}]"
        return repr(value)

    def _path(self, path: str) -> str:
        parts = [f"{{{self._ids[part]}}}" if part in self._ids else part for part in path.split("/")]
        text = json.dumps("/".join(parts))
        return f"f{text}" if "{" in text else text

    def _name_of(self, an_id: str, kind: str) -> str:
        """Return the variable of an object, known or new."""
        known = self._ids.get(an_id)
        if known is not None:
            return known.removesuffix(".id")
        self._names[kind] += 1
        name = kind if self._names[kind] == 1 else f"{kind}_{self._names[kind]}"
        self._ids[an_id] = f"{name}.id"
        return name

    def _learn_calls(self, name: str, run: dict[str, Any]) -> None:
        action = run.get("required_action") or {}
        for place, call in enumerate((action.get("submit_tool_outputs") or {}).get("tool_calls", ())):
            self._ids[call["id"]] = f"{name}.required_action.submit_tool_outputs.tool_calls[{place}].id"


def _without_polls(exchanges: Sequence[ServedExchange]) -> Iterator[ServedExchange]:
    """Merge consecutive polls into one, marked as a loop.

    Only if the run was active until the last of them.
    """
    for (_, is_poll), group in groupby(exchanges, key=lambda entry: (entry.path, _is_poll(entry))):
        entries = list(group)
        statuses = [(_json(entry.body) or {}).get("status") for entry in entries] if is_poll else []
        if is_poll and len(entries) > 1 and statuses[-1] not in _ACTIVE and set(statuses[:-1]) <= set(_ACTIVE):
            yield replace(entries[-1], wall=_LOOP)
        else:
            yield from entries


def _is_poll(entry: ServedExchange) -> bool:
    operation = faces.ALL.find(entry.method, api_path(entry.path)).operation
    return entry.verb is None and entry.status == 200 and operation is not None and operation.name == "runs.retrieve"


def _kinds(step: Any) -> Iterator[str]:
    for call in step if isinstance(step, list) else [step]:
        yield "Reply" if isinstance(call, str) else next(iter(call))
        if isinstance(call, dict) and isinstance(next(iter(call.values())), dict) and "results" in next(iter(call.values())):
            yield "SearchResult"


def _generator(name: str, steps: Sequence[Any]) -> Iterator[str]:
    """Return the code of a script with submitted outputs: a generator function."""
    yield ""
    yield f"def {name}(run):"
    for step in steps:
        calls = step if isinstance(step, list) else [step]
        code = ", ".join(map(_move_code, calls))
        takes = "outputs = " if any(isinstance(call, dict) and "FunctionCall" in call for call in calls) else ""
        yield f"{_STEP}{takes}yield {f'[{code}]' if isinstance(step, list) else code}"
    yield ""


def _move_code(move: Any) -> str:
    if isinstance(move, str):
        return f"Reply({_code_with_outputs(move)})"
    [(kind, given)] = move.items()
    assert kind in MOVES
    return f"{kind}({', '.join(f'{name}={_code_with_outputs(value)}' for name, value in given.items())})"


def _code_with_outputs(value: Any) -> str:
    """Return a JSON value as code, with outputs in place of placeholders."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)}: {_code_with_outputs(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_code_with_outputs, value))}]"
    if not isinstance(value, str):
        return repr(value)
    if not _PLACEHOLDER.search(value):
        return json.dumps(value, ensure_ascii=False)
    parts = _PLACEHOLDER.split(value)
    text = ""
    for place, part in enumerate(parts):
        output = f"{{outputs[{part}]}}" if part.isdecimal() else f"{{run.outputs['{part}']}}"
        text += output if place % 2 else part.replace("{", "{{").replace("}", "}}")
    return f"f{json.dumps(text, ensure_ascii=False)}"


def _single_text(message: dict[str, Any]) -> str | None:
    content = message.get("content") or []
    return content[0]["text"]["value"] if len(content) == 1 and content[0]["type"] == "text" else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _query(query: str) -> list[tuple[str, Any]]:
    return [(name, int(value) if value.isdecimal() else value) for name, value in parse_qsl(query)]
