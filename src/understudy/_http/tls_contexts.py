"""A cache of TLS contexts across simulations.

Loading the certificates is most of the cost of a short test. An app that builds its client in each test loads about
150 certificates each time, for connections that a simulation never opens. During an activation, transports of httpx
and httpx2 with default settings get a cached context, if a new one would be the same. It is complete, so a client
that outlives its simulation verifies certificates as usual. The cache outlives the activation: otherwise it would
always be empty.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from types import ModuleType
from typing import Any

from understudy._http import current
from understudy._http.patching import Undo, signature_of, wrap

MAX_CONTEXTS = 16  # each about half a megabyte

_contexts: dict[tuple[Any, ...], tuple[ssl.SSLContext, tuple[Any, ...]]] = {}


def patches(lib: ModuleType) -> Iterator[Undo]:
    """Make the transports of a library use cached contexts during activations."""
    for owner in (lib.HTTPTransport, lib.AsyncHTTPTransport):
        yield wrap(owner, "__init__", partial(_wrap_init, lib))


def _wrap_init(lib: ModuleType, original: Callable[..., None]) -> Callable[..., None]:
    signature = signature_of(original)

    @wraps(original)
    def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
        if not current.is_active():
            return original(self, *args, **kwargs)
        try:
            given = signature.bind(self, *args, **kwargs)
        except TypeError:  # the library reports it better
            return original(self, *args, **kwargs)
        settings = {name: parameter.default for name, parameter in signature.parameters.items()} | given.arguments
        if settings["verify"] is True and settings["cert"] is None:
            given.arguments["verify"] = context(lib, settings["trust_env"], settings["http1"], settings["http2"])
        return original(*given.args, **given.kwargs)

    return initialize


def context(lib: ModuleType, trust_env: bool, http1: bool, http2: bool) -> ssl.SSLContext:
    """Return the default context of a library, cached if a new one would be the same.

    Connections of HTTP/1 and HTTP/2 never share one: each sets the protocols that it offers (ALPN). Two threads at once may
    both create one; both get the first that was stored.
    """
    key = (*_factories(lib), bool(trust_env), bool(http1), bool(http2), *_sources(trust_env))
    kept = _contexts.get(key)
    if kept is not None and _settings(kept[0]) == kept[1]:
        return kept[0]
    if kept is not None:  # someone has changed it, for their own client alone
        _contexts.pop(key, None)
    made = lib.create_ssl_context(trust_env=trust_env)
    if len(_contexts) >= MAX_CONTEXTS:
        _contexts.clear()
    return _contexts.setdefault(key, (made, _settings(made)))[0]


def _factories(lib: ModuleType) -> tuple[Any, ...]:
    """Return the functions that create contexts.

    Apps and tests replace them, as `truststore.inject_into_ssl` does.
    """
    return lib.create_ssl_context, ssl.create_default_context, ssl.SSLContext


def _sources(trust_env: bool) -> Iterator[Any]:
    """Yield what decides which certificates are loaded.

    Paths, and the state of the files there.
    """
    yield os.environ.get("SSLKEYLOGFILE")
    named = _certificate_variable() if trust_env else None
    if named is not None:
        yield named
        yield _state(named[1])
        return
    defaults = ssl.get_default_verify_paths()
    yield _stamp(defaults.openssl_cafile)
    yield _stamp(defaults.openssl_capath)
    certifi = sys.modules.get("certifi")  # httpx loads its file; not imported before the first context
    yield _stamp(certifi.where()) if certifi is not None else None


def _certificate_variable() -> tuple[str, str] | None:
    """Return the environment variable that names certificates, and its value.

    The file takes precedence over the directory, as in both libraries.
    """
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if value := os.environ.get(name):
            return name, value
    return None


def _state(path: str) -> Any:
    """Return the state of a file, or of each file in a directory.

    OpenSSL reads the files of a directory one by one, when needed.
    """
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
    """Return the visible settings of a context.

    They change if it is configured further, as by `load_verify_locations`.
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
