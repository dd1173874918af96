"""`understudy promote --test`: the test that it writes runs, holds for the recorded app, and fails for another."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import openai
import pytest
import yaml  # noqa: F401 - early: pytester forgets what is imported after it, and loaders are classes of one yaml

import understudy as us
from tests.cassettes.building import written
from tests.cassettes.driving import SHARED, recordings
from tests.cassettes.loopback import served
from understudy._cli.main import main
from understudy._promote import code_of, code_of_test
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
TOOL: Any = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}, "strict": False}
QUESTION = "I need to solve the equation `3x + 11 = 14`. Can you help me?"
needs_recordings = pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")


@pytest.fixture
def test_file(pytester: pytest.Pytester) -> Path:
    """What the command writes for the tutorial's recording, beside an app."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
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
    pytester.runpytest_inprocess("-q").assert_outcomes(passed=1)


def test_another_app_fails(test_file: Path, pytester: pytest.Pytester) -> None:
    """An app that says something else than was recorded is not taken for the same."""
    test_file.write_text(test_file.read_text().replace(TO_FILL_IN, "import app; app.ask('What is 1 + 1?')"))
    result = pytester.runpytest_inprocess("-q")
    result.assert_outcomes(failed=1)
    assert "assert message in said" in result.stdout.str()


def test_as_it_is_written(test_file: Path, pytester: pytest.Pytester) -> None:
    """Before the line is filled in, the test fails and says what is missing."""
    result = pytester.runpytest_inprocess("-q")
    result.assert_outcomes(failed=1)
    assert "NotImplementedError: call your app here as it was called when tutorial.yaml was recorded" in result.stdout.str()


def test_a_filled_in_test_is_not_overwritten(test_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a file is already, the command says so, and leaves it."""
    test_file.write_text("mine")
    assert main(["promote", "--test", str(test_file.with_name("tutorial.yaml")), "-o", str(test_file)]) == 2
    assert "this file already exists, perhaps with your line filled in" in capsys.readouterr().err
    assert test_file.read_text() == "mine"


def test_without_a_run(tmp_path: Path) -> None:
    """A recording that created neither a run nor a response has nothing to expect; it says what to do instead."""
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
@pytest.mark.parametrize(("folder", "path"), [("recordings", "/runs"), ("recordings-responses", "/responses")])
def test_real_recordings_become_tests(folder: str, path: str) -> None:
    """Each that created a run, or a response that a script says, gives a module with exactly one line to fill in."""
    fitting = [file for file in sorted((SHARED / folder).glob("*/*.yaml")) if f"{path}\n" in file.read_text()]
    assert fitting, "the folder holds recordings of this API"
    for file in fitting[:: len(fitting) // 8]:
        if " is not simulated" in code_of(file):
            continue
        code = code_of_test(file)
        compile(code, file.name, "exec")
        assert code.count("# <- fill in") == 1


@pytest.fixture(scope="module")
def responses_test(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is written for a tool loop on Responses that was recorded over a socket."""
    backend = us.Backend(start=1_785_000_000)
    backend.next_run(us.FunctionCall("get_weather", {"city": "Paris"}), us.Reply("Sunny."))
    cassette = tmp_path_factory.mktemp("recorded") / "weather.yaml"
    with served(backend) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="sk-loopback") as client:
        with us.use_cassette(cassette, record="once"):
            ask("The weather?", client)
    return code_of_test(cassette)


def ask(question: str, client: openai.OpenAI, output: str | None = "sunny") -> None:
    """A tool loop of two responses; without an output it breaks off after the first."""
    first = client.responses.create(model="gpt-4o", input=question, tools=[TOOL])
    if output is not None:
        call: Any = first.output[0]
        given: Any = {"type": "function_call_output", "call_id": call.call_id, "output": output}
        client.responses.create(model="gpt-4o", input=[given], previous_response_id=first.id, tools=[TOOL])


@pytest.mark.parametrize(
    ("arguments", "fails_at"),
    [
        (["The weather?"], None),
        (["The news?"], "assert entry in entries"),
        (["The weather?", "I do not know"], "assert outputs == {"),
        (["The weather?", None], "assert ended["),
    ],
)
def test_an_app_on_responses(responses_test: str, arguments: list[Any], fails_at: str | None) -> None:
    """Green for the recorded app; red for one that asks, or hands in, something else, or breaks off."""
    assert responses_test.count("# <- fill in") == 1
    module: dict[str, Any] = {}
    exec(compile(responses_test, "test_weather.py", "exec"), module)
    with us.simulate(strict=False) as backend, backend.client() as client:
        question, *output = arguments
        module["run_app"] = lambda: ask(question, client, *output)
        if fails_at is None:
            module["test_weather"](backend)
            return
        with pytest.raises((AssertionError, KeyError)) as failed:
            module["test_weather"](backend)
    assert responses_test.splitlines()[failed.traceback[-1].lineno].strip().startswith(fails_at)


def test_what_is_not_kept_is_not_looked_for(tmp_path: Path) -> None:
    """A response that was not stored, or was deleted, has no status to expect; what it said is expected."""

    def made(number: int, **more: Any) -> Any:
        text = {"type": "output_text", "text": f"answer {number}", "annotations": [], "logprobs": []}
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
        response = {"id": f"resp_{number}", "object": "response", "created_at": 1_785_000_000, "status": "completed"}
        body = {"model": "gpt-4o", "input": "x", **more}
        return ("POST", "/responses", body, {**response, "model": "gpt-4o", "output": [message], **more})

    deleted = {"id": "resp_2", "object": "response", "deleted": True}
    exchanges = [made(1, store=False), made(2), ("DELETE", "/responses/resp_2", None, deleted), made(3)]
    code = code_of_test(written(tmp_path / "c.json", exchanges))
    assert re.findall(r"assert ended\['(.*)'\]", code) == ["resp_3"]
    assert re.findall(r"'reply', '(.*?)'", code) == ["answer 1", "answer 2", "answer 3"]
