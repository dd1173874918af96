"""Which requests are ours, and which are none of our business."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from understudy._common.messages import HostRules


def is_ours(host: str, headers: Mapping[str, str], rules: HostRules, port: int | None = None) -> bool:
    """Say whether a request belongs to the API.

    A listed host is ours whatever is sent to it. Any other host is ours if an OpenAI SDK is speaking: so an app with a
    `base_url` of its own (a proxy, a compatible server) never escapes to the network. `headers` must look names up in any
    case, as the HTTP libraries' own header objects do.

    `X-Stainless-Lang` marks every SDK of the generator OpenAI uses; Anthropic's carries it too, and is told apart by the
    version header that it always sends.

    Args:
        port: the port if it is known, for the rules that name one (`127.0.0.1:8000`).
    """
    if _listed(host, port, rules.pass_hosts):
        return False
    if _listed(host, port, rules.hosts):
        return True
    if "assistants" in headers.get("openai-beta", ""):
        return True
    return "x-stainless-lang" in headers and "anthropic-version" not in headers


def own_base_url() -> tuple[str, ...]:
    """Return the host that the environment points the SDK at (`OPENAI_BASE_URL`), if it does: ours, whoever asks it.

    With its port where it names one: another server on the same machine is none of ours.
    """
    url = urlsplit(os.environ.get("OPENAI_BASE_URL", ""))
    if not url.hostname:
        return ()
    is_usual = url.port in (None, {"http": 80, "https": 443}.get(url.scheme))
    return (url.hostname if is_usual else f"{url.hostname}:{url.port}",)


@lru_cache(maxsize=256)
def _listed(host: str, port: int | None, patterns: tuple[str, ...]) -> bool:
    host = host.lower()
    return any(_fits(host, f"{host}:{port}", pattern.lower()) for pattern in patterns)


def _fits(host: str, with_port: str, pattern: str) -> bool:
    return pattern in (host, with_port) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
