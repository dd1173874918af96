"""What the report of a failed test shows: the test's and the app's frames, our sentence, what the app sent and saw."""

from __future__ import annotations

import json
import re

import pytest

from tests.cassettes.building import TOOL_CALL, entry

APP = """
from openai import OpenAI

def ask(text="hi"):
    client = OpenAI()
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id="asst_tutor").status
"""
TESTS = """
import unittest
import openai, pytest
import understudy as us
from hypothesis import given, settings, strategies
from app import ask

@pytest.fixture(autouse=True)
def tutor(request):
    if "understudy" in request.fixturenames:
        request.getfixturevalue("understudy").add_assistant(id="asst_tutor")

def test_fixture(understudy):
    assert ask() == "cancelled"

@pytest.mark.understudy
def test_marker():
    assert ask() == "cancelled"

def test_block():
    with us.simulate() as backend:
        backend.add_assistant(id="asst_tutor")
        assert ask() == "cancelled"

class TestClass:
    def test_method(self, understudy):
        assert ask() == "cancelled"

class TestCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def simulated(self, understudy):
        self.backend = understudy

    def test_unittest(self):
        self.backend.next_run(us.Reply("x"), us.Reply("y"))
        self.backend.next_run(us.Reply("never"))
        self.assertEqual(ask(), "cancelled")

@pytest.mark.asyncio
async def test_async(understudy):
    assert ask() == "cancelled"

@us.every_lifecycle(depth=1)
def test_every(script, understudy):
    understudy.perform(script)
    assert ask() == "cancelled"

@settings(max_examples=3, database=None, deadline=None)
@given(strategies.integers())
def test_hypothesis(number):
    with us.simulate() as backend:
        backend.add_assistant(id="asst_tutor")
        assert ask() == "cancelled"

def test_secret(understudy):
    assert ask("my key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ") == "cancelled"

@pytest.mark.understudy(strict=True)
def test_refused(understudy):
    ask()

@pytest.mark.understudy(strict=True)
def test_wrapped(understudy):
    try:
        ask()
    except openai.APIError as error:
        raise LookupError("the app gives up") from error

def test_plain():
    assert 1 == 2
"""


def failures(pytester: pytest.Pytester, *options: str, tests: str = TESTS) -> dict[str, str]:
    """The reports of the failed tests, by name; the summary lines as `summary`."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(app=APP, test_all=tests)
    output = pytester.runpytest("-p", "no:cacheprovider", "--color=no", *options).stdout.str()
    blocks = re.split(r"^(?:_+ (.+?) _+|=+ (.*) =+)$", output, flags=re.MULTILINE)
    named = zip(blocks[1::3], blocks[2::3], blocks[3::3], strict=True)
    return {test or ("summary" if "summary" in title else title): text for test, title, text in named}


def test_every_kind_of_test_has_the_section(pytester: pytest.Pytester) -> None:
    """Requests with the second of the clock and what was seen, and how the run went; nothing where nothing was simulated."""
    shown = failures(pytester)
    names = ("test_fixture", "test_marker", "test_block", "TestClass.test_method", "TestCase.test_unittest", "test_async")
    for name in (*names, "test_hypothesis", "test_secret"):
        assert "- understudy -" in shown[name], name
        section = shown[name].partition("- understudy -")[2]
        assert re.search(r"^ +0\.0  runs\.create thread_\w+ .* -> queued$", section, re.MULTILINE), name
        assert re.search(r"^run_\w+: .*completed", section, re.MULTILINE), name
        assert section.count("\n") <= 26, name
    assert "script(s) were set, but no run took them" in shown["TestCase.test_unittest"]
    every = next(text for name, text in shown.items() if name.startswith("test_every["))
    assert every.count("runs.create") == 1  # the note has the requests, the section the run
    assert re.search(r"^run_\w+: \w+ after", every.partition("- understudy -")[2], re.MULTILINE)
    assert "understudy" not in shown["test_plain"]
    assert "sk-proj-abc" not in shown["test_secret"].partition("- understudy -")[2]


def test_frames(pytester: pytest.Pytester) -> None:
    """Ours has the frames of the test and of the app; of an app's own error, only what led to it is pruned."""
    shown = failures(pytester, "-k", "refused or wrapped or fixture")
    assert re.findall(r"^(\S+):\d+: in (\w+)$", shown["test_refused"], re.MULTILINE) == [
        ("test_all.py", "test_refused"),
        ("app.py", "ask"),
    ]
    for text in shown.values():
        assert "site-packages" not in text
    assert ">           raise LookupError" in re.sub(r">\s+raise", ">           raise", shown["test_wrapped"])
    assert "no script was set" in shown["test_wrapped"]
    assert '>       assert ask() == "cancelled"' in shown["test_fixture"]
    assert "test_all.py::test_refused - understudy: a run of assistant" in shown["summary"]


@pytest.mark.parametrize("style", ["short", "long", "line", "native", "no"])
def test_styles(pytester: pytest.Pytester, style: str) -> None:
    """In every style of traceback the sentence is in the summary, and no line of the SDK is shown."""
    shown = failures(pytester, f"--tb={style}", "-k", "refused")
    assert "test_all.py::test_refused - understudy: a run of assistant" in shown["summary"]
    assert "openai/_base_client" not in "".join(shown.values())


def test_the_full_trace(pytester: pytest.Pytester) -> None:
    """Whoever asks for everything gets everything."""
    shown = failures(pytester, "--full-trace", "-k", "refused")
    assert "_base_client" in shown["test_refused"]


def test_on_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pytest cuts nothing off, the summary has the sentence, on one line."""
    monkeypatch.setenv("CI", "true")
    tests = "import understudy as us\ndef test_left(understudy):\n    understudy.next_run(us.Reply('x'))\n"
    summary = failures(pytester, tests=tests)["summary"].strip().splitlines()
    assert len(summary) == 1
    assert "- understudy: 1 script(s) were set, but no run took them: Reply('x')  (set at test_all.py:3)" in summary[0]


@pytest.mark.deep
def test_in_other_processes(pytester: pytest.Pytester) -> None:
    """The report travels from a worker of xdist as it is."""
    shown = failures(pytester, "-n", "1", "-k", "refused or block")
    assert "- understudy -" in shown["test_block"]
    assert "test_all.py::test_refused - understudy: a run of assistant" in shown["summary"]
    assert "site-packages" not in shown["test_refused"]


def test_a_cassette(pytester: pytest.Pytester) -> None:
    """What an app sent to a cassette is shown, too."""
    tests = (
        "import pytest\nfrom app import ask\n\n@pytest.mark.cassette('c.yaml')\n"
        "def test_it():\n    try:\n        ask()\n    except Exception:\n        pass\n    assert False\n"
    )
    shown = failures(pytester, tests=tests)["test_it"].partition("- understudy -")[2]
    assert "c.yaml: no such cassette" in shown
    assert re.search(r"^ +0\.0  threads\.create .* -> 501 understudy: ", shown, re.MULTILINE)


def test_hints_of_a_kind_are_one_line(pytester: pytest.Pytester) -> None:
    """Hints that differ only in a name or a path are counted, not listed; -v lists them."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True)
        def hint(request, understudy):
            understudy.hints.append(f"the file /tmp/{request.node.name}.yaml is large")
        """
    )
    pytester.makepyfile(test_all="import pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_it(n): pass")
    quiet = pytester.runpytest("-p", "no:cacheprovider", "-p", "no:asyncio").stdout
    quiet.fnmatch_lines(["test_all.py::test_it* and 2 more: the file */test_it*.yaml is large"])
    assert quiet.str().count("is large") == 1
    verbose = pytester.runpytest("-p", "no:cacheprovider", "-p", "no:asyncio", "-v").stdout.str()
    assert verbose.count("is large") == 3


OWN_KEY = """
import openai

def test_own_key(understudy):
    key = "Zq8nopaque" + "KEY11223344556677889"
    api = openai.OpenAI(api_key=key, max_retries=0)
    understudy.strict = True
    thread = api.beta.threads.create(messages=[{"role": "user", "content": f"my key is {key}"}], metadata={"note": key})
    assistant = understudy.add_assistant()
    try:
        api.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    except openai.APIError:
        pass
    api = None
    try:
        openai.OpenAI(api_key=key, max_retries=0).beta.threads.retrieve(f"thread_{key}")
    except openai.APIError:
        pass
    assert key is None, "the end"
"""


def test_the_apps_own_key_is_not_in_the_section(pytester: pytest.Pytester) -> None:
    """A key of no known shape is known from the header it was sent in: wherever else it is, the section does not show it."""
    (report,) = (text for name, text in failures(pytester, tests=OWN_KEY).items() if name == "test_own_key")
    section = report.partition("- understudy -")[2]
    assert "threads.retrieve thread_SCRUBBED" in section
    assert "my key is SCRUBBED" in section
    assert "KEY11223344556677889" not in section


OTHER_KINDS = """
import openai, pytest
import understudy as us
from app import ask

@pytest.fixture(autouse=True)
def tutor(understudy):
    understudy.add_assistant(id="asst_tutor", tools=[{"type": "function", "function": {"name": "f"}}])

@pytest.fixture
def ends_badly():
    yield
    raise LookupError("the project's own fixture")

@pytest.mark.xfail(strict=True)
def test_strict():
    ask()

def test_end(ends_badly):
    ask()

@pytest.mark.understudy(strict=True)
def test_group():
    errors = []
    for _ in range(2):
        try:
            ask()
        except openai.APIError as error:
            errors.append(error)
    raise ExceptionGroup("both of them", errors)

def test_many(understudy):
    with us.simulate() as one, us.simulate() as another:
        pass
    for _ in range(11):
        ask()
    understudy.next_run(*[us.FunctionCall("f") for _ in range(4)], us.Reply("x"))
    ask()
    runs, run = openai.OpenAI().beta.threads.runs, understudy.runs[-1]
    for _ in range(4):
        called = runs.retrieve(run.id, thread_id=run.thread_id).required_action.submit_tool_outputs.tool_calls
        outputs = [{"tool_call_id": call.id, "output": "1"} for call in called]
        runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs)
    assert False
"""


def test_other_kinds_of_failure(pytester: pytest.Pytester) -> None:
    """A strict xfail that passes has the section; an end of the project's own has none; of a group each error is pruned."""
    shown = failures(pytester, "-k", "strict or end or group", "-p", "no:schemathesis", tests=OTHER_KINDS)
    assert "runs.create" in shown["test_strict"].partition("- understudy -")[2]
    assert "the project's own fixture" in shown["ERROR at teardown of test_end"]
    assert "- understudy -" not in shown["ERROR at teardown of test_end"]
    assert "site-packages" not in shown["test_group"]
    assert "test_all.py::test_group - understudy: a run of assistant" in shown["summary"]


def test_many_runs_are_a_line_each(pytester: pytest.Pytester) -> None:
    """Where several simulations share the screen, runs are cut to the last ones, and a long one to its first and last."""
    section = failures(pytester, "-k", "many", tests=OTHER_KINDS)["test_many"].partition("- understudy -")[2]
    (more,) = re.findall(r"^\.\.\. (\d+) more runs \.\.\.$", section, re.MULTILINE)
    assert int(more) + len(re.findall(r"^run_\w+: ", section, re.MULTILINE)) == 12
    (last,) = re.findall(r"^run_\w+: 0 created, 0 queued, 1 in_progress, \.\.\., (.*)$", section, re.MULTILINE)
    assert re.fullmatch(r"\d+ requires_action, \d+ queued, \d+ in_progress, \d+ completed", last)


def test_a_cassette_of_another_server(pytester: pytest.Pytester) -> None:
    """A recording without what a timeline needs, and an answer that broke off, are shown as far as they go."""
    exchanges = [entry(exchange) for exchange in (*TOOL_CALL[:3], ("GET", "/models", None, {}))]
    exchanges[3] |= {"understudy": {"broken": {"kind": "ReadError", "message": ""}}}
    (pytester.path / "cassettes").mkdir()
    (pytester.path / "cassettes" / "c.json").write_text(json.dumps({"version": 1, "interactions": exchanges}))
    tests = (
        "import openai, pytest\n\n@pytest.mark.cassette('c.json')\n"
        "def test_it():\n    client = openai.OpenAI(max_retries=0)\n    threads = client.beta.threads\n"
        "    threads.create()\n"
        "    threads.messages.create('thread_1', role='user', content='hi')\n"
        "    threads.runs.create('thread_1', assistant_id='asst_1')\n"
        "    with pytest.raises(openai.APIConnectionError):\n        client.models.list()\n    assert False\n"
    )
    shown = failures(pytester, tests=tests)["test_it"].partition("- understudy -")[2]
    assert "c.json: 4 played" in shown
    assert re.search(r"runs\.create thread_1 .* -> queued$", shown, re.MULTILINE)
    assert re.search(r"models\.list", shown)
    assert "run_1:" not in shown


def test_modules_that_cannot_be_imported(pytester: pytest.Pytester) -> None:
    """The report of a module that fails by itself is pytest's own, whether or not it names us."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(
        test_syntax="import understudy def",
        test_other="import understudy.no_such_module",
        test_own="raise RuntimeError('my understudy is ill')",
        test_key="raise RuntimeError('set OPENAI_API_KEY')",
    )
    shown = pytester.runpytest("-p", "no:cacheprovider", "--color=no").stdout.str()
    assert "E   SyntaxError: " in re.sub("E +", "E   ", shown)
    assert "ERROR test_other.py" in shown
    assert "ERROR test_own.py - RuntimeError: my understudy is ill" in shown
    assert "ModuleNotFoundError: No module named 'understudy.no_such_module'" in shown
    assert "ERROR test_key.py - understudy: The app builds an OpenAI client when it is im" in shown.replace("\n", "")


def test_an_error_without_a_text_is_reported_as_any(pytester: pytest.Pytester) -> None:
    """An app's error whose `str` fails is one failed test, with a simulation or without; the session goes on."""
    pytester.makepyfile("""
        class Broken(Exception):
            def __str__(self):
                raise RuntimeError("no text")
            __repr__ = __str__

        def test_without():
            raise Broken(1)

        def test_with(understudy):
            raise Broken(1)

        def test_after():
            pass
    """)
    result = pytester.runpytest("-p", "no:cacheprovider", "-p", "no:asyncio")
    result.assert_outcomes(failed=2, passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
