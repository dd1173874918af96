"""Reads cassettes: our own, vcrpy's, pytest-recording's (YAML or JSON), and Ruby VCR's.

A cassette that cannot be read whole is refused with its name, the line and what to do. It is never taken for an empty one:
since the service is gone, an empty cassette is a lost one.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from understudy._cassettes.atomic_files import LONGEST_NAME, special_kind
from understudy._cassettes.content_encoding import encoding_of, lacking, uncompressed
from understudy._cassettes.document import document, line_of_interaction, refuse
from understudy._cassettes.interaction import RAISABLE, READS, Interaction, header
from understudy._common.messages import Headers
from understudy.errors import CassetteError

FORMAT = 1  # of vcrpy's files; vcrpy has had no other since 1.0
OUR_FORMAT = 1  # of the keys we add (`understudy:` at the top and in each interaction)


def load(path: str | Path) -> list[Interaction]:
    """Read a cassette.

    Raises:
        CassetteError: the file is missing, empty, cut off, corrupt, no cassette at all, or of a newer version.
    """
    path = Path(path)
    refuse_special(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise CassetteError(
            f"{path}: no such cassette. Record it with record='once' (--understudy-record=once) against a server that "
            "speaks the API, or use the simulator instead."
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        refuse(path, line, "is not UTF-8 text: corrupt, or not a cassette")
    return parse(text, path)


def refuse_special(path: Path) -> None:
    """Refuse what cannot be a cassette: a directory, a named pipe, a device, a name that no file can have.

    Raises:
        CassetteError: it is one of these.
    """
    kind = special_kind(path)
    if kind is not None:
        raise CassetteError(f"{path}: this is {kind}, not a cassette. Give the path of a file, such as 'tutorial.yaml'.")
    size = len(os.fsencode(path.name))
    if size > LONGEST_NAME:
        raise CassetteError(
            f"{path}: this name has {size} bytes, and a file's name can have {LONGEST_NAME}. Choose a shorter one."
        )


def parse(text: str, path: str | Path) -> list[Interaction]:
    """The interactions of a cassette's text; `path` is for messages, and its suffix tells JSON from YAML."""
    path = Path(path)
    if not text.strip():
        refuse(path, 1, "is empty: a save was interrupted, or a merge went wrong")
    data = document(text, path)
    entries = _entries(data, path, text)
    return [_interaction(number, entry, path, text) for number, entry in enumerate(entries)]


def _entries(data: Any, path: Path, text: str) -> list[Any]:
    last = text.count("\n") + 1
    if isinstance(data, list) and data and isinstance(data[0], dict) and "request" in data[0]:
        refuse(path, 1, "was written by a vcrpy older than 1.0; convert it with `python -m vcr.migration`")
    if not isinstance(data, dict) or not ("interactions" in data or "http_interactions" in data):
        refuse(path, 1, "is not a cassette: it has no list of interactions")
    ours = data.get("understudy") or {}
    _refuse_newer(path, text, "version:", "vcrpy", data.get("version"), FORMAT)
    if isinstance(ours, dict):
        _refuse_newer(path, text, "  format:", "understudy", ours.get("format"), OUR_FORMAT)
    entries = data["interactions"] if "interactions" in data else data["http_interactions"]
    # Every writer puts a line after the interactions (YAML keys are sorted): without it the end is missing.
    if "interactions" in data and "version" not in data:
        refuse(path, last, "is cut off: the line `version: 1` at its end is missing")
    if "http_interactions" in data and "recorded_with" not in data:
        refuse(path, last, "is cut off: the line `recorded_with:` at its end is missing")
    if not isinstance(entries, list):
        refuse(path, _line_of(text, "interactions:"), "is not a cassette: its interactions are not a list")
    return entries


def _refuse_newer(path: Path, text: str, start: str, whose: str, version: Any, known: int) -> None:
    if isinstance(version, int) and version > known:
        line = _line_of(text, start) or 1
        refuse(path, line, f"was written in format {version} of {whose}, newer than the {known} known here: upgrade")


def _line_of(text: str, start: str) -> int | None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(start):
            return number
    return None


def _interaction(number: int, entry: Any, path: Path, text: str) -> Interaction:
    try:
        request, response = entry["request"], entry["response"]
        method = _method(request["method"])
        request_headers = header_pairs(request.get("headers"))
        status = response["status"] if "status" in response else {"code": response["status_code"]}
        headers, body = _decompressed(header_pairs(response.get("headers")), answer_body(response))
        return Interaction(
            index=number,
            method=method,
            url=_url(request["uri"] if "uri" in request else request["url"]),
            request_headers=request_headers,
            request_body=_request_body(method, request_headers, request.get("body")),
            status=_status(status["code"]),
            headers=headers,
            body=body,
            recorded_at=_text(entry["recorded_at"]) if entry.get("recorded_at") else None,
            **_extra(entry.get("understudy") or {}),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        problem = f"has an interaction (number {number}, from 0) that is cut off or corrupt: {error!r}"
        refuse(path, line_of_interaction(text, number), problem, error)


def _extra(extra: Any) -> dict[str, Any]:
    """What we add to vcrpy's format."""
    broken, dwell = extra.get("broken"), extra.get("dwell") or {}
    timings = tuple((_seconds(seconds), int(size)) for seconds, size in extra.get("timings") or ())
    if broken is not None and broken["kind"] not in RAISABLE:
        raise ValueError(f"{broken['kind']!r} is no error that an HTTP client raises")
    return {
        "timings": timings,
        "broken": (_text(broken["kind"]), _text(broken["message"])) if broken else None,
        "dwell": (_seconds(dwell.get("seconds", 0.0)), int(dwell.get("polls", 1))),
        "test": _text(extra["test"]) if extra.get("test") else None,
    }


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not 0 <= seconds < 1e7:
        raise ValueError(f"{value!r} seconds")
    return seconds


def _method(value: Any) -> str:
    method = _text(value).upper()
    if not (method.isascii() and method.isalpha()):
        raise ValueError(f"{value!r} is no HTTP method")
    return method


def _url(value: Any) -> str:
    url = _text(value)
    _ = urlsplit(url).port  # a URL that cannot be taken apart says so here
    return url


def _status(value: Any) -> int:
    status = int(value)
    if not 100 <= status <= 599:
        raise ValueError(f"{value!r} is no HTTP status")
    return status


def header_pairs(raw: Any) -> Headers:
    """Headers in any of the ways they were ever written: one value for a name, or several."""
    pairs: list[tuple[str, str]] = []
    for name, values in (raw or {}).items():
        many: Iterable[Any] = values if isinstance(values, (list, tuple)) else [values]
        pairs.extend((_name(name), _text(value)) for value in many if value is not None)
    return tuple(pairs)


def _name(value: Any) -> str:
    name = _text(value)
    if not name.isascii() or not name.isprintable() or not name:
        raise ValueError(f"{value!r} is no name of a header")
    return name


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (str, int, float, date)):  # what YAML makes of a scalar
        return str(value)
    raise TypeError(f"a text was expected, not {type(value).__name__}")


def _request_body(method: str, headers: Headers, raw: Any) -> bytes | None:
    if raw is None and method not in READS and header(headers, "content-type"):
        return None  # lost: a recorder dropped it
    return as_bytes(raw) or b""


def answer_body(response: Any) -> bytes | None:
    if "content" in response:  # what vcrpy before 6 wrote for httpx
        return as_bytes(response["content"])
    return as_bytes(response.get("body"))


def as_bytes(raw: Any) -> bytes | None:
    """A body in any of the ways it was ever written; None for null."""
    if isinstance(raw, dict):
        for key in ("base64_string", "base64"):
            if raw.get(key) is not None:
                return base64.b64decode(raw[key])
        raw = raw.get("string")
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
    raise TypeError(f"a body was expected, not {type(raw).__name__}")


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decompressed(headers: Headers, body: bytes | None) -> tuple[Headers, bytes | None]:
    """Take the encoding off a body, or off a header that says one which a recorder has already taken off."""
    encoding = encoding_of(headers)
    if encoding is None:
        return headers, body
    body = body and uncompressed(headers, body)
    if body and body[:2] == b"\x1f\x8b":
        raise ValueError("its compressed body is damaged")
    library = lacking(encoding)
    if body and library and not _is_text(body):
        raise ValueError(f"its body is compressed ({encoding}), and nothing here can read that: install {library}")
    return tuple(pair for pair in headers if pair[0].lower() != "content-encoding"), body
