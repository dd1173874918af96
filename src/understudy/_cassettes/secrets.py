"""Finds secrets, takes them out, and looks again before anything is written.

Three nets, one behind the other: headers are kept only if they stand on a list; what is known to be secret because of where
it stood (an `Authorization` header, a cookie, a key in the environment) is taken out wherever else it turns up; and what
looks like a secret is taken out by its shape. The last look, over the finished text, refuses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from understudy._common.messages import Headers, Request

SCRUBBED = "SCRUBBED"

# What tells a reader something, and never holds a secret. Everything else is dropped.
REQUEST_HEADERS = frozenset(
    [
        "accept",
        "content-type",
        "openai-beta",
        "user-agent",
        "x-stainless-lang",
        "x-stainless-package-version",
        "x-stainless-poll-helper",
        "x-stainless-custom-poll-interval",
        "x-stainless-retry-count",
        "x-stainless-helper-method",
        "idempotency-key",
    ]
)
RESPONSE_HEADERS = frozenset(
    [
        "content-type",
        "content-disposition",
        "date",
        "openai-poll-after-ms",
        "openai-processing-ms",
        "openai-version",
        "retry-after",
        "retry-after-ms",
        "server",
        "www-authenticate",
        "x-request-id",
        "x-should-retry",
        "location",
    ]
)

_SECRET_HEADERS = [
    "authorization",
    "proxy-authorization",
    "api-key",
    "x-api-key",
    "cookie",
    "set-cookie",
    "openai-organization",
    "openai-project",
    "ocp-apim-subscription-key",
    "x-goog-api-key",
    "x-auth-token",
    "x-amz-security-token",
    "x-ms-client-principal",
]
_SECRET_VARIABLES = re.compile(r"(API_?KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?|ORG_ID|PROJECT_ID)$")
_SHORTEST = 8  # a shorter "secret" from the environment would tear holes into innocent text
_NOT_SECRET = frozenset({SCRUBBED, "understudy-needs-no-key"})

_TELLING_NAME = (
    r"(?:(?:api[-_]?key|apikey|access[-_]?key(?:[-_]?id)?|secret|passw(?:or)?d|passphrase|private[-_]?key|"
    r"access[-_]?token|auth[-_]?token|refresh[-_]?token|id[-_]?token|session[-_]?token|bearer[-_]?token|client[-_]?secret|"
    r"credentials?|signature|subscription[-_]?key|connection[-_]?string|accountkey|sharedaccesskey)|(?<![a-z0-9])(?:token|sig|pwd))"
)

_EQUALS = r"(?:\\?[\"'])?\s*[=:]\s*(?:\\?[\"'])?"
_VALUE = r"[^\s\"'\\&;,<>{}()\[\]]{6,}"
_COOKIES = r"__cf_bm|_cfuvid|__cflb|cf_clearance|session|sessionid|csrftoken|JSESSIONID|connect\.sid"
_ISSUERS = (
    "hf|npm|dop_v1|pypi|shpat|shpss|lin_api|ntn|secret|figd|rubygems|r8|gsk|pplx|tvly|xai|nvapi|fw|sq0atp|sq0csp|EAAA|"
    "dapi|pat|glsa|lsv2_pt|lsv2_sk|pcsk"
)

# By shape. Group `keep`, where there is one, stays, so that what is left still says what it was.
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"(?P<keep>\b(?:sk|rk|pk|sess|ek)-)(?!SCRUBBED)[A-Za-z0-9_*.-]{6,}[A-Za-z0-9_*]",  # OpenAI, Anthropic, masked too
        r"(?P<keep>\b(?:org|proj|user)[-_])(?!SCRUBBED)(?=[A-Za-z0-9]*[0-9A-Z])[A-Za-z0-9]{12,}\b",
        r"(?P<keep>\bkey-)(?!SCRUBBED)[0-9a-f]{32}\b",  # Mailgun
        r"(?i:(?P<keep>\b(?:bearer|basic|token|digest)[ +])(?!SCRUBBED)(?=[\w.~+/-]*[0-9])[\w.~+/-]{12,}=*)",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?",  # a JSON web token
        r"(?P<keep>\b(?:AKIA|ASIA|AGPA|AIDA|AROA))(?!SCRUBBED)[A-Z0-9]{16}\b",  # AWS
        r"(?P<keep>\bgh[pousr]_)(?!SCRUBBED)[A-Za-z0-9]{20,}",
        r"(?P<keep>\bgithub_pat_)(?!SCRUBBED)[A-Za-z0-9_]{20,}",
        r"(?P<keep>\bglpat-)(?!SCRUBBED)[A-Za-z0-9_-]{15,}",
        r"(?P<keep>\bxox[abeoprs]-)(?!SCRUBBED)[A-Za-z0-9-]{10,}",
        r"(?P<keep>\bxapp-)(?!SCRUBBED)[A-Za-z0-9-]{10,}",
        r"(?P<keep>\bAIza)(?!SCRUBBED)[A-Za-z0-9_-]{30,}",
        r"(?P<keep>\bya29\.)(?!SCRUBBED)[A-Za-z0-9_-]{15,}",
        r"(?P<keep>\b(?:sk|rk|pk|whsec)_(?:live_|test_)?)(?!SCRUBBED)[A-Za-z0-9]{16,}",  # Stripe
        rf"(?P<keep>\b(?:{_ISSUERS})[-_])(?!SCRUBBED)(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{{16,}}",
        r"(?P<keep>\bdapi)(?!SCRUBBED)[0-9a-f]{32}\b",
        r"(?P<keep>\bSG\.)(?!SCRUBBED)[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        r"(?P<keep>\b(?:AC|SK))(?!SCRUBBED)[0-9a-f]{32}\b",  # Twilio
        r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}",  # a Telegram bot
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
        r"(?P<keep>\b[a-z][a-z0-9+.-]{0,20}://)(?!SCRUBBED)[^\s/:@\"'\\]*:[^\s/@\"'\\]+(?=@)",  # user:password@host
        r"(?P<keep>https://hooks\.slack\.com/services/)(?!SCRUBBED)[A-Za-z0-9/]+",
        rf"(?P<keep>\b(?:{_COOKIES})=)(?!SCRUBBED)[^\s;,\"'\\&]{{6,}}",
        # name=value, name: value, "name": "value"
        rf"(?i:(?P<keep>{_TELLING_NAME}{_EQUALS})(?!SCRUBBED|null\b|true\b|false\b|\$){_VALUE})",
    )
)
_PART = re.compile(
    rf'(?is)(?P<keep>name="[^"\n]*{_TELLING_NAME}"[^\n]*\r?\n(?:[^\n]+\r?\n){0, 8}?\r?\n)(?!SCRUBBED)[^\r\n]+'
)


class Scrubber:
    """Takes secrets out of exchanges.

    Args:
        patterns: regular expressions of the user's own; a group named `keep` stays.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        own = [patterns] if isinstance(patterns, str) else patterns
        self._shapes = (*(re.compile(pattern) for pattern in own), _PART, *_SHAPES)
        self._known: set[str] = set()
        for name, value in os.environ.items():
            if _SECRET_VARIABLES.search(name.upper()):
                self.learn(value)

    def learn(self, value: str) -> None:
        """Take this very text out from now on, however it is written in a URL."""
        value = value.strip()
        if len(value) >= _SHORTEST and value not in _NOT_SECRET and SCRUBBED not in value:
            self._known |= {value, quote(value, safe=""), quote_plus(value)}

    def learn_headers(self, headers: Headers) -> None:
        """Learn the values of the headers that hold secrets."""
        for name, value in headers:
            if name.lower() in _SECRET_HEADERS:
                self.learn(value)
                for piece in re.split(r"[ ;,]+", value):
                    self.learn(piece.partition("=")[2] if "cookie" in name.lower() else piece)

    def text(self, text: str) -> str:
        """The text without its secrets."""
        for shape in self._shapes:
            text = shape.sub(_replacement, text)
        # After the shapes: a replay that does not know this very key must come to the same text by its shape alone.
        for known in sorted(self._known, key=len, reverse=True):
            text = text.replace(known, SCRUBBED)
        return text

    def url(self, url: str) -> str:
        """A URL without its secrets, hidden behind percent signs or not."""
        head, mark, query = url.partition("?")
        pairs = [self._pair(pair) for pair in query.split("&")] if mark else []
        head = self.text(head)
        if self.text(unquote(head)) != unquote(head):
            head = quote(self.text(unquote(head)), safe=":/@[]*()!$',;=~+")
        return head + mark + "&".join(pairs)

    def _pair(self, pair: str) -> str:
        plain = unquote_plus(pair)
        clean = self.text(plain)
        if clean == plain:
            return self.text(pair)
        name, mark, value = clean.partition("=")
        return quote_plus(name) + mark + quote_plus(value)

    def body(self, body: bytes) -> bytes:
        """A body without its secrets. What is no text is searched byte for byte all the same."""
        try:
            return self.text(body.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return self.text(body.decode("latin-1")).encode("latin-1")

    def headers(self, headers: Headers, allowed: Iterable[str]) -> Headers:
        """Those headers that are allowed, without secrets in their values."""
        kept = set(allowed)
        return tuple((name.lower(), self.text(value)) for name, value in headers if name.lower() in kept)

    def request(self, request: Request) -> Request | None:
        """A request as it would have been recorded; None when it holds no secret."""
        self.learn_headers(request.headers)
        url, body = self.url(request.url), self.body(request.body)
        if url == request.url and body == request.body:
            return None
        return Request(request.method, url, request.headers, body)

    def find(self, text: str) -> list[tuple[int, str]]:
        """What is still secret in a text: (line from 1, a hint that does not tell it)."""
        found = [(text.count("\n", 0, at) + 1, "a known secret") for known in self._known if (at := text.find(known)) >= 0]
        for shape in self._shapes:
            for match in shape.finditer(text):
                if _replacement(match) != match[0]:
                    kind = match.groupdict().get("keep") or match[0][:4]
                    found.append((text.count("\n", 0, match.start()) + 1, f"{kind[-24:].strip()}..."))
        return sorted(set(found))


def _replacement(match: re.Match[str]) -> str:
    return (match.groupdict().get("keep") or "") + SCRUBBED
