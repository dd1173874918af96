"""Requests that nobody should send to the Responses API: an envelope each, nothing else.

`python -m tests.apis.responses.test_hostile 20000 [SEED]` sends more than the suite does.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

from understudy import simulate
from understudy._apis.responses.operations import OPERATIONS
from understudy._common.messages import Abort, Request, Response

NUMBER = 4000
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "\x00",
    "é" * 300,
    [],
    {},
    [[]],
    [None],
    {"type": 7},
    {"a": {"b": []}},
]
MESSAGE: Any = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]}
ITEMS: list[Any] = [
    MESSAGE,
    {"role": "assistant", "content": "x", "id": "msg_1"},
    {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "t"}]},
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "t"}]},
    {"type": "item_reference", "id": "msg_1"},
    {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
    {"type": "tool_search_output", "call_id": "call_1", "tools": []},
    {"type": "apply_patch_call_output", "call_id": "call_1", "status": "completed"},
    {"type": "file_search_call", "queries": ["q"], "results": None},
]
TOOLS: list[Any] = [
    {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
    {"type": "function", "name": "g", "strict": True, "parameters": {"properties": {"a": {}}, "required": ["a"]}},
    {"type": "web_search", "user_location": {"type": "approximate", "city": "Paris"}},
    {"type": "code_interpreter", "container": {"type": "auto"}},
    {
        "type": "mcp",
        "server_label": "m",
        "server_url": "https://a/b",
        "headers": {"a": "b"},
        "require_approval": {"never": {}},
    },
    {"type": "image_generation"},
    {"type": "custom", "name": "c"},
    {"type": "file_search", "vector_store_ids": ["vs_none"], "ranking_options": {"score_threshold": 0.5}},
]
BODIES: list[Any] = [
    {
        "model": "gpt-4o",
        "input": "x",
        "tools": TOOLS[:-1],
        "metadata": {"a": "b"},
        "tool_choice": {"type": "function", "name": "f"},
    },
    {"model": "gpt-4o", "input": ITEMS, "include": ["file_search_call.results"], "store": False},
    {"model": "gpt-5", "input": ITEMS[:1], "reasoning": {"effort": "low", "summary": "auto"}, "stream": True},
    {
        "model": "gpt-4o",
        "input": "x",
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
        "stream_options": {"include_obfuscation": False},
        "background": True,
    },
    {"model": "gpt-4o", "input": "x", "tools": TOOLS, "truncation": "auto", "service_tier": "flex", "user": "u", "top_p": 1},
    {"model": "gpt-4o", "input": "x", "conversation": {"id": "conv_made"}, "instructions": "i", "max_output_tokens": 16},
    {"items": ITEMS, "metadata": {"a": "b"}},
    {"metadata": {"a": "b"}},
    {"items": [MESSAGE]},
]
QUERIES = [
    "",
    "limit=1",
    "limit=x",
    "order=up",
    "after=x",
    "include[]=x",
    "stream=true",
    "starting_after=-1",
    "stream=1&a=b",
    "=",
]


def spoil(body: Any, chance: random.Random) -> Any:
    """Replace, remove or add a value, anywhere."""
    place = body
    while True:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = chance.choice(keys) if keys else None
        inner = place[key] if key is not None else None
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.3:
            break
        place = inner
    junk = json.loads(json.dumps(chance.choice([*JUNK, *ITEMS, *TOOLS])))
    what = chance.choice(["replace", "remove", "add"])
    if what == "replace" and key is not None:
        place[key] = junk
    elif what == "remove" and key is not None:
        del place[key]
    elif isinstance(place, dict):
        place[chance.choice(["type", "id", "call_id", "output", "x", ""])] = junk
    else:
        place.append(junk)
    return body


def hostile(chance: random.Random, known: list[str]) -> Request:
    """A request to one of the operations, with a body that is nearly right."""
    operation = chance.choice(OPERATIONS)
    path = operation.path
    for name in ("response_id", "conversation_id", "item_id"):
        path = path.replace(f"{{{name}}}", chance.choice(["conv_made", *known, "resp_none", "x", "%00", ".."]))
    body = json.loads(json.dumps(chance.choice(BODIES)))
    for _ in range(chance.randrange(4)):
        body = spoil(body, chance)
    query = chance.choice(QUERIES)
    url = f"https://api.openai.com/v1{path}" + (f"?{query}" if query else "")
    headers = (("authorization", "Bearer x"), ("content-type", "application/json"))
    return Request(operation.method, url, headers, json.dumps(body).encode() if operation.method == "POST" else b"")


def send(number: int, seed: int) -> set[int]:
    """Send so many of them; gives the statuses seen."""
    chance, known, seen = random.Random(seed), [], set()
    with simulate(strict=False) as backend:
        backend.add_conversation(id="conv_made")
        for _ in range(number):
            request = hostile(chance, known[-20:])
            answer = backend.handle(request)
            if isinstance(answer, Abort):
                continue
            assert isinstance(answer, Response)
            sent = b"".join(chunk for chunk in answer.stream if isinstance(chunk, bytes)) if answer.stream else answer.body
            seen.add(answer.status)
            if answer.stream is not None:
                assert sent.startswith(b"event: response.") or not sent, (request, sent)
                continue
            content = json.loads(sent)
            assert answer.status in (200, 400, 404, 405) or "2026-11-30" in sent.decode(), (request, request.body, sent)
            assert ("error" in content and set(content) == {"error"}) == (answer.status != 200) or "object" in content, sent
            if answer.status == 200 and "id" in content:
                known.append(content["id"])
        others = [problem for problem in backend.problems if "2026-11-30" not in str(problem)]
        assert others == []
        backend.problems.clear()
    return seen


def test_an_envelope_each() -> None:
    """Whatever is sent, the answer is one the service could give: an object, a stream, or an error's envelope."""
    assert {200, 400, 404} <= send(NUMBER, seed=1)


if __name__ == "__main__":
    print(sorted(send(int(sys.argv[1]), seed=int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
