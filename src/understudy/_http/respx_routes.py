"""respx routes for requests that are not simulated.

respx supports httpx only; here, its routes answer httpx2 clients as well.
"""

from __future__ import annotations

from typing import Any

import httpx
import respx

from understudy._common.messages import Abort, Answer, Forward, Request, Response
from understudy.errors import CallableFailed

# httpx derives these from the decoded body; the original values describe the encoded one.
_WIRE_HEADERS = ("content-encoding", "transfer-encoding", "content-length")


class RespxRoutes:
    """A respx router for our requests."""

    def __init__(self) -> None:
        self.router = respx.Router(assert_all_called=False, assert_all_mocked=False)

    def answer(self, request: Request) -> Answer | None:
        """Return the answer of the first matching route, or None.

        A route may pass the request through, or raise a transport error.
        """
        sent = httpx.Request(request.method, request.url, headers=list(request.headers), content=request.body)
        try:
            resolved: Any = self.router.resolve(sent)
        except respx.models.PassThrough:
            return Forward()
        except httpx.TransportError as error:  # a side effect to be raised in the app
            return Abort(type(error).__name__, str(error))
        except Exception as error:
            raise CallableFailed(
                f"a side effect of a respx route raised {error!r} for {request.method} {request.path}. It is part of the "
                "test: correct it there."
            ) from error
        if resolved.route is None:
            return None
        response: httpx.Response = resolved.response
        body = response.read()
        headers = tuple((name, value) for name, value in response.headers.items() if name not in _WIRE_HEADERS)
        return Response(response.status_code, headers, body)
