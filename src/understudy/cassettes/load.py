"""Reads cassettes: our own, vcrpy's, pytest-recording's (YAML or JSON), and Ruby VCR's.

A cassette that cannot be read whole is refused with its name, the line and what to do. It is never taken for an empty one:
since the service is gone, an empty cassette is a lost one.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from understudy.cassettes.encoding import encoding_of, uncompressed
from understudy.cassettes.interaction import READS, Interaction, header
from understudy.errors import CassetteError
from understudy.exchange import Headers

FORMAT = 1  # of vcrpy's files; vcrpy has had no other since 1.0
OUR_FORMAT = 1  # of the keys we add (`understudy:` at the top and in each interaction)


def load(path: str | Path) -> list[Interaction]:
    """Read a cassette.

    Raises:
        CassetteError: the file is missing, empty, cut off, corrupt, no cassette at all, or of a newer version.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise CassetteError(
            f"{path}: no such cassette. Record it with record='once' (--understudy-record=once) against a server that "
            "speaks the API, or use the simulator instead."
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        _refuse(path, line, "is not UTF-8 text: corrupt, or not a cassette")
    return parse(text, path)


def parse(text: str, path: str | Path) -> list[Interaction]:
    """The interactions of a cassette's text; `path` is for messages, and its suffix tells JSON from YAML."""
    path = Path(path)
    if not text.strip():
        _refuse(path, 1, "is empty: a save was interrupted, or a merge went wrong")
    data = _document(text, path)
    entries = _entries(data, path, text)
    return [_interaction(number, entry, path) for number, entry in enumerate(entries)]


def _refuse(path: Path, line: int | None, problem: str, cause: BaseException | None = None) -> NoReturn:
    where = f"{path}:{line}" if line is not None else str(path)
    raise CassetteError(
        f"{where}: this file {problem}. Restore it from version control; nothing was changed or recorded over. To record "
        "it anew, delete it first."
    ) from cause


def _document(text: str, path: Path) -> Any:
    # vcrpy's own serializers: they know the tags that its older versions wrote, and build nothing dangerous.
    from vcr.serializers import jsonserializer, yamlserializer
    from yaml import YAMLError

    is_json = path.suffix == ".json" or text.lstrip()[:1] == "{"
    serializer = jsonserializer if is_json else yamlserializer
    try:
        return serializer.deserialize(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        _refuse(path, line, f"is cut off or corrupt ({getattr(error, 'problem', None) or error})", error)
    except ValueError as error:
        _refuse(path, getattr(error, "lineno", None), f"is cut off or corrupt ({error})", error)


def _entries(data: Any, path: Path, text: str) -> list[Any]:
    last = text.count("\n") + 1
    if isinstance(data, list) and data and isinstance(data[0], dict) and "request" in data[0]:
        _refuse(path, 1, "was written by a vcrpy older than 1.0; convert it with `python -m vcr.migration`")
    if not isinstance(data, dict) or not ("interactions" in data or "http_interactions" in data):
        _refuse(path, 1, "is not a cassette: it has no list of interactions")
    ours = data.get("understudy") or {}
    if _newer(data.get("version"), FORMAT) or (isinstance(ours, dict) and _newer(ours.get("format"), OUR_FORMAT)):
        _refuse(path, _line_of(text, "version:"), "was written in a newer format than this understudy knows; upgrade it")
    entries = data["interactions"] if "interactions" in data else data["http_interactions"]
    # Every writer puts a line after the interactions (YAML keys are sorted): without it the end is missing.
    if "interactions" in data and "version" not in data:
        _refuse(path, last, "is cut off: the line `version: 1` at its end is missing")
    if "http_interactions" in data and "recorded_with" not in data:
        _refuse(path, last, "is cut off: the line `recorded_with:` at its end is missing")
    if not isinstance(entries, list):
        _refuse(path, _line_of(text, "interactions:"), "is not a cassette: its interactions are not a list")
    return entries


def _newer(version: Any, known: int) -> bool:
    return isinstance(version, int) and version > known


def _line_of(text: str, start: str) -> int | None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(start):
            return number
    return None


def _interaction(number: int, entry: Any, path: Path) -> Interaction:
    try:
        request, response = entry["request"], entry["response"]
        extra = entry.get("understudy") or {}
        method = str(request["method"]).upper()
        request_headers = header_pairs(request.get("headers"))
        status = response["status"] if "status" in response else {"code": response["status_code"]}
        headers, body = _decompressed(header_pairs(response.get("headers")), answer_body(response))
        broken = extra.get("broken")
        dwell = extra.get("dwell") or {}
        return Interaction(
            index=number,
            method=method,
            url=request["uri"] if "uri" in request else request["url"],
            request_headers=request_headers,
            request_body=_request_body(method, request_headers, request.get("body")),
            status=int(status["code"]),
            headers=headers,
            body=body,
            recorded_at=str(entry["recorded_at"]) if entry.get("recorded_at") else None,
            timings=tuple((float(seconds), int(size)) for seconds, size in extra.get("timings") or ()),
            broken=(str(broken["kind"]), str(broken["message"])) if broken else None,
            dwell=(float(dwell.get("seconds", 0.0)), int(dwell.get("polls", 1))),
            test=str(extra["test"]) if extra.get("test") else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        _refuse(path, None, f"has an interaction (number {number}, from 0) that is cut off or corrupt: {error!r}", error)


def header_pairs(raw: Any) -> Headers:
    pairs: list[tuple[str, str]] = []
    for name, values in (raw or {}).items():
        many: Iterable[Any] = values if isinstance(values, (list, tuple)) else [values]
        pairs.extend((str(name), _text(value)) for value in many if value is not None)
    return tuple(pairs)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


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
        return as_bytes(raw.get("string"))
    if raw is None or isinstance(raw, bytes):
        return raw
    if isinstance(raw, str):
        return raw.encode("utf-8", "surrogateescape")
    if isinstance(raw, BytesIO):
        return raw.read()
    return b"".join(as_bytes(piece) or b"" for piece in raw)  # an iterator that was recorded piece by piece


def _decompressed(headers: Headers, body: bytes | None) -> tuple[Headers, bytes | None]:
    """Take the encoding off a body, or off a header that says one which a recorder has already taken off."""
    if encoding_of(headers) is None:
        return headers, body
    body = body and uncompressed(headers, body)
    if body and body[:2] == b"\x1f\x8b":
        raise ValueError("its compressed body is damaged")
    return tuple(pair for pair in headers if pair[0].lower() != "content-encoding"), body
