"""Who may use the admin route: programs, not pages that a browser on the same machine has open.

A page of any site can make a browser send a request to a server on this machine: a form, an image, a script (which then
cannot read the answer), or a name of its own that it lets point here (DNS rebinding). Programs set a content type, send
no `Origin`, and name the server by its address; so each of these is asked for.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from understudy._common.messages import Request

_LOOPBACK = ("localhost", "localhost.localdomain")


class Admission:
    """The rule of one server.

    Args:
        hosts: names that it is called by besides addresses and `localhost`.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._hosts = frozenset(host.lower().rstrip(".") for host in hosts)

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """Say why a request is refused, with the status for it; None when it may pass."""
        host = request.header("host", "") or ""
        if not self._is_ours(host):
            return 403, f"the Host {host!r} is not a name of this server: use its address, or --allow-host {_name(host)}"
        origin = request.header("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, f"a page of another site ({origin}) may not use this route"
        if request.header("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "a page of another site may not use this route"
        if request.method != "POST":
            return 405, f"{request.method} does nothing here: POST a JSON body"
        kind = (request.header("content-type", "") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return 415, f"content-type: expected application/json, got {kind or 'none'!r}; with curl: --json '{{...}}'"
        return None

    def _is_ours(self, host: str) -> bool:
        name = _name(host)
        if name in self._hosts or name in _LOOPBACK or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _name(host: str) -> str:
    """The name in a `Host` header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:  # brackets that do not match
        return ""
