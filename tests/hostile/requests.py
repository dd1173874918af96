"""Requests that no client should send: methods, paths, queries, headers and bodies that are wrong in some way.

Half of them are for operations of Responses and Conversations, half for those of Assistants and of what both share.
"""

from __future__ import annotations

import json
import string
from copy import deepcopy
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from understudy._apis import faces
from understudy._common.messages import Headers, Request

IDS = {
    "assistant": "asst_000000000000000000000001",
    "thread": "thread_0000000000000000000001",
    "message": "msg_0000000000000000000000001",
    "run": "run_0000000000000000000000001",
    "file": "file-0000000000000000000001",
    "vector_store": "vs_00000000000000000000000000000001",
    "conversation": "conv_000000000000000000000000000000000000000000000001",
    "response": "resp_9491cf7835927895006553f1001c9997cd4fbe2f9425808548",
    "item": "msg_000000000000000000000000000000000000000000000001",
}
_ODD_TEXT = st.sampled_from(
    [
        "",
        " ",
        "null",
        "undefined",
        "0",
        "-1",
        "%00",
        "\x00",
        "..",
        "../..",
        "{thread_id}",
        "💥",
        "é" * 300,
        "x" * 5000,
        "'; DROP TABLE runs; --",
        "<script>",
        "%7B%7D",
        "{0.__class__}",
        "{message}",
        "%s%n",
        "\r\nx: y",
        "\ud800",
        "٣",
    ]
)
_TEXT = _ODD_TEXT | st.text(max_size=12)
_ID = st.sampled_from([*IDS.values(), *(value[:-1] for value in IDS.values()), "step_x", "upload_x", "vsfb_x"])


def mostly(usual: st.SearchStrategy[Any], *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual strategy, and now and then another: `one_of` would draw each as often, also one that is given twice."""
    return st.sampled_from([usual] * (3 * len(others)) + [*others]).flatmap(lambda chosen: chosen)


ANY_ID = mostly(_ID, _TEXT)

_NUMBERS = st.sampled_from([0, 1, -1, 2**31, 2**63, 10**400, -(10**30), 0.5, 1e308, -0.0, 100, 101, 257])
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | _NUMBERS | ANY_ID,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)

# What the app might send, to be spoilt.
_FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
_MESSAGE = {"role": "user", "content": "hi", "attachments": [{"file_id": IDS["file"], "tools": [{"type": "file_search"}]}]}
_STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}
BODIES: list[dict[str, Any]] = [
    {"model": "gpt-4o", "name": "n", "tools": [_FUNCTION, {"type": "file_search"}], "metadata": {"a": "b"}},
    {"model": "gpt-4o", "tool_resources": {"file_search": {"vector_stores": [{"file_ids": [IDS["file"]]}]}}},
    {"model": "gpt-4o", "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}}}},
    _MESSAGE,
    {"role": "user", "content": [{"type": "text", "text": "t"}, {"type": "image_url", "image_url": {"url": "https://a/b"}}]},
    {"messages": [_MESSAGE], "metadata": {}, "tool_resources": {"code_interpreter": {"file_ids": [IDS["file"]]}}},
    {"assistant_id": IDS["assistant"], "additional_messages": [_MESSAGE], "temperature": 1, "max_prompt_tokens": 300},
    {"assistant_id": IDS["assistant"], "thread": {"messages": [_MESSAGE]}, "tool_choice": "auto"},
    {"tool_outputs": [{"tool_call_id": "call_x", "output": "y"}]},
    {"metadata": {"k": "v"}},
    {"name": "s", "file_ids": [IDS["file"]], "expires_after": {"anchor": "last_active_at", "days": 7}},
    {"file_id": IDS["file"], "chunking_strategy": _STATIC, "attributes": {"a": 1}},
    {"file_ids": [IDS["file"]]},
    {"query": "q", "filters": {"type": "and", "filters": [{"type": "eq", "key": "a", "value": 1}]}, "max_num_results": 5},
    {"filename": "a.txt", "purpose": "assistants", "bytes": 3, "mime_type": "text/plain"},
    {"part_ids": ["part_x"]},
]
_ASKED = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
_CALLED = {"type": "function_call", "call_id": "call_x", "name": "f", "arguments": "{}"}
_RETURNED = {"type": "function_call_output", "call_id": "call_x", "output": [{"type": "input_text", "text": "y"}]}
_ITEMS: list[dict[str, Any]] = [
    _ASKED,
    {"role": "developer", "content": "be brief"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hello", "annotations": []}]},
    _CALLED,
    _RETURNED,
    {"role": "user", "content": [{"type": "input_image", "image_url": "https://a/b", "detail": "auto"}]},
    {"role": "user", "content": [{"type": "input_file", "file_id": IDS["file"]}]},
    {"type": "item_reference", "id": IDS["item"]},
    {"type": "reasoning", "id": "rs_x", "summary": [{"type": "summary_text", "text": "t"}]},
    {"type": "mcp_approval_response", "approval_request_id": "mcpr_x", "approve": True},
]
_TOOLS: list[dict[str, Any]] = [
    {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
    {"type": "file_search", "vector_store_ids": [IDS["vector_store"]], "max_num_results": 5},
    {"type": "code_interpreter", "container": {"type": "auto", "file_ids": [IDS["file"]]}},
    {"type": "web_search", "user_location": {"type": "approximate", "city": "Paris"}},
    {"type": "mcp", "server_label": "m", "server_url": "https://a/b", "require_approval": "never"},
    {"type": "custom", "name": "c"},
]
RESPONSES_BODIES: list[dict[str, Any]] = [
    {"model": "gpt-4o", "input": "hi"},
    {"model": "gpt-4o", "input": "hi", "stream": True, "stream_options": {"include_obfuscation": False}},
    {"model": "gpt-4o", "input": [_ASKED], "background": True, "metadata": {"a": "b"}},
    {"model": "gpt-4o", "input": [_ASKED, _CALLED, _RETURNED], "store": False, "include": ["file_search_call.results"]},
    {"model": "gpt-4o", "input": "hi", "conversation": {"id": IDS["conversation"]}, "instructions": "i"},
    {"model": "gpt-4o", "input": "hi", "conversation": IDS["conversation"], "max_output_tokens": 16, "top_p": 0.5},
    {"model": "gpt-4o", "input": "hi", "tools": _TOOLS, "tool_choice": {"type": "function", "name": "f"}},
    {"model": "gpt-4o", "input": "hi", "tools": _TOOLS[:1], "tool_choice": "auto", "parallel_tool_calls": False},
    {"model": "gpt-4o", "input": "hi", "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}}},
    {"model": "gpt-5", "input": _ITEMS[:2], "reasoning": {"effort": "low", "summary": "auto"}},
    {
        "model": "gpt-4o",
        "input": "hi",
        "previous_response_id": IDS["response"],
        "truncation": "auto",
        "service_tier": "flex",
    },
    {"items": _ITEMS[:3], "metadata": {"a": "b"}},
    {"items": _ITEMS},
    {"metadata": {"a": "b"}},
]


@st.composite
def spoilt(draw: st.DrawFn, bodies: list[dict[str, Any]], junk: st.SearchStrategy[Any]) -> Any:
    """A body that would do, with a few of its values, anywhere in it, replaced, removed or joined by others."""
    body = json.loads(json.dumps(draw(st.sampled_from(bodies))))
    for _ in range(draw(st.integers(0, 3))):
        place: Any = body
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = draw(st.sampled_from(keys)) if keys else None
            inner = place[key] if key is not None else None
            if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
                break
            place = inner
        what = draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "replace" and key is not None:
            place[key] = draw(junk)
        elif what == "remove" and key is not None:
            del place[key]
        elif isinstance(place, dict):
            place[draw(_TEXT)] = draw(junk)
        else:
            place.append(draw(junk))
    return body


def _written(*spoiling: Any) -> st.SearchStrategy[bytes]:
    return spoilt(*spoiling).map(lambda value: json.dumps(value).encode())


_WRITTEN = _written(BODIES, JUNK)
_WRITTEN_FOR_RESPONSES = _written(RESPONSES_BODIES, JUNK | st.sampled_from([*_ITEMS, *_TOOLS]).map(deepcopy))
_BROKEN = st.sampled_from(
    [
        b"",
        b"{",
        b"[",
        b'{"a":',
        b"nul",
        b"{'a': 1}",
        b'{"model": NaN}',
        b'{"a": Infinity}',
        b"\xff\xfe",
        b'"text"',
        b"[]",
        b"1",
        b"null",
        b'{"a": 1} x',
        b'{"a": "\\ud800"}',
        b'{"model": "\xed\xa0\x80"}',
        b"\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"limit": ' + b"9" * 6000 + b"}",
        b'{"name": "' + b"x" * 300_000 + b'"}',
        b'{"model": "a", "model": 1}',
    ]
)
_PARTS = st.lists(
    st.sampled_from(
        [
            b'Content-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n',
            b"\r\n",
            b"rubbish",
            b"\r\n\r\n",
            b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nabc\r\n',
            b'Content-Disposition: form-data; name="file"\r\n\r\n\r\n',
            b'Content-Disposition: form-data; name="x"\r\n\r\n1\r\n',
            b'Content-Disposition: form-data; name="purpose"\r\n\r\n\xff\xfe\r\n',
            b"Content-Disposition: form-data\r\n\r\n\r\n",
            b"Content-Disposition: form-data; name=\"data\"; filename*=UTF-8''%ff\r\n\r\n\x00\x01\r\n",
        ]
    ),
    max_size=4,
)
_MULTIPART = st.builds(
    lambda parts, end: b"".join(b"--xx\r\n" + part for part in parts) + end,
    _PARTS,
    st.sampled_from([b"--xx--\r\n", b"--xx", b""]),
)
_OTHERS = (_BROKEN, _MULTIPART, st.binary(max_size=20))
BODY = mostly(_WRITTEN, *_OTHERS)
RESPONSES_BODY = mostly(_WRITTEN_FOR_RESPONSES, _WRITTEN, *_OTHERS)

_KEY = ("authorization", "Bearer sk-hostile")
_V2 = ("openai-beta", "assistants=v2")
GOOD: Headers = (_KEY, _V2, ("content-type", "application/json"))
HEADERS = st.sampled_from(
    [
        *[GOOD] * 8,
        *[(_KEY, _V2, ("content-type", "multipart/form-data; boundary=xx"))] * 3,
        (_KEY, _V2, ("content-type", "multipart/form-data")),
        (_KEY, _V2, ("content-type", 'multipart/form-data; boundary=""')),
        (_KEY, ("openai-beta", "assistants=v1")),
        (_KEY, ("openai-beta", "\x00")),
        (_KEY,),
        (_V2,),
        (("authorization", "Basic"), _V2),
        (("authorization", ""), _V2),
        (("x-stainless-custom-poll-interval", "-5"), ("x-stainless-custom-poll-interval", "x"), *GOOD),
        (),
    ]
)

_KEYS = ("limit", "order", "after", "before", "run_id", "filter", "include", "include[]", "stream", "starting_after")
_QUERY = st.lists(
    st.tuples(
        st.sampled_from([*_KEYS, "purpose", "api-version"]) | _TEXT,
        st.sampled_from(["desc", "asc", "1", "0", "101", "-1", "1e3", "9" * 5000, "completed", "١٢"]) | ANY_ID,
    ),
    max_size=3,
)
_METHOD = st.sampled_from(
    ["GET", "POST", "DELETE", "GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "get", "X", ""]
)


@st.composite
def _path(draw: st.DrawFn, operations: Any) -> str:
    template = draw(st.sampled_from(operations)).path
    segments = []
    for segment in template.split("/"):
        if segment.startswith("{") and draw(st.integers(0, 3)):
            kind = segment[1:-1].removesuffix("_id")
            segments.append(IDS.get(kind, "x"))
        elif segment.startswith("{"):
            segments.append(quote(draw(ANY_ID).encode("utf-8", "replace")))
        else:
            segments.append(segment)
    path = "/".join(segments)
    return draw(st.sampled_from([path, path, path, path, path, path + "/", path + "/x", "/" + path, path.upper()]))


_PREFIX = st.sampled_from(
    ["https://api.openai.com/v1", "https://api.openai.com/v1", "https://x.openai.azure.com/openai", ""]
)
_ALIEN = st.text(string.ascii_letters + "/%.-", max_size=20).map(lambda text: f"/{text}")


def _paths(*served: Any) -> st.SearchStrategy[str]:
    operations = [operation for face in served for operation in face.operations]
    return mostly(_path(operations), _ALIEN)


_ASSISTANTS_PATH, _RESPONSES_PATH = _paths(faces.ASSISTANTS, faces.SHARED), _paths(faces.RESPONSES)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """One hostile request; half of them are for Responses and Conversations."""
    is_of_responses = draw(st.booleans())
    path = draw(_RESPONSES_PATH if is_of_responses else _ASSISTANTS_PATH)
    pairs = [
        (name.encode("utf-8", "replace"), value.encode("utf-8", "replace"))
        for name, value in draw(mostly(st.just([]), _QUERY))
    ]
    query = f"?{urlencode(pairs)}" if pairs else ""
    body = draw(RESPONSES_BODY if is_of_responses else BODY)
    return Request(draw(_METHOD), draw(_PREFIX) + path + query, draw(HEADERS), body)
