"""Workers of pytest-xdist that record into one cassette."""

from __future__ import annotations

import pytest

from tests.cassettes.loopback import served
from understudy._backend.backend import Backend
from understudy._cassettes import load

TESTS = """
import openai, pytest

@pytest.mark.parametrize("number", range(4))
@pytest.mark.cassette("shared.yaml")
def test_talk(number):
    with openai.OpenAI() as client:
        thread = client.beta.threads.create()  # equal in all of them
        client.beta.threads.messages.create(thread_id=thread.id, role="user", content=f"I am {number}")
        page = client.beta.threads.messages.list(thread_id=thread.id)
        assert [one.content[0].text.value for one in page] == [f"I am {number}"]
"""


@pytest.mark.parametrize("workers", [2, pytest.param(4, marks=pytest.mark.deep)])
def test_workers_lose_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    """Everything that the workers recorded into one file is in it, and replays offline."""
    pytester.makepyfile(test_shared=TESTS)
    quiet = ("-q", "-p", "no:cacheprovider", "-W", "ignore::DeprecationWarning")
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-the-test")
    with served(Backend()) as base:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{base}/v1")
        pytester.runpytest_subprocess(*quiet, f"-n{workers}", "--understudy-record=new").assert_outcomes(passed=4)
    assert len(load(pytester.path / "cassettes" / "shared.yaml")) == 12
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    pytester.runpytest(*quiet, "--understudy-unplayed=error").assert_outcomes(passed=4)
