"""Lists: their query parameters, and their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from understudy._apis.assistants import render
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.schema import enum, integer, string
from understudy._engine.api_error import ApiError
from understudy._engine.listing import Listed, Listing

T = TypeVar("T", bound=Listed)

PAGE_QUERY: dict[str, Any] = {
    "limit": integer(1, 100),
    "order": enum("asc", "desc"),
    "after": string(),
    "before": string(),
}


def page_of(
    call: Call,
    listing: Listing[T],
    show: Callable[[T], Json],
    *,
    limit: int = 20,
    where: Callable[[T], bool] | None = None,
) -> Json:
    """Return the page of a listing that a call requests.

    Args:
        call: its query has the limit, the order and the cursors.
        listing: the objects.
        show: returns the REST view of an object.
        limit: the default of the query's `limit`.
        where: the objects to include; all by default.

    Raises:
        ApiError: an unknown cursor; the text of the real service is not known. [INF]
    """
    query = call.query
    for name in ("after", "before"):
        if name in query and not listing.knows(query[name]):
            raise ApiError("cursor.unknown", path=name, value=query[name])
    found = listing.page(
        limit=query.get("limit", limit),
        order=query.get("order", "desc"),
        after=query.get("after"),
        before=query.get("before"),
        where=where,
    )
    return render.page([show(item) for item in found.items], has_more=found.has_more)
