"""A recorded exchange of any recorder as it may be shown: without its secrets."""

from __future__ import annotations

from dataclasses import replace

from understudy._cassettes.interaction import Interaction
from understudy._cassettes.secrets.headers import is_secret_header
from understudy._cassettes.secrets.scrubber import Scrubber
from understudy._cassettes.secrets.spans import SCRUBBED
from understudy._common.messages import Headers


def without_secrets(interaction: Interaction, scrubber: Scrubber) -> Interaction:
    """Return the exchange without its secrets.

    All of its headers and its layout are kept; the values are cleaned.
    """
    scrubber.learn_headers(interaction.request_headers)
    scrubber.learn_headers(interaction.headers)
    clean = replace(
        interaction,
        url=scrubber.url(interaction.url),
        request_headers=_headers(interaction.request_headers, scrubber),
        request_body=_body(interaction.request_body, scrubber),
        headers=_headers(interaction.headers, scrubber),
        body=_body(interaction.body, scrubber),
        broken=(interaction.broken[0], scrubber.text(interaction.broken[1])) if interaction.broken else None,
    )
    # Timings count bytes, which have changed where something was taken out.
    return clean if clean.body == interaction.body else replace(clean, timings=())


def _headers(headers: Headers, scrubber: Scrubber) -> Headers:
    return tuple(
        (name, SCRUBBED if is_secret_header(name.lower(), value) else scrubber.text(value)) for name, value in headers
    )


def _body(body: bytes | None, scrubber: Scrubber) -> bytes | None:
    return None if body is None else scrubber.body(body)
