"""The handler of one request, by its host and headers.

What the stacks ask that have no transport of a client's own to replace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from understudy._common.messages import Handler
from understudy._http.current import handler_for
from understudy._http.hosts import is_ours


def handler_of_request(client: object, host: str, port: int | None, headers: Mapping[str, str]) -> Handler | None:
    """Return the handler of a request, or None if it is not for the API.

    Args:
        client: see `current.handler_for`.
        host, port: the server that the request is for.
        headers: must find names in any case, see `lower_case`.
    """
    handler = handler_for(client)
    return handler if handler is not None and is_ours(host, headers, handler.rules, port) else None


def lower_case(headers: Iterable[tuple[str | bytes, str | bytes]]) -> dict[str, str]:
    """Return headers by their names in lower case.

    `headers`: name and value pairs, such as the `.items()` of any library's header object.
    """
    return {_text(name).lower(): _text(value) for name, value in headers}


def _text(part: str | bytes) -> str:
    return part.decode("latin-1") if isinstance(part, bytes) else str(part)
