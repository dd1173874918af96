"""The environment of commands started during an activation: it has no real key.

They inherit the user's key and would reach the network. A command whose `OPENAI_BASE_URL` is on this machine, as the
fixture `understudy_server` sets it, is left alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from understudy._http import current
from understudy._http.api_key import KEY, VARIABLES
from understudy._http.hosts import is_ours
from understudy._http.patching import Undo, signature_of, wrap

NOWHERE = "http://127.0.0.1:9/a-child-process-of-a-test-needs-the-fixture-understudy_server"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def patches() -> Iterator[Undo]:
    """Change the environment of every command that subprocess starts.

    asyncio starts its subprocesses by it, too.
    """
    import subprocess

    yield wrap(subprocess.Popen, "__init__", _wrap_init)


def _wrap_init(original: Callable[..., None]) -> Callable[..., None]:
    signature = signature_of(original)

    @wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        handler = current.active_handler(self)
        if handler is None:
            original(self, *args, **kwargs)
            return
        given = signature.bind(self, *args, **kwargs)
        given.arguments["env"] = isolated_environment(given.arguments.get("env"), handler.rules)
        original(*given.args, **given.kwargs)

    return __init__


def isolated_environment(given: Mapping[Any, Any] | None, rules: Any) -> dict[Any, Any]:
    """Return an environment in which an SDK cannot reach the service.

    `given`: the environment to start from; None for that of this process.
    """
    environment: dict[Any, Any] = dict(os.environ if given is None else given)
    base = environment.get("OPENAI_BASE_URL")
    if base and _is_elsewhere(str(base), rules):
        return environment
    for name in VARIABLES:
        if environment.get(name):
            environment[name] = KEY
    environment["OPENAI_BASE_URL"] = NOWHERE + "/v1"
    if environment.get("AZURE_OPENAI_ENDPOINT"):
        environment["AZURE_OPENAI_ENDPOINT"] = NOWHERE
    return environment


def _is_elsewhere(url: str, rules: Any) -> bool:
    """Return whether a base URL is on this machine, or passed through."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host in rules.pass_hosts or not is_ours(host, {}, rules)
