"""Activation of a handler: every HTTP client of this context asks it first.

In httpx and httpx2, `_transport_for_url` is hooked: the only point that every kind of client passes, sync and async, Azure,
proxies, `openai[aiohttp]`, users' own transports, and httpx clients handed to openai 3.x (which itself uses httpx2). The
other libraries are in `stacks`. Most hooks are private names, so activation tests each once per process and fails loudly if
it has no effect: otherwise a request would silently reach the network.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

from understudy._common.messages import Answer, Handler, HostRules, Request, Response
from understudy._http import current, stacks, tls_contexts
from understudy._http.api_key import supplied_api_key
from understudy._http.carrying import carriers
from understudy._http.network_guard import guards
from understudy._http.transports import hook_of, transport_class

HOOK = "_transport_for_url"

_lock = threading.RLock()
_depth = 0
_undo: list[Callable[[], None]] = []
_libraries_lock = threading.RLock()  # guards the next two; nothing is imported while it is locked
_library_undo: list[Callable[[], None]] = []
_hooked_clients: set[type] = set()
_tested: set[type] = set()


@contextmanager
def activate(handler: Handler, *, owns: bool = True) -> Iterator[None]:
    """Answer every API request of this context with a handler, within the block.

    Activations nest; the innermost answers. Apps without an API key are supplied with one.

    Args:
        handler: answers the requests.
        owns: whether threads, tasks and jobs started in the block belong to it, and are refused after it.
    """
    _hook()
    frame = current.enter(handler, owns=owns)
    try:
        with supplied_api_key():
            _self_test()
            yield
    finally:
        current.leave(frame)
        del frame  # whatever references it from now on may still send requests
        _unhook()


@contextmanager
def on_guard(handler: Handler) -> Iterator[None]:
    """Answer API requests with a handler wherever nothing else is active.

    On every thread, within the block. No API key is supplied: what the guard refuses should fail as it would without
    the guard, but with a clear message.
    """
    _hook()
    try:
        with current.answer_by_default(handler):
            _self_test()
            yield
    finally:
        _unhook()


def guard_for_good(handler: Handler) -> None:
    """Answer as `on_guard` does, until the process ends.

    Nothing is undone: at the end of a process it would be too early, since threads may still ask.
    """
    _hook()
    current.answer_for_good(handler)
    _self_test()


def transport_for(handler: Handler, lib: ModuleType) -> Any:
    """Return a transport that asks a handler for everything.

    For a client that takes a transport. It has no network behind it.
    """
    return transport_class(lib)(handler)


def libraries() -> list[ModuleType]:
    """Return the imported HTTP libraries, each once (they may be aliases)."""
    # Importing waits for another thread that is importing the same library.
    found = [importlib.import_module(name) for name in stacks.LIBRARIES if name in sys.modules]
    return list({id(lib.Client): lib for lib in found}.values())


def _hook() -> None:
    global _depth
    with _lock:
        _depth += 1
        if _undo:  # by an outer activation, or an earlier one that may still have strays
            stacks.keep_watch()
            return
        _undo.append(_unhook_libraries)
        _undo.extend(_wrap(*carrier) for carrier in carriers())
        try:
            stacks.hold()
            _undo.append(stacks.release)
            for lib in libraries():  # last: libraries imported from now on are hooked on import
                _hook_library(lib)
        except BaseException:
            _unhook()
            raise


def _unhook() -> None:
    global _depth
    with _lock:
        _depth -= 1
        _unhook_if_idle()


def _unhook_if_idle() -> None:
    """Remove the hooks if nothing is active, and no stray may still send requests."""
    with _lock:
        while _undo and _depth == 0 and not current.may_still_ask():
            _undo.pop()()


def _hook_library(lib: ModuleType) -> None:
    with _libraries_lock:
        if lib.Client in _hooked_clients:
            return
        _hooked_clients.add(lib.Client)
        _library_undo.extend(
            _wrap(client_class, HOOK, hook_of(lib, getattr(client_class, HOOK, None)))
            for client_class in (lib.Client, lib.AsyncClient)
        )
        _library_undo.extend(_wrap(*guard) for guard in guards(lib))
        _library_undo.extend(tls_contexts.patches(lib))


def _unhook_libraries() -> None:
    with _libraries_lock:
        _hooked_clients.clear()
        while _library_undo:
            _library_undo.pop()()


def _wrap(owner: type, name: str, replacement: Any) -> Callable[[], None]:
    original = owner.__dict__.get(name)
    setattr(owner, name, replacement)
    if original is None:
        return lambda: delattr(owner, name)
    return lambda: setattr(owner, name, original)


current.when_nothing_may_ask.append(_unhook_if_idle)
stacks.when_imported.append(_hook_library)


class _Probe:
    """Answers the requests of the self-test."""

    rules = HostRules(hosts=("understudy.invalid",))

    def handle(self, request: Request) -> Answer:  # noqa: ARG002
        return Response(299)


_PROBE = "understudy.invalid"


def _self_test() -> None:
    for lib in libraries():
        if lib.Client not in _tested:
            _check(lib.__name__, _probe_httpx(lib), f"its clients no longer call {HOOK}")
            _tested.add(lib.Client)
    for stack in stacks.untried():
        _check(stack.name, _status_of(partial(stack.probe, _PROBE)), "its connections bypass the hooks")
        stacks.mark_tried(stack)


def _probe_httpx(lib: ModuleType) -> int | None:
    with lib.Client(transport=lib.BaseTransport(), trust_env=False) as client:
        try:
            return _status_of(lambda: client.get(f"http://{_PROBE}/").status_code)
        except NotImplementedError:  # raised by the bare transport: the hook did not intercept the request
            return 0


def _status_of(ask: Callable[[], int | None]) -> int | None:
    frame = current.enter(_Probe())
    try:
        return ask()
    finally:
        current.leave(frame)


def _check(name: str, status: int | None, why: str) -> None:
    if status not in (299, None):
        raise stacks.cannot_intercept(name, why)
