"""Check the bodies of requests to the Responses API.

Known from the types of the SDK (3.57) and SPEC; where recordings differ, they overrule both.
"""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.bodies import NAME_PATTERN
from understudy._apis.common.bounds import Rule
from understudy._apis.common.metadata import metadata
from understudy._apis.common.schema import (
    Check,
    Fields,
    anything,
    array,
    boolean,
    decimal,
    either,
    enum,
    integer,
    string,
    tagged,
    type_name,
)
from understudy._apis.common.word_lists import any_of
from understudy._apis.function_schemas import check_response_schema
from understudy._apis.responses.content_checks import MOST_TEXT
from understudy._apis.responses.item_checks import GIVEN_ITEMS, INPUT
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
            {"json_object": Fields({"type": anything}), "text": Fields({"type": anything}), "json_schema": _JSON_SCHEMA},
        ),
        "verbosity": enum("low", "medium", "high"),
    }
)
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def _no_number(value: Any, path: str) -> Any:
    """Refuse an effort that is a number [REP].

    The sentence for other types names one as expected.
    """
    raise ApiError("type", path=path, expected=any_of(("minimal", "low", "medium", "high")), got=type_name(value))


# The SDK has `generate_summary` as well; the service does not know it. [REP]
_REASONING = Fields(
    {
        "effort": either((str, enum(*_EFFORTS)), (int, _no_number), expected=f"one of {any_of(_EFFORTS)} or integer"),
        "summary": enum("concise", "detailed", "auto"),
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
INCLUDE = array(enum(*INCLUDES), of=any_of(INCLUDES))
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
# The SDK has `scale` and `ultrafast` as well. [REP]
_TIER = enum("auto", "default", "fast", "flex", "priority", mark="REP")

# -- bodies -------------------------------------------------------------------

# Of a count of tokens, as for a create.
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


# Parameters of chat completions, and what they are called here. [REP for `messages`, `max_completion_tokens`,
# `reasoning_effort`, INF for the others; `max_tokens` is unknown: REP]
MOVED = {
    "messages": "input",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
}


class _CreateResponse(Fields):
    """Check the body of a create.

    One with a `prompt` needs neither model nor input [REC] and is not simulated. Null for the two is a wrong type, and
    called an object [REP].
    """

    def __call__(self, value: Any, path: str = "") -> Any:
        if type(value) is dict:
            _refuse_prompt(value.get("prompt"))
            for key, meant in MOVED.items():
                if key in value:
                    raise ApiError("parameter.moved", path=key, meant=meant)
            for key in self.required:
                if key in value and value[key] is None:
                    raise ApiError("type", path=key, expected="a string", got="an object")
        return super().__call__(value, path)


def _refuse_prompt(prompt: Any) -> None:
    if isinstance(prompt, dict):
        raise NotSimulated(
            "prompt= of responses.create is not simulated: v1/prompts end on 2026-11-30. Send the prompt's text as "
            "instructions= and input=."
        )


_PENALTY = decimal(-2, 2, mark="INF")  # [INF: as in chat completions]
# The order is the one in which the service reports what is wrong. [REP for all but the last six: the requests of
# kangminlee-maker/local-OAuth-CLI-API-adapter, sent to the service in August 2026]
CREATE_RESPONSE = _CreateResponse(
    {
        "model": _STRING,
        "input": INPUT,
        "previous_response_id": _STRING,
        "prompt": _OBJECT,
        "moderation": _MODERATION,
        "include": INCLUDE,
        "tools": TOOLS,
        "tool_choice": TOOL_CHOICE,
        "metadata": metadata,
        "text": _TEXT,
        "temperature": decimal(0, 2),
        "top_p": decimal(0, 1),
        "presence_penalty": _PENALTY,  # echoed by every response [REC], in no SDK
        "frequency_penalty": _PENALTY,
        "parallel_tool_calls": boolean,
        "stream": boolean,
        "stream_options": Fields({"include_obfuscation": boolean}),
        "background": boolean,
        "max_output_tokens": integer(16, mark="REP"),  # [REP: vectorize-io/hindsight#58, earendil-works/pi#6265]
        "max_tool_calls": integer(1, mark="REP"),
        "reasoning": _REASONING,
        "user": _STRING,
        "safety_identifier": string(most=64),
        "prompt_cache_options": _CACHE_OPTIONS,
        "prompt_cache_key": string(most=64, mark="INF"),
        "prompt_cache_retention": _RETENTION,
        "truncation": enum("auto", "disabled"),
        "instructions": string(most=MOST_TEXT, mark="INF"),
        "store": boolean,
        "service_tier": _TIER,
        "top_logprobs": integer(0, 20),
        "context_management": array(
            Fields({"type": _STRING, "compact_threshold": integer(1000)}, ("type",)), of="objects", least=1
        ),
        "conversation": _CONVERSATION,
        "access_programs": Fields({"cyber": enum("standard", "daybreak_blue", "daybreak_red")}),
        "background_options": Fields({"completion_window": enum("soonest", "2h", "8h"), "continuation_id": _STRING}),
        "client_metadata": _OBJECT,  # of Codex; in no SDK [REC]
        "image": Fields({"context_compression": enum("auto", "enabled", "disabled")}),
    },
    required=("model", "input"),
    mark="REP",
    is_measured=True,
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
