"""Every real recording loads and replays: as recorded, with every poll doubled, with every repeated poll dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import httpx
import pytest

from tests.cassettes.driving import doubled, recordings, send, without_repeats
from understudy._cassettes import Interaction, load, use_cassette

pytestmark = pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")

CADENCES: dict[str, Callable[[Sequence[Interaction]], Iterable[Interaction]]] = {
    "as_recorded": lambda interactions: interactions,
    "doubled": doubled,
    "dropped": without_repeats,
}


def last_answers(interactions: Iterable[Interaction]) -> dict[tuple[str, str], bytes]:
    """The last recorded answer to each question."""
    return {(one.method, one.url): one.body or b"" for one in interactions}


@pytest.mark.parametrize(
    ("path", "cadence"),
    [
        pytest.param(
            path,
            cadence,
            id=f"{path.parent.name}/{path.stem}-{cadence}",
            marks=() if number % (2 if cadence == "doubled" else 6) == 0 else (pytest.mark.deep,),
        )
        for number, path in enumerate(recordings())
        for cadence in CADENCES
    ],
)
def test_any_cadence_ends_as_the_recording_did(path: Path, cadence: str, plain: httpx.Client) -> None:
    """The last answer to every question is the recorded one, byte for byte, however often polls were sent."""
    interactions = load(path)
    got: dict[tuple[str, str], bytes] = {}
    with use_cassette(path, unplayed="error"):
        for interaction in CADENCES[cadence](interactions):
            got[(interaction.method, interaction.url)] = send(plain, interaction).content
    expected = last_answers(interactions)
    if cadence == "doubled":  # more polls show a run in a later state, and so does the list that was recorded beside them
        beside = {key for key in expected if key[1].endswith("/runs") and key[0] == "GET"}
        got, expected = ({key: seen[key] for key in seen if key not in beside} for seen in (got, expected))
    assert got == expected
