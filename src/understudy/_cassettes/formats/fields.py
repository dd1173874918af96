"""The parts of an exchange, in all the ways in which recorders write them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit

from understudy._cassettes.content_encoding import encoding_of, missing_library, unpacked
from understudy._cassettes.interaction import READS, Interaction, header
from understudy._common.messages import Headers

_NO_BODY = frozenset({204, 304})


class UnknownBody(ValueError):
    """A body is stored in an unknown way: replayed, it would be an empty answer."""


class Omitted(Exception):
    """An exchange that a file mentions but does not contain; the message says why."""


def interaction(number: int, **fields: Any) -> Interaction:
    """Return an interaction made from what a reader has found.

    See `Interaction` for the fields.

    `headers` and `request_headers` are taken as any recorder writes them, `body` is compressed as `headers` say or not.

    Raises:
        ValueError, TypeError: a value that no exchange could have.
    """
    headers, body = _decompressed(header_pairs(fields.pop("headers", None)), fields.pop("body", b""))
    recorded_at = fields.pop("recorded_at", None)
    sent, request_headers = fields.pop("request_body", b""), header_pairs(fields.pop("request_headers", None))
    if sent is None and not header(request_headers, "content-type"):
        request_headers += (("content-type", "application/octet-stream"),)  # marks a body as lost
    return Interaction(
        index=number,
        method=method(fields.pop("method")),
        url=url(fields.pop("url")),
        status=status(fields.pop("status")),
        request_headers=request_headers,
        request_body=sent,
        headers=headers,
        body=body,
        recorded_at=text(recorded_at) if recorded_at else None,
        **fields,
    )


def text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (str, int, float, date)):  # what a parser makes of a scalar
        return str(value)
    raise TypeError(f"expected a text, got {type(value).__name__}")


def method(value: Any) -> str:
    name = text(value).upper()
    if not (name.isascii() and name.isalpha()):
        raise ValueError(f"{value!r} is not an HTTP method")
    return name


def url(value: Any) -> str:
    address = text(value)
    _ = urlsplit(address).port  # raises for a URL that cannot be parsed
    return address


def status(value: Any) -> int:
    if isinstance(value, int | float | str) and re.fullmatch(r"[1-5]\d\d(?:\.0)?", str(value)[:10].strip()):
        return int(float(value))
    raise ValueError(f"{repr(value)[:20]} is not an HTTP status")


def header_pairs(raw: Any) -> Headers:
    """Return headers, from any of the ways in which recorders write them.

    With one value for a name, or several; as a mapping, or as a list of pairs or of objects with `name` and `value`.
    """
    pairs: list[tuple[str, str]] = []
    for name, values in _named(raw or {}):
        many: Iterable[Any] = values if isinstance(values, (list, tuple)) else [values]
        pairs.extend((_name(name), text(value)) for value in many if value is not None)
    return tuple(pairs)


def _named(raw: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(raw, Mapping):
        return raw.items()
    if not isinstance(raw, (list, tuple)):
        raise TypeError(f"expected headers, got {type(raw).__name__}")
    return [(one["name"], one["value"]) if isinstance(one, Mapping) else _pair(one) for one in raw]


def _pair(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise TypeError(f"expected a header's name and value, got {value!r}")
    return value[0], value[1]


def _name(value: Any) -> str:
    name = text(value)
    if not name.isascii() or not name.isprintable() or not name:
        raise ValueError(f"{value!r} is not the name of a header")
    return name


def grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    """Return names and values, one by one, as a mapping."""
    found: dict[Any, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def request_body(verb: Any, headers: Any, raw: Any) -> bytes | None:
    """Return the body of a request; None when a recorder dropped it.

    That is null with a content type. b"" when none was sent.
    """
    body = as_bytes(raw)
    if body is None and method(verb) not in READS and header(header_pairs(headers), "content-type"):
        return None
    return body or b""


def as_bytes(raw: Any) -> bytes | None:
    """Return a body, from any of the ways in which recorders write it; None for null.

    Raises:
        UnknownBody: it is data, or is under a key that no recorder writes.
    """
    if isinstance(raw, dict):
        for key in ("base64_string", "base64"):
            if raw.get(key) is not None:
                return base64.b64decode(raw[key])
        if raw and "string" not in raw and not raw.keys() & {"base64_string", "base64", "encoding"}:
            raise UnknownBody(f"a body is under `{next(iter(raw))}`, or is data, which no known recorder writes")
        raw = raw.get("string")
    if isinstance(raw, dict):
        raise UnknownBody("a body is data under `string`, which no known recorder writes")
    if raw is None:
        return None
    if isinstance(raw, (bytes, str)):
        return _piece(raw)
    if isinstance(raw, BytesIO):
        return raw.read()
    return b"".join(_piece(piece) for piece in raw)  # an iterator that was recorded piece by piece


def _piece(raw: Any) -> bytes:
    if isinstance(raw, str):
        return raw.encode("utf-8", "surrogateescape")
    if isinstance(raw, bytes):
        return raw
    raise TypeError(f"expected a body, got {type(raw).__name__}")


def json_body(value: Any) -> bytes:
    """Return the JSON text of a body that a recorder stores as data.

    It is laid out as the service did.

    Raises:
        ValueError: it holds a number that JSON cannot hold.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:  # half an emoji, which JSON can only escape
        return json.dumps(value, indent=2, allow_nan=False).encode()


def form_body(form: Mapping[str, Any]) -> bytes:
    """Return the body of a form whose fields a recorder stores as data."""
    values = {name: value if isinstance(value, list) else [value] for name, value in form.items()}
    return urlencode(values, doseq=True).encode()


def refuse_unknown_body(part: Any, known: Collection[str], body: bytes | None, where: str) -> None:
    """Refuse a part of an exchange whose body may be under an unknown key.

    It has no body where one is expected, and something else that may be it.

    Raises:
        UnknownBody: with the key.
    """
    if body or not isinstance(part, Mapping):
        return
    for key, value in part.items():
        if key not in known and value and isinstance(value, (str, bytes, Mapping, list, tuple)):
            raise UnknownBody(f"the {where} has its body under `{key}`, where no known recorder puts it")


def may_have_body(code: Any) -> bool:
    """Return True if an answer of this status has a body."""
    return status(code) not in _NO_BODY


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decompressed(headers: Headers, body: bytes | None) -> tuple[Headers, bytes | None]:
    """Return a body decompressed, without the header that names its compression.

    The header is also removed if a recorder has already decompressed the body.
    """
    encoding = encoding_of(headers)
    if encoding is None:
        return headers, body
    body = body and unpacked(headers, body)
    if body and body[:2] == b"\x1f\x8b":
        raise ValueError("its compressed body is damaged")
    library = missing_library(encoding)
    if body and library and not _is_text(body):
        raise ValueError(f"its body is compressed ({encoding}), which needs another library: install {library}")
    return tuple(pair for pair in headers if pair[0].lower() != "content-encoding"), body
