"""The operations of the Responses API: one row each."""

from __future__ import annotations

from typing import Any

from understudy._apis.common.operation_call import Operation
from understudy._apis.common.schema import Fields, array, enum, integer, string
from understudy._apis.responses.bodies import (
    COMPACT,
    COUNT_TOKENS,
    CREATE_CONVERSATION,
    CREATE_ITEMS,
    CREATE_RESPONSE,
    INCLUDES,
    UPDATE_CONVERSATION,
)
from understudy._apis.responses.endpoints import conversations, create, responses
from understudy._common.messages import Headers
from understudy._engine.api_error import ApiError

_RESPONSE = "/responses/{response_id}"
_CONVERSATION = "/conversations/{conversation_id}"
_ITEM = f"{_CONVERSATION}/items/{{item_id}}"


def _number(value: Any, path: str) -> Any:
    """Check a number of an event, as a query has it."""
    if not value.isdecimal() or len(value) > 9:
        raise ApiError("type", path=path, expected="an integer", got="a string")
    return value


_BOOLEAN = enum("true", "false")
_INCLUDE: dict[str, Any] = {"include[]": array(enum(*INCLUDES)), "include": enum(*INCLUDES)}
_PAGE: dict[str, Any] = {"limit": integer(1, 100), "order": enum("asc", "desc"), "after": string()}
_STREAM: dict[str, Any] = {"stream": _BOOLEAN, "starting_after": _number, "include_obfuscation": _BOOLEAN}


# Said by the operations that ask a model, and by no others. [REC, contract 13] The numbers are made up.
_RATE_LIMITS: Headers = (
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "30000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "29999900"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "0s"),
)


def _op(name: str, route: str, run: Any, body: Any = None, **more: Any) -> Operation:
    method, path = route.split(" ")
    return Operation(name=name, method=method, path=path, run=run, body=body, **more)


OPERATIONS: tuple[Operation, ...] = (
    _op(
        "responses.create",
        "POST /responses",
        create.create,
        CREATE_RESPONSE,
        query=_INCLUDE,
        headers=_RATE_LIMITS,
        arrives=create.arrived,
    ),
    _op("responses.retrieve", f"GET {_RESPONSE}", responses.retrieve, query={**_INCLUDE, **_STREAM}, polled="app"),
    _op("responses.delete", f"DELETE {_RESPONSE}", responses.delete),
    _op("responses.cancel", f"POST {_RESPONSE}/cancel", responses.cancel, Fields({})),
    _op("responses.compact", "POST /responses/compact", responses.compact, COMPACT, headers=_RATE_LIMITS),
    _op(
        "responses.input_items.list",
        f"GET {_RESPONSE}/input_items",
        responses.input_items,
        query={**_PAGE, **_INCLUDE},
    ),
    _op("responses.input_tokens.count", "POST /responses/input_tokens", responses.count_input_tokens, COUNT_TOKENS),
    _op("conversations.create", "POST /conversations", conversations.create, CREATE_CONVERSATION),
    _op("conversations.retrieve", f"GET {_CONVERSATION}", conversations.retrieve),
    _op("conversations.update", f"POST {_CONVERSATION}", conversations.update, UPDATE_CONVERSATION),
    _op("conversations.delete", f"DELETE {_CONVERSATION}", conversations.delete),
    _op(
        "conversations.items.create",
        f"POST {_CONVERSATION}/items",
        conversations.create_items,
        CREATE_ITEMS,
        query=_INCLUDE,
    ),
    _op(
        "conversations.items.list",
        f"GET {_CONVERSATION}/items",
        conversations.list_items,
        query={**_PAGE, **_INCLUDE},
        polled="app",
    ),
    _op("conversations.items.retrieve", f"GET {_ITEM}", conversations.retrieve_item, query=_INCLUDE),
    _op("conversations.items.delete", f"DELETE {_ITEM}", conversations.delete_item),
)
