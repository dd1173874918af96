"""Which recorded requests a request is equal to.

They are found by looking up a key rather than by comparing with each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from understudy._apis.common.routing import api_path
from understudy._cassettes.bodies import ignored_paths, meaning
from understudy._cassettes.interaction import READS, Interaction
from understudy._common.call_site import blame
from understudy._common.messages import Request
from understudy.errors import CallableFailed, did_you_mean

# A matcher of the user's: (recorded, asked) -> do they match. An AssertionError means no, as it does with vcrpy.
CustomMatcher = Callable[[Interaction, Request], Any]
Key = tuple[Any, ...]

DEFAULT = ("method", "path", "query", "body")
NAMES = (*DEFAULT, "host", "port", "scheme", "uri")
AZURE_VERSION = "api-version"  # Azure's only addition to a query; not part of what is asked


@dataclass(frozen=True)
class Asked:
    """What a request asks for, in a form that can be compared.

    Attributes:
        key: where it is looked up.
        body: what its body means; None for a read, whose body does not count, and for a recorded one that was lost.
    """

    key: Key
    body: str | bytes | None


class Matching:
    """Turns requests and interactions into keys.

    Args:
        match_on: names (`method`, `path`, `query`, `body`, `host`, `port`, `scheme`, `uri`) and matchers of the user's own;
            None means method, path, query and body.
        ignore: paths into the JSON body that do not count (`"metadata.request_id"`, `"messages.*.metadata"`).

    Raises:
        ValueError: a name that is not known.
    """

    def __init__(self, match_on: Sequence[str | CustomMatcher] | None = None, ignore: Sequence[str] = ()) -> None:
        on = DEFAULT if match_on is None else tuple(match_on)
        self.custom: tuple[CustomMatcher, ...] = tuple(item for item in on if not isinstance(item, str))
        self.names = frozenset(item for item in on if isinstance(item, str))
        unknown = sorted(self.names - set(NAMES))
        if unknown:
            choices, hint = ", ".join(NAMES), did_you_mean(unknown[0], NAMES)
            raise ValueError(f"match_on: {unknown[0]!r} is not one of {choices}, nor a callable.{hint}")
        self.ignore = ignored_paths([ignore] if isinstance(ignore, str) else ignore)
        self._uses_url = bool(self.names & {"host", "port", "scheme", "uri"})

    def asked(self, request: Request) -> Asked:
        return self._asked(request.method, request.url, api_path(request.path), request.query, request.body)

    def recorded(self, interaction: Interaction) -> Asked:
        return self._asked(
            interaction.method, interaction.url, interaction.path, interaction.query, interaction.request_body
        )

    def agree(self, recorded: Interaction, asked: Request) -> bool:
        """Return True if all of the user's own matchers agree."""
        for matcher in self.custom:
            try:
                verdict = matcher(recorded, asked)
            except AssertionError:
                return False
            except Exception as error:
                raise CallableFailed(
                    f"the matcher {blame(matcher)} in match_on=[...] raised {error!r} on {recorded} and {asked.method} "
                    f"{asked.path}. This callable is the test's own."
                ) from error
            if verdict is False:  # vcrpy's matchers say yes by returning None
                return False
        return True

    def _asked(self, method: str, url: str, path: str, query: list[tuple[str, str]], body: bytes | None) -> Asked:
        names = self.names
        key: Key = (
            method if "method" in names else method in READS,
            path if "path" in names else None,
            _query_key(query) if "query" in names else None,
        )
        if self._uses_url:
            parts = urlsplit(url)
            values = {"host": parts.hostname, "port": parts.port, "scheme": parts.scheme, "uri": url}
            key += tuple(values[name] for name in ("host", "port", "scheme", "uri") if name in names)
        if method in READS or "body" not in names or body is None:
            return Asked(key, None)
        return Asked(key, meaning(path, body, self.ignore))


def _query_key(query: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    if not query:
        return ()
    return tuple(sorted(pair for pair in query if pair[0] != AZURE_VERSION))
