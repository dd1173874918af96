"""Renames the ids that a server drew.

Recording one flow twice then gives the same ids, and a small diff.

The new id has the kind and the length of the old one; its letters follow from the kind and from how many of it came before.
An id that the app sent before any answer showed it is in the app's configuration: it is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from understudy._cassettes.interaction import Interaction

_ID = re.compile(
    r"(?<![A-Za-z0-9])(asst_|thread_|msg_|run_|step_|call_|file-|vs_|vsfb_ibj_|vsfb_|upload_|part_|req_)([A-Za-z0-9]{16,40})(?![A-Za-z0-9])"
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_HEX = "0123456789abcdef"


def renamed(interactions: list[Interaction], taken: str = "", known: Mapping[str, str] | None = None) -> list[Interaction]:
    """Return the interactions with the ids that answers introduced renamed.

    In URLs, bodies, streams and headers.

    Args:
        interactions: in their order.
        taken: a text whose ids cannot be given again (the cassette that these are added to).
        known: names that were given elsewhere, and have to be given here, too.
    """
    names = renaming(interactions, taken, known or {})
    changed = {old: new for old, new in names.items() if old != new}
    return [_with(interaction, changed) for interaction in interactions] if changed else interactions


def renaming(interactions: Sequence[Interaction], taken: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return the new name of every id; one that is kept is its own name.

    Arguments as `renamed`'s.
    """
    names = dict(known)
    taken = "\n".join([taken, *known.values()])
    counts: Counter[str] = Counter()
    for interaction in interactions:
        asked = interaction.url + "\n" + (interaction.request_body or b"").decode("utf-8", "replace")
        for match in _ID.finditer(asked):
            names.setdefault(match[0], match[0])  # pinned, unless an answer introduced it before
        answered = (interaction.body or b"").decode("utf-8", "replace")
        answered += "\n" + "\n".join(value for _, value in interaction.headers)
        for match in _ID.finditer(answered):
            if match[0] not in names:
                names[match[0]] = match[0] if match[0] in taken else _fresh(match[1], match[2], counts, taken)
    return names


def ids_in(interactions: Sequence[Interaction]) -> dict[str, str]:
    """Return every id in a recording, as its own name."""
    texts = [one.url + "\n" + (one.body or b"").decode("utf-8", "replace") for one in interactions]
    return {match[0]: match[0] for text in texts for match in _ID.finditer(text)}


def _fresh(kind: str, rest: str, counts: Counter[str], taken: str) -> str:
    letters = _HEX if len(rest) == 32 and not set(rest) - set(_HEX) else _LETTERS
    while True:
        counts[kind] += 1
        number = int.from_bytes(hashlib.sha512(f"{kind}{counts[kind]}".encode()).digest(), "big")
        drawn = []
        for _ in rest:
            number, letter = divmod(number, len(letters))
            drawn.append(letters[letter])
        name = kind + "".join(drawn)
        if name not in taken:
            return name


def _with(interaction: Interaction, names: dict[str, str]) -> Interaction:
    def text(value: str) -> str:
        return _ID.sub(lambda match: names.get(match[0], match[0]), value)

    def body(value: bytes | None) -> bytes | None:
        try:
            return value and text(value.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return value

    return replace(
        interaction,
        url=text(interaction.url),
        request_body=body(interaction.request_body),
        headers=tuple((name, text(value)) for name, value in interaction.headers),
        body=body(interaction.body),
    )
