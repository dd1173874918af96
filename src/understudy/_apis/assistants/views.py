"""The differences between the REST view and the stream view of an object.

Polling reads an object, streaming sends it; the real service spells a few fields differently in the two. `DIFFERENCES`
is the one table of them, for renderers, replay and tests; all else is the same. An object is identified by its `object`
field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]

CODE_INTERPRETER_RESOURCES: JsonObject = {"code_interpreter": {"file_ids": []}}


@dataclass(frozen=True, kw_only=True)
class ViewDifference:
    """A difference between the REST view and the stream view.

    Attributes:
        object: the `object` field it applies to.
        keys: the keys that differ.
        to_rest: turns a stream view into a REST view, in place, given whether its run has ended.
        mark: the evidence for it.
        why: the fact in words.
    """

    object: str
    keys: tuple[str, ...]
    to_rest: Callable[[JsonObject, bool | None], None]
    mark: str
    why: str


_ONLY_STREAMED_MESSAGE_KEYS = ("status", "incomplete_details", "incomplete_at", "completed_at")


def _drop_streamed_message_keys(message: JsonObject, _: bool | None) -> None:
    for key in _ONLY_STREAMED_MESSAGE_KEYS:
        message.pop(key, None)


def _empty_tool_resources(run: JsonObject, _: bool | None) -> None:
    run["tool_resources"] = {}


def _no_expiry_when_over(step: JsonObject, run_is_over: bool | None) -> None:
    if step.get("status") != "in_progress" if run_is_over is None else run_is_over:
        step["expires_at"] = None


DIFFERENCES = (
    ViewDifference(
        object="thread.message",
        keys=_ONLY_STREAMED_MESSAGE_KEYS,
        to_rest=_drop_streamed_message_keys,
        mark="REC",
        why="REST messages never carry status, incomplete_details, incomplete_at, completed_at (0 of 187)",
    ),
    ViewDifference(
        object="thread.run",
        keys=("tool_resources",),
        to_rest=_empty_tool_resources,
        mark="REC",
        why='a run\'s tool_resources are {} in REST and {"code_interpreter": {"file_ids": []}} in a stream, always',
    ),
    ViewDifference(
        object="thread.run.step",
        keys=("expires_at",),
        to_rest=_no_expiry_when_over,
        mark="REC",
        why="a step's expires_at is null in REST once its run is over (87 of 87; a completed step of a live run had it, "
        "Oct 2024), and keeps its value in a stream",
    ),
)

_BY_OBJECT = {difference.object: difference for difference in DIFFERENCES}


def to_rest(streamed: JsonObject, *, run_is_over: bool | None = None) -> JsonObject:
    """Turn the stream view of a message, run or step into its REST view, in place.

    Returns the same object. `run_is_over`: whether the run of a step has ended; if None (not known), a finished step is
    assumed to be the last (INF).
    """
    _BY_OBJECT[streamed["object"]].to_rest(streamed, run_is_over)
    return streamed


def to_stream(rest: JsonObject) -> JsonObject:
    """Turn the REST view of a run or a message into its stream view.

    Returns a new object. Facts that the REST view lacks are guessed (INF): a message is complete, and was so when it was
    created.
    """
    if rest["object"] == "thread.run":
        return {**rest, "tool_resources": {"code_interpreter": {"file_ids": []}}}
    added = {"status": "completed", "incomplete_details": None, "incomplete_at": None}
    added["completed_at"] = rest.get("created_at")
    return {**{key: rest[key] for key in rest if key not in _AFTER_STATUS}, **added, **_tail(rest)}


_AFTER_STATUS = ("role", "content", "attachments", "metadata")  # the order of keys in a streamed message [REC]


def _tail(message: JsonObject) -> JsonObject:
    return {key: message[key] for key in _AFTER_STATUS if key in message}
