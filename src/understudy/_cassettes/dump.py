"""Writes interactions in vcrpy's format.

A reviewer can read them in a diff, and plain vcrpy can play them.

JSON and streams are YAML block scalars. What vcrpy has no place for (times, broken answers, dwell) is in keys of the
interaction beside `request` and `response`, which vcrpy passes over.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from understudy._apis.common.json_encoding import pretty
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import FORMAT, OUR_FORMAT
from understudy._common.messages import Headers
from understudy.errors import CassetteError

_FAR = re.compile("[\U00010000-\U0010ffff]")
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029]")  # a block would turn them into plain line ends
_PHRASES = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


def dump(interactions: Iterable[Interaction], path: Path) -> str:
    """Return the text of a cassette; JSON if the path's suffix is `.json`, else YAML."""
    entries = [as_entry(interaction) for interaction in interactions]
    end = {"understudy": {"format": OUR_FORMAT}, "version": FORMAT}
    if path.suffix == ".json":
        return as_json({**end, "interactions": entries}, path)
    assert entries  # without requests, nothing is written
    return "interactions:\n" + "".join(as_yaml([entry]) for entry in entries) + as_yaml(end)


def as_entry(interaction: Interaction) -> dict[str, Any]:
    """Return one interaction as plain data."""
    entry: dict[str, Any] = {
        "request": {
            "method": interaction.method,
            "uri": interaction.url,
            "headers": _headers(interaction.request_headers),
            "body": _readable(interaction.request_body),
        },
        "response": {
            "status": {"code": interaction.status, "message": _PHRASES.get(interaction.status, "")},
            "headers": _headers(interaction.headers),
            "body": {"string": _readable(interaction.body)},
        },
    }
    if interaction.recorded_at:
        entry["recorded_at"] = interaction.recorded_at
    extra = _extra(interaction)
    if extra:
        entry["understudy"] = extra
    return entry


def _extra(interaction: Interaction) -> dict[str, Any]:
    extra: dict[str, Any] = {"test": interaction.test} if interaction.test else {}
    if interaction.timings:
        extra["timings"] = [[seconds, size] for seconds, size in interaction.timings]
    if interaction.broken:
        extra["broken"] = {"kind": interaction.broken[0], "message": interaction.broken[1]}
    if interaction.dwell[1] > 1:
        extra["dwell"] = {"seconds": interaction.dwell[0], "polls": interaction.dwell[1]}
    return extra


def _headers(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found


def readable(body: bytes | None) -> bytes | None:
    """Return a JSON body laid out over several lines; any other body as it is."""
    if not body or b"\n" in body or body[:1] not in b"{[":
        return body
    try:
        return pretty(json.loads(body))
    except (ValueError, RecursionError):
        return body


def _readable(body: bytes | None) -> str | bytes | None:
    if body is None:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body


def as_json(data: dict[str, Any], path: Path) -> str:
    """Return a cassette's data as JSON text.

    Raises:
        CassetteError: it holds a binary body.
    """
    from vcr.serializers import jsonserializer

    for entry in data["interactions"]:
        if has_binary(entry):
            raise CassetteError(
                f"{path}: JSON cannot hold the binary body of {entry['request']['uri']}; "
                "give the cassette a name that ends in .yaml"
            )
    return str(jsonserializer.serialize(data))


def has_binary(entry: Any) -> bool:
    """Return True if an entry has a body that is not text, which JSON cannot hold."""
    bodies = entry["request"].get("body"), (entry["response"].get("body") or {}).get("string")
    return any(isinstance(body, bytes) for body in bodies)


def as_yaml(data: Any) -> str:
    """Return data as YAML text in whole lines, to be appended to other text."""
    import yaml

    # The fast writer knows no characters beyond the first 65,536 (emoji) and would write the whole text escaped.
    fast = "CSafeDumper" if _FAR.search(repr(data)) is None else "SafeDumper"
    dumper = _dumper(fast if hasattr(yaml, fast) else "SafeDumper")
    text = str(yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, width=1 << 20))
    return text.removesuffix("...\n")  # the end of a document, after a block with a last empty line: ours goes on


@cache
def _dumper(name: str) -> Any:
    import yaml

    base: Any = getattr(yaml, name)

    class Dumper(base):  # type: ignore[misc]
        """Writes texts of several lines as blocks."""

        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value and _OTHER_BREAKS.search(value) is None else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    def binary(dumper: Any, value: bytes) -> Any:
        encoded = base64.encodebytes(value).decode("ascii")
        return dumper.represent_scalar("tag:yaml.org,2002:binary", encoded, style="|")

    def timing(dumper: Any, value: list[Any]) -> Any:
        flat = all(isinstance(item, (int, float)) for item in value)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)

    Dumper.add_representer(str, text)
    Dumper.add_representer(bytes, binary)
    Dumper.add_representer(list, timing)
    return Dumper
