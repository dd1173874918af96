"""The allowed bodies of requests.

[SPEC, with the corrections of real recordings.]
"""

from __future__ import annotations

from typing import Any

from understudy._apis.common.bounds import Rule
from understudy._apis.common.metadata import metadata
from understudy._apis.common.schema import (
    Check,
    Choice,
    Fields,
    Id,
    String,
    Tagged,
    anything,
    array,
    boolean,
    decimal,
    either,
    enum,
    integer,
    string,
    tagged,
)
from understudy._apis.common.urls import url
from understudy._apis.function_schemas import check_parameters, check_response_schema
from understudy._engine import call_kinds  # noqa: F401 - CallState.kinds knows them then
from understudy._engine.api_error import ApiError
from understudy._engine.items import CallState

FILE_ID = Id("file", also="assistant-")  # files of Azure are `assistant-...` [DOCS]
STORE_ID = Id("vs")
NAME_PATTERN = "^[a-zA-Z0-9_-]+$"
THREAD_MESSAGES = 32  # the maximum when a thread is created [REP: openai-php/client#269, dimagi/open-chat-studio#688]
OUTPUT_CHARACTERS = 1_048_576  # the maximum of one tool output [REP: microsoft/semantic-kernel#12814]
OUTPUT_BYTES = (
    512 * 1024
)  # all outputs of a request together must be smaller [REP: VRSEN/agency-swarm-lab#39, semantic-kernel#12814]

# -- tools --------------------------------------------------------------------

_NAME = String(most=64, least=1, pattern=NAME_PATTERN)  # the sentences quoted for chat completions [REP]
_RANKING_OPTIONS = Fields(
    {
        "ranker": enum("auto", "default_2024_08_21"),
        "score_threshold": decimal(0, 1),
        "hybrid_search": anything,
    },
    required=("score_threshold",),
)
_TYPE_ALONE = Fields({"type": anything})
_FUNCTION = Fields(
    {
        "type": anything,
        "function": Fields(
            {
                "name": _NAME,
                # [REP: whoz-oss/coday#6, jan-janssen/LangSim#66]
                "description": string(most=1024, mark="REP"),
                "parameters": either((dict, anything), expected="an object"),
                "strict": boolean,
            },
            required=("name",),
            rules=(Rule("`parameters` is the JSON schema of an object", "schema.function", "REP", check_parameters),),
        ),
    },
    required=("function",),
)
_FILE_SEARCH = Fields(
    {
        "type": anything,
        "file_search": Fields({"max_num_results": integer(1, 50), "ranking_options": _RANKING_OPTIONS}),
    }
)


class _AnyTool(Tagged):
    """A tool of any kind of call; most have no field but their type."""

    def __init__(self) -> None:
        super().__init__("type", {})
        self._learn()

    def __call__(self, value: Any, path: str) -> Any:
        if self._known != len(CallState.kinds):  # a kind of call has been defined since
            self._learn()
        return super().__call__(value, path)

    def _learn(self) -> None:
        special = {"file_search": _FILE_SEARCH, "function": _FUNCTION}
        kinds = [name for name, kind in CallState.kinds.items() if "assistants" in kind.faces]
        self._known = len(CallState.kinds)
        self.options = {kind: special.get(kind, _TYPE_ALONE) for kind in kinds}
        self.tag = Choice(tuple(self.options))


_TOOL = _AnyTool()


def _tools(most: int) -> Check:
    return array(_TOOL, of="objects", most=most)


_FILE_IDS = array(FILE_ID, of="strings", most=20)


def _check_overlap(static: Any, path: str) -> None:
    if static["chunk_overlap_tokens"] * 2 > static["max_chunk_size_tokens"]:
        raise ApiError("chunk.overlap", path=f"{path}.chunk_overlap_tokens")


_STATIC = Fields(
    {"max_chunk_size_tokens": integer(100, 4096), "chunk_overlap_tokens": integer(0)},
    required=("max_chunk_size_tokens", "chunk_overlap_tokens"),
    rules=(
        Rule("`chunk_overlap_tokens` is at most half of `max_chunk_size_tokens`", "chunk.overlap", "SPEC", _check_overlap),
    ),
)
CHUNKING_STRATEGY = tagged(
    "type",
    {
        "auto": Fields({"type": anything}),
        "static": Fields({"type": anything, "static": _STATIC}, required=("static",)),
    },
)
_INLINE_STORE = Fields(
    {
        "file_ids": array(FILE_ID, of="strings"),  # the spec allows 100,000,000, more than fit in a request
        "chunking_strategy": CHUNKING_STRATEGY,
        "metadata": metadata,
    }
)
_STORE_IDS = array(STORE_ID, of="strings", most=1)


def _check_exclusive_stores(search: Any, path: str) -> None:
    if search.get("vector_store_ids") and search.get("vector_stores"):
        raise ApiError("exclusive", path=f"{path}.vector_stores", other=f"{path}.vector_store_ids")


_EXCLUSIVE_STORES = Rule("existing stores or new stores, not both", "exclusive", "SPEC", _check_exclusive_stores)


def _tool_resources(*, inline_stores: bool) -> Check:
    search: dict[str, Check] = {"vector_store_ids": _STORE_IDS}
    if inline_stores:
        search["vector_stores"] = array(_INLINE_STORE, of="objects", most=1)
    rules = (_EXCLUSIVE_STORES,) if inline_stores else ()
    return Fields({"code_interpreter": Fields({"file_ids": _FILE_IDS}), "file_search": Fields(search, rules=rules)})


# -- settings shared by assistants and runs -----------------------------------

_JSON_SCHEMA = Fields(
    {
        "name": _NAME,
        "description": string(),
        "schema": either((dict, anything), expected="an object"),
        "strict": boolean,
    },
    required=("name",),
    rules=(Rule("`schema` is the JSON schema of an object", "schema.response_format", "INF", check_response_schema),),
)
_RESPONSE_FORMAT = either(
    (str, enum("auto")),
    (
        dict,
        tagged(
            "type",
            {
                "text": Fields({"type": anything}),
                "json_object": Fields({"type": anything}),
                "json_schema": Fields({"type": anything, "json_schema": _JSON_SCHEMA}, required=("json_schema",)),
            },
        ),
    ),
    expected="one of 'auto' or an object",
)
_TOOL_CHOICE = either(
    (str, enum("none", "auto", "required")),
    (
        dict,
        tagged(
            "type",
            {
                "function": Fields(
                    {"type": anything, "function": Fields({"name": string()}, required=("name",))},
                    required=("function",),
                ),
                "code_interpreter": Fields({"type": anything}),
                "file_search": Fields({"type": anything}),
            },
        ),
    ),
    expected="one of 'none', 'auto', 'required' or an object",
)
_TRUNCATION = Fields({"type": enum("auto", "last_messages"), "last_messages": integer(1)}, required=("type",))
_SAMPLING: dict[str, Check] = {
    "temperature": decimal(0, 2),
    "top_p": decimal(0, 1),
    "reasoning_effort": enum("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "response_format": _RESPONSE_FORMAT,
    "metadata": metadata,
}

# -- assistants ---------------------------------------------------------------

_ASSISTANT: dict[str, Check] = {
    "model": string(),
    "name": string(most=256),
    "description": string(most=512, mark="REP"),
    "instructions": string(most=256_000),
    "tools": _tools(128),
    **_SAMPLING,
}
CREATE_ASSISTANT = Fields({**_ASSISTANT, "tool_resources": _tool_resources(inline_stores=True)}, required=("model",))
MODIFY_ASSISTANT = Fields({**_ASSISTANT, "tool_resources": _tool_resources(inline_stores=False)})

# -- threads and messages -----------------------------------------------------

_DETAIL = enum("auto", "low", "high")
_CONTENT_PART = tagged(
    "type",
    {
        "text": Fields({"type": anything, "text": string(most=256_000, mark="REP")}, required=("text",)),
        "image_file": Fields(
            {
                "type": anything,
                "image_file": Fields({"file_id": FILE_ID, "detail": _DETAIL}, required=("file_id",)),
            },
            required=("image_file",),
        ),
        "image_url": Fields(
            {"type": anything, "image_url": Fields({"url": url, "detail": _DETAIL}, required=("url",))},
            required=("image_url",),
        ),
    },
)
_ATTACHED_TOOL = tagged("type", {"code_interpreter": Fields({"type": anything}), "file_search": Fields({"type": anything})})
# `tools` is required: openai/openai-python#1335 [REP]
_ATTACHMENT = Fields({"file_id": FILE_ID, "tools": array(_ATTACHED_TOOL, of="objects")}, required=("tools",), mark="REP")
CREATE_MESSAGE = Fields(
    {
        "role": enum("user", "assistant"),
        "content": either(
            (str, string(most=256_000, least=1, mark="REP")),
            (list, array(_CONTENT_PART, of="objects", least=1)),
            expected="one of a string or array of objects",
        ),
        "attachments": array(_ATTACHMENT, of="objects"),
        "metadata": metadata,
    },
    required=("role", "content"),
)
MODIFY_MESSAGE = Fields({"metadata": metadata})
CREATE_THREAD = Fields(
    {
        "messages": array(CREATE_MESSAGE, of="objects", most=THREAD_MESSAGES, mark="REP"),
        "tool_resources": _tool_resources(inline_stores=True),
        "metadata": metadata,
    }
)
MODIFY_THREAD = Fields({"tool_resources": _tool_resources(inline_stores=False), "metadata": metadata})

# -- runs ---------------------------------------------------------------------

_RUN: dict[str, Check] = {
    "assistant_id": Id("asst"),
    "model": string(),
    "instructions": string(most=256_000, mark="INF"),
    "tools": _tools(20),
    "stream": boolean,
    "max_prompt_tokens": integer(256),
    # The spec says at least 256; the service accepted 16 in April 2024 [REC], and no less [REP: openai/openai-node#1465].
    "max_completion_tokens": integer(16, mark="REP"),
    "truncation_strategy": _TRUNCATION,
    "tool_choice": _TOOL_CHOICE,
    "parallel_tool_calls": boolean,
    **_SAMPLING,
}
CREATE_RUN = Fields(
    {
        **_RUN,
        "additional_instructions": string(most=256_000, mark="INF"),
        "additional_messages": array(CREATE_MESSAGE, of="objects"),
    },
    required=("assistant_id",),
)
CREATE_THREAD_AND_RUN = Fields(
    {**_RUN, "thread": CREATE_THREAD, "tool_resources": _tool_resources(inline_stores=False)},
    required=("assistant_id",),
)
MODIFY_RUN = Fields({"metadata": metadata})


def _check_total_size(body: Any, _: str) -> None:
    size = sum(len(output.get("output", "").encode()) for output in body["tool_outputs"])
    if size >= OUTPUT_BYTES:
        raise ApiError("outputs.large", path="tool_outputs")


SUBMIT_TOOL_OUTPUTS = Fields(
    {
        "tool_outputs": array(
            Fields({"tool_call_id": string(), "output": string(most=OUTPUT_CHARACTERS, mark="REP")}), of="objects"
        ),
        "stream": boolean,
    },
    required=("tool_outputs",),
    rules=(Rule("all outputs together are less than 512 kB", "outputs.large", "REP", _check_total_size),),
)
EMPTY = Fields({})
