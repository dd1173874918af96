"""Mistakes that everybody makes: what came, what was expected, what is nearest and what to do, on one screen."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from understudy._cli.main import main

MOST_LINES = 25

CONFTEST = """
import http.server, sys, threading
import pytest
from understudy import Reply

sys.modules["uvicorn"] = None

@pytest.fixture
def tutor(understudy):
    return understudy.add_assistant(
        id="asst_tutor", tools=[{"type": "function", "function": {"name": "get_weather"}}]
    )

class Gone(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = b'{"error": {"message": "Not Found", "type": "invalid_request_error"}}'
        self.send_response(404)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args): pass

@pytest.fixture
def gone():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gone)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
"""
APP = """
from openai import OpenAI

def ask(assistant="asst_tutor"):
    client = OpenAI()
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "hi"}])
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant)
"""
HEAD = """
import pytest
import understudy as us
from openai import OpenAI
from understudy import Fail, FunctionCall, Hang, Reply, ServerError, StreamCut
from app import ask
"""
CASSETTE = """\
version: 1
interactions:
- request:
    method: POST
    uri: https://api.openai.com/v1/threads
    body: '{"messages": [{"role": "user", "content": "hello"}]}'
    headers: {content-type: [application/json]}
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [application/json]}
    body: {string: '{"id": "thread_1", "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {}}'}
"""


@dataclass(frozen=True)
class Mistake:
    """A mistake as a test, and what its report must say."""

    name: str
    code: str
    came: str
    expected: str
    to_do: str
    nearest: str = ""
    is_ours: bool = True  # whether the sentence in the summary is ours to say

    @property
    def parts(self) -> tuple[str, ...]:
        return self.came, self.expected, self.nearest, self.to_do


def body(statement: str, fixtures: str = "understudy", before: str = "") -> str:
    """A test of one statement."""
    return f"{before}\ndef test_it({fixtures}):\n    {statement}\n".lstrip()


IN_TESTS = [
    Mistake(
        "marker_setting",
        body("pass", before="@pytest.mark.understudy(stric=True)"),
        "'stric'",
        "It takes script, seed",
        "id you mean",
        "'strict'",
    ),
    Mistake(
        "time",
        body("pass", before="@pytest.mark.understudy(time='fast')"),
        "time='fast'",
        "expected one of",
        "'poll', 'manual'",
    ),
    Mistake(
        "positional",
        body("pass", before="@pytest.mark.understudy('sleep')"),
        "('sleep')",
        "keyword arguments only",
        "time='sleep'",
    ),
    Mistake(
        "record_mode",
        body("pass", "", "@pytest.mark.cassette('c.yaml', record_mode='once')"),
        "record_mode=",
        "not adopted from vcrpy",
        "--understudy-record=none|once|new|all",
    ),
    Mistake(
        "ignored",
        body("pass", "", "@pytest.mark.cassette('c.yaml', ignored=['x'])"),
        "'ignored'",
        "is not a setting",
        "id you mean",
        "'ignore'",
    ),
    Mistake(
        "cassette_of_a_number",
        body("pass", "", "@pytest.mark.cassette('c.yaml', 5)"),
        "cassette(5)",
        "expected a path",
        "'tutorial.yaml'",
    ),
    Mistake(
        "left_over",
        body("understudy.next_run(Reply('never'))"),
        "Reply('never')",
        "no run took",
        "every_run(...)",
        "strict=False",
    ),
    Mistake(
        "function",
        body("understudy.next_run(FunctionCall('get_wether', {})); ask()", "understudy, tutor"),
        "'get_wether'",
        "its functions are 'get_weather'",
        "id you mean",
        "'get_weather'",
    ),
    Mistake(
        "assistant_id",
        body("ask('asst_tutr')", "understudy, tutor"),
        "'asst_tutr'",
        "no object has the id",
        "id you mean",
        "'asst_tutor'",
    ),
    Mistake(
        "no_script",
        body("ask()", "understudy, tutor", "@pytest.mark.understudy(strict=True)"),
        "no script was set",
        "strict=True",
        "understudy.next_run(Reply('...'))",
    ),
    Mistake(
        "cassette_missing",
        body("ask()", "", "@pytest.mark.cassette('nothing/alike.json')"),
        "nothing/alike.json",
        "no such cassette",
        "--understudy-record=once",
    ),
    Mistake(
        "cassette_misspelled",
        body("ask()", "", "@pytest.mark.cassette('tutorail.yaml')"),
        "tutorail.yaml",
        "no such cassette",
        "--understudy-record=once",
        "cassettes/tutorial.yaml?",
    ),
    Mistake(
        "body",
        body("ask()", "", "@pytest.mark.cassette('tutorial.yaml')"),
        '"content": "hi"',
        '"content": "hello"',
        "--understudy-record=new",
        "#0 POST /threads",
    ),
    Mistake(
        "chat",
        body("OpenAI().chat.completions.create(model='m', messages=[])"),
        "POST /chat/completions",
        "is not simulated",
        "understudy.respx.post",
    ),
    Mistake(
        "embeddings",
        body("OpenAI().embeddings.create(model='m', input='x')"),
        "POST /embeddings",
        "is not simulated",
        "understudy.pass_through",
    ),
    Mistake(
        "moderations",
        body("OpenAI().moderations.create(input='x')"),
        "POST /moderations",
        "is not simulated",
        "understudy.respx.post",
    ),
    Mistake(
        "mesages",
        body("understudy.add_thread(mesages=['x'])"),
        "'mesages'",
        "unexpected keyword argument",
        "id you mean",
        "'messages'",
    ),
    Mistake(
        "file_name",
        body("understudy.add_file(file_name='a.txt')"),
        "add_file()",
        "'file_name'",
        "id you mean",
        "'filename'",
    ),
    Mistake(
        "tool", body("understudy.add_assistant(tool=[])"), "'tool'", "unexpected keyword argument", "id you mean", "'tools'"
    ),
    Mistake(
        "tools_0_name",
        body("understudy.add_assistant(tools=[{'type': 'function', 'name': 'f'}])"),
        "tools[0]",
        "Missing required parameter",
        "function",
    ),
    Mistake(
        "object_for_assistant",
        body("understudy.next_run(Reply('x'), assistant=3)"),
        "assistant=3",
        "expected an id (a str)",
        "or an object",
    ),
    Mistake(
        "object_for_thread",
        body("understudy.add_message(3, 'x')"),
        "add_message(3)",
        "expected the id of a thread",
        "an object with such an `id`",
    ),
    Mistake(
        "object_for_messages",
        body("understudy.messages(None)"),
        "messages(None)",
        "expected the id of a thread",
        "an object with such an `id`",
    ),
    Mistake(
        "no_such_thread",
        body("understudy.add_thread(id='thread_one'); understudy.messages('thread_on')"),
        "'thread_on'",
        "no thread has the id",
        "nearest",
        "thread_one",
    ),
    Mistake("uvicorn", body("pass", "understudy_server"), "`understudy_server`", "needs an HTTP server", "pip install"),
    Mistake(
        "fixture_and_cassette",
        body("pass", before="@pytest.mark.cassette('tutorial.yaml')"),
        "`understudy` simulates",
        "one test cannot do both",
        "fallback='simulate'",
    ),
    Mistake(
        "cassette_without_marker",
        body("pass", "understudy_cassette"),
        "`understudy_cassette`",
        "needs @pytest.mark.cassette",
        "@pytest.mark.cassette",
    ),
    Mistake(
        "unplayed",
        body("assert understudy_cassette.unplayed == []", "understudy_cassette", "@pytest.mark.cassette('tutorial.yaml')"),
        "<Interaction #0 POST /threads, 200>",
        "== []",
        "0 played, 1 unplayed",
        is_ours=False,
    ),
    Mistake(
        "fault_on",
        body("understudy.fault(ServerError(), on='run.retrieve')"),
        "'run.retrieve'",
        "not an operation",
        "id you mean",
        "'runs.retrieve'",
    ),
    Mistake(
        "fault_event",
        body("understudy.fault(StreamCut(), event='thread.mesage.delta')"),
        "'thread.mesage.delta'",
        "not a stream event",
        "id you mean",
        "'thread.message.delta'",
    ),
    Mistake(
        "fault_unused",
        body("understudy.fault(ServerError(), on='runs.list'); ask()", "understudy, tutor"),
        "on='runs.list'",
        "happened less often than set, or never",
        "correct on=",
        "0 of 1 times",
    ),
    Mistake(
        "shadowed", body("understudy.simulate()"), "'simulate'", "is the test's Backend here", "import understudy as us"
    ),
    Mistake("attribute", body("understudy.run"), "'run'", "a Backend has no", "id you mean", "'runs'"),
    Mistake(
        "livelock",
        body(
            "understudy.next_run(Fail('server_error')); run = ask()\n"
            "    while run.status != 'completed':\n"
            "        run = OpenAI().beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)",
            "understudy, tutor",
        ),
        "50 times while nothing can change",
        "is 'failed', and will stay so",
        "does it handle 'failed'?",
    ),
    Mistake(
        "no_fixture",
        body("ask()", ""),
        "does not request the fixture",
        "nothing is simulated",
        "def test_no_fixture(understudy)",
    ),
    Mistake(
        "client_before_fixture",
        "@pytest.fixture\ndef client():\n    return OpenAI()\n\ndef test_it(client, understudy): pass\n",
        "before `understudy` is set up",
        "A fixture builds",
        "make that fixture request `understudy`",
    ),
    Mistake(
        "simulate_without_with",
        body("us.simulate().next_run(Reply('x'))", ""),
        "'next_run'",
        "not open yet",
        "with simulate",
    ),
    Mistake(
        "fail_code",
        body("understudy.next_run(Fail('server_eror'))"),
        "'server_eror'",
        "is not one of",
        "id you mean",
        "'server_error'",
    ),
    Mistake(
        "on_cancel",
        body("understudy.next_run(Hang(on_cancel='complete'))"),
        "'complete'",
        "is not one of 'cancelled', 'completes'",
        "id you mean",
        "'completes'",
    ),
    Mistake("reply_class", body("understudy.next_run(Reply)"), "Reply is a class", "not a move", "write Reply"),
    Mistake("str_for_reply", body("understudy.next_run('x')"), "'x'", "not a move", "write Reply('x')"),
    Mistake(
        "reply_list",
        body("understudy.next_run(Reply(['a', 'b']))"),
        "Reply(['a', 'b'])",
        "expected a str, got list",
        "Reply('a'), Reply('b')",
    ),
    Mistake(
        "after_the_end",
        body("understudy.next_run(Fail('server_error'), Reply('x'))"),
        "Reply('x') comes after",
        "ends the run",
        "ends the run",
    ),
    Mistake(
        "when", body("understudy.next_run(Reply('x'), when='y')"), "when='y'", "has no argument", "every_run(..., when=...)"
    ),
    Mistake(
        "dead_api",
        body(
            "OpenAI(base_url=gone, max_retries=0).beta.threads.create()",
            "gone",
            "@pytest.mark.cassette('new.yaml', record='once')",
        ),
        "404",
        "switched the Assistants API off",
        "Record from a server",
    ),
]
AT_COLLECTION = [
    Mistake(
        "module_client",
        "CLIENT = OpenAI()\n\ndef test_it(understudy): pass\n",
        "builds an OpenAI client when it is imported",
        "OPENAI_API_KEY",
        "understudy_api_key = true",
    ),
    Mistake(
        "every_lifecycle_bare",
        "@us.every_lifecycle\ndef test_it(script): pass\n",
        "every_lifecycle",
        "parentheses",
        "@every_lifecycle(",
    ),
    Mistake(
        "every_lifecycle_dept",
        "@us.every_lifecycle(dept=2)\ndef test_it(script): pass\n",
        "dept",
        "argument",
        "id you mean",
        "depth",
    ),
    Mistake(
        "every_lifecycle_argument",
        "@us.every_lifecycle(depth=1)\ndef test_it(): pass\n",
        "script",
        "argument",
        "script",
        is_ours=False,
    ),
]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest prints of all of them at once: a process of its own, without a key, and not on CI."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "cassettes").mkdir()
    (folder / "cassettes" / "tutorial.yaml").write_text(CASSETTE)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "app.py").write_text(APP)
    tests = "\n\n".join(mistake.code.replace("def test_it", f"def test_{mistake.name}") for mistake in IN_TESTS)
    (folder / "test_all.py").write_text(f"{HEAD}\n{tests}")
    for mistake in AT_COLLECTION:
        (folder / f"test_{mistake.name}.py").write_text(f"{HEAD}\n{mistake.code}")
    kept = {name: value for name, value in os.environ.items() if "OPENAI" not in name and name not in ("CI", "BUILD_NUMBER")}
    options = ["-p", "no:cacheprovider", "-p", "no:asyncio", "--continue-on-collection-errors", "--color=no"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env={**kept, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return run.stdout


def report(output: str, title: str) -> str:
    """What stands between a failure's header and the next."""
    blocks = re.split(r"^(?:_+ (.+?) _+|=+ .* =+)$", output, flags=re.MULTILINE)
    found = [text for name, text in zip(blocks[1::2], blocks[2::2], strict=True) if name and title == name.split()[-1]]
    assert len(found) == 1, f"{len(found)} reports of {title}\n{output}"
    return found[0].strip("\n")


@pytest.mark.parametrize("mistake", IN_TESTS + AT_COLLECTION, ids=lambda mistake: mistake.name)
def test_a_mistake_is_explained(output: str, mistake: Mistake) -> None:
    """It says what came, what was expected, what is nearest and what to do, on a screen, and begins in the summary."""
    is_collected = mistake in IN_TESTS
    shown = report(output, f"test_{mistake.name}" + ("" if is_collected else ".py"))
    for part in mistake.parts:
        assert part in shown, f"{part!r} is not in:\n{shown}"
    assert shown.count("\n") + 2 <= MOST_LINES, shown
    assert "site-packages" not in shown
    place = f"test_all.py::test_{mistake.name}" if is_collected else f"test_{mistake.name}.py"
    summary = next(line for line in output.splitlines() if re.match(rf"(FAILED|ERROR) {re.escape(place)}( |$)", line))
    assert not mistake.is_ours or " - understudy: " in summary, summary


BROKEN = "from understudy import Reply\nraise RuntimeError('broken')\n"
COMMANDS = [
    ("empty", ["show", "empty.yaml"], ["empty.yaml"]),
    ("corrupt", ["show", "corrupt.yaml"], ["corrupt.yaml"]),
    ("cut", ["show", "cut.yaml"], ["cut.yaml"]),
    ("readme", ["show", "README.md"], ["README.md", "not a cassette"]),
    ("missing", ["show", "tutorail.yaml"], ["tutorail.yaml", "Did you mean", "tutorial.yaml"]),
    ("directory", ["show", "folder"], ["folder"]),
    ("promote_a_directory", ["promote", "folder"], ["folder"]),
    ("unwritable", ["promote", "tutorial.yaml", "-o", "no/such/folder/x.py"], ["no/such/folder", "folder"]),
    ("script_of_serve", ["serve", "--script", "broken.py"], ["broken.py", "broken"]),
    ("no_script_of_serve", ["serve", "--script", "brokn.py"], ["brokn.py"]),
    ("command", ["shwo"], ["shwo", "Did you mean 'show'?"]),
    ("option", ["show", "tutorial.yaml", "--htm"], ["--htm", "Did you mean '--html'?"]),
]


@pytest.mark.parametrize(("arguments", "parts"), [row[1:] for row in COMMANDS], ids=[row[0] for row in COMMANDS])
def test_a_command_says_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    parts: list[str],
) -> None:
    """Nothing that a user gives a command ends in a traceback: a line or a few, and a status that is not 0."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    texts = {"tutorial.yaml": CASSETTE, "empty.yaml": "", "corrupt.yaml": "{[", "cut.yaml": CASSETTE[:200]}
    for name, text in {**texts, "README.md": "# A project\n\nWords: about it.\n", "broken.py": BROKEN}.items():
        (tmp_path / name).write_text(text)
    try:
        status: object = main(arguments)
    except SystemExit as ended:
        status = ended.code
    said = capsys.readouterr().err
    assert status not in (0, None)
    assert "Traceback" not in said
    assert len(said.splitlines()) <= MOST_LINES
    for part in parts:
        assert part in said


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """`serve` names the port, and says what to do."""
    pytest.importorskip("uvicorn")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert str(port) in said
    assert "--port" in said
