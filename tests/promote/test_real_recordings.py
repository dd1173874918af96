"""Every real recording promotes, and the simulated service then answers its requests under the recorded ids."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.driving import recordings, some_recordings
from tests.promote.driving import as_an_app_polls, polled, status_in
from understudy import Backend
from understudy._cassettes import Interaction, load
from understudy._fidelity.rebuild import body_of
from understudy._promote import code_of, from_cassette
from understudy._reconstruct.session_facts import is_v1

pytestmark = pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")


def texts_in(value: Any) -> list[str]:
    """What an answer's messages say, in order."""
    views = value.get("data", [value]) if isinstance(value, dict) else []
    return [
        part["text"]["value"]
        for view in views
        if isinstance(view, dict) and view.get("object") == "thread.message" and view.get("run_id")
        for part in view["content"]
        if part["type"] == "text"
    ]


def check(interaction: Interaction, status: int, content: Any) -> None:
    """The same status, the same object, and of a finished run the same words."""
    assert status == interaction.status, content
    if status == 200 and isinstance(interaction.json, dict):
        assert content.get("id") == interaction.json.get("id")
        if status_in(interaction) in ("completed", "requires_action"):
            assert content["status"] == status_in(interaction)
        assert set(texts_in(content)) <= set(texts_in(interaction.json)) or not texts_in(interaction.json)


@pytest.mark.parametrize("path", some_recordings(4))
def test_it_plays_on_what_was_recorded(path: Path) -> None:
    """Each request finds its objects, its run and its ids; only what the service itself failed at is answered better."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one recording holds a failure of the service's own
        backend = from_cassette(path)
    for interaction in as_an_app_polls(load(path)):
        if not is_v1(interaction) and not interaction.is_transient:
            check(interaction, *polled(backend, interaction, body_of(interaction)))


def held(backend: Backend) -> list[Any]:
    """What a backend holds, and the scripts it has."""
    kinds = (backend.threads, backend.runs, backend.files, backend.vector_stores)
    return [[one.to_dict() for one in kind] for kind in kinds] + [[script.moves for script in backend.scripts_left]]


@pytest.mark.parametrize("path", recordings()[::5], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_its_code_does_the_same(path: Path) -> None:
    """The code that is written runs, and leaves what promotion leaves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        promoted = from_cassette(path)
    names: dict[str, Any] = {}
    exec(compile(code_of(path), str(path), "exec"), names)
    backend = Backend(strict=False, start=0)
    names["set_up"](backend)
    assert held(backend) == held(promoted)
