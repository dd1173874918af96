"""Recordings whose answers were spoiled: shown and promoted as far as they go, and never an error nobody can read."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import entry, written
from tests.cassettes.driving import recordings
from understudy._apis.common import sse
from understudy._cassettes import Interaction, load
from understudy._cassettes.dump import dump
from understudy._inspect.html import as_html
from understudy._inspect.text import as_text
from understudy._inspect.view import view_of
from understudy._promote import code_of, from_cassette

SAMPLE = recordings()[::6]
ODD = (None, 3, "x", [], {}, [None], {"a": 1})


def spoiled(value: Any, chance: random.Random) -> Any:
    """A JSON value in which some keys are gone, some items are gone, and some are of another kind."""
    if isinstance(value, list):
        return [spoiled(item, chance) for item in value if chance.random() > 0.03]
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if chance.random() > 0.02}
    return {key: chance.choice(ODD) if chance.random() < 0.02 else spoiled(item, chance) for key, item in kept.items()}


def spoiled_entries(session: Iterable[Interaction], chance: random.Random) -> list[dict[str, Any]]:
    """The exchanges of a session with spoiled answers."""
    entries = []
    for one in session:
        if one.is_stream:
            events = (
                sse.DONE if isinstance(data, str) else sse.render(name, spoiled(data, chance)) for name, data in one.events
            )
            answer: Any = b"".join(events).decode()
        else:
            answer = spoiled(one.json, chance)
        entries.append(entry((one.method, one.path, one.request_json, (one.status, answer))))
    return entries


@pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")
@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_spoiled_recording_is_shown_and_promoted(path: Path, tmp_path: Path) -> None:
    """Whatever its answers lack: it is shown in text and as a page, and its code compiles and sets a backend up."""
    chance = random.Random(path.name)
    session = load(path)
    for number in range(3):
        odd = tmp_path / f"{number}.json"
        odd.write_text(json.dumps({"version": 1, "interactions": spoiled_entries(session, chance)}))
        view = view_of(odd, load(odd), 1_795_305_600)
        assert as_text(view)
        assert as_html(view)
        compile(code_of(odd), str(odd), "exec")


def test_answers_in_the_way_are_left_out(tmp_path: Path) -> None:
    """An answer that cannot be made sense of is named and passed over; the others are promoted, into a backend, too."""
    thread = {"id": "thread_1", "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {}}
    odd = {"id": "run_1", "object": "thread.run", "status": "queued", "tools": 3}
    exchanges = [("GET", "/threads/thread_1", None, thread), ("GET", "/threads/thread_1/runs/run_1", None, odd)]
    path = written(tmp_path / "odd.json", exchanges)
    with pytest.warns(UserWarning, match="#1 GET /threads/thread_1/runs/run_1: its answer breaks the API's shape"):
        backend = from_cassette(path)
    assert [held.id for held in backend.threads] == ["thread_1"]


def test_writing_it_anew_changes_nothing(tmp_path: Path) -> None:
    """A cassette that understudy writes promotes to the same code as the one it was read from."""
    thread = {"id": "thread_1", "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {}}
    path = written(tmp_path / "same.json", [("GET", "/threads/thread_1", None, thread)])
    (tmp_path / "other").mkdir()
    again = tmp_path / "other" / "same.json"
    again.write_text(dump(load(path), again))
    assert code_of(again) == code_of(path)
