"""Takes secrets out of exchanges, and finds those that are left.

Four nets, one behind the other: headers are kept only if they are on a list; the user's own patterns, field names and the
shapes of keys find what is not known to be secret; and what is known to be secret because of where it was (an
`Authorization` header, a cookie, the environment) is taken out wherever else it turns up, in every cheap coding.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from understudy._cassettes.secrets.codings import Coded, coded
from understudy._cassettes.secrets.environment import environment_secrets
from understudy._cassettes.secrets.fields import field_spans
from understudy._cassettes.secrets.headers import secrets_of
from understudy._cassettes.secrets.names import Grade, query_grade
from understudy._cassettes.secrets.nested import nested_spans
from understudy._cassettes.secrets.shapes import shape_spans
from understudy._cassettes.secrets.spans import SCRUBBED, SecretSpan, lower, without
from understudy._cassettes.secrets.streams import joined, without_split
from understudy._cassettes.secrets.values import fits
from understudy._common.messages import Headers, Request

_SHORTEST = 8  # a shorter "secret" from the environment would cut holes into innocent text
_DEEPEST = 3  # how often a part may be encoded
_NOT_SECRET = frozenset({SCRUBBED, "understudy-needs-no-key"})


class Scrubber:
    """Takes secrets out of exchanges, and finds those that are left.

    Args:
        patterns: regular expressions of the user's own; a group named `keep` stays.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        own = [patterns] if isinstance(patterns, str) else patterns
        self._own = tuple(re.compile(pattern) for pattern in own)
        self._known: dict[str, Coded] = {}
        for value in environment_secrets(os.environ):
            self.learn(value)

    def learn(self, value: str) -> bool:
        """Learn a secret, which is taken out from now on; return whether it is new.

        In whichever encoding.
        """
        value = value.strip()
        if len(value) < _SHORTEST or value in _NOT_SECRET or SCRUBBED in value or value in self._known:
            return False
        self._known[value] = coded(value)
        return True

    def learn_headers(self, headers: Headers) -> list[str]:
        """Learn the values of the headers that hold secrets; return those that are new."""
        return [value.strip() for value in secrets_of(headers) if self.learn(value)]

    def text(self, text: str) -> str:
        """Return the text without its secrets."""
        for pattern in self._own:
            text = pattern.sub(_replacement, text)
        for spans in (field_spans, shape_spans):
            text = without(text, spans(text, lower(text)))
        text = without(text, self._nested(text))
        # After the shapes: a replay that does not know this very key must arrive at the same text by its shape alone.
        return without(text, self._known_spans(text, lower(text)))

    def url(self, url: str) -> str:
        """Return a URL without its secrets, even those that are percent-encoded."""
        head, mark, query = url.partition("?")
        pairs = [self._pair(pair) for pair in query.split("&")] if mark else []
        head = self.text(head)
        if self.text(unquote(head)) != unquote(head):
            head = quote(self.text(unquote(head)), safe=":/@[]*()!$',;=~+")
        return head + mark + "&".join(pairs)

    def _pair(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        level = query_grade(unquote_plus(name))
        if level is not Grade.NONE and fits(level, unquote_plus(value)):
            return name + mark + SCRUBBED
        plain = unquote_plus(pair)
        clean = self.text(plain)
        if clean == plain:
            return self.text(pair)
        name, mark, value = clean.partition("=")
        return quote_plus(name) + mark + quote_plus(value)

    def body(self, body: bytes) -> bytes:
        """Return a body without its secrets.

        One that is not text is searched byte for byte.
        """
        encoding = _encoding(body)
        text = body.decode(encoding)
        if b"data:" in body and (b"delta" in body or b'"choices"' in body):
            text = without_split(text, self.spans)
        return self.text(text).encode(encoding)

    def headers(self, headers: Headers, allowed: Iterable[str]) -> Headers:
        """Return the headers that are allowed, without secrets in their values."""
        kept = set(allowed)
        return tuple((name.lower(), self.text(value)) for name, value in headers if name.lower() in kept)

    def request(self, request: Request) -> Request | None:
        """Return a request as it would have been recorded; None if it has no secret."""
        self.learn_headers(request.headers)
        url, body = self.url(request.url), self.body(request.body)
        if url == request.url and body == request.body:
            return None
        return Request(request.method, url, request.headers, body)

    def spans(self, text: str) -> list[SecretSpan]:
        """Return where a text has secrets, by all nets at once."""
        lowered = lower(text)
        return [*self._inside(text), *self._known_spans(text, lowered), *self._own_spans(text)]

    def _inside(self, text: str, depth: int = 0) -> list[SecretSpan]:
        """Return where a text has secrets that show by their names or shapes.

        In its encoded parts, too.
        """
        lowered = lower(text)
        found = [*field_spans(text, lowered), *shape_spans(text, lowered)]
        return [*found, *self._nested(text, depth)]

    def _nested(self, text: str, depth: int = 0) -> list[SecretSpan]:
        """Return where the encoded parts of a text have secrets.

        Those that show by themselves, or fit the user's patterns.
        """
        if depth == _DEEPEST:
            return []
        return list(nested_spans(text, lambda inner: [*self._inside(inner, depth + 1), *self._own_spans(inner)]))

    def _own_spans(self, text: str) -> list[SecretSpan]:
        found = []
        for pattern in self._own:
            for match in pattern.finditer(text):
                clean = _replacement(match)
                if clean != match[0]:
                    hint = match.groupdict().get("keep") or match[0][:4]
                    found.append(SecretSpan(match.start(), match.end(), f"{hint[-24:].strip()}...", clean))
        return found

    def find(self, text: str) -> list[tuple[int, str]]:
        """Return what is still secret in a text, as (line from 1, hint).

        The hint does not reveal it.
        """
        found, line, at = list[tuple[int, str]](), 1, 0
        for span in sorted(self.spans(text), key=lambda span: span.start):
            line, at = line + text.count("\n", at, span.start), span.start
            found.append((line, span.hint))
        split = [(1, hint) for said in joined(text) for _, hint in self.find(said)] if _may_be_split(text) else []
        return sorted({*found, *split})

    def holds(self, text: str, values: Iterable[str]) -> bool:
        """Return True if a text, or what its deltas make, has one of these secrets."""
        texts = [text, *(joined(text) if _may_be_split(text) else ())]
        return any(next(self._known[value].spans(each, lower(each)), None) is not None for each in texts for value in values)

    def _known_spans(self, text: str, lowered: str) -> Iterator[SecretSpan]:
        for known in self._known.values():
            yield from known.spans(text, lowered)


def _may_be_split(text: str) -> bool:
    return text.startswith(("data:", "event:"))


def _encoding(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _replacement(match: re.Match[str]) -> str:
    return (match.groupdict().get("keep") or "") + SCRUBBED
