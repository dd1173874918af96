"""Takes the compression off bodies."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from importlib import import_module

from understudy.exchange import Headers


def _inflate(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:
        return zlib.decompress(body, -zlib.MAX_WBITS)  # without its frame, as some servers send it


def _first(*places: tuple[str, str]) -> Callable[[bytes], bytes]:
    """A function of an optional library. A client asks for such an encoding only where a library for it is installed."""

    def decode(body: bytes) -> bytes:
        for module, name in places:
            try:
                found: Callable[[bytes], bytes] = getattr(import_module(module), name)
            except ImportError:
                continue
            return found(body)
        raise ValueError("no library for it is installed")

    return decode


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "x-gzip": gzip.decompress,
    "deflate": _inflate,
    "br": _first(("brotli", "decompress"), ("brotlicffi", "decompress")),
    "zstd": _first(("compression.zstd", "decompress"), ("zstandard", "decompress")),
}


def encoding_of(headers: Headers) -> str | None:
    """The compression that headers name, if it is one that we can take off."""
    for name, value in headers:
        if name.lower() == "content-encoding" and value.lower() in DECODERS:
            return value.lower()
    return None


def uncompressed(headers: Headers, body: bytes) -> bytes:
    """A body as its sender meant it; as it is when it is not compressed, or was cut off on the way."""
    encoding = encoding_of(headers)
    if encoding is None or not body:
        return body
    try:
        return DECODERS[encoding](body)
    except Exception:
        return body
