"""betamax (Python, for requests): Ruby VCR's format, in JSON."""

from __future__ import annotations

from typing import Any

from understudy._cassettes.formats import ruby_vcr
from understudy._cassettes.formats.reader import Reader, part


def _recognizes(document: Any) -> bool:
    return "http_interactions" in part(document) and str(part(document).get("recorded_with")).startswith("betamax")


READER = Reader(recorder="betamax", recognizes=_recognizes, entries=ruby_vcr.entries, interaction=ruby_vcr.interaction)
