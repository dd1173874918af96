"""Ids of the Responses API: 50 hex digits, 16 of them a family's.

[REC, contract 14]

A response, its items, the responses that continue it and its conversation share these 16 digits (the *partition*). They
come first, followed by `00`, or `01` for what is not stored, eight digits of unix time and 24 more. In the id of a
conversation, and of the items that the app adds to it, the time comes first and the partition last.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from understudy._engine.ids import Ids

PARTITION_DIGITS = 16

# By the type of an item: how its id begins. [REC, but for those never recorded, which are guesses: INF]
PREFIXES = {
    "message": "msg_",
    "function_call": "fc_",
    "function_call_output": "fc_",
    "reasoning": "rs_",
    "file_search_call": "fs_",
    "code_interpreter_call": "ci_",
    "web_search_call": "ws_",
    "image_generation_call": "ig_",
    "compaction": "cmp_",
    "apply_patch_call": "apc_",
    "apply_patch_call_output": "apc_",
    "tool_search_call": "tsc_",
    "tool_search_output": "tso_",
    "computer_call": "cu_",
    "custom_tool_call": "ctc_",
    "custom_tool_call_output": "ctc_",
    "mcp_call": "mcp_",
    "mcp_list_tools": "mcpl_",
    "mcp_approval_request": "mcpr_",
    "mcp_approval_response": "mcpr_",
    "local_shell_call": "lsh_",
    "shell_call": "sh_",
}


_PINNED_AS = {"function_call": "function_item"}


def response_id(ids: Ids, at: float, *, partition: str | None, is_stored: bool) -> str:
    """Return the id of a new response.

    `partition`: of the family it belongs to; None for a family of its own.
    """
    pinned = ids.pinned("response")
    if pinned is not None:
        return pinned
    drawn = ids.new("response", partition or "", at).removeprefix("resp_")
    family = f"{partition or drawn[:PARTITION_DIGITS]}{'00' if is_stored else '01'}"
    return f"resp_{family}{int(at):08x}{drawn[PARTITION_DIGITS:][:24]}"


def item_id(ids: Ids, kind: str, parent: str, at: float) -> str:
    """Return the id of a new item of a response.

    `kind`: the item's type; `parent`: the response's id.
    """
    pinned = ids.pinned(_PINNED_AS.get(kind, kind))
    if pinned is not None:
        return pinned
    drawn = ids.new("response_item", parent, at)
    return f"{PREFIXES.get(kind, 'item_')}{_family(parent)}{int(at):08x}{drawn[:24]}"


def conversation_id(ids: Ids, at: float) -> str:
    """Return the id of a new conversation."""
    return ids.pinned("conversation") or ids.new("conversation", "", at)


def conversation_item_id(ids: Ids, kind: str, parent: str, at: float) -> str:
    """Return the id of an item that the app adds to a conversation."""
    if kind == "message" and (pinned := ids.pinned("message")) is not None:
        return pinned
    drawn = ids.new("response_item", parent, at)
    return f"{PREFIXES.get(kind, 'item_')}{int(at):08x}{drawn[:24]}{partition_of(parent)}"


def container_id(ids: Ids, parent: str, at: float) -> str:
    """Return the id of a container of the code interpreter."""
    return f"cntr_{int(at):08x}{ids.new('response_item', f'{parent}|container', at)[:40]}"


def partition_of(wanted: str) -> str:
    """Return the partition of an id.

    It is at the end of the id of a conversation, at the beginning of all others.
    """
    prefix, _, digits = wanted.partition("_")
    part = digits[-PARTITION_DIGITS:] if prefix == "conv" else digits[:PARTITION_DIGITS]
    if len(part) == PARTITION_DIGITS:
        return part
    return blake2b(wanted.encode(), digest_size=PARTITION_DIGITS // 2).hexdigest()  # an id that a test has made up


@lru_cache(maxsize=64)  # a response and all its items
def _family(response: str) -> str:
    """Return the digits that the ids of a response's items begin with."""
    digits = response.partition("_")[2]
    is_unstored = len(digits) == 50 and digits[PARTITION_DIGITS : PARTITION_DIGITS + 2] == "01"
    return f"{partition_of(response)}{'01' if is_unstored else '00'}"
