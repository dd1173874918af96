"""pytest-recording, an ordinary user of vcrpy, plays our files."""

from __future__ import annotations

import importlib.util

import httpx
import pytest

from tests.cassettes.loopback import served
from understudy import use_cassette
from understudy.backend import Backend
from understudy.cassettes import load

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
