"""The bodies of requests: what each may hold. [SPEC, with the corrections of real recordings]"""

from __future__ import annotations

from typing import Any

from understudy._apis.common.schema import (
    Check,
    Fields,
    anything,
    array,
    boolean,
    decimal,
    either,
    enum,
    id_of,
    integer,
    metadata,
    nullable,
    string,
    tagged,
    url,
)
from understudy._engine import call_kinds  # noqa: F401 - CallState.kinds knows them then
from understudy._engine.api_error import ApiError
from understudy._engine.items import CallState

# -- tools --------------------------------------------------------------------

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
                "name": string(most=64),
                "description": nullable(string()),
                "parameters": nullable(either((dict, anything), expected="an object")),
                "strict": nullable(boolean),
            },
            required=("name",),
        ),
    },
    required=("function",),
)
_FILE_SEARCH = Fields(
    {
        "type": anything,
        "file_search": nullable(Fields({"max_num_results": integer(1, 50), "ranking_options": nullable(_RANKING_OPTIONS)})),
    }
)
_TOOLS = {"file_search": _FILE_SEARCH, "function": _FUNCTION}


def _tool(value: Any, path: str) -> Any:
    """A tool of any kind of call there is; most are named by their type alone."""
    return tagged("type", {kind: _TOOLS.get(kind, _TYPE_ALONE) for kind in CallState.kinds})(value, path)


def _tools(most: int) -> Check:
    return nullable(array(_tool, of="objects", most=most))


_FILE_IDS = array(string(), of="strings", most=20)


class _Static(Fields):
    """A static chunking strategy: the overlap is at most half of the size. [SPEC; the refusal's text INF]"""

    def __call__(self, value: Any, path: str = "") -> Any:
        checked = super().__call__(value, path)
        if checked["chunk_overlap_tokens"] * 2 > checked["max_chunk_size_tokens"]:
            raise ApiError("chunk.overlap", path=f"{path}.chunk_overlap_tokens")
        return checked


_STATIC = _Static(
    {"max_chunk_size_tokens": integer(100, 4096), "chunk_overlap_tokens": integer(0)},
    required=("max_chunk_size_tokens", "chunk_overlap_tokens"),
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
        "file_ids": array(string(), of="strings", most=100_000_000),
        "chunking_strategy": nullable(CHUNKING_STRATEGY),
        "metadata": metadata,
    }
)
_STORE_IDS = array(string(), of="strings", most=1)


class _Search(Fields):
    """Stores that exist, or stores to be made, not both. [SPEC; the refusal's text INF]"""

    def __call__(self, value: Any, path: str = "") -> Any:
        checked = super().__call__(value, path)
        if checked.get("vector_store_ids") and checked.get("vector_stores"):
            raise ApiError("exclusive", path=f"{path}.vector_stores", other=f"{path}.vector_store_ids")
        return checked


def _tool_resources(*, inline_stores: bool) -> Check:
    search: dict[str, Check] = {"vector_store_ids": _STORE_IDS}
    if inline_stores:
        search["vector_stores"] = array(_INLINE_STORE, of="objects", most=1)
    return nullable(
        Fields({"code_interpreter": nullable(Fields({"file_ids": _FILE_IDS})), "file_search": nullable(_Search(search))})
    )


# -- settings shared by assistants and runs -----------------------------------

_RESPONSE_FORMAT = nullable(
    either(
        (str, enum("auto")),
        (
            dict,
            tagged(
                "type",
                {
                    "text": Fields({"type": anything}),
                    "json_object": Fields({"type": anything}),
                    "json_schema": Fields(
                        {
                            "type": anything,
                            "json_schema": Fields(
                                {
                                    "name": string(most=64),
                                    "description": string(),
                                    "schema": either((dict, anything), expected="an object"),
                                    "strict": nullable(boolean),
                                },
                                required=("name",),
                            ),
                        },
                        required=("json_schema",),
                    ),
                },
            ),
        ),
        expected="one of 'auto' or an object",
    )
)
_TOOL_CHOICE = nullable(
    either(
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
)
_TRUNCATION = nullable(
    Fields({"type": enum("auto", "last_messages"), "last_messages": nullable(integer(1))}, required=("type",))
)
_SAMPLING: dict[str, Check] = {
    "temperature": nullable(decimal(0, 2)),
    "top_p": nullable(decimal(0, 1)),
    "reasoning_effort": nullable(enum("none", "minimal", "low", "medium", "high", "xhigh", "max")),
    "response_format": _RESPONSE_FORMAT,
    "metadata": metadata,
}

# -- assistants ---------------------------------------------------------------

_ASSISTANT: dict[str, Check] = {
    "model": string(),
    "name": nullable(string(most=256)),
    "description": nullable(string(most=512)),
    "instructions": nullable(string(most=256_000)),
    "tools": _tools(128),
    **_SAMPLING,
}
CREATE_ASSISTANT = Fields({**_ASSISTANT, "tool_resources": _tool_resources(inline_stores=True)}, required=("model",))
MODIFY_ASSISTANT = Fields({**_ASSISTANT, "tool_resources": _tool_resources(inline_stores=False)})

# -- threads and messages -----------------------------------------------------

_CONTENT_PART = tagged(
    "type",
    {
        "text": Fields({"type": anything, "text": string(most=256_000)}, required=("text",)),
        "image_file": Fields(
            {
                "type": anything,
                "image_file": Fields({"file_id": string(), "detail": enum("auto", "low", "high")}, required=("file_id",)),
            },
            required=("image_file",),
        ),
        "image_url": Fields(
            {
                "type": anything,
                "image_url": Fields({"url": url, "detail": enum("auto", "low", "high")}, required=("url",)),
            },
            required=("image_url",),
        ),
    },
)
_ATTACHMENT = Fields(
    {
        "file_id": string(),
        "tools": array(
            tagged(
                "type",
                {"code_interpreter": Fields({"type": anything}), "file_search": Fields({"type": anything})},
            ),
            of="objects",
        ),
    }
)
CREATE_MESSAGE = Fields(
    {
        "role": enum("user", "assistant"),
        "content": either(
            (str, string(most=256_000, least=1)),
            (list, array(_CONTENT_PART, of="objects", least=1)),
            expected="one of a string or array of objects",
        ),
        "attachments": nullable(array(_ATTACHMENT, of="objects")),
        "metadata": metadata,
    },
    required=("role", "content"),
)
MODIFY_MESSAGE = Fields({"metadata": metadata})
CREATE_THREAD = Fields(
    {
        "messages": array(CREATE_MESSAGE, of="objects"),
        "tool_resources": _tool_resources(inline_stores=True),
        "metadata": metadata,
    }
)
MODIFY_THREAD = Fields({"tool_resources": _tool_resources(inline_stores=False), "metadata": metadata})

# -- runs ---------------------------------------------------------------------

_RUN: dict[str, Check] = {
    "assistant_id": id_of("asst"),
    "model": nullable(string()),
    "instructions": nullable(string(most=256_000)),
    "tools": _tools(20),
    "stream": nullable(boolean),
    # The spec says at least 256; the service took 16 in April 2024. [REC]
    "max_prompt_tokens": nullable(integer(1)),
    "max_completion_tokens": nullable(integer(1)),
    "truncation_strategy": _TRUNCATION,
    "tool_choice": _TOOL_CHOICE,
    "parallel_tool_calls": boolean,
    **_SAMPLING,
}
CREATE_RUN = Fields(
    {
        **_RUN,
        "additional_instructions": nullable(string(most=256_000)),
        "additional_messages": nullable(array(CREATE_MESSAGE, of="objects")),
    },
    required=("assistant_id",),
)
CREATE_THREAD_AND_RUN = Fields(
    {**_RUN, "thread": CREATE_THREAD, "tool_resources": _tool_resources(inline_stores=False)},
    required=("assistant_id",),
)
MODIFY_RUN = Fields({"metadata": metadata})
SUBMIT_TOOL_OUTPUTS = Fields(
    {
        "tool_outputs": array(Fields({"tool_call_id": string(), "output": nullable(string())}), of="objects"),
        "stream": nullable(boolean),
    },
    required=("tool_outputs",),
)
EMPTY = Fields({})
