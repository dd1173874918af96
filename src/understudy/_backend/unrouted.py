"""Answers to requests for which no face has an operation."""

from __future__ import annotations

from collections.abc import Sequence

from understudy._apis.common.json_encoding import pretty
from understudy._apis.common.routing import Faces
from understudy._apis.dialect import is_azure
from understudy._apis.error_texts import refusal_response
from understudy._common.messages import Request, Response
from understudy.errors import NotSimulated, nearest


def method_not_allowed(request: Request, allowed: Sequence[str]) -> Response:
    """Return the 405 answer. Its text is a guess [INF]."""
    message = f"Not allowed to {request.method} on {request.path}. (HINT: Perhaps you meant to use a different HTTP method?)"
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    headers = (("content-type", "application/json"), ("allow", ", ".join(sorted(set(allowed)))))
    return Response(405, headers, pretty({"error": error}))


def unknown_url(request: Request) -> Response:
    """Return the service's 404 answer to an unknown path [REP]."""
    facts = {"method": request.method, "path": request.path}
    response = refusal_response("url.unknown", facts, on_azure=is_azure(request))
    response.headers = (("content-type", "application/json"), *response.headers)
    return response


def not_simulated(method: str, path: str, faces: Faces) -> NotSimulated:
    """Return the error for an unknown request, naming the nearest operations."""
    root = path.lstrip("/").partition("/")[0]
    routes = [f"{operation.method} {operation.path}" for operation in faces.operations]
    routes = [
        route for route in routes if nearest(route.split("/")[1], [root])
    ]  # paths of another API resemble none of ours
    close = nearest(f"{method} {path}", routes) or routes
    near = f" Nearest: {', '.join(close[:3])}." if close else ""
    whole = path if path.startswith("/v1/") else f"/v1{path}"  # a path of another API is kept whole
    return NotSimulated(
        f"{method} {path} is not simulated.{near} Answer it yourself with "
        f"understudy.respx.{method.lower()}(path={whole!r}).respond(json={{...}}), or let it out with "
        f"understudy.pass_through({path!r})."
    )
