"""Map the recorded ids to those of the service under test, in both directions."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

# Every id the service makes: a prefix and at least 20 characters, so that no word of the API is taken for one.
_ASSISTANTS = "asst|thread|msg|run|step|call|vs|upload|part|req"
_RESPONSES = "resp|conv|fc|rs|ws|fs|ci|ig|cmp|apc|tsc|tso|cu|ctc|mcp|mcpl|mcpr|lsh|sh|cntr|cfile|item"
ID = re.compile(rf"\b(?:(?:{_ASSISTANTS}|{_RESPONSES})_|vsfb_(?:ibj_)?|file-)[A-Za-z0-9]{{20,}}\b")
_PREFIX = re.compile(r"[A-Za-z]+[_-]")


class Bindings:
    """A growing map of ids.

    The first time a recorded id is compared with a served one, the two are bound.
    """

    def __init__(self) -> None:
        self._served: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def copy(self) -> Bindings:
        other = Bindings()
        other._served, other._recorded = dict(self._served), dict(self._recorded)
        return other

    def served(self, recorded: str) -> str:
        """Return the id bound to a recorded one; an unknown id is its own."""
        return self._served.get(recorded, recorded)

    def knows(self, recorded: str) -> bool:
        return recorded in self._served

    def bind(self, recorded: str, served: str) -> bool:
        """Bind an id to a recorded one; return False if that is impossible.

        Either is bound to another already, or the prefixes differ.
        """
        if recorded in self._served or served in self._recorded:
            return self._served.get(recorded) == served
        if not same_kind(recorded, served):
            return False
        self._served[recorded], self._recorded[served] = served, recorded
        return True

    def text(self, recorded: str) -> str:
        """Return a text with the ids in it replaced."""
        if recorded in self._served:
            return self._served[recorded]
        return ID.sub(lambda match: self.served(match[0]), recorded)

    def value(self, recorded: Any) -> Any:
        """Return a JSON value with the ids in it replaced."""
        if isinstance(recorded, str):
            return self.text(recorded)
        if isinstance(recorded, list):
            return [self.value(item) for item in recorded]
        if isinstance(recorded, dict):
            return {key: self.value(item) for key, item in recorded.items()}
        return recorded

    def url(self, recorded: str, path: str) -> str:
        """Return the path and query of a recorded URL with the ids replaced.

        `path`: its API path.
        """
        segments = [self.served(segment) for segment in path.split("/")]
        query = urlsplit(recorded).query
        pairs = [(name, self.text(value)) for name, value in parse_qsl(query, keep_blank_values=True)]
        return "/".join(segments) + (f"?{urlencode(pairs)}" if query else "")

    def body(self, recorded: bytes) -> bytes:
        """Return a request's body with the ids replaced, if it is JSON."""
        if recorded[:1] not in b"{[" or not recorded:
            return recorded
        try:
            value = json.loads(recorded)
        except ValueError:
            return recorded
        replaced = self.value(value)
        return recorded if replaced == value else json.dumps(replaced).encode()


def same_kind(recorded: str, served: str) -> bool:
    """Return True if the ids have the same prefix, or the recorded one has none."""
    ours, theirs = _PREFIX.match(recorded), _PREFIX.match(served)
    return ours is None or (theirs is not None and ours[0] == theirs[0])
