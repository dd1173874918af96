"""Check the items that an app sends: messages, calls, outputs and the rest.

Known from the types of the SDK (3.57), SPEC and recordings. A key is demanded if nothing could be made of an item without
it; SPEC demands more, and recordings leave much of that out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

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
from understudy._apis.responses.content_checks import (
    CONTENT,
    FROM_APP,
    FROM_MODEL,
    OBJECT,
    OBJECTS,
    SOURCE,
    SOURCE_IN_OUTPUT,
    STRING,
    TEXT,
    content_part,
)
from understudy._apis.responses.tool_checks import TOOLS
from understudy._engine.api_error import ApiError

_ID_CHARACTERS = "^[a-zA-Z0-9_-]+$"


@dataclass(frozen=True, slots=True)
class ItemId:
    """Check the id of an item: its characters, length and beginning [REP].

    `prefix` is how it begins; it may be empty. Quoted in langchain-ai/langchainjs#11044 (an empty id lacks characters),
    can1357/oh-my-pi#284, openai/codex#33176, Alishahryar1/free-claude-code#1826. The order of the checks is a guess [INF].
    """

    prefix: str

    def __call__(self, value: Any, path: str) -> Any:
        if not STRING(value, path) or re.fullmatch(_ID_CHARACTERS, value) is None:
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
    {"direct": Fields({"type": anything}), "program": Fields({"type": anything, "caller_id": STRING}, ("caller_id",))},
)


def _item(prefix: str, required: tuple[str, ...] = (), /, *rules: Rule, **known: Check) -> Fields:
    """Describe an item: a type, an id, what it needs, and what it may have.

    `rules`: what holds for the item as a whole.
    """
    return Fields({"type": anything, "id": ItemId(prefix), "status": _STATUS, **known}, required=required, rules=rules)


def _message(*rules: Rule, **more: Check) -> Fields:
    known: dict[str, Check] = {
        "type": anything,
        "id": ItemId("msg"),
        "status": _STATUS,
        "role": anything,
        "content": CONTENT,
    }
    return Fields({**known, **more}, required=("content",), rules=rules)


_MESSAGE = Tagged(
    "role",
    {
        "assistant": _message(FROM_MODEL, phase=enum("commentary", "final_answer")),
        **dict.fromkeys(("system", "developer", "user"), _message(FROM_APP, SOURCE)),
    },
    blames_object=True,
)
_FUNCTIONS: dict[str, Check] = {
    "function_call": _item(
        "fc",
        ("call_id", "name", "arguments"),
        call_id=_CALL_ID,
        name=string(least=1, most=128, mark="REP"),  # [REP: CommandCodeAI/command-code#778]
        arguments=STRING,
        namespace=STRING,
        caller=_CALLER,
    ),
    "function_call_output": _item(
        "fc",
        ("call_id", "output"),
        SOURCE_IN_OUTPUT,
        call_id=_CALL_ID,
        output=CONTENT,
        caller=_CALLER,
        name=string(least=1, most=128),
        namespace=string(least=1, most=64, pattern=_ID_CHARACTERS),
    ),
    "custom_tool_call": _item(
        "ctc",
        ("call_id", "name", "input"),
        call_id=_CALL_ID,
        name=STRING,
        input=STRING,
        namespace=STRING,
        caller=_CALLER,
    ),
    "custom_tool_call_output": _item(
        "ctc", ("call_id", "output"), SOURCE_IN_OUTPUT, call_id=_CALL_ID, output=CONTENT, caller=_CALLER
    ),
}
_THOUGHTS: dict[str, Check] = {
    "reasoning": _item(
        "rs",
        ("summary",),
        summary=array(tagged("type", {"summary_text": content_part(("text",), text=STRING)}), of="objects"),
        content=array(tagged("type", {"reasoning_text": content_part(("text",), text=STRING)}), of="objects"),
        encrypted_content=STRING,
    ),
    "compaction": _item("cmp", ("encrypted_content",), encrypted_content=string(most=20_971_520), created_by=anything),
    "compaction_trigger": _item(""),
}
_OF_THE_SERVICE: dict[str, Check] = {
    "file_search_call": _item(
        "fs",
        status=enum("in_progress", "searching", "completed", "incomplete", "failed"),
        queries=array(STRING, of="strings"),
        results=OBJECTS,
    ),
    "code_interpreter_call": _item(
        "ci",
        status=enum("in_progress", "completed", "incomplete", "interpreting", "failed"),
        code=STRING,
        container_id=STRING,
        outputs=OBJECTS,
    ),
    "web_search_call": _item(
        "ws", status=enum("in_progress", "searching", "completed", "failed", "incomplete"), action=OBJECT
    ),
    "image_generation_call": _item(
        "ig",
        status=enum("in_progress", "completed", "generating", "failed"),
        result=STRING,
        **dict.fromkeys(
            ("action", "background", "output_format", "quality", "revised_prompt", "size"),
            STRING,
        ),
        error=OBJECT,
        svg_usage=OBJECT,
    ),
    "mcp_list_tools": _item("mcpl", server_label=STRING, tools=OBJECTS, error=anything),
    "mcp_approval_request": _item("mcpr", arguments=STRING, name=STRING, server_label=STRING),
    "mcp_approval_response": _item(
        "",
        ("approval_request_id", "approve"),
        approval_request_id=STRING,
        approve=boolean,
        reason=STRING,
        request_id=STRING,
    ),
    "mcp_call": _item(
        "mcp",
        status=enum("in_progress", "completed", "incomplete", "calling", "failed"),
        arguments=STRING,
        name=STRING,
        server_label=STRING,
        approval_request_id=STRING,
        error=anything,
        output=STRING,
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
    "program": _item("", ("call_id", "code", "fingerprint"), call_id=_CALL_ID, code=TEXT, fingerprint=TEXT),
    "program_output": _item(
        "", ("call_id", "result"), call_id=_CALL_ID, result=TEXT, status=enum("completed", "incomplete")
    ),
}
_COMPUTER: dict[str, Check] = {
    "computer_call": _item(
        "cu",
        call_id=_CALL_ID,
        action=OBJECT,
        actions=OBJECTS,
        pending_safety_checks=OBJECTS,
    ),
    "computer_call_output": _item(
        "",
        ("call_id", "output"),
        call_id=_CALL_ID,
        output=OBJECT,
        acknowledged_safety_checks=OBJECTS,
        created_by=anything,
    ),
    "local_shell_call": _item("", ("call_id", "action"), call_id=_CALL_ID, action=OBJECT),
    "local_shell_call_output": _item("", ("output",), call_id=_CALL_ID, output=STRING),
    "shell_call": _item(
        "",
        ("call_id", "action"),
        call_id=_CALL_ID,
        action=OBJECT,
        caller=_CALLER,
        environment=OBJECT,
        created_by=anything,
    ),
    "shell_call_output": _item(
        "",
        ("call_id", "output"),
        call_id=_CALL_ID,
        output=OBJECTS,
        caller=_CALLER,
        max_output_length=integer(),
        created_by=anything,
    ),
    "apply_patch_call": _item(
        "apc",
        ("call_id", "operation"),
        call_id=_CALL_ID,
        operation=OBJECT,
        status=enum("in_progress", "completed"),
        caller=_CALLER,
        created_by=anything,
    ),
    "apply_patch_call_output": _item(
        "",
        ("call_id", "status"),
        call_id=_CALL_ID,
        status=enum("completed", "failed"),
        output=TEXT,
        caller=_CALLER,
        created_by=anything,
    ),
}
_REFERENCE = Fields({"type": anything, "id": STRING}, ("id",))
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
    (str, TEXT),
    (list, array(_ITEM, of="objects")),
    expected="one of a string or array of input items",
)
GIVEN_ITEMS = array(_ITEM, of="objects", most=20)  # [SPEC, SDK]
