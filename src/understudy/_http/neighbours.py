"""Other tools that answer requests in a test, which the guard then leaves alone.

They work below us, where a request would leave the process, so we have to find out whether one is in use.
"""

from __future__ import annotations

import sys
from typing import Any


def vcrpy_answers() -> bool:
    """Return whether a vcrpy cassette is in use.

    vcrpy then replaces the connection classes of http.client.
    """
    client = sys.modules.get("http.client")
    return client is not None and hasattr(client.HTTPConnection, "_baseclass")


def another_answers(lib: Any) -> bool:
    """Return whether vcrpy, respx or pytest-httpx answers the clients of a library."""
    return vcrpy_answers() or (lib.__name__ == "httpx" and (_respx_answers() or _pytest_httpx_answers(lib)))


def _respx_answers() -> bool:
    mocks = sys.modules.get("respx.mocks")
    return mocks is not None and any(mocker.routers for mocker in mocks.Mocker.registry.values())


def _pytest_httpx_answers(lib: Any) -> bool:
    send = getattr(lib.HTTPTransport.handle_request, "__globals__", {})
    return str(send.get("__name__", "")).startswith("pytest_httpx")
