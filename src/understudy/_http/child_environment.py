"""The environment of commands that are started while anything is active: it leads an SDK in them nowhere.

They inherit the user's key and would reach the network. One that is to be answered has `OPENAI_BASE_URL` on this machine, as
the fixture `understudy_server` sets it, and is left alone.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from understudy._http import current
from understudy._http.api_key import KEY, VARIABLES
from understudy._http.hosts import is_ours
from understudy._http.patching import Undo, wrap

NOWHERE = "http://127.0.0.1:9/a-child-process-of-a-test-needs-the-fixture-understudy_server"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def patches() -> Iterator[Undo]:
    """Change the environment of every command that subprocess starts; asyncio's subprocesses are started by it, too."""
    import subprocess

    yield wrap(subprocess.Popen, "__init__", _leading_nowhere)


def _leading_nowhere(original: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(original)

    @wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        handler = current.handler_for(self)
        if handler is None:
            original(self, *args, **kwargs)
            return
        given = signature.bind(self, *args, **kwargs)
        given.arguments["env"] = leading_nowhere(given.arguments.get("env"), handler.rules)
        original(*given.args, **given.kwargs)

    return __init__


def leading_nowhere(given: Mapping[Any, Any] | None, rules: Any) -> dict[Any, Any]:
    """Return an environment (None: this process's) with which an SDK reaches neither the service nor anybody's account."""
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
    """Say whether a base URL is on this machine, or a host whose requests are let out."""
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host in rules.pass_hosts or not is_ours(host, {}, rules)
