"""Items given as JSON, for what the Responses API has and no other move makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from understudy._common.code_repr import first
from understudy._common.short_text import short
from understudy._engine.items import CallState
from understudy._engine.moves.base import CallMove
from understudy._engine.ports import Surroundings
from understudy.errors import ImpossibleScript

# Calls that the app carries out: the next request has to bring their outputs. [SPEC]
ANSWERED_BY_APP = frozenset(
    ["custom_tool_call", "function_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call"]
)


@dataclass(frozen=True, slots=True, repr=False)
class ResponseItem(CallMove):
    """The model gives an output item of the Responses API, as JSON.

    For a web search, an MCP call, a custom tool's call, ...

    Args:
        item: the item as the API sends it, checked against the SDK's type of that name; its `id` and, where it has one,
            its `status` and `call_id` are filled in where they are missing.
    """

    only_for: ClassVar[str] = "response"
    item: Mapping[str, Any] = first()

    def __post_init__(self) -> None:
        if not isinstance(self.item, Mapping) or not isinstance(self.item.get("type"), str):
            raise ImpossibleScript(f"ResponseItem({self.item!r}): expected an item: a mapping with a 'type'")
        try:
            own = json.loads(json.dumps(dict(self.item)))  # a copy, and certainly JSON
        except (TypeError, ValueError) as error:
            raise ImpossibleScript(f"ResponseItem: the item is not JSON: {error}") from None
        _check_against_sdk(own)
        object.__setattr__(self, "item", own)

    def __hash__(self) -> int:
        return hash(json.dumps(self.item, sort_keys=True))

    @property
    def waits_for_app(self) -> bool:  # type: ignore[override]  # it depends on the item
        return self.item["type"] in ANSWERED_BY_APP

    @property
    def given_id(self) -> str | None:
        call_id = self.item.get("call_id")
        return call_id if isinstance(call_id, str) else None

    def call(self, surroundings: Surroundings, **identity: Any) -> ResponseItemState:  # noqa: ARG002 - all is given
        given = {"id": identity["id"], **self.item}
        given["id"] = identity["id"]
        if self.waits_for_app:
            given.setdefault("call_id", identity["call_id"])
        return ResponseItemState(given=given, **identity)


def _check_against_sdk(item: dict[str, Any]) -> None:
    """Check an item against the SDK's type."""
    from openai.types.responses import ResponseOutputItem
    from pydantic import TypeAdapter, ValidationError

    filled = {"id": "x", "call_id": "x", "status": "completed", **_without_tool_sources(item)}
    try:
        TypeAdapter(ResponseOutputItem).validate_python(filled)
    except ValidationError as error:
        first_one = error.errors()[0]
        place = ".".join(str(part) for part in first_one["loc"][1:]) or "type"
        raise ImpossibleScript(f"ResponseItem({item!r}): the SDK's type rejects it at {place}: {first_one['msg']}") from None


def _without_tool_sources(item: dict[str, Any]) -> dict[str, Any]:
    """Return a web search without the service's own sources.

    The service sends such sources (`{"type": "api", "name": ...}`), which the SDK's type does not know. [REC]
    """
    action = item.get("action")
    if item["type"] != "web_search_call" or not isinstance(action, dict):
        return item
    sources = action.get("sources")
    if not isinstance(sources, list):
        return item
    pages = [source for source in sources if not (isinstance(source, dict) and source.keys() == {"type", "name"})]
    return {**item, "action": {**action, "sources": pages}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseItemState(CallState):
    """An item given as JSON. `output`: what the app submitted for it."""

    kind: ClassVar[str] = "response_item"
    given: dict[str, Any]
    output: str | None = None

    @property
    def name(self) -> str:
        """Return the name of the tool called, else the item's type."""
        return str(self.given.get("name") or self.given["type"])

    @property
    def words(self) -> str:
        return f"{self.given['type']} {short(json.dumps(self.given, ensure_ascii=False))}"

    @property
    def written(self) -> str:
        return json.dumps(self.given)
