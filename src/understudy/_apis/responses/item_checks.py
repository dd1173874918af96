"""Check the items that an app sends: messages, calls, outputs and the rest.

Known from the types of the SDK (3.57), SPEC and recordings. A key is demanded if nothing could be made of an item without
it; SPEC demands more, and recordings leave much of that out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from understudy._apis.assistants.bodies import FILE_ID
from understudy._apis.common.bounds import Bound, Rule
from understudy._apis.common.schema import (
    Check,
    Fields,
    Tagged,
    anything,
    array,
    boolean,
    either,
    enum,
    integer,
    string,
    tagged,
)
from understudy._apis.common.urls import url_or_data
from understudy._apis.common.word_lists import one_of
from understudy._apis.responses.tool_checks import TOOLS
from understudy._engine.api_error import ApiError

_OBJECT = either((dict, anything), expected="an object")
_OBJECTS = array(_OBJECT, of="objects")
_STRING = string()
MOST_TEXT = 10_485_760  # characters [SPEC; REP for an input]
_TEXT = string(most=MOST_TEXT)
_ID_CHARACTERS = "^[a-zA-Z0-9_-]+$"


@dataclass(frozen=True, slots=True)
class ItemId:
    """Check the id of an item: its characters, length and beginning [REP].

    `prefix` is how it begins; it may be empty. Quoted in langchain-ai/langchainjs#11044 (an empty id lacks characters),
    can1357/oh-my-pi#284, openai/codex#33176, Alishahryar1/free-claude-code#1826. The order of the checks is a guess [INF].
    """

    prefix: str

    def __call__(self, value: Any, path: str) -> Any:
        if not _STRING(value, path) or re.fullmatch(_ID_CHARACTERS, value) is None:
            raise ApiError("id.characters", path=path, value=value)
        if len(value) > _MOST_IN_ID:
            raise ApiError("string.long", path=path, most=_MOST_IN_ID, length=len(value))
        if not value.startswith(self.prefix):
            raise ApiError("id", path=path, value=value, prefix=self.prefix)
        return value

    def bounds(self) -> list[Bound]:
        return [
            Bound("characters of an id", _ID_CHARACTERS, "id.characters", "REP"),
            Bound("most characters of an id", _MOST_IN_ID, "string.long", "REP"),
            *([Bound("prefix", self.prefix, "id", "REP" if self.prefix in _QUOTED else "INF")] if self.prefix else []),
        ]


_QUOTED = ("msg", "fc", "rs", "ctc")  # beginnings that refusals were seen to demand
_MOST_IN_ID = 64
_CALL_ID = string(least=1, most=64, mark="REP")  # [REP: AnswerDotAI/fastllm#45, earendil-works/pi#1022]
_STATUS = enum("in_progress", "completed", "incomplete")
_CALLER = tagged(
    "type",
    {"direct": Fields({"type": anything}), "program": Fields({"type": anything, "caller_id": _STRING}, ("caller_id",))},
)


def _item(prefix: str, required: tuple[str, ...] = (), /, *rules: Rule, **known: Check) -> Fields:
    """Describe an item: a type, an id, what it needs, and what it may have.

    `rules`: what holds for the item as a whole.
    """
    return Fields({"type": anything, "id": ItemId(prefix), "status": _STATUS, **known}, required=required, rules=rules)


# -- content ------------------------------------------------------------------


def _part(required: tuple[str, ...] = (), /, **known: Check) -> Fields:
    return Fields({"type": anything, **known}, required=required)


def _file_data(value: Any, path: str) -> Any:
    """Refuse a file that is not a data URL [REP].

    A recording [REC] or a film [INF] is refused as well.
    """
    text = _STRING(value, path)
    if not text.startswith("data:"):
        raise ApiError("file.kind", path=path, wrong="a value without the 'data:' prefix")
    kind = text.removeprefix("data:").partition(";")[0]
    if kind.startswith(("audio/", "video/")):
        raise ApiError("file.kind", path=path, wrong=f"unsupported MIME type '{kind}'")
    return text


_BREAKPOINT = Fields({"mode": enum("explicit"), "ttl": enum("30m", "12h")}, ("mode",))
_DETAIL = enum("auto", "low", "high", "original")
_LOGPROBS = _OBJECTS
# The sentence that lists them was quoted in this order. [REP: MervinPraison/PraisonAI#3934]
_PARTS: dict[str, Check] = {
    "input_text": _part(("text",), text=_TEXT, prompt_cache_breakpoint=_BREAKPOINT),
    "input_image": _part(
        detail=_DETAIL, file_id=FILE_ID, image_url=url_or_data, prompt_cache_breakpoint=_BREAKPOINT
    ),  # SPEC demands `detail`; recordings leave it out
    "input_audio": _part(("input_audio",), input_audio=_OBJECT),
    "output_text": _part(("text",), text=_STRING, annotations=_OBJECTS, logprobs=_LOGPROBS),
    "refusal": _part(("refusal",), refusal=_STRING),
    "input_file": _part(
        file_id=FILE_ID,
        file_data=_file_data,
        file_url=url_or_data,
        filename=_STRING,
        detail=_DETAIL,
        prompt_cache_breakpoint=_BREAKPOINT,
    ),
    "computer_screenshot": _part(file_id=FILE_ID, image_url=url_or_data, detail=_DETAIL),
    "summary_text": _part(("text",), text=_STRING),
    "encrypted_content": _part(("encrypted_content",), encrypted_content=_STRING),
}
_CONTENT = either(
    (str, _TEXT),
    (list, array(tagged("type", _PARTS), of="objects")),
    expected="one of a string or array of objects",
)

# -- items --------------------------------------------------------------------

_OF_THE_MODEL = ("output_text", "refusal")
# `scoped_content` is in no SDK, and no part of that type is taken here; the sentence names it. [REP]
_OF_THE_APP = ("input_text", "input_image", "input_file", "scoped_content", "input_audio")


def _parts_in(key: str, item: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the parts of an item with their paths; text has none."""
    for number, part in enumerate(item[key] if isinstance(item[key], list) else ()):
        yield f"{path}.{key}[{number}]", part


def _check_parts(allowed: tuple[str, ...], message: Any, path: str) -> None:
    for where, part in _parts_in("content", message, path):
        if part["type"] not in allowed:
            raise ApiError("enum", path=where, value=f"'{part['type']}'", allowed=one_of(allowed))


# What an image or a file can come from; the refusal names the first.
_SOURCES = {
    **dict.fromkeys(("input_image", "computer_screenshot"), ("image_url", "file_id")),
    "input_file": ("file_id", "file_data", "file_url"),
}


def _check_sources(key: str, item: Any, path: str) -> None:
    for where, part in _parts_in(key, item, path):
        sources = _SOURCES.get(part["type"])
        if sources is not None and not any(source in part for source in sources):
            raise ApiError("missing", path=f"{where}.{sources[0]}")


def _message(*rules: Rule, **more: Check) -> Fields:
    known: dict[str, Check] = {
        "type": anything,
        "id": ItemId("msg"),
        "status": _STATUS,
        "role": anything,
        "content": _CONTENT,
    }
    return Fields({**known, **more}, required=("content",), rules=rules)


# [REP: jeremychone/rust-genai#119; the rest kangminlee-maker/local-OAuth-CLI-API-adapter]
_FROM_MODEL = Rule(
    "an assistant's message has parts that a model writes", "enum", "REP", partial(_check_parts, _OF_THE_MODEL)
)
_FROM_APP = Rule("another message has parts that an app sends", "enum", "REP", partial(_check_parts, _OF_THE_APP))
# What the service says is not known, and no recorded part lacks it.
_SOURCE = Rule("an image and a file have a source", "missing", "INF", partial(_check_sources, "content"))
_SOURCE_IN_OUTPUT = Rule("an image and a file have a source", "missing", "INF", partial(_check_sources, "output"))
_MESSAGE = Tagged(
    "role",
    {
        "assistant": _message(_FROM_MODEL, phase=enum("commentary", "final_answer")),
        **dict.fromkeys(("system", "developer", "user"), _message(_FROM_APP, _SOURCE)),
    },
    blames_object=True,
)
_FUNCTIONS: dict[str, Check] = {
    "function_call": _item(
        "fc",
        ("call_id", "name", "arguments"),
        call_id=_CALL_ID,
        name=string(least=1, most=128, mark="REP"),  # [REP: CommandCodeAI/command-code#778]
        arguments=_STRING,
        namespace=_STRING,
        caller=_CALLER,
    ),
    "function_call_output": _item(
        "fc",
        ("call_id", "output"),
        _SOURCE_IN_OUTPUT,
        call_id=_CALL_ID,
        output=_CONTENT,
        caller=_CALLER,
        name=string(least=1, most=128),
        namespace=string(least=1, most=64, pattern=_ID_CHARACTERS),
    ),
    "custom_tool_call": _item(
        "ctc",
        ("call_id", "name", "input"),
        call_id=_CALL_ID,
        name=_STRING,
        input=_STRING,
        namespace=_STRING,
        caller=_CALLER,
    ),
    "custom_tool_call_output": _item(
        "ctc", ("call_id", "output"), _SOURCE_IN_OUTPUT, call_id=_CALL_ID, output=_CONTENT, caller=_CALLER
    ),
}
_THOUGHTS: dict[str, Check] = {
    "reasoning": _item(
        "rs",
        ("summary",),
        summary=array(tagged("type", {"summary_text": _part(("text",), text=_STRING)}), of="objects"),
        content=array(tagged("type", {"reasoning_text": _part(("text",), text=_STRING)}), of="objects"),
        encrypted_content=_STRING,
    ),
    "compaction": _item("cmp", ("encrypted_content",), encrypted_content=string(most=20_971_520), created_by=anything),
    "compaction_trigger": _item(""),
}
_OF_THE_SERVICE: dict[str, Check] = {
    "file_search_call": _item(
        "fs",
        status=enum("in_progress", "searching", "completed", "incomplete", "failed"),
        queries=array(_STRING, of="strings"),
        results=_OBJECTS,
    ),
    "code_interpreter_call": _item(
        "ci",
        status=enum("in_progress", "completed", "incomplete", "interpreting", "failed"),
        code=_STRING,
        container_id=_STRING,
        outputs=_OBJECTS,
    ),
    "web_search_call": _item(
        "ws", status=enum("in_progress", "searching", "completed", "failed", "incomplete"), action=_OBJECT
    ),
    "image_generation_call": _item(
        "ig",
        status=enum("in_progress", "completed", "generating", "failed"),
        result=_STRING,
        **dict.fromkeys(
            ("action", "background", "output_format", "quality", "revised_prompt", "size"),
            _STRING,
        ),
        error=_OBJECT,
        svg_usage=_OBJECT,
    ),
    "mcp_list_tools": _item("mcpl", server_label=_STRING, tools=_OBJECTS, error=anything),
    "mcp_approval_request": _item("mcpr", arguments=_STRING, name=_STRING, server_label=_STRING),
    "mcp_approval_response": _item(
        "",
        ("approval_request_id", "approve"),
        approval_request_id=_STRING,
        approve=boolean,
        reason=_STRING,
        request_id=_STRING,
    ),
    "mcp_call": _item(
        "mcp",
        status=enum("in_progress", "completed", "incomplete", "calling", "failed"),
        arguments=_STRING,
        name=_STRING,
        server_label=_STRING,
        approval_request_id=_STRING,
        error=anything,
        output=_STRING,
    ),
}
_TOOL_SEARCH: dict[str, Check] = {
    "tool_search_call": _item(
        "tsc",
        ("arguments",),
        arguments=anything,
        call_id=_CALL_ID,
        execution=enum("server", "client"),
        created_by=anything,
    ),
    "tool_search_output": _item(
        "tso", ("tools",), tools=TOOLS, call_id=_CALL_ID, execution=enum("server", "client"), created_by=anything
    ),
    "additional_tools": _item("", ("role", "tools"), role=enum("developer"), tools=TOOLS),
    "program": _item("", ("call_id", "code", "fingerprint"), call_id=_CALL_ID, code=_TEXT, fingerprint=_TEXT),
    "program_output": _item(
        "", ("call_id", "result"), call_id=_CALL_ID, result=_TEXT, status=enum("completed", "incomplete")
    ),
}
_COMPUTER: dict[str, Check] = {
    "computer_call": _item(
        "cu",
        call_id=_CALL_ID,
        action=_OBJECT,
        actions=_OBJECTS,
        pending_safety_checks=_OBJECTS,
    ),
    "computer_call_output": _item(
        "",
        ("call_id", "output"),
        call_id=_CALL_ID,
        output=_OBJECT,
        acknowledged_safety_checks=_OBJECTS,
        created_by=anything,
    ),
    "local_shell_call": _item("", ("call_id", "action"), call_id=_CALL_ID, action=_OBJECT),
    "local_shell_call_output": _item("", ("output",), call_id=_CALL_ID, output=_STRING),
    "shell_call": _item(
        "",
        ("call_id", "action"),
        call_id=_CALL_ID,
        action=_OBJECT,
        caller=_CALLER,
        environment=_OBJECT,
        created_by=anything,
    ),
    "shell_call_output": _item(
        "",
        ("call_id", "output"),
        call_id=_CALL_ID,
        output=_OBJECTS,
        caller=_CALLER,
        max_output_length=integer(),
        created_by=anything,
    ),
    "apply_patch_call": _item(
        "apc",
        ("call_id", "operation"),
        call_id=_CALL_ID,
        operation=_OBJECT,
        status=enum("in_progress", "completed"),
        caller=_CALLER,
        created_by=anything,
    ),
    "apply_patch_call_output": _item(
        "",
        ("call_id", "status"),
        call_id=_CALL_ID,
        status=enum("completed", "failed"),
        output=_TEXT,
        caller=_CALLER,
        created_by=anything,
    ),
}
_REFERENCE = Fields({"type": anything, "id": _STRING}, ("id",))
# Named by the service as types of items; what they hold is not known. [REP]
_UNKNOWN = dict.fromkeys(("agent_message", "multi_agent_call", "multi_agent_call_output"), anything)


class _InputItem(Tagged):
    """Check an item of any type.

    One without a type is a message, or, with an id alone, a reference [REC].
    """

    def __init__(self, options: dict[str, Check]) -> None:
        in_order = {name: options[name] for name in sorted(options)}  # as the service lists them [REP]
        super().__init__("type", in_order, expected="an input item", blames_object=True)

    def __call__(self, value: Any, path: str) -> Any:
        if type(value) is dict and value.get("type") is None:
            if set(value) - {"type"} == {"id"}:
                return {"type": "item_reference", **_REFERENCE(value, path)}
            return {**_MESSAGE(value, path), "type": "message"}
        return super().__call__(value, path)


_ITEM = _InputItem(
    {
        "message": _MESSAGE,
        **_FUNCTIONS,
        **_THOUGHTS,
        **_OF_THE_SERVICE,
        **_TOOL_SEARCH,
        **_COMPUTER,
        "item_reference": _REFERENCE,
        **_UNKNOWN,
    },
)
INPUT = either(
    (str, _TEXT),
    (list, array(_ITEM, of="objects")),
    expected="one of a string or array of input items",
)
GIVEN_ITEMS = array(_ITEM, of="objects", most=20)  # [SPEC, SDK]
