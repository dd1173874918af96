"""Drives a cassette through the public door with a plain HTTP client: any recording, with any cadence of polls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.effort import one_in
from understudy._cassettes import Interaction

SHARED = Path(__file__).parents[3] / "shared"
RECORDINGS = SHARED / "recordings"


def recordings() -> list[Path]:
    """The real recordings, where there are any beside the repository."""
    return sorted(RECORDINGS.glob("*/*.yaml"))


def some_recordings(every: int) -> list[Any]:
    """The real recordings as parameters; all but one in so many are `deep`."""
    paths = recordings()
    return one_in(every, paths, [f"{path.parent.name}/{path.stem}" for path in paths])


def send(client: httpx.Client, interaction: Interaction) -> httpx.Response:
    """Send the request of a recorded interaction as it was sent."""
    return client.request(
        interaction.method,
        interaction.url,
        headers=[pair for pair in interaction.request_headers if pair[0].lower() != "content-length"],
        content=interaction.request_body or b"",
    )


def is_repeat(before: Interaction, interaction: Interaction) -> bool:
    """Whether an interaction is a read that asked the same as the one before it, and got the same answer."""
    same = (before.method, before.url, before.body, before.status)
    return interaction.is_read and same == (interaction.method, interaction.url, interaction.body, interaction.status)


def without_repeats(interactions: Sequence[Interaction]) -> Iterator[Interaction]:
    """The interactions less the reads that repeat the one before them."""
    for number, interaction in enumerate(interactions):
        if not number or not is_repeat(interactions[number - 1], interaction):
            yield interaction


def doubled(interactions: Sequence[Interaction]) -> Iterator[Interaction]:
    """The interactions with every read sent twice."""
    for interaction in interactions:
        yield from (interaction, interaction) if interaction.is_read else (interaction,)
