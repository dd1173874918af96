"""Other tools that answer requests in a test.

A test that has one is none of the guard's business.

They work below us, where a request would leave the process; so whether one is at work has to be asked for.
"""

from __future__ import annotations

import sys
from typing import Any


def vcrpy_answers() -> bool:
    """Say whether a cassette of vcrpy is in use: it puts a class of its own in the place of http.client's."""
    client = sys.modules.get("http.client")
    return client is not None and hasattr(client.HTTPConnection, "_baseclass")


def another_answers(lib: Any) -> bool:
    """Say whether vcrpy, respx or pytest-httpx answers the clients of an HTTP library."""
    return vcrpy_answers() or (lib.__name__ == "httpx" and (_respx_answers() or _pytest_httpx_answers(lib)))


def _respx_answers() -> bool:
    mocks = sys.modules.get("respx.mocks")
    return mocks is not None and any(mocker.routers for mocker in mocks.Mocker.registry.values())


def _pytest_httpx_answers(lib: Any) -> bool:
    send = getattr(lib.HTTPTransport.handle_request, "__globals__", {})
    return str(send.get("__name__", "")).startswith("pytest_httpx")
