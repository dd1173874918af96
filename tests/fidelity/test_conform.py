"""`understudy conform`: recorded sessions sent to servers on loopback, our own and others."""

from __future__ import annotations

import json
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.cassettes.building import written
from tests.cassettes.loopback import served
from tests.serve.serving import Serve
from understudy import CodeInterpreter, FileSearch, FunctionCall, Reply, SearchResult, use_cassette
from understudy._backend.backend import Backend
from understudy._cli.main import main
from understudy._common.messages import Abort, Answer, Request

FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
TOOLS = [FUNCTION, {"type": "code_interpreter"}, {"type": "file_search"}]


def converse(client: openai.OpenAI, backend: Backend) -> tuple[str, str]:
    """A session with every kind of move in it: files searched, images drawn, functions called side by side, a stream."""
    beta = client.beta
    file = client.files.create(file=("menu.txt", b"soup"), purpose="assistants")
    store = client.vector_stores.create(file_ids=[file.id])
    client.vector_stores.files.poll(file.id, vector_store_id=store.id)
    resources = {"file_search": {"vector_store_ids": [store.id]}}
    assistant = beta.assistants.create(model="gpt-4o", tools=TOOLS, tool_resources=resources)  # type: ignore[arg-type]
    thread = beta.threads.create(messages=[{"role": "user", "content": "What is there?"}])
    backend.next_run((FunctionCall("f", {"n": 1}), FunctionCall("f", {"n": 2})), Reply(chunks=["Stre", "amed."]))
    run = beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    calls = run.required_action.submit_tool_outputs.tool_calls  # type: ignore[union-attr]
    outputs: Any = [{"tool_call_id": call.id, "output": "x"} for call in calls]
    with beta.threads.runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread.id, tool_outputs=outputs) as stream:
        stream.until_done()
    return hosted_tools(client, backend, assistant.id, file.id)


def hosted_tools(client: openai.OpenAI, backend: Backend, assistant_id: str, file_id: str) -> tuple[str, str]:
    """A thread of its own, and a run on it that the app has nothing to do in."""
    threads = client.beta.threads
    search, drawing = FileSearch([SearchResult(file_id, 0.9, "soup")]), CodeInterpreter("plot()", images=[b"\x89PNG"])
    backend.next_run(search, drawing, Reply("Soup.", citations=[file_id]))
    thread = threads.create(messages=[{"role": "user", "content": "Show me."}])
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant_id)
    threads.runs.steps.list(run.id, thread_id=thread.id)
    with pytest.raises(openai.BadRequestError, match="Cannot cancel run with status 'completed'"):
        threads.runs.cancel(run.id, thread_id=thread.id)
    return thread.id, run.id


def look_back(client: openai.OpenAI, thread_id: str, run_id: str) -> None:
    """A later session, which makes nothing: all that it reads was there before."""
    threads = client.beta.threads
    threads.retrieve(thread_id)
    threads.runs.retrieve(run_id, thread_id=thread_id)
    threads.runs.steps.list(run_id, thread_id=thread_id)
    threads.messages.list(thread_id)


@pytest.fixture
def recordings(recorded: Path, tmp_path: Path) -> Path:
    """A copy of the recorded sessions."""
    return Path(shutil.copytree(recorded, tmp_path / "recordings"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two recorded sessions: one that makes everything it needs, and one that makes nothing."""
    folder = tmp_path_factory.mktemp("recorded")
    backend = Backend(time="poll")
    with served(backend) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="sk-loopback") as client:
        with use_cassette(folder / "first.yaml", record="once"):
            made = converse(client, backend)
        with use_cassette(folder / "second.yaml", record="once"):
            look_back(client, *made)
    assert backend.close() == []
    return folder


Said = Callable[..., tuple[int, str]]


@pytest.fixture
def conform(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs the command; gives its exit status and all that it printed."""

    def run(recordings: Path, *arguments: str) -> tuple[int, str]:
        status = main(["conform", "--recordings", str(recordings), *arguments])
        return status, "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("time", ["manual", "poll"])
def test_a_served_simulator_agrees(time: str, serve: Serve, recordings: Path, conform: Said, tmp_path: Path) -> None:
    """Told what the recorded model did and what was there before, `understudy serve` gives every recorded answer again."""
    report = tmp_path / "score.json"
    status, said = conform(recordings, "--base-url", f"{serve('--time', time)}/v1", "--json", str(report))
    assert status == 0, said
    assert said.endswith("100.0 % of the exchanges agree.\n")
    score = json.loads(report.read_text())
    assert (score["percent"], score["findings"]) == (100.0, [])
    assert score["operations"]["runs.create"] == {"agreed": 2, "explained": 0, "unexplained": 0, "left_out": 0}


def test_another_server_is_compared_by_shapes(
    recordings: Path, conform: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server that cannot be told, runs go as they go: shapes are compared, and what has to be there is left out."""
    other = Backend(time="manual", strict=False)
    monkeypatch.setattr("understudy._fidelity.target.time.sleep", other.clock.advance)  # its time passes while we sleep
    report = tmp_path / "score.json"
    with served(other) as url:
        status, said = conform(recordings, "--base-url", f"{url}/v1", "--json", str(report))
    assert (status, json.loads(report.read_text())["findings"]) == (0, []), said
    operations = json.loads(report.read_text())["operations"]
    assert operations["runs.submit_tool_outputs"]["left_out"] == 1, "its model called no function"
    assert operations["messages.list"]["left_out"] == 1, "the second session made no thread"
    assert operations["steps.list"] == {"agreed": 1, "explained": 0, "unexplained": 0, "left_out": 1}


def test_what_differs_is_shown(recordings: Path, conform: Said, tmp_path: Path) -> None:
    """Every difference is shown with its session, exchange, path and both values, as many as can be read; exit 1."""
    assert conform(recordings)[0] == 0
    for number in range(60):
        copy = recordings / f"copy-{number}.yaml"
        copy.write_text(written(tmp_path / "one.yaml", [("POST", "/threads", {}, {"id": "thread_1"})]).read_text())
    status, said = conform(recordings)
    assert status == 1
    assert 'copy-0.yaml #0 POST /threads\n    !status: recorded 200, served "400 You must provide' in said
    assert said.count("\n    ") == 50
    assert said.rstrip().endswith(" more")


def test_the_page_is_written(recordings: Path, tmp_path: Path) -> None:
    """`python -m tools.fidelity_page` writes the score as a page, with a row for each operation."""
    page = tmp_path / "fidelity.md"
    command = [sys.executable, "-m", "tools.fidelity_page", str(recordings), str(page)]
    subprocess.run(command, check=True, timeout=60)
    written_page = page.read_text("utf-8")
    assert "exchanges agree (100.0 %)**, in 2 sessions." in written_page
    assert "| `runs.submit_tool_outputs` | 1 | 1 | 0 | 0 |" in written_page


class Hasty:
    """A server that closes every third connection it gets a request on, instead of answering. Keeps the keys it saw."""

    def __init__(self) -> None:
        self.backend = Backend(time="poll", strict=False)
        self.keys: list[str | None] = []

    def handle(self, request: Request) -> Answer:
        self.keys.append(request.header("authorization"))
        return Abort("bye") if len(self.keys) % 3 == 0 else self.backend.handle(request)


@pytest.mark.parametrize(
    ("given", "sent"), [("sk-mine", "Bearer sk-mine"), ("", "Bearer sk-understudy")], ids=["own", "some"]
)
def test_another_server_gets_the_key_and_may_hang_up(
    given: str, sent: str, recordings: Path, conform: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server gets the key of the environment, or some key; a connection that it closed is opened again."""
    monkeypatch.setenv("OPENAI_API_KEY", given)
    hasty = Hasty()
    with served(hasty) as url:
        status, said = conform(recordings, "--base-url", f"{url}/v1")
    assert status == 0, said
    assert set(hasty.keys[1:]) == {sent}, "all but the question for the admin route"


def test_a_clock_that_runs_by_itself_is_stopped(serve: Serve, recordings: Path, conform: Said) -> None:
    """`understudy serve` in real time is brought to where a recording was; what it refuses to set up is said."""
    url = f"{serve('--time', 'real')}/v1"
    status, said = conform(recordings, "--base-url", url)
    assert (status, said.endswith("100.0 % of the exchanges agree.\n")) == (0, True), said
    store = {"id": "vs_1", "object": "vector_store", "created_at": 1_760_000_000, "expires_after": {"days": "many"}}
    written(recordings / "odd.yaml", [("GET", "/vector_stores/vs_1", None, store)])
    status, said = conform(recordings, "--base-url", url)
    assert (status, "!set-up: recorded 'what the recording shows'" in said) == (1, True), said
    assert "expires_after" in said


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "http://", "http://127.0.0.1:8x/v1", "ftp://127.0.0.1/v1"])
def test_what_is_no_url_is_named(url: str, recordings: Path, conform: Said) -> None:
    """A base URL without a scheme, a host or a proper port is said to be none, with one that would do; exit 2."""
    said = f"{url}: not a server URL; expected something like http://127.0.0.1:8000/v1\n"
    assert conform(recordings, "--base-url", url) == (2, said)


def test_a_server_that_is_not_there(recordings: Path, conform: Said) -> None:
    """A port on which nobody listens is said in one line; exit 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
    status, said = conform(recordings, "--base-url", url)
    assert (status, said.startswith(f"{url}: "), said.count("\n")) == (2, True, 1)


class _Greets(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.request.recv(65536)
        self.wfile.write(b"220 mail.example ESMTP\r\n")


def test_a_server_of_another_kind(recordings: Path, conform: Said) -> None:
    """What answers, but not in HTTP, is shown with what it said; exit 2."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Greets) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        status, said = conform(recordings, "--base-url", url)
        thread.join()
    assert (status, said.strip()) == (2, f"{url}: 220 mail.example ESMTP")


def test_recordings_that_are_not_there(recordings: Path, conform: Said) -> None:
    """A folder without recordings, and a recording that cannot be read, are named; exit 2."""
    empty = recordings / "nothing"
    empty.mkdir()
    assert conform(empty) == (2, f"{empty}: no recordings (*.yaml) found there\n")
    cut = empty / "cut.yaml"
    cut.write_text("")
    status, said = conform(empty)
    assert (status, said.startswith(f"{cut}:1: this file is empty")) == (2, True), said
