"""The rules that decide which requests are for the API."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from understudy._common.messages import HostRules


def is_ours(host: str, headers: Mapping[str, str], rules: HostRules, port: int | None = None) -> bool:
    """Return whether a request is for the API.

    Any request to a listed host is. A request to any other host is if an OpenAI SDK sends it, so that an app with its own
    `base_url` (a proxy, a compatible server) never reaches the network.

    `X-Stainless-Lang` marks every SDK of the generator that OpenAI uses. Anthropic's sends it too, and is recognized by its
    version header, which it always sends.

    Args:
        host: the host name.
        headers: must find names in any case, as the HTTP libraries' own header objects do.
        rules: the listed hosts, and those passed through.
        port: the port if it is known, for rules that name one (`127.0.0.1:8000`).
    """
    ours = ours_by_host(host, port, rules)
    return ours_by_headers(headers) if ours is None else ours


@lru_cache(maxsize=256)
def ours_by_host(host: str, port: int | None, rules: HostRules) -> bool | None:
    """Return whether requests to a host are for the API, or None.

    None if their headers decide. Cached, because every request of every client is asked about.
    """
    if _is_listed(host, port, rules.pass_hosts):
        return False
    return True if _is_listed(host, port, rules.hosts) else None


def ours_by_headers(headers: Mapping[str, str]) -> bool:
    """Return whether an OpenAI SDK sends a request."""
    if "assistants" in headers.get("openai-beta", ""):
        return True
    return "x-stainless-lang" in headers and "anthropic-version" not in headers


def own_base_url() -> tuple[str, ...]:
    """Return the host in the environment's `OPENAI_BASE_URL`, if set, as a tuple.

    All its requests are for the API, whoever sends them. With a port if the URL has one: another server on the same
    machine is not the API.
    """
    url = urlsplit(os.environ.get("OPENAI_BASE_URL", ""))
    if not url.hostname:
        return ()
    is_usual = url.port in (None, {"http": 80, "https": 443}.get(url.scheme))
    return (url.hostname if is_usual else f"{url.hostname}:{url.port}",)


def _is_listed(host: str, port: int | None, patterns: tuple[str, ...]) -> bool:
    host = host.lower()
    return any(_fits(host, f"{host}:{port}", pattern.lower()) for pattern in patterns)


def _fits(host: str, with_port: str, pattern: str) -> bool:
    return pattern in (host, with_port) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
