"""Of 150 planted secrets, those alone are left on the disk that the documentation says no net can know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cassettes.loopback import served
from tests.cassettes.planting import PlantServer, on_disk, plants, send_all
from understudy import use_cassette
from understudy._cassettes import load

DOCS = Path(__file__).parents[2] / "docs" / "replay.md"


def test_planted_secrets_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 150 are planted; at most 8 are left, all of them known limits; and the recording still plays."""
    every = list(plants())
    for plant in every:
        if plant.variable is not None:
            monkeypatch.setenv(*plant.variable)
    path = tmp_path / "c.yaml"
    with served(PlantServer(every)) as base, use_cassette(path, record="once", hosts=["127.0.0.1"]):
        send_all(base, every)
    assert len(load(path)) == len(every) >= 150
    text = path.read_text(encoding="utf-8")
    left = [plant.kind for plant in every if on_disk(text, plant)]
    assert left == [plant.kind for plant in every if plant.limit]
    assert len(left) <= 8
    with use_cassette(path):
        send_all("https://api.openai.com", every)


@pytest.mark.deep
def test_vcrpy_is_counted_beside_it(tmp_path: Path) -> None:
    """What vcrpy leaves on the disk of the same secrets, without filters, is what the documentation says."""
    vcr = pytest.importorskip("vcr")
    every = list(plants())
    path = tmp_path / "c.yaml"
    with served(PlantServer(every)) as base, vcr.use_cassette(str(path)):
        send_all(base, every)
    text = path.read_text(encoding="utf-8")
    left = sum(on_disk(text, plant) for plant in every)
    said = re.search(r"of (\d+) planted secrets.*?leaves (\d+).*?vcrpy\D*(\d+)", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert said is not None
    assert [int(number) for number in said.groups()] == [len(every), sum(plant.limit for plant in every), left]
