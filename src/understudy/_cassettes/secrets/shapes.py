"""Finds secrets by their shape.

Such as what the issuers of keys put in front of them, tokens, cookies, and passwords in URLs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from understudy._cassettes.secrets.spans import SecretSpan
from understudy._cassettes.secrets.values import has_key_part, is_random

ISSUERS = (
    *("hf", "npm", "dop_v1", "doo_v1", "pypi", "shpat", "shpss", "shpca", "lin_api", "ntn", "secret", "figd", "rubygems"),
    *("r8", "gsk", "pplx", "tvly", "xai", "nvapi", "fw", "sq0atp", "sq0csp", "EAAA", "dapi", "pat", "glsa", "lsv2_pt"),
    *("lsv2_sk", "pcsk", "sbp", "vercel", "dckr_pat", "glptt", "gldt", "atlasv1", "phc", "phx", "key", "api", "tok"),
)
COOKIES = (
    *("__cf_bm", "_cfuvid", "__cflb", "cf_clearance", "session", "sessionid", "session_id", "csrftoken", "JSESSIONID"),
    *("connect.sid", "PHPSESSID", "ASP.NET_SessionId", "laravel_session", "_session_id", "sid", "remember_token"),
)
_ISSUER = "|".join(map(re.escape, ISSUERS))
_COOKIE = "|".join(map(re.escape, COOKIES))


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one kind of secret.

    Attributes:
        marks: texts, one of which is in every match of the pattern: looked for first, they are found fast.
        source: the pattern of the secret, compiled when one of the marks is found for the first time; its group `keep`, if
            there is one, says what it was and stays.
        accepts: judges what the pattern found, without `keep`.
        reach: how many characters before a mark a match begins at most; None where that is not known, and the marks are in
            lower case, since the pattern takes any.
    """

    marks: tuple[str, ...]
    source: str
    accepts: Callable[[str], bool] = lambda _value: True
    reach: int | None = 0

    @property
    def pattern(self) -> re.Pattern[str]:
        return _compiled(self.source)

    def matches(self, text: str, lowered: str) -> Iterator[re.Match[str]]:
        """Yield the matches of the pattern, trying it only where a mark is.

        `lowered` is the text in lower case.
        """
        if self.reach is None:
            if any(mark in lowered for mark in self.marks):
                yield from self.pattern.finditer(text)
            return
        end = 0
        for start in self._starts(text, self.reach):
            match = self.pattern.match(text, start) if start >= end else None
            if match is not None:
                end = match.end()
                yield match

    def _starts(self, text: str, reach: int) -> list[int]:
        """Give the places at which a match may begin, in order."""
        starts = set[int]()
        for mark in self.marks:
            at = text.find(mark)
            while at >= 0:
                starts.update(range(max(0, at - reach), at + 1))
                at = text.find(mark, at + 1)
        return sorted(starts)


_compiled = cache(re.compile)


def _shape(marks: str, pattern: str, accepts: Callable[[str], bool] = lambda _value: True, reach: int | None = 0) -> Shape:
    return Shape(tuple(marks.split()), pattern, accepts, reach)


SHAPES = (
    # OpenAI, Anthropic and those that follow them; masked ones, too
    _shape(
        "sk- rk- pk- sess- ek-",
        r"(?P<keep>(?<![A-Za-z0-9])(?:sk|rk|pk|sess|ek)-)(?!SCRUBBED)[A-Za-z0-9_*.-]{6,}[A-Za-z0-9_*]",
        has_key_part,
    ),
    _shape(
        "org- org_ proj- proj_ user- user_",
        r"(?P<keep>\b(?:org|proj|user)[-_])(?!SCRUBBED)(?=[A-Za-z0-9]*[0-9A-Z])[A-Za-z0-9]{12,}\b",
    ),
    _shape("key-", r"(?P<keep>\bkey-)(?!SCRUBBED)[0-9a-f]{32}\b"),  # Mailgun
    _shape(
        "bearer basic token digest",
        r"(?i:(?P<keep>\b(?:bearer|basic|token|digest)[ +])(?!SCRUBBED)(?=[\w.~+/-]*[0-9])[\w.~+/-]{12,}=*)",
        reach=None,
    ),
    _shape("eyJ", r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}"),  # a JSON web token
    _shape("AKIA ASIA AGPA AIDA AROA", r"(?P<keep>\b(?:AKIA|ASIA|AGPA|AIDA|AROA))(?!SCRUBBED)[A-Z0-9]{16}\b"),  # AWS
    _shape("ghp_ gho_ ghu_ ghs_ ghr_", r"(?P<keep>\bgh[pousr]_)(?!SCRUBBED)[A-Za-z0-9]{20,}"),
    _shape("github_pat_", r"(?P<keep>\bgithub_pat_)(?!SCRUBBED)[A-Za-z0-9_]{20,}"),
    _shape("glpat-", r"(?P<keep>\bglpat-)(?!SCRUBBED)[A-Za-z0-9_-]{15,}"),
    _shape("xox", r"(?P<keep>\bxox[abeoprs]-)(?!SCRUBBED)[A-Za-z0-9-]{10,}"),  # Slack
    _shape("xapp-", r"(?P<keep>\bxapp-)(?!SCRUBBED)[A-Za-z0-9-]{10,}"),
    _shape("AIza", r"(?P<keep>\bAIza)(?!SCRUBBED)[A-Za-z0-9_-]{30,}"),  # Google
    _shape("ya29.", r"(?P<keep>\bya29\.)(?!SCRUBBED)[A-Za-z0-9_-]{15,}"),
    _shape("GOCSPX-", r"(?P<keep>\bGOCSPX-)(?!SCRUBBED)[A-Za-z0-9_-]{20,}"),
    _shape("sk_ rk_ pk_ whsec_", r"(?P<keep>\b(?:sk|rk|pk|whsec)_(?:live_|test_)?)(?!SCRUBBED)[A-Za-z0-9]{16,}"),  # Stripe
    _shape(
        " ".join(f"{issuer}{end}" for issuer in ISSUERS for end in "-_"),
        rf"(?P<keep>\b(?:{_ISSUER})[-_])(?!SCRUBBED)(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{{16,}}",
        has_key_part,
    ),
    _shape("dapi", r"(?P<keep>\bdapi)(?!SCRUBBED)[0-9a-f]{32}\b"),  # Databricks
    _shape("SG.", r"(?P<keep>\bSG\.)(?!SCRUBBED)[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),  # SendGrid
    _shape("AC SK", r"(?P<keep>\b(?:AC|SK))(?!SCRUBBED)[0-9a-f]{32}\b"),  # Twilio
    _shape(":AA", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}", reach=10),  # a Telegram bot
    _shape(
        "-----BEGIN", r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY[A-Z ]*-----|\Z)"
    ),
    # user:password@host, up to the last @ before the host; what follows host:port is a path
    _shape(
        "://",
        r"(?P<keep>\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@\"'\\<>]{0,80}:)(?!\d+[/?#])(?!SCRUBBED@)"
        r"[^\s\"'\\<>]{1,200}(?=@[\w.\[-])",
        reach=21,
    ),
    _shape("://", r"(?P<keep>\b[A-Za-z][A-Za-z0-9+.-]{0,20}://)(?!SCRUBBED)[A-Za-z0-9_-]{16,}(?=@)", is_random, reach=21),
    _shape("https://hooks.slack.com/", r"(?P<keep>https://hooks\.slack\.com/services/)(?!SCRUBBED)[A-Za-z0-9/]+"),
    _shape("/api/webhooks/", r"(?P<keep>/api/webhooks/[0-9]{10,25}/)(?!SCRUBBED)[\w-]{30,}"),  # Discord
    _shape(" ".join(f"{name}=" for name in COOKIES), rf"(?P<keep>(?<![\w.-])(?:{_COOKIE})=)(?!SCRUBBED)[^\s;,\"'\\&]{{6,}}"),
)


def shape_spans(text: str, lowered: str) -> Iterator[SecretSpan]:
    """Yield what looks like a secret; `lowered` is the text in lower case."""
    for shape in SHAPES:
        for match in shape.matches(text, lowered):
            keep = match.groupdict().get("keep") or ""
            if shape.accepts(match[0][len(keep) :]):
                hint = keep[-24:].strip() or match[0][:4]
                yield SecretSpan(match.start() + len(keep), match.end(), f"{hint}...")
