"""Judges by its look whether a value can be a secret.

It may be prose, a word, a setting, or as random as a key.
"""

from __future__ import annotations

import re

from understudy._cassettes.secrets.names import Grade
from understudy._cassettes.secrets.spans import SCRUBBED

# What a schema, an example or a template has in place of a value.
_PLACEHOLDER = re.compile(
    r"(?i)null|none|nil|true|false|str|string|text|password|secret|token|api[-_ ]?key|"
    r"required|optional|unset|undefined|invalid|missing|"
    r"redacted|\[?filtered\]?|dummy|hidden|x+|\*+|\.+|\$\{?[A-Za-z_]\w*\}?|\{\{.*\}\}|<[\w -]*>|%\(?\w+\)?s|\{\w*\}"
)
_WORDS = re.compile(r"[A-Za-z][a-z]*(?:[ _.-][A-Za-z][a-z]*){0,5}[.!?]?")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=.~-]{16,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ID = re.compile(r"[a-z]{2,12}[-_][\w-]+")
_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])|(?<=[A-Z]{2})(?=[a-z])")
_LEAST = {"CERTAIN": 4, "LIKELY": 6, "POSSIBLE": 6}


def fits(grade: Grade, value: str) -> bool:
    """Return True if a value after a name of that grade should be taken for a secret."""
    if len(value) < _LEAST[grade.name] or SCRUBBED in value or _PLACEHOLDER.fullmatch(value):
        return False
    if grade is Grade.CERTAIN:
        return True
    return not is_wordy(value) if grade is Grade.LIKELY else is_random(value)


def is_wordy(value: str) -> bool:
    """Return True if a value is a few ordinary words.

    Such as `client_credentials` or `None required.`
    """
    return _WORDS.fullmatch(value) is not None


def is_random(value: str) -> bool:
    """Return True if a value looks like a key.

    It has 16 or more characters that change often between letters and digits. UUIDs and ids such as
    `thread_abc123` do not count: they are names of things.
    """
    if _RANDOM.fullmatch(value) is None or _UUID.fullmatch(value) or _ID.fullmatch(value):
        return False
    return _changes(value) * 8 >= len(value)


def has_key_part(value: str) -> bool:
    """Return True if what follows a prefix such as `sk-` is a key rather than words.

    `learn-contrib` is not.
    """
    return "*" in value or any(_is_key_part(part) for part in re.split(r"[-_.]", value))


def _is_key_part(part: str) -> bool:
    if len(part) < 6:
        return False
    if part.isdecimal():
        return len(part) >= 8
    has_digit = any(map(str.isdecimal, part))
    return _changes(part) >= 2 or (has_digit and len(part) >= 16) or len(part) >= 24


def _changes(value: str) -> int:
    return len(_CHANGE.findall(value))
