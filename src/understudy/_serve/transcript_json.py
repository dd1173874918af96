"""A transcript as JSON, for comparing two apps in any language."""

from __future__ import annotations

import json
from typing import Any

from understudy._transcript.entries import TranscriptEntry
from understudy._transcript.transcript import Transcript
from understudy._transcript.unknown import UNKNOWN


def transcript_json(transcript: Transcript) -> dict[str, Any]:
    """Return the APIs used, the entries in order, and the whole as text."""
    return {
        "api": transcript.api,
        "entries": [_entry(entry) for entry in transcript],
        "text": str(transcript),
    }


def _entry(entry: TranscriptEntry) -> dict[str, Any]:
    value = json.loads(json.dumps(entry.value, default=_unknown))
    return {"turn": entry.turn, "kind": entry.kind, "value": value}


def _unknown(value: Any) -> dict[str, bool]:
    """Encode what the service does not show, such as the query of a file search."""
    assert value is UNKNOWN
    return {"unknown": True}
