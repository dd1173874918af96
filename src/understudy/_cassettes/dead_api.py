"""Distinguishes the answers of a switched-off API from the errors of a live one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from understudy._cassettes.interaction import Interaction

SWITCHED_OFF = "2026-08-26"  # OpenAI's and Azure's Assistants API [DOCS, REP: 404 since then, its text is not known]
_ROOTS = ("assistants", "threads")  # files and vector stores are not part of that API, and continue
_COLLECTIONS = ("assistants", "threads", "runs", "messages")
_GONE = (401, 404, 410)
# How a live service says that an object does not exist. [REC]
_NAMES_AN_OBJECT = re.compile(r"found with id|[Ww]ith id '|No such |does not exist")

ON_DEAD = (
    f"OpenAI switched the Assistants API off on {SWITCHED_OFF}: from then on a cassette of it can only hold errors. Record "
    "from a server that still speaks it (base_url=...; is the key right for it?), or let the fixture `understudy` simulate "
    "it. If this error is what the test is about: force=True (--understudy-force) records it all the same."
)


def is_dead(interaction: Interaction) -> bool:
    """Return True if an answer looks like that of a switched-off API.

    It is a 404, 410 or 401 that does not name an object of that API.
    """
    if interaction.path.strip("/").partition("/")[0] not in _ROOTS or interaction.status not in _GONE:
        return False
    said = interaction.json
    error = said.get("error") if isinstance(said, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return not (interaction.status == 404 and isinstance(message, str) and _NAMES_AN_OBJECT.search(message))


def dead_create(recorded: Sequence[Interaction]) -> Interaction | None:
    """Return the exchange that shows the API to be gone; None if the API is live.

    It is a create that was refused so, unless one of the same path succeeded (a corrected key, a
    server that came up); and any exchange at all, if all were refused so.
    """
    well = {interaction.path for interaction in recorded if interaction.method == "POST" and interaction.status < 400}
    for interaction in recorded:
        if _is_create(interaction) and interaction.path not in well and is_dead(interaction):
            return interaction
    return recorded[0] if recorded and all(map(is_dead, recorded)) else None


def holds_only_errors(recorded: Sequence[Interaction]) -> bool:
    """Return True if a recording contains only answers of a dead or broken API.

    Or no answers at all.
    """
    return bool(recorded) and all(is_dead(one) or one.status >= 500 or _has_no_answer(one) for one in recorded)


def _is_create(interaction: Interaction) -> bool:
    return interaction.method == "POST" and interaction.path.rstrip("/").rpartition("/")[2] in _COLLECTIONS


def _has_no_answer(interaction: Interaction) -> bool:
    return interaction.broken is not None and not interaction.headers
