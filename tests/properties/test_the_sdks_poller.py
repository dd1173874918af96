"""The SDK's own `create_and_poll` against every lifecycle: openai 1.26.0 polls an incomplete run for ever, today's end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from openai import OpenAI

import understudy as us
from tests.engine.app import ASSISTANT, assistant, thread


@us.every_lifecycle(depth=2)
def test_todays_always_ends(script):
    """Up to this bound it ends, with a status that is an end, or with a call for the app."""
    with us.simulate(script=script) as backend:
        assistant(backend)
        client = OpenAI()
        run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT)
        assert run.status in ("completed", "failed", "incomplete", "expired", "requires_action")


OLD = """
import understudy as us
from openai import OpenAI

@us.every_lifecycle(depth=2)
def test_create_and_poll(script):
    with us.simulate(script=script) as backend:
        assistant = backend.add_assistant(tools=[{"type": "function", "function": {"name": "f"}}])
        thread = backend.add_thread(messages=["x"])
        OpenAI().beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
"""


@pytest.mark.tools
def test_that_of_1_26_is_caught(tmp_path: Path):
    """openai-python#1407, in the release it was reported for: the explorer names `incomplete`, and nothing else."""
    python = os.environ.get("UNDERSTUDY_OPENAI_1_26")
    if python is None:
        pytest.skip("UNDERSTUDY_OPENAI_1_26 names no interpreter with openai==1.26.0, httpx<0.28 and understudy")
    (tmp_path / "test_old.py").write_text(OLD)
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_old.py"]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    assert "1 failed, 8 passed" in output
    assert "FAILED test_old.py::test_create_and_poll[queued-in_progress-incomplete]" in output
    assert "does it handle 'incomplete'?" in output
