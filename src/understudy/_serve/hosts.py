"""The requests that a served simulator accepts, by host and by origin.

A browser sends requests of any web page to loopback. Two things keep out pages that the user did
not intend: a request must name a host that is only this machine (else a page's own domain,
pointed at 127.0.0.1, would count as the page's own server: DNS rebinding), and responses have no
CORS headers unless they were enabled.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from understudy._common.messages import Headers, Request, Response

_KEPT_HOSTS = 64  # whose names need not be looked at again
METHODS = "GET, POST, DELETE, OPTIONS"


def json_response(status: int, value: Any, headers: Headers = ()) -> Response:
    """Return a response whose body is JSON."""
    return Response(status, (("content-type", "application/json"), *headers), json.dumps(value).encode())


@dataclass(frozen=True)
class AllowedHosts:
    """The host names that the server responds to.

    Args:
        listened: the address that it listens on. For a wildcard (`0.0.0.0`, `::`), any IP address and
            the name of this machine are allowed.
        more: further allowed names, from `--allow-host`.
    """

    listened: str = "127.0.0.1"
    more: Sequence[str] = ()
    _found_allowed: set[str] = field(default_factory=set, init=False, repr=False, compare=False)  # as in the header

    def refusal(self, request: Request) -> Response | None:
        """Return the refusal of a request that names another host, or None."""
        given = request.header("host")
        if given is None or given in self._found_allowed:
            return None
        try:
            host = urlsplit(f"//{given}").hostname or ""
        except ValueError:  # such as an unclosed bracket
            text = f"this server does not respond to the host {given!r}: expected a host name or an IP address"
            return json_response(403, {"error": text})
        if self._allows(host):
            if len(self._found_allowed) < _KEPT_HOSTS:
                self._found_allowed.add(given)
            return None
        text = (
            f"this server does not respond to the host {host!r}, only to loopback names and the "
            f"address it listens on ({self.listened}). If that is a name of this machine, start the "
            f"server with --allow-host {host}."
        )
        return json_response(403, {"error": text})

    def _allows(self, host: str) -> bool:
        address = _address(host)
        if address is not None and address.is_loopback:
            return True
        named = {name.lower() for name in (self.listened, *self.more)}  # as is the host of a request
        if host == "localhost" or host.endswith(".localhost") or host in named:
            return True
        listened = _address(self.listened)
        if listened is None or not listened.is_unspecified:
            return False
        return address is not None or host == socket.gethostname().lower()


@lru_cache(maxsize=64)
def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


@dataclass(frozen=True)
class Cors:
    """The web origins whose pages may read responses.

    Args:
        origins: such as `http://localhost:3000`; `*` means every page, except on the admin route,
            which only listed origins may use.
    """

    origins: Sequence[str] = field(default=())

    def headers(self, request: Request, *, is_admin: bool) -> Headers:
        """Return the headers that let a page read the response, if it may."""
        origin = request.header("origin")
        if origin is None or not (origin in self.origins or ("*" in self.origins and not is_admin)):
            return ()
        return (
            ("access-control-allow-origin", origin),
            ("access-control-expose-headers", "*"),
            ("vary", "origin"),
        )

    def refusal(self, request: Request) -> Response | None:
        """Return the refusal of a request from a page of another site, or None.

        For the admin route, whose requests have effects even if the page cannot read the response. Listed
        origins are accepted.
        """
        origin = request.header("origin")
        if origin is not None and origin in self.origins:
            return None
        is_own = origin is None or origin.lower().partition("://")[2] == (request.header("host") or "").lower()
        if is_own and request.header("sec-fetch-site", "none") in ("none", "same-origin"):
            return None
        text = f"a page of another site ({origin or 'unknown'}) may not use this route"
        way_out = f"; start the server with --cors {origin}" if origin not in (None, "null") else ""
        return json_response(403, {"error": text + way_out})

    def preflight(self, request: Request, *, is_admin: bool) -> Response | None:
        """Return the response to a browser's preflight; None for any other request."""
        if request.method != "OPTIONS" or request.header("access-control-request-method") is None:
            return None
        headers = self.headers(request, is_admin=is_admin)
        if not headers:
            origin = request.header("origin")
            text = f"pages of {origin} may not use this server; start it with --cors {origin}"
            return json_response(403, {"error": text})
        wanted = request.header("access-control-request-headers", "*") or "*"
        more = (("access-control-allow-methods", METHODS), ("access-control-allow-headers", wanted))
        return Response(204, (*headers, *more, ("access-control-max-age", "600")))
