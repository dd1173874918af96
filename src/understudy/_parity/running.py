"""Run an app to its end inside a simulation of its own.

Whatever kind of callable it is.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import copy_context
from typing import Any

from understudy._parity.results import Raised


def run_app(app: Callable[[], Any]) -> Any:
    """Call an app; return its result, or its exception as `Raised`.

    An awaitable that it returns is awaited.

    Pieces that a generator yields, async or not, are collected while the simulation is there; texts are joined.
    """
    try:
        returned = app()
        if inspect.isawaitable(returned) or inspect.isasyncgen(returned):
            returned = _in_a_loop(returned)
        if inspect.isgenerator(returned):
            returned = _joined(list(returned))
    except (Exception, SystemExit) as error:
        return Raised(error)
    return returned


async def _awaited(returned: Awaitable[Any] | AsyncIterator[Any]) -> Any:
    if isinstance(returned, AsyncIterator):
        return _joined([piece async for piece in returned])
    return await returned


def _in_a_loop(returned: Any) -> Any:
    """Await in a new event loop.

    In a thread of its own where this thread runs a loop already; this thread then waits.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_awaited(returned))
    ended: list[Any] = []
    context = copy_context()  # it names the simulation in use

    def run() -> None:
        try:
            ended.append(context.run(asyncio.run, _awaited(returned)))
        except BaseException as error:
            ended.append(Raised(error))

    thread = threading.Thread(target=run, name="understudy-parity")
    thread.start()
    thread.join()
    if isinstance(ended[0], Raised):
        raise ended[0].error
    return ended[0]


def _joined(pieces: list[Any]) -> Any:
    return "".join(pieces) if pieces and all(isinstance(piece, str) for piece in pieces) else pieces


def is_recording(app: Any) -> bool:
    """Return True if this is the path of a cassette, and not an app."""
    return isinstance(app, str | os.PathLike)


def check_app(app: Any, name: str) -> None:
    """Refuse what is neither the path of a cassette, nor callable without arguments."""
    if is_recording(app):
        return
    if not callable(app):
        got = "a coroutine; pass the coroutine function itself" if inspect.iscoroutine(app) else repr(app)
        raise TypeError(f"parity({name}=...): expected a callable without arguments, sync or async, got {got}")
    error = _binding_error(app)
    if error:
        raise TypeError(
            f"parity({name}=...): expected a callable without arguments, got {app!r} ({error}); "
            f"give it what it needs: lambda: app(...)"
        )


def check_callback(function: Any, name: str, takes: str) -> None:
    """Refuse what cannot be called with one argument; None is left out.

    `takes`: the argument, in words.
    """
    if function is None:
        return
    error = _binding_error(function, None) if callable(function) else "it is not callable"
    if error:
        raise TypeError(f"parity({name}=...): expected a function of {takes}, got {function!r} ({error})")


def _binding_error(function: Any, *arguments: Any) -> str:
    """Return why a callable does not take such arguments; "" if it may."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        return str(error)
    except ValueError:  # a builtin without a signature
        pass
    return ""
