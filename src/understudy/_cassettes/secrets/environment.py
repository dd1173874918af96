"""The secrets in the environment: keys, tokens, passwords.

Passwords inside URLs and connection strings are among them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from understudy._cassettes.secrets.fields import field_spans
from understudy._cassettes.secrets.names import Grade, grade
from understudy._cassettes.secrets.shapes import shape_spans
from understudy._cassettes.secrets.spans import lower
from understudy._cassettes.secrets.values import fits, is_random

_ACCOUNT = re.compile(r"(?:^|_)(?:ORG_ID|PROJECT_ID|ORGANIZATION|ORG)$")
_IN_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://([^\s/:@]*):(?!\d+(?:[/?#]|$))(\S+)@")
_TELLING = frozenset(
    {"key", "keys", "apikey", "secret", "secrets", "token", "tokens", "password", "passwd", "pwd", "pass", "pat"}
)
_TELLING |= {"auth", "authorization", "bearer", "credential", "credentials", "jwt"}
_PATH_STARTS = ("/", "./", "../", "~/")
_BETWEEN = re.compile(r"(?:\s|[,;|]|\\n)+")
_PART = re.compile(r"[:=]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")
_ALWAYS_PATHS = frozenset({"PWD", "OLDPWD"})


def environment_secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets in environment variables, whole and in pieces."""
    for name, value in environ.items():
        if name in _ALWAYS_PATHS or not value:
            continue
        level = _grade(name, value)
        if (level is not Grade.NONE and fits(level, value.strip())) or _ACCOUNT.search(name.upper()):
            yield value
        if level is not Grade.NONE:
            yield from _pieces(value)
        if "://" in value:
            yield from _of_url(value)
        for span in (*field_spans(value, lower(value)), *shape_spans(value, lower(value))):
            yield value[span.start : span.end]
            yield from filter(is_random, value[span.start : span.end].split("/"))


def _grade(name: str, value: str) -> Grade:
    """Return how certain the name of a variable makes it that it holds a secret.

    It may tell at any place in it, unless the value is a path: `TOKEN_PROD`, `KEY_OF_STAGING`; not `SSH_AUTH_SOCK`.
    """
    tells = any(word in _TELLING for word in name.lower().split("_")) and not value.startswith(_PATH_STARTS)
    return max(grade(name), Grade.POSSIBLE if tells else Grade.NONE)


def _pieces(value: str) -> Iterator[str]:
    """Yield the parts of a value that are secret.

    It may be in quotes, a list, a header's value, lines, or base64.
    """
    unquoted = value.strip().strip("'\"")
    if unquoted != value and len(unquoted.split()) == 1:
        yield unquoted
    for piece in _BETWEEN.split(unquoted):
        yield from filter(is_random, {piece, *_PART.split(piece)})
    if _BASE64.fullmatch(unquoted):
        try:
            user, colon, password = base64.b64decode(unquoted).decode().partition(":")
        except ValueError:  # not the user and password of basic authentication
            return
        if colon and user.isprintable():
            yield password


def _of_url(value: str) -> Iterator[str]:
    for match in _IN_URL.finditer(value):
        yield match[2]
        yield unquote(match[2])
