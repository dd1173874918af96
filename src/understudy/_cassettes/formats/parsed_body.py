"""vcrpy with a serializer that keeps JSON bodies as data, under `parsed_body`.

[pydantic-ai's tests, and others]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields, vcrpy
from understudy._cassettes.formats.reader import Reader, members, part
from understudy._cassettes.interaction import Interaction

_KEY = "parsed_body"


def _recognizes(document: Any) -> bool:
    entries = members(document, "interactions")
    return any(_KEY in part(entry, side) for entry in entries for side in ("request", "response"))


def _interaction(number: int, entry: Any, path: Path) -> Interaction:
    request, response = dict(entry["request"]), dict(entry["response"])
    if _KEY in request:
        request["body"] = fields.json_body(request.pop(_KEY))
    if _KEY in response:
        response["body"] = {"string": fields.json_body(response.pop(_KEY))}
    return vcrpy.interaction(number, {**entry, "request": request, "response": response}, path)


READER = Reader(
    recorder="vcrpy with a serializer of its own (`parsed_body`)",
    recognizes=_recognizes,
    entries=vcrpy.READER.entries,
    interaction=_interaction,
)
