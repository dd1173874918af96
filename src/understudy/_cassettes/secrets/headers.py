"""Which headers a cassette keeps, and which hold secrets."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from understudy._cassettes.secrets.names import Grade, grade
from understudy._cassettes.secrets.values import fits
from understudy._common.messages import Headers

# These inform a reader, and never hold a secret. Everything else is dropped.
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

# Those whose names do not suggest a secret by themselves.
_SECRET = frozenset(
    ["cookie", "set-cookie", "openai-organization", "openai-project", "x-ms-client-principal", "x-amz-credential"]
)
# Last words of names that are innocent elsewhere; in a header they name what lets the caller in, if it looks random.
_ACCESS = ("session", "access", "ticket", "sid", "sessionid", "session-id", "session_id")
_BASIC = re.compile(r"(?i)basic +([A-Za-z0-9+/]+=*)")


def secrets_of(headers: Headers) -> Iterator[str]:
    """Yield the values of the headers that hold secrets, whole and in pieces."""
    for name, value in headers:
        name = name.lower()
        if not is_secret_header(name, value):
            continue
        yield value
        for piece in re.split(r"[ ;,]+", value):
            yield piece.partition("=")[2] if "cookie" in name else piece
        yield from _password(value)


def is_secret_header(name: str, value: str) -> bool:
    """Return True if a header holds a secret; `name` in lower case."""
    if name in REQUEST_HEADERS or name in RESPONSE_HEADERS:
        return False
    level = max(grade(name), Grade.POSSIBLE if name.endswith(_ACCESS) else Grade.NONE)
    return name in _SECRET or level >= Grade.LIKELY or (level is not Grade.NONE and fits(level, value))


def _password(value: str) -> Iterator[str]:
    basic = _BASIC.fullmatch(value.strip())
    if basic is not None:
        try:
            yield base64.b64decode(basic[1], validate=True).decode("utf-8", "replace").partition(":")[2]
        except binascii.Error:  # not base64 after all: the value itself is learned nevertheless
            return
