"""The encodings of a known secret.

As it is, in base64, in hexadecimal, or with its characters escaped.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from urllib.parse import quote, quote_plus

from understudy._cassettes.secrets.spans import SecretSpan, lower

_SHORTEST_IN_ANY_CASE = 16  # fewer could be a word or a name, harmless in other letters
_ESCAPES = ("\\u00", "\\x", "%", "&#")


class Coded:
    """A known secret in its encodings.

    Args:
        value: the secret, at least 8 characters.
    """

    def __init__(self, value: str) -> None:
        raw = value.encode("utf-8", "surrogatepass")
        plain = [value, quote(value, safe="", errors="replace"), quote_plus(value, errors="replace")]
        plain += [json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], raw.decode("latin-1")]
        self.plain = tuple(dict.fromkeys(plain))
        self.literals = (*self.plain, *_base64_cores(raw))
        self.hexadecimal = raw.hex()
        self._value = value
        self._lowered = lower(value) if len(value) >= _SHORTEST_IN_ANY_CASE else None

    def spans(self, text: str, lowered: str) -> Iterator[SecretSpan]:
        """Yield where a text has the secret; `lowered` is the text in lower case."""
        for literal in self.literals:
            yield from _occurrences(text, literal)
        yield from _occurrences(lowered, self.hexadecimal)
        if self._lowered is not None:
            yield from _occurrences(lowered, self._lowered)
        if any(escape in lowered for escape in _ESCAPES):
            for match in self._escaped.finditer(text):
                yield SecretSpan(match.start(), match.end(), "a known secret...")

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        return re.compile("".join(map(_any_spelling, self._value)))


@lru_cache(maxsize=512)
def coded(value: str) -> Coded:
    """Return the encodings of a secret, which are computed once for each."""
    return Coded(value)


def _occurrences(text: str, literal: str) -> Iterator[SecretSpan]:
    at = text.find(literal)
    while at >= 0:
        yield SecretSpan(at, at + len(literal), "a known secret...")
        at = text.find(literal, at + len(literal))


def _base64_cores(raw: bytes) -> list[str]:
    """Return the secret's base64 in the midst of other bytes.

    Only the characters that depend on it alone.
    """
    cores = []
    for before in range(3):
        text = base64.b64encode(bytes(before) + raw + bytes(2)).decode("ascii")
        core = text[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        cores += [core, core.replace("+", "-").replace("/", "_"), core.replace("/", "\\/")]
        cores += [core.replace("+", "%2B").replace("/", "%2F"), core.replace("+", "%2b").replace("/", "%2f")]
    return list(dict.fromkeys(cores))


def _any_spelling(character: str) -> str:
    """Return a pattern for one character, as it is or escaped any number of times.

    For JSON, a URL, a program or a page.
    """
    spellings = [re.escape(character)]
    units = character.encode("utf-16-be", "surrogatepass")
    codes = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    spellings.append("".join(rf"\\+u{_hex(code)}" for code in codes))
    spellings.append("".join(f"%(?:25)*{_hex(f'{byte:02x}')}" for byte in character.encode("utf-8", "surrogatepass")))
    spellings.append("".join(rf"\\+x{_hex(f'{byte:02x}')}" for byte in character.encode("utf-8", "surrogatepass")))
    spellings.append(rf"&#(?:[xX]0*{_hex(f'{ord(character):x}')}|0*{ord(character)});")
    if character in "\"'\\/":
        spellings.append(r"\\+" + re.escape(character))
    if character == " ":
        spellings.append(r"\+")
    return f"(?:{'|'.join(spellings)})"


def _hex(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
