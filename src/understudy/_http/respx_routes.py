"""respx routes for what is not simulated.

respx speaks httpx only; here its routes answer httpx2 clients as well.
"""

from __future__ import annotations

from typing import Any

import httpx
import respx

from understudy._common.messages import Abort, Answer, Forward, Request, Response
from understudy.errors import CallableFailed

# Set by httpx itself from the body as it stands; what the answer said of its wire form does not hold any more.
_WIRE_HEADERS = ("content-encoding", "transfer-encoding", "content-length")


class RespxRoutes:
    """A respx router, asked with our requests."""

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False, assert_all_mocked=False)

    def answer(self, request: Request) -> Answer | None:
        """Return the answer of the first route that matches, which may be to let the request out; None when none does."""
        sent = httpx.Request(request.method, request.url, headers=list(request.headers), content=request.body)
        try:
            resolved: Any = self.router.resolve(sent)
        except respx.models.PassThrough:
            return Forward()
        except httpx.TransportError as error:  # a side effect that is meant to be raised where the app sends
            return Abort(type(error).__name__, str(error))
        except Exception as error:
            raise CallableFailed(
                f"a side effect of a respx route raised {error!r} on {request.method} {request.path}. It is the test's own."
            ) from error
        if resolved.route is None:
            return None
        response: httpx.Response = resolved.response
        body = response.read()
        headers = tuple((name, value) for name, value in response.headers.items() if name not in _WIRE_HEADERS)
        return Response(response.status_code, headers, body)
