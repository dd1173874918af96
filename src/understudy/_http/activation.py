"""Makes a handler active: from then on it is asked by every HTTP client of this context, whatever library it is of.

Of httpx and httpx2 `_transport_for_url` is hooked. It is the only point through which every kind of client passes: sync and
async, Azure, proxies, `openai[aiohttp]`, users' own transports, and httpx clients handed to openai 3.x (which itself speaks
httpx2). The other libraries are in `stacks`. Most hooks are private names, so activation tries each out once per process and
fails loudly if it does not bite: a silent miss would be a request to the network.
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
from understudy._http.answering import answered_by_default, handler_for
from understudy._http.api_key import supplied_api_key
from understudy._http.carrying import carriers
from understudy._http.neighbours import another_answers
from understudy._http.network_guard import guards
from understudy._http.transports import transport_class

HOOK = "_transport_for_url"

_lock = threading.RLock()
_depth = 0
_undo: list[Callable[[], None]] = []
_libraries_lock = threading.RLock()  # of the two that follow; nothing is imported while it is held
_library_undo: list[Callable[[], None]] = []
_hooked_clients: set[type] = set()
_tested: set[type] = set()


@contextmanager
def activate(handler: Handler, *, owns: bool = True) -> Iterator[None]:
    """Answer every request of ours made in this context with `handler`, until the block is left.

    Activations nest; the innermost answers. An API key is supplied meanwhile to apps that have none.

    Args:
        handler: what answers.
        owns: whether the threads, tasks and jobs that are started in the block belong to it, and are refused after it.
    """
    _hook()
    frame = current.enter(handler, owns=owns)
    try:
        with supplied_api_key():
            _self_test()
            yield
    finally:
        current.leave(frame)
        del frame  # what still holds it from now on may still ask
        _unhook()


@contextmanager
def on_guard(handler: Handler) -> Iterator[None]:
    """Answer every request of ours with `handler` where nothing else is active, on every thread, in this block.

    No API key is supplied: what the guard refuses is to fail as it would without it, but in words.
    """
    _hook()
    try:
        with answered_by_default(handler):
            _self_test()
            yield
    finally:
        _unhook()


def transport_for(handler: Handler, lib: ModuleType) -> Any:
    """Give a transport that asks `handler` for everything and has no network behind it, for a client that is passed one."""
    return transport_class(lib)(handler)


def libraries() -> list[ModuleType]:
    """Return the imported HTTP libraries, each once (one may be aliased to the other)."""
    # One that another thread is importing is waited for.
    found = [importlib.import_module(name) for name in stacks.LIBRARIES if name in sys.modules]
    return list({id(lib.Client): lib for lib in found}.values())


def _hook() -> None:
    global _depth
    with _lock:
        _depth += 1
        if _undo:  # by an activation around this one, or one before it, whose strays are still guarded against
            stacks.keep_watch()
            return
        _undo.append(_unhook_libraries)
        _undo.extend(_wrap(*carrier) for carrier in carriers())
        try:
            stacks.hold()
            _undo.append(stacks.release)
            for lib in libraries():  # last: whatever is imported from now on is hooked then
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
    """Take the hooks away when nothing is active any more, nor anything left that was started where something was."""
    with _lock:
        while _undo and _depth == 0 and not current.may_still_ask():
            _undo.pop()()


def _hook_library(lib: ModuleType) -> None:
    with _libraries_lock:
        if lib.Client in _hooked_clients:
            return
        _hooked_clients.add(lib.Client)
        _library_undo.extend(
            _wrap(client_class, HOOK, _hooked(lib, getattr(client_class, HOOK, None)))
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


def _hooked(lib: ModuleType, original: Any) -> Any:
    intercepting = transport_class(lib)

    def _transport_for_url(self: Any, url: Any) -> Any:
        transport = original(self, url) if original is not None else self._transport
        handler = handler_for(self, partial(another_answers, lib))
        # A MockTransport that somebody put there by hand is a decision of theirs; our own transport is one of ours.
        if handler is None or isinstance(transport, (lib.MockTransport, intercepting)):
            return transport
        return intercepting(handler, transport)

    return _transport_for_url


current.when_nothing_may_ask.append(_unhook_if_idle)
stacks.when_imported.append(_hook_library)


class _Probe:
    """Answers the self-test."""

    rules = HostRules(hosts=("understudy.invalid",))

    def handle(self, request: Request) -> Answer:  # noqa: ARG002
        return Response(299)


_PROBE = "understudy.invalid"


def _self_test() -> None:
    for lib in libraries():
        if lib.Client not in _tested:
            _check(lib.__name__, _probe_httpx(lib), f"its clients no longer ask {HOOK}")
            _tested.add(lib.Client)
    for stack in stacks.untried():
        _check(stack.name, _answered(partial(stack.probe, _PROBE)), "its connections no longer ask who answers")
        stacks.tried(stack)


def _probe_httpx(lib: ModuleType) -> int | None:
    with lib.Client(transport=lib.BaseTransport(), trust_env=False) as client:
        try:
            return _answered(lambda: client.get(f"http://{_PROBE}/").status_code)
        except NotImplementedError:  # what the bare transport says when the hook let the request through to it
            return 0


def _answered(ask: Callable[[], int | None]) -> int | None:
    frame = current.enter(_Probe())
    try:
        return ask()
    finally:
        current.leave(frame)


def _check(name: str, status: int | None, why: str) -> None:
    if status not in (299, None):
        raise stacks.cannot_intercept(name, why)
