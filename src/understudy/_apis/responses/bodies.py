"""The bodies of requests to the Responses API: what each may hold [SDK 3.57, SPEC; recordings overrule both]."""

from __future__ import annotations

from typing import Any

from understudy._apis.common.schema import (
    Check,
    Fields,
    Tagged,
    anything,
    array,
    boolean,
    decimal,
    either,
    enum,
    integer,
    metadata,
    string,
    tagged,
)
from understudy._apis.common.schema import join as join_path
from understudy._engine.api_error import ApiError
from understudy._engine.items import CallState

_OBJECT = either((dict, anything), expected="an object")
_STRING = string()
_MOST_TEXT = 10_485_760  # characters [REP]


def _item(required: tuple[str, ...] = (), **known: Check) -> Fields:
    """Describe an item or a part: a type, what it needs, and what it may have."""
    return Fields({"type": anything, "id": _STRING, "status": _STRING, **known}, required=required)


# -- content ----------------------------------------------------------------------


def _file_data(value: Any, path: str) -> Any:
    """Check a file that is sent along: a recording or a film is not taken [REC for audio, INF for video]."""
    text = _STRING(value, path)
    kind = text.removeprefix("data:").partition(";")[0]
    if text.startswith("data:") and kind.startswith(("audio/", "video/")):
        raise ApiError("file.kind", path=path, kind=kind)
    return text


_DETAIL = enum("auto", "low", "high", "original")
_PARTS: dict[str, Check] = {
    "input_text": Fields(
        {"type": anything, "text": string(most=_MOST_TEXT), "prompt_cache_breakpoint": anything}, ("text",)
    ),
    "input_image": Fields(
        {
            "type": anything,
            "detail": _DETAIL,
            "file_id": _STRING,
            "image_url": _STRING,
            "prompt_cache_breakpoint": anything,
        }
    ),
    "input_file": Fields(
        {
            "type": anything,
            "file_id": _STRING,
            "file_data": _file_data,
            "file_url": _STRING,
            "filename": _STRING,
            "detail": _DETAIL,
            "prompt_cache_breakpoint": anything,
        }
    ),
    "input_audio": Fields({"type": anything, "input_audio": _OBJECT}, ("input_audio",)),
    "output_text": Fields(
        {"type": anything, "text": _STRING, "annotations": array(_OBJECT), "logprobs": array(_OBJECT)}, ("text",)
    ),
    "refusal": Fields({"type": anything, "refusal": _STRING}, ("refusal",)),
}
_CONTENT = either(
    (str, string(most=_MOST_TEXT)),
    (list, array(tagged("type", _PARTS), of="objects")),
    expected="one of a string or array of objects",
)
_OUTPUT = either(
    (str, string(most=_MOST_TEXT)),
    (list, array(tagged("type", _PARTS), of="objects")),
    expected="one of a string or array of objects",
)

# -- items ------------------------------------------------------------------------

_MESSAGE = _item(("role", "content"), role=enum("user", "assistant", "system", "developer"), content=_CONTENT, phase=_STRING)
_FREE_TYPES = [
    "computer_call",
    "computer_call_output",
    "web_search_call",
    "tool_search_call",
    "tool_search_output",
    "additional_tools",
    "configuration_update",
    "image_generation_call",
    "local_shell_call",
    "local_shell_call_output",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "compaction_trigger",
    "program",
    "program_output",
]


def _free(value: Any, path: str) -> Any:  # noqa: ARG001 - as every Check
    """Take an item of a kind that is only passed on: its own fields are not checked."""
    return value


_ITEMS: dict[str, Check] = {
    "message": _MESSAGE,
    "function_call": _item(
        ("call_id", "name", "arguments"),
        call_id=string(least=1, most=64),
        name=string(least=1, most=128),
        arguments=_STRING,
        namespace=_STRING,
        caller=anything,
    ),
    "function_call_output": _item(("call_id", "output"), call_id=string(least=1, most=64), output=_OUTPUT, caller=anything),
    "custom_tool_call": _item(
        ("call_id", "name", "input"),
        call_id=string(least=1, most=64),
        name=_STRING,
        input=_STRING,
        namespace=_STRING,
        caller=anything,
    ),
    "custom_tool_call_output": _item(
        ("call_id", "output"), call_id=string(least=1, most=64), output=_OUTPUT, caller=anything
    ),
    "reasoning": _item(
        ("summary",),
        summary=array(_OBJECT, of="objects"),
        content=array(_OBJECT, of="objects"),
        encrypted_content=_STRING,
    ),
    "file_search_call": _item(queries=array(_STRING, of="strings"), results=array(_OBJECT, of="objects")),
    "code_interpreter_call": _item(code=_STRING, container_id=_STRING, outputs=array(_OBJECT, of="objects")),
    "compaction": _item(("encrypted_content",), encrypted_content=_STRING, created_by=anything),
    "item_reference": Fields({"type": anything, "id": _STRING}, ("id",)),
    **dict.fromkeys(_FREE_TYPES, _free),
}
_TYPED_ITEM = tagged("type", _ITEMS)


def _input_item(value: Any, path: str) -> Any:
    """Check an item; one without a type is a message, or (with an id alone) a reference [REC]."""
    if type(value) is dict and value.get("type") is None:
        if set(value) - {"type"} == {"id"}:
            return {"type": "item_reference", **_ITEMS["item_reference"](value, path)}
        return {**_MESSAGE(value, path), "type": "message"}
    return _TYPED_ITEM(value, path)


INPUT = either(
    (str, string(most=_MOST_TEXT)),
    (list, array(_input_item, of="objects")),
    expected="one of a string or array of input items",
)

# -- tools ------------------------------------------------------------------------

_RANKING = Fields(
    {
        "ranker": enum("auto", "default-2024-11-15", "default_2024_08_21"),
        "score_threshold": decimal(0, 1),
        "hybrid_search": anything,
    }
)
_FUNCTION = Fields(
    {
        "type": anything,
        "name": string(least=1, most=64),
        "description": _STRING,
        "parameters": _OBJECT,
        "strict": boolean,
        "defer_loading": boolean,
        "output_schema": _OBJECT,
        "allowed_callers": anything,
    },
    required=("name",),
)
_FREE_TOOLS = [
    "computer",
    "computer_use_preview",
    "web_search",
    "web_search_2025_08_26",
    "web_search_preview",
    "web_search_preview_2025_03_11",
    "programmatic_tool_calling",
    "image_generation",
    "local_shell",
    "shell",
    "namespace",
    "tool_search",
    "apply_patch",
]
_TOOLS: dict[str, Check] = {
    "function": _FUNCTION,
    "file_search": Fields(
        {
            "type": anything,
            "vector_store_ids": array(_STRING, of="strings", least=1),
            "max_num_results": integer(1, 50),
            "filters": _OBJECT,
            "ranking_options": _RANKING,
        },
        required=("vector_store_ids",),
    ),
    "code_interpreter": Fields(
        {
            "type": anything,
            "container": either((str, string()), (dict, anything), expected="one of a string or an object"),
            "allowed_callers": anything,
        },
        required=("container",),
    ),
    "mcp": Fields(
        {
            "type": anything,
            "server_label": _STRING,
            **dict.fromkeys(
                ["server_url", "server_description", "headers", "allowed_tools", "require_approval", "authorization"],
                anything,
            ),
            **dict.fromkeys(["authorization", "connector_id", "defer_loading", "tunnel_id", "allowed_callers"], anything),
        },
        required=("server_label",),
    ),
    "custom": Fields(
        {
            "type": anything,
            "name": string(least=1),
            "description": _STRING,
            "format": _OBJECT,
            "defer_loading": boolean,
            "allowed_callers": anything,
        },
        required=("name",),
    ),
    **dict.fromkeys(_FREE_TOOLS, _free),
}


class _ResponseTool(Tagged):
    """A tool of any type, those that a kind of call brings with it included."""

    def __call__(self, value: Any, path: str) -> Any:
        name = value.get("type") if type(value) is dict else None
        if isinstance(name, str) and name not in self.options and name in CallState.kinds:
            return value if "responses" in CallState.kinds[name].faces else super().__call__(value, path)
        return super().__call__(value, path)


_TOOL_CHOICE = either(
    (str, enum("none", "auto", "required")),
    (
        dict,
        tagged(
            "type",
            {
                "function": Fields({"type": anything, "name": _STRING}, ("name",)),
                "custom": Fields({"type": anything, "name": _STRING}, ("name",)),
                "mcp": Fields({"type": anything, "server_label": _STRING, "name": _STRING}, ("server_label",)),
                "allowed_tools": Fields(
                    {"type": anything, "mode": enum("auto", "required"), "tools": array(_OBJECT, of="objects")},
                    ("mode", "tools"),
                ),
                **{
                    kind: Fields({"type": anything})
                    for kind in (
                        "file_search",
                        "code_interpreter",
                        "image_generation",
                        "apply_patch",
                        "shell",
                        *_FREE_TOOLS,
                    )
                },
            },
        ),
    ),
    expected="one of 'none', 'auto', 'required' or an object",
)

# -- text -------------------------------------------------------------------------

_TEXT = Fields(
    {
        "format": tagged(
            "type",
            {
                "text": Fields({"type": anything}),
                "json_object": Fields({"type": anything}),
                "json_schema": Fields(
                    {
                        "type": anything,
                        "name": string(least=1, most=64),
                        "schema": _OBJECT,
                        "description": _STRING,
                        "strict": boolean,
                    },
                    required=("name", "schema"),
                ),
            },
        ),
        "verbosity": enum("low", "medium", "high"),
    }
)
_REASONING = Fields(
    {
        "effort": enum("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        "summary": enum("auto", "concise", "detailed"),
        "generate_summary": enum("auto", "concise", "detailed"),
        "context": enum("auto", "current_turn", "all_turns"),
        "mode": _STRING,
    }
)
INCLUDES = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
INCLUDE = array(enum(*INCLUDES), of="strings")
_CONVERSATION = either((str, _STRING), (dict, Fields({"id": _STRING}, ("id",))), expected="one of a string or an object")
_ASKED: dict[str, Check] = {
    "model": _STRING,
    "input": INPUT,
    "instructions": string(most=_MOST_TEXT),
    "previous_response_id": _STRING,
    "conversation": _CONVERSATION,
    "tools": array(_ResponseTool("type", _TOOLS), of="objects", most=128),
    "tool_choice": _TOOL_CHOICE,
    "text": _TEXT,
    "reasoning": _REASONING,
    "parallel_tool_calls": boolean,
    "truncation": enum("auto", "disabled"),
}
_TIERS = ("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")
CREATE_RESPONSE = Fields(
    {
        **_ASKED,
        "access_programs": anything,
        "background": boolean,
        "background_options": _OBJECT,
        "client_metadata": _OBJECT,  # of Codex; in no SDK [REC]
        "context_management": array(_OBJECT, of="objects"),
        "image": _OBJECT,
        "include": INCLUDE,
        "max_output_tokens": integer(16),
        "max_tool_calls": integer(1),
        "metadata": metadata,
        "moderation": _OBJECT,
        "prompt": anything,
        "prompt_cache_key": string(most=64),
        "prompt_cache_options": _OBJECT,
        "prompt_cache_retention": enum("in_memory", "24h"),
        "safety_identifier": string(most=64),
        "service_tier": enum(*_TIERS),
        "store": boolean,
        "stream": boolean,
        "stream_options": Fields({"include_obfuscation": boolean, "include_usage": anything}),
        "temperature": decimal(0, 2),
        "top_logprobs": integer(0, 20),
        "top_p": decimal(0, 1),
        "user": _STRING,
    },
    required=("model",),
)
COUNT_TOKENS = Fields({**_ASKED, "personality": anything})
COMPACT = Fields(
    {
        "model": _STRING,
        "input": INPUT,
        "instructions": _STRING,
        "previous_response_id": _STRING,
        "prompt_cache_key": _STRING,
        "prompt_cache_retention": anything,
        "prompt_cache_options": anything,
        "service_tier": anything,
    },
    required=("model",),
)
_GIVEN_ITEMS = array(_input_item, of="objects", most=20)
CREATE_CONVERSATION = Fields({"items": _GIVEN_ITEMS, "metadata": metadata})
UPDATE_CONVERSATION = Fields({"metadata": metadata}, required=("metadata",))
CREATE_ITEMS = Fields({"items": _GIVEN_ITEMS}, required=("items",))


def check_strict_schema(name: str, schema: Any, path: str) -> None:
    """Refuse a strict schema whose `required` leaves out a property [REC]."""
    _check_object(name, schema, (), join_path(path, "parameters"))


def _check_object(name: str, schema: Any, context: tuple[str, ...], path: str) -> None:
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if isinstance(properties, dict):
        required = schema.get("required")
        for key, inner in properties.items():
            if not isinstance(required, list) or key not in required:
                raise ApiError("schema.required", function=name, context=_shown(context), key=key, path=path)
            _check_object(name, inner, (*context, "properties", key), path)


def _shown(context: tuple[str, ...]) -> str:
    return f"({', '.join(map(repr, context))}{',' if len(context) == 1 else ''})"
