"""R's vcr: Ruby VCR's format with its own status, and bodies in other files.

Version 1 writes `status_code` and says `recorded_with` of each exchange; version 2 writes the status as a number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields, ruby_vcr
from understudy._cassettes.formats.reader import Reader, first, part
from understudy._cassettes.interaction import Interaction

_NOT_IN_A_FILE = (None, False, "no", "false", "n", "")


def _recognizes(document: Any) -> bool:
    if "http_interactions" not in part(document):
        return False
    one = first(ruby_vcr.entries(document))
    status = part(one, "response").get("status")
    return "status_code" in part(status) or isinstance(status, (int, float, str)) or "recorded_with" in one


def _interaction(number: int, entry: Any, path: Path) -> Interaction:
    response = entry["response"]
    status, body = response["status"], part(response, "body")
    if body.get("file") not in _NOT_IN_A_FILE:
        raise fields.Omitted(f"the answer's body is in another file, {body.get('string')!r}")
    code = status["status_code"] if isinstance(status, dict) else status
    return ruby_vcr.interaction(number, {**entry, "response": {**response, "status": {"code": code}}}, path)


READER = Reader(recorder="R's vcr", recognizes=_recognizes, entries=ruby_vcr.entries, interaction=_interaction)
