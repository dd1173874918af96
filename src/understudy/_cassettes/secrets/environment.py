"""The secrets in the environment: keys, tokens, passwords.

Passwords inside URLs and connection strings are among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from understudy._cassettes.secrets.fields import field_spans
from understudy._cassettes.secrets.names import Grade, grade
from understudy._cassettes.secrets.spans import lower
from understudy._cassettes.secrets.values import fits

_ACCOUNT = re.compile(r"(?:^|_)(?:ORG_ID|PROJECT_ID|ORGANIZATION|ORG)$")
_IN_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://([^\s/:@]*):(?!\d+(?:[/?#]|$))(\S+)@")
_ALWAYS_PATHS = frozenset({"PWD", "OLDPWD"})


def environment_secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets among the values of environment variables."""
    for name, value in environ.items():
        if name in _ALWAYS_PATHS or not value:
            continue
        level = grade(name)
        if (level is not Grade.NONE and fits(level, value)) or _ACCOUNT.search(name.upper()):
            yield value
        if "://" in value:
            yield from _of_url(value)
        if "=" in value or '"' in value:
            for span in field_spans(value, lower(value)):
                yield value[span.start : span.end]


def _of_url(value: str) -> Iterator[str]:
    for match in _IN_URL.finditer(value):
        yield match[2]
        yield unquote(match[2])
