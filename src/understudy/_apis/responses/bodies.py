"""Check the bodies of requests to the Responses API.

Known from the types of the SDK (3.57) and SPEC; where recordings differ, they overrule both.
"""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.bodies import NAME_PATTERN
from understudy._apis.common.schema import (
    Check,
    Fields,
    Rule,
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
from understudy._apis.function_schemas import check_response_schema
from understudy._apis.responses.item_checks import GIVEN_ITEMS, INPUT, MOST_TEXT
from understudy._apis.responses.tool_checks import TOOL_CHOICE, TOOLS
from understudy._engine.api_error import ApiError
from understudy.errors import NotSimulated

_OBJECT = either((dict, anything), expected="an object")
_STRING = string()

# -- text and reasoning -------------------------------------------------------

_JSON_SCHEMA = Fields(
    {
        "type": anything,
        "name": string(least=1, most=64, pattern=NAME_PATTERN),
        "schema": _OBJECT,
        "description": _STRING,
        "strict": boolean,
    },
    required=("name", "schema"),
    rules=(Rule("`schema` is the JSON schema of an object", "schema.response_format", "REP", check_response_schema),),
)
_TEXT = Fields(
    {
        "format": tagged(
            "type",
            {"text": Fields({"type": anything}), "json_object": Fields({"type": anything}), "json_schema": _JSON_SCHEMA},
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

# -- what else a create may ask for -------------------------------------------

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
_MODERATED = Fields({"mode": enum("score", "block")}, ("mode",))
_MODERATION = Fields({"model": _STRING, "policy": Fields({"input": _MODERATED, "output": _MODERATED})}, ("model",))
_CACHE_OPTIONS = Fields(
    {
        "comparison_response_id": _STRING,
        "mode": enum("implicit", "explicit"),
        "prewarm": boolean,
        "ttl": enum("30m", "12h"),
    }
)
_RETENTION = enum("in_memory", "24h")
_TIER = enum("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")

# -- bodies -------------------------------------------------------------------

_ASKED: dict[str, Check] = {
    "model": _STRING,
    "input": INPUT,
    "instructions": string(most=MOST_TEXT, mark="INF"),
    "previous_response_id": _STRING,
    "conversation": _CONVERSATION,
    "tools": TOOLS,
    "tool_choice": TOOL_CHOICE,
    "text": _TEXT,
    "reasoning": _REASONING,
    "parallel_tool_calls": boolean,
    "truncation": enum("auto", "disabled"),
}


# Parameters of chat completions, and what they are called here. [REP for `reasoning_effort`, INF for the others]
MOVED = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
}


class _CreateResponse(Fields):
    """Check the body of a create.

    One with a `prompt` needs no model [REC] and is not simulated.
    """

    def __call__(self, value: Any, path: str = "") -> Any:
        if type(value) is dict and value.get("prompt") is not None:
            raise NotSimulated(
                "prompt= of responses.create is not simulated: v1/prompts end on 2026-11-30. Send the prompt's text as "
                "instructions= and input=."
            )
        if type(value) is dict:
            for key, meant in MOVED.items():
                if key in value:
                    raise ApiError("parameter.moved", path=key, meant=meant)
        return super().__call__(value, path)


CREATE_RESPONSE = _CreateResponse(
    {
        **_ASKED,
        "access_programs": Fields({"cyber": enum("standard", "daybreak_blue", "daybreak_red")}),
        "background": boolean,
        "background_options": Fields({"completion_window": enum("soonest", "2h", "8h"), "continuation_id": _STRING}),
        "client_metadata": _OBJECT,  # of Codex; in no SDK [REC]
        "context_management": array(
            Fields({"type": _STRING, "compact_threshold": integer(1000)}, ("type",)), of="objects", least=1
        ),
        "image": Fields({"context_compression": enum("auto", "enabled", "disabled")}),
        "include": INCLUDE,
        "max_output_tokens": integer(16, mark="REP"),  # [REP: vectorize-io/hindsight#58, earendil-works/pi#6265]
        "max_tool_calls": integer(1, mark="INF"),
        "metadata": metadata,
        "moderation": _MODERATION,
        "prompt": anything,
        "prompt_cache_key": string(most=64, mark="INF"),
        "prompt_cache_options": _CACHE_OPTIONS,
        "prompt_cache_retention": _RETENTION,
        "safety_identifier": string(most=64),
        "service_tier": _TIER,
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
        "prompt_cache_key": string(most=64, mark="SPEC"),
        "prompt_cache_retention": _RETENTION,
        "prompt_cache_options": _CACHE_OPTIONS,
        "service_tier": _TIER,
    },
    required=("model",),
)
CREATE_CONVERSATION = Fields({"items": GIVEN_ITEMS, "metadata": metadata})
UPDATE_CONVERSATION = Fields({"metadata": metadata}, required=("metadata",), nulls=("metadata",))
CREATE_ITEMS = Fields({"items": GIVEN_ITEMS}, required=("items",))
