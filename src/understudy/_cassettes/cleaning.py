"""Takes secrets out of exchanges recorded earlier, and leaves the rest as it is.

Any recorder may have recorded them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from understudy._cassettes.interaction import Interaction
from understudy._cassettes.secrets import Scrubber
from understudy._common.messages import Headers

_PROBE = "probe=4f1d9a7c2e8b"  # a unique value, which shows whether a header's values count as secret


def cleaned(interaction: Interaction, scrubber: Scrubber) -> Interaction:
    """Return an exchange without its secrets.

    Its headers all stay; the values of those that identify someone are scrubbed.
    """
    body = None if interaction.body is None else scrubber.body(interaction.body)
    sent = interaction.request_body
    broken = interaction.broken
    return replace(
        interaction,
        url=scrubber.url(interaction.url),
        request_headers=_cleaned_headers(interaction.request_headers, scrubber),
        request_body=None if sent is None else scrubber.body(sent),
        headers=_cleaned_headers(interaction.headers, scrubber),
        body=body,
        timings=interaction.timings if body == interaction.body else (),  # they count bytes, and the bytes have changed
        broken=(broken[0], scrubber.text(broken[1])) if broken else None,
    )


def changes(before: Interaction, after: Interaction) -> list[str]:
    """Return what cleaning changed, in words: `"the URL"`, `"the header set-cookie"`."""
    found = ["the URL"] if before.url != after.url else []
    pairs = zip((*before.request_headers, *before.headers), (*after.request_headers, *after.headers), strict=True)
    found += dict.fromkeys(f"the header {old[0].lower()}" for old, new in pairs if old != new)
    found += ["the request's body"] if before.request_body != after.request_body else []
    found += ["the answer's body"] if before.body != after.body else []
    return found


def listed(changed: Mapping[int, Sequence[str]]) -> tuple[str, ...]:
    """Return what was changed in which exchanges.

    A line for each kind of change: `"#0, #3: the header set-cookie"`.
    """
    exchanges: dict[str, list[str]] = {}
    for number, parts in changed.items():
        if parts:
            exchanges.setdefault(", ".join(parts), []).append(f"#{number}")
    return tuple(f"{', '.join(numbers)}: {parts}" for parts, numbers in exchanges.items())


def _cleaned_headers(headers: Headers, scrubber: Scrubber) -> Headers:
    return tuple((name, _cleaned_value(name, value, scrubber)) for name, value in headers)


def _cleaned_value(name: str, value: str, scrubber: Scrubber) -> str:
    if _identifies(name.lower()):
        of_this_one = Scrubber()  # its own: this value should not be searched for in other exchanges
        of_this_one.learn_headers(((name, value),))
        value = of_this_one.text(value)
    return scrubber.text(value)


@cache
def _identifies(name: str) -> bool:
    """Return True if the values of a header are secret because of its name."""
    probe = Scrubber()
    probe.learn_headers(((name, _PROBE),))
    return probe.text(_PROBE) != _PROBE
