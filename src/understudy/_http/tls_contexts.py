"""Remembers TLS contexts across simulations: loading the certificates into one is most of what a short test costs.

An app that builds its client in each test loads about 150 certificates each time, for connections that a simulation never
opens. While anything is active, transports of httpx and httpx2 that ask for the plain default are given a context that was
made before, if it would be made the same way again. It is a complete one, so a client that outlives its simulation verifies
certificates as it would have. Contexts stay when the patch is undone: a memory that ended with its simulation would be empty
whenever it is asked.
"""

from __future__ import annotations

import inspect
import os
import ssl
import sys
from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from types import ModuleType
from typing import Any

from understudy._http import current
from understudy._http.patching import Undo, wrap

MOST = 16  # contexts that are kept; each holds about half a megabyte

_contexts: dict[tuple[Any, ...], tuple[ssl.SSLContext, tuple[Any, ...]]] = {}


def patches(lib: ModuleType) -> Iterator[Undo]:
    """Let the transports of a library take remembered contexts while anything is active."""
    for owner in (lib.HTTPTransport, lib.AsyncHTTPTransport):
        yield wrap(owner, "__init__", partial(_remembering, lib))


def _remembering(lib: ModuleType, original: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(original)

    @wraps(original)
    def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
        if not current.is_active():
            return original(self, *args, **kwargs)
        try:
            given = signature.bind(self, *args, **kwargs)
        except TypeError:  # the library says it better
            return original(self, *args, **kwargs)
        settings = {name: parameter.default for name, parameter in signature.parameters.items()} | given.arguments
        if settings["verify"] is True and settings["cert"] is None:
            given.arguments["verify"] = context(lib, settings["trust_env"], settings["http1"], settings["http2"])
        return original(*given.args, **given.kwargs)

    return initialize


def context(lib: ModuleType, trust_env: bool, http1: bool, http2: bool) -> ssl.SSLContext:
    """Give the default context of a library: one made before, while making it anew would come to the same.

    Connections of HTTP/1 and HTTP/2 never share one: each sets on it which protocols it offers (ALPN). Two threads that
    ask at once may both make one; both get the one that was kept first.
    """
    key = (*_makers(lib), bool(trust_env), bool(http1), bool(http2), *_sources(trust_env))
    kept = _contexts.get(key)
    if kept is not None and _settings(kept[0]) == kept[1]:
        return kept[0]
    if kept is not None:  # somebody reached into it; what they did is to stay with their own client
        _contexts.pop(key, None)
    made = lib.create_ssl_context(trust_env=trust_env)
    if len(_contexts) >= MOST:
        _contexts.clear()
    return _contexts.setdefault(key, (made, _settings(made)))[0]


def _makers(lib: ModuleType) -> tuple[Any, ...]:
    """Return what makes contexts: apps and tests replace it, as `truststore.inject_into_ssl` does."""
    return lib.create_ssl_context, ssl.create_default_context, ssl.SSLContext


def _sources(trust_env: bool) -> Iterator[Any]:
    """Return what decides which certificates are loaded: paths, and the state of the files there."""
    yield os.environ.get("SSLKEYLOGFILE")
    named = _named() if trust_env else None
    if named is not None:
        yield named
        yield _state(named[1])
        return
    defaults = ssl.get_default_verify_paths()
    yield _stamp(defaults.openssl_cafile)
    yield _stamp(defaults.openssl_capath)
    certifi = sys.modules.get("certifi")  # httpx loads its file; it is not there yet before the first context
    yield _stamp(certifi.where()) if certifi is not None else None


def _named() -> tuple[str, str] | None:
    """Give the variable that names certificates, and its value; the file goes before the directory, as in both libraries."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if value := os.environ.get(name):
            return name, value
    return None


def _state(path: str) -> Any:
    """Give the state of a file; of a directory, that of each file in it, since OpenSSL reads them one by one when needed."""
    if not Path(path).is_dir():
        return _stamp(path)
    with os.scandir(path) as entries:
        return tuple(sorted((entry.name, entry.stat(follow_symlinks=False).st_mtime_ns) for entry in entries))


def _stamp(path: str) -> tuple[int, ...]:
    try:
        found = Path(path).stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _settings(made: ssl.SSLContext) -> tuple[Any, ...]:
    """Return what can be seen of a context.

    It changes if it is set up further, as by `load_verify_locations`.
    """
    return (
        made.verify_mode,
        made.check_hostname,
        made.verify_flags,
        made.options,
        made.minimum_version,
        made.maximum_version,
        made.keylog_filename,
        tuple(made.cert_store_stats().items()),
    )
