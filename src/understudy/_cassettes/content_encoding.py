"""Takes the compression off bodies."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from importlib import import_module

from understudy._common.messages import Headers


def _inflate(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:
        return zlib.decompress(body, -zlib.MAX_WBITS)  # without its frame, as some servers send it


_DECODERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "x-gzip": gzip.decompress, "deflate": _inflate}
# A client asks for these only where a library for it is installed.
_OPTIONAL = {"br": ("brotli", "brotlicffi"), "zstd": ("compression.zstd", "zstandard")}


def _decoder(encoding: str) -> Callable[[bytes], bytes] | None:
    """What takes an encoding off; None where no library for it is installed."""
    for module in _OPTIONAL.get(encoding, ()):
        try:
            found: Callable[[bytes], bytes] = import_module(module).decompress
        except ImportError:
            continue
        return found
    return _DECODERS.get(encoding)


def encoding_of(headers: Headers) -> str | None:
    """The compression that headers name, if it is one that we can take off."""
    for name, value in headers:
        if name.lower() == "content-encoding" and value.lower() in {*_DECODERS, *_OPTIONAL}:
            return value.lower()
    return None


def lacking(encoding: str) -> str | None:
    """What to install for an encoding; None when it can be taken off."""
    return None if _decoder(encoding) else " or ".join(_OPTIONAL[encoding])


def uncompressed(headers: Headers, body: bytes) -> bytes:
    """A body as its sender meant it; as it is when it is not compressed, or was cut off on the way."""
    decode = _decoder(encoding_of(headers) or "")
    if decode is None or not body:
        return body
    try:
        return decode(body)
    except Exception:
        return body
