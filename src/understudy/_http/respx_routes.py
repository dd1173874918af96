"""respx routes for what is not simulated. respx speaks httpx only; here its routes answer httpx2 clients as well."""

from __future__ import annotations

from typing import Any

import httpx
import respx

from understudy._common.messages import Forward, Request, Response

# Set by httpx itself from the body as it stands; what the answer said of its wire form does not hold any more.
_WIRE_HEADERS = ("content-encoding", "transfer-encoding", "content-length")


class RespxRoutes:
    """A respx router, asked with our requests."""

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False, assert_all_mocked=False)

    def answer(self, request: Request) -> Response | Forward | None:
        """The answer of the first route that matches, which may be to let the request out; None when none does."""
        sent = httpx.Request(request.method, request.url, headers=list(request.headers), content=request.body)
        try:
            resolved: Any = self.router.resolve(sent)
        except respx.models.PassThrough:
            return Forward()
        if resolved.route is None:
            return None
        response: httpx.Response = resolved.response
        body = response.read()
        headers = tuple((name, value) for name, value in response.headers.items() if name not in _WIRE_HEADERS)
        return Response(response.status_code, headers, body)
