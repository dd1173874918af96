"""Parse `multipart/form-data`, as clients upload it (RFC 7578, RFC 2046)."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header
from typing import NamedTuple
from urllib.parse import unquote

from understudy._engine.api_error import ApiError

_PARAMETER = re.compile(rb';\s*([\w!#$&+.^`|~*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


class Part(NamedTuple):
    """A field of a form.

    `filename` is None for a plain value.
    """

    name: str
    filename: str | None
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


def parse(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of a form, in the order sent.

    Raises:
        ApiError: it is not a form, or its frame is broken.
    """
    if not content_type.lower().startswith("multipart/form-data"):
        raise ApiError("form.not_multipart", got=content_type or "none")
    boundary = _parameters(content_type.encode()).get("boundary", b"")
    if not boundary:
        raise ApiError("form.no_boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise ApiError("form.broken")
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    start, separator, data = piece.lstrip(b" \t").partition(b"\r\n\r\n")
    if not separator or not start.startswith(b"\r\n"):
        raise ApiError("form.broken")
    for line in start.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-disposition":
            found = _parameters(value)
            if "name" in found:
                return Part(_text(found["name"]), _filename(found), data)
    raise ApiError("form.broken")


def _parameters(value: bytes) -> dict[str, bytes]:
    found = {}
    for name, quoted, plain in _PARAMETER.findall(value):
        found[name.decode("ascii").lower()] = re.sub(rb'\\(["\\])', rb"\1", quoted) or plain
    return found


def _filename(parameters: dict[str, bytes]) -> str | None:
    """Return the name of the file.

    RFC 5987 (`filename*=UTF-8''...`) wins; browsers' `%22` and mail's `=?utf-8?B?...?=` are undone.
    """
    extended = parameters.get("filename*")
    if extended is not None and extended.count(b"'") >= 2:
        charset, _, encoded = extended.split(b"'", 2)
        if charset.lower() in (b"utf-8", b""):
            return unquote(encoded.decode("ascii", "replace"))
    plain = parameters.get("filename")
    if plain is None:
        return None
    name = _text(plain)
    if name.startswith("=?") and name.endswith("?="):
        return _encoded_words(name)
    return name.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _encoded_words(name: str) -> str:
    """Decode a name that is encoded as in mail (RFC 2047).

    Returned unchanged if it is not encoded after all.
    """
    try:
        return "".join(part if isinstance(part, str) else part.decode(code or "ascii") for part, code in decode_header(name))
    except (HeaderParseError, LookupError, UnicodeError):
        return name


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
