"""All routes of a server: its page, its health, its admin route, its simulations."""

from __future__ import annotations

from understudy._common.messages import Headers, Request, Response
from understudy._serve.asgi import LiveResponse, ServedAnswer
from understudy._serve.hosts import AllowedHosts, Cors, json_response
from understudy._serve.pages import page
from understudy._serve.simulations import COMMON, SimulationGone, Simulations, gone_response, split, without_prefix

ADMIN = "/_understudy/"
_READABLE = frozenset({"events", "openapi.json"})  # on the admin route, by GET


class Site:
    """Routes requests.

    Args:
        simulations: the simulations, by the prefix of the path.
        hosts: the host names that the server responds to.
        cors: the web origins whose pages may read responses.
    """

    def __init__(self, simulations: Simulations, hosts: AllowedHosts | None = None, cors: Cors | None = None) -> None:
        self.simulations = simulations
        self._hosts = hosts or AllowedHosts()
        self._cors = cors or Cors()

    async def handle(self, request: Request) -> ServedAnswer:
        """Respond to a request."""
        refused = self._hosts.refusal(request)
        if refused is not None:
            return refused
        is_admin = ADMIN in request.path
        preflight = self._cors.preflight(request, is_admin=is_admin)
        if preflight is not None:
            return preflight
        answer = await self._answer(request)
        headers = self._cors.headers(request, is_admin=is_admin)
        if headers and isinstance(answer, Response | LiveResponse):
            answer.headers = (*answer.headers, *headers)
        return answer

    async def _answer(self, request: Request) -> ServedAnswer:
        try:
            name, path = split(request.path)
        except SimulationGone as error:
            return gone_response(error)
        if request.method in ("GET", "HEAD"):
            found = self._read(name, path, request)
            if found is not None:
                return found
        inner = without_prefix(request, name)
        try:
            if path.startswith(ADMIN):
                return await self._admin(inner, name, path.removeprefix(ADMIN).rstrip("/"))
            return await self.simulations.get(name).handle(inner)
        except SimulationGone as error:
            return gone_response(error)

    def _read(self, name: str, path: str, request: Request) -> Response | None:
        """Respond to a GET of what is the same for all simulations, or return None."""
        if name == COMMON and path == "/healthz":
            from understudy import __version__

            return json_response(200, {"ok": True, "version": __version__, "worlds": len(self.simulations)})
        if name != COMMON and path == "":
            return Response(307, (("location", f"{request.path}/"),))
        return page(path)

    async def _admin(self, request: Request, name: str, verb: str) -> ServedAnswer:
        if request.method == "GET" and verb in _READABLE:
            return await self.simulations.get(name).admin(request, verb)
        refused = self._cors.refusal(request) or _admin_refusal(request, verb)
        if refused is not None:
            return refused
        return await self.simulations.get(name, anew=verb == "reset").admin(request, verb)


def _admin_refusal(request: Request, verb: str) -> Response | None:
    """Return the refusal of what a form on any web page could send, or None.

    A form cannot send JSON without a preflight.
    """
    if request.method != "POST":
        allowed: Headers = (("allow", "POST"),)
        text = f"{request.method} {ADMIN}{verb}: the admin route takes POST, with a JSON body"
        return json_response(405, {"error": text}, allowed)
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        text = f"the admin route takes JSON: send the header content-type: application/json (got {kind or 'none'!r})"
        return json_response(415, {"error": text})
    return None
