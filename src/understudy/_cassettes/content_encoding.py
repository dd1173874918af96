"""Decompresses bodies and files, within bounds.

A few kilobytes may claim to be gigabytes.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import Any

from understudy._common.messages import Headers

MOST_BYTES = 100 << 20  # of an unpacked body or file; the largest recorded body has 2 MB
_GZIP = b"\x1f\x8b"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")  # Ruby VCR's option `serialize_with: :compressed`
_PIECE = 64  # bytes given at a time to a library that has no limit of its own


class TooLarge(ValueError):
    """Compressed data that unpacks to more than `MOST_BYTES`."""

    def __init__(self) -> None:
        super().__init__(f"unpacks to more than {MOST_BYTES >> 20} MB")


def _gunzip(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=BytesIO(body)) as file:
        return _bounded(file.read(MOST_BYTES + 1))


def _inflate(body: bytes) -> bytes:
    try:
        return _inflated(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflated(body, -zlib.MAX_WBITS)  # without its frame, as some servers send it


def _inflated(body: bytes, window: int) -> bytes:
    decoder = zlib.decompressobj(window)
    plain = _bounded(decoder.decompress(body, MOST_BYTES + 1))
    if not decoder.eof:
        raise zlib.error("incomplete or truncated stream")
    return plain


def _bounded(plain: bytes) -> bytes:
    if len(plain) > MOST_BYTES:
        raise TooLarge
    return plain


_DECODERS: dict[str, Callable[[bytes], bytes]] = {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _inflate}
# A client asks for these only where a library for it is installed.
_OPTIONAL = {"br": ("brotli", "brotlicffi"), "zstd": ("compression.zstd", "zstandard")}


def _decoder(encoding: str) -> Callable[[bytes], bytes] | None:
    """Return the function that decodes an encoding; None if its library is missing."""
    for module in _OPTIONAL.get(encoding, ()):
        try:
            library = import_module(module)
        except ImportError:
            continue
        return lambda body: _by_library(library, body)
    return _DECODERS.get(encoding)


def _by_library(library: Any, body: bytes) -> bytes:
    """Unpack in pieces where the library can, so that it is stopped in time."""
    if hasattr(library, "Decompressor"):  # Brotli
        decoder = library.Decompressor()
        step: Callable[[bytes], bytes] = decoder.process if hasattr(decoder, "process") else decoder.decompress
    elif hasattr(library, "ZstdDecompressor"):
        decoder = library.ZstdDecompressor()
        decoder = decoder.decompressobj() if hasattr(decoder, "decompressobj") else decoder
        step = decoder.decompress
    else:
        return _bounded(library.decompress(body))
    pieces, size = [], 0
    for start in range(0, len(body), _PIECE):
        pieces.append(step(body[start : start + _PIECE]))
        size += len(pieces[-1])
        if size > MOST_BYTES:
            raise TooLarge
    ended = decoder.is_finished() if hasattr(decoder, "is_finished") else getattr(decoder, "eof", True)
    if not ended:
        raise EOFError("incomplete or truncated stream")
    return b"".join(pieces)


def encoding_of(headers: Headers) -> str | None:
    """Return the compression that headers name, if it can be decoded here."""
    for name, value in headers:
        if name.lower() == "content-encoding" and value.lower() in {*_DECODERS, *_OPTIONAL}:
            return value.lower()
    return None


def missing_library(encoding: str) -> str | None:
    """Return the library to install for an encoding; None if it can be decoded."""
    return None if _decoder(encoding) else " or ".join(_OPTIONAL[encoding])


def unpacked(headers: Headers, body: bytes) -> bytes:
    """Return a body decompressed.

    It is returned as it is when it is not compressed, or was cut off on the way.

    Raises:
        TooLarge: it would fill the memory.
    """
    decode = _decoder(encoding_of(headers) or "")
    if decode is None or not body:
        return body
    try:
        return decode(body)
    except TooLarge:
        raise
    except Exception:
        return body


def uncompressed(headers: Headers, body: bytes) -> bytes:
    """Return a body of live traffic decompressed; one that is too large as it is."""
    try:
        return unpacked(headers, body)
    except TooLarge:
        return body


def unpacked_file(content: bytes) -> bytes:
    """Return the content of a file without the compression that it begins with.

    The very same object if it is not compressed.

    Raises:
        TooLarge: it would fill the memory.
        OSError, EOFError: it is damaged.
    """
    if content.startswith(_GZIP):
        try:
            return _gunzip(content)
        except zlib.error as error:
            raise OSError(str(error)) from error
    if content.startswith(_ZLIB):
        try:
            return _inflated(content, zlib.MAX_WBITS)
        except zlib.error:
            return content  # a text may begin with these two characters
    return content
