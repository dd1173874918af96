"""The project that `understudy demo --save` writes: an app, a recording, a test."""

from __future__ import annotations

from pathlib import Path

CASSETTE = "tests/cassettes/test_tutor/test_answer.yaml"
_APP = """\
from openai import OpenAI

ASSISTANT = "asst_YhNjYRQT38e4I5N8WsZ7ihz1"  # made in the playground, long ago


def ask(question, instructions):
    threads = OpenAI().beta.threads
    thread = threads.create()
    threads.messages.create(thread.id, role="user", content=question)
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=ASSISTANT, instructions=instructions)
    if run.status != "completed":
        raise RuntimeError(run.last_error.message)
    return threads.messages.list(thread.id).data[0].content[0].text.value
"""
_TEST = """\
import pytest
from tutor import ASSISTANT, ask
from understudy import Reply

QUESTION = "I need to solve the equation `3x + 11 = 14`. Can you help me?"
INSTRUCTIONS = "Please address the user as Jane Doe. The user has a premium account."


@pytest.mark.cassette("test_tutor/test_answer.yaml")
def test_answer():
    assert "x = 1" in ask(QUESTION, INSTRUCTIONS)


def test_another_answer(understudy):
    understudy.add_assistant(id=ASSISTANT)
    understudy.next_run(Reply("x = 4"))
    assert ask("And 2x = 8?", INSTRUCTIONS) == "x = 4"
"""
_SETTINGS = """\
[pytest]
pythonpath = .
testpaths = tests
understudy_cassettes = tests/cassettes
filterwarnings =
    ignore:The Assistants API is deprecated:DeprecationWarning
"""


def project_files(cassette: Path) -> dict[str, str]:
    """Return the files by their paths in the project's folder.

    `cassette`: the recording that goes with it.
    """
    return {
        "pytest.ini": _SETTINGS,
        "tutor.py": _APP,
        "tests/test_tutor.py": _TEST,
        CASSETTE: cassette.read_text(encoding="utf-8"),
    }
