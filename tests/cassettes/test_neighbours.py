"""pytest-recording, an ordinary user of vcrpy, plays our files, and we play its."""

from __future__ import annotations

import importlib.util

import httpx
import pytest

from tests.cassettes.loopback import served
from understudy import use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import load

BETA = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer key-of-the-test"}


@pytest.mark.skipif(importlib.util.find_spec("pytest_recording") is None, reason="pytest-recording is not installed")
def test_pytest_recording_plays_our_file(pytester: pytest.Pytester) -> None:
    """A test of theirs, marked `vcr`, is answered from what we recorded, the server being gone."""
    path = pytester.path / "cassettes" / "test_theirs" / "test_it.yaml"
    with served(Backend()) as base, use_cassette(path, record="once"), httpx.Client(headers=BETA) as client:
        client.post(f"{base}/v1/threads", json={"metadata": {"a": "1"}})
        client.get(f"{base}/v1/assistants")
    url = load(path)[0].url
    pytester.makepyfile(
        test_theirs=f"""
        import httpx, pytest

        @pytest.mark.vcr
        def test_it():
            with httpx.Client() as client:
                made = client.post({url!r}, json={{"metadata": {{"a": "1"}}}})
                assert made.json()["object"] == "thread"
                assert client.get({url!r}.replace("threads", "assistants")).json()["data"] == []
        """
    )
    pytester.runpytest_subprocess("-p", "no:understudy", "-q").assert_outcomes(passed=1)


@pytest.mark.skipif(importlib.util.find_spec("pytest_recording") is None, reason="pytest-recording is not installed")
def test_we_play_what_pytest_recording_recorded(pytester: pytest.Pytester) -> None:
    """A conversation that it recorded, every poll of it, is played to an app that polls otherwise, and the file stays."""
    app = """
        import httpx, pytest

        KEY = {headers!r}

        def talk(base, polls):
            with httpx.Client(base_url=base + "/v1", headers=KEY) as client:
                runs = "/threads/" + client.post("/threads", json={{}}).json()["id"] + "/runs"
                place = runs + "/" + client.post(runs, json={{"assistant_id": "asst_1"}}).json()["id"]
                return [client.get(place).json()["status"] for _ in range(polls)][-1]
        """
    pytester.makepyfile(
        app=app.format(headers=BETA),
        test_theirs="""
        import os, pytest
        from app import talk

        @pytest.mark.vcr
        def test_it():
            assert talk(os.environ["BASE"], 4) == "completed"
        """,
    )
    backend = Backend()
    backend.add_assistant(id="asst_1", instructions="Be kind.")
    with served(backend) as base, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BASE", base)
        pytester.runpytest_subprocess("-q", "--record-mode=once").assert_outcomes(passed=1)
    path = pytester.path / "cassettes" / "test_theirs" / "test_it.yaml"
    old = path.read_bytes()
    assert len(load(path)) == 6
    with use_cassette(path, unplayed="error"), httpx.Client(base_url="https://api.openai.com/v1", headers=BETA) as client:
        runs = f"/threads/{client.post('/threads', json={}).json()['id']}/runs"
        place = f"{runs}/{client.post(runs, json={'assistant_id': 'asst_1'}).json()['id']}"
        assert [client.get(place).json()["status"] for _ in range(9)][-1] == "completed"
    assert path.read_bytes() == old
