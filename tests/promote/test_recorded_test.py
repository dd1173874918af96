"""`understudy promote --test`: the test that it writes runs, holds for the recorded app, and fails for another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml  # noqa: F401 - early: pytester forgets what is imported after it, and loaders are classes of one yaml

from tests.cassettes.building import written
from tests.cassettes.driving import recordings
from understudy._cli.main import main
from understudy._promote import code_of_test
from understudy.errors import CassetteError

ROOT = Path(__file__).parents[2]
TO_FILL_IN = "raise NotImplementedError('call your app here as it was called when tutorial.yaml was recorded')"
APP = """
from openai import OpenAI


def ask(question):
    threads = OpenAI().beta.threads
    thread = threads.create()
    threads.messages.create(thread.id, role="user", content=question)
    run = threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id="asst_YhNjYRQT38e4I5N8WsZ7ihz1",
        instructions="Please address the user as Jane Doe. The user has a premium account.",
    )
    return run.status
"""
QUESTION = "I need to solve the equation `3x + 11 = 14`. Can you help me?"
needs_recordings = pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")


@pytest.fixture
def test_file(pytester: pytest.Pytester) -> Path:
    """What the command writes for the tutorial's recording, beside an app."""
    shutil.copy(ROOT / "cassettes" / "tutorial.yaml", pytester.path / "tutorial.yaml")
    (pytester.path / "app.py").write_text(APP)
    path = pytester.path / "test_recorded.py"
    assert main(["promote", "--test", str(pytester.path / "tutorial.yaml"), "-o", str(path)]) == 0
    return path


def test_the_recorded_app_passes(test_file: Path, pytester: pytest.Pytester) -> None:
    """With the one line filled in, the test is green."""
    text = test_file.read_text()
    assert text.count(TO_FILL_IN) == 1
    test_file.write_text(text.replace(TO_FILL_IN, f"import app; app.ask({QUESTION!r})"))
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_another_app_fails(test_file: Path, pytester: pytest.Pytester) -> None:
    """An app that says something else than was recorded is not taken for the same."""
    test_file.write_text(test_file.read_text().replace(TO_FILL_IN, "import app; app.ask('What is 1 + 1?')"))
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(failed=1)
    assert "assert message in said" in result.stdout.str()


def test_as_it_is_written(test_file: Path, pytester: pytest.Pytester) -> None:
    """Before the line is filled in, the test fails and says what is missing."""
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(failed=1)
    assert "NotImplementedError: call your app here as it was called when tutorial.yaml was recorded" in result.stdout.str()


def test_a_filled_in_test_is_not_overwritten(test_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a file is already, the command says so, and leaves it."""
    test_file.write_text("mine")
    assert main(["promote", "--test", str(test_file.with_name("tutorial.yaml")), "-o", str(test_file)]) == 2
    assert "this file already exists, perhaps with your line filled in" in capsys.readouterr().err
    assert test_file.read_text() == "mine"


def test_without_a_run(tmp_path: Path) -> None:
    """A recording in which no run was created has nothing to expect; it says what to do instead."""
    path = written(tmp_path / "c.json", [("POST", "/threads", {}, {"id": "thread_1", "object": "thread", "created_at": 1})])
    with pytest.raises(CassetteError, match="no run was created in it"):
        code_of_test(path)


@needs_recordings
def test_a_tool_loop_expects_its_outputs() -> None:
    """What the recorded app submitted is expected of the new one, by the recorded id of the call."""
    path = next(path for path in recordings() if path.name == "FunctionToolsWork.yaml")
    code = code_of_test(path)
    assert "assert outputs == {'call_b9LqseCoPpctoIx71RVNZ1nB': 'tacos'}" in code
    assert "assert statuses['run_VSZ30Gv0cSXNu4f67kzJ8NyA'] == 'completed'" in code


@needs_recordings
def test_every_real_recording_becomes_a_test() -> None:
    """Each that created a run gives a module that compiles, with exactly one line to fill in."""
    made = False
    for path in recordings()[::15]:
        try:
            code = code_of_test(path)
        except CassetteError as error:
            assert "no run was created in it" in str(error)  # noqa: PT017 - most recordings have one
            continue
        compile(code, path.name, "exec")
        assert code.count("# <- fill in") == 1
        made = True
    assert made
