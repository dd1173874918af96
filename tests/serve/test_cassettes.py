"""Cassettes over HTTP: `serve --cassette` plays one, `serve --record --to` makes one."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import yaml

from tests.cassettes.loopback import served
from tests.serve.serving import Serve
from understudy import FunctionCall, Reply, use_cassette
from understudy._backend.backend import Backend
from understudy._cli.main import main
from understudy._common.messages import Abort, Request, Response
from understudy._serve.asgi import Application
from understudy._serve.cassettes import RecordingProxy
from understudy._serve.server import BackgroundServer

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "cassettes" / "tutorial.yaml"
QUESTION = "I need to solve the equation `3x + 11 = 14`. Can you help me?"


def client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="sk-loopback-secret-0123456789", max_retries=0)


def ask(api: openai.OpenAI) -> str:
    """The tutorial's conversation."""
    threads = api.beta.threads
    thread = threads.create()
    threads.messages.create(thread.id, role="user", content=QUESTION)
    threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id="asst_YhNjYRQT38e4I5N8WsZ7ihz1",
        instructions="Please address the user as Jane Doe. The user has a premium account.",
    )
    return threads.messages.list(thread.id).data[0].content[0].text.value  # type: ignore[union-attr]


async def test_a_recording_goes_where_it_is_sent(tmp_path: Path) -> None:
    """A server without a version in its URL gets the whole path, and no encoding that the app did not ask for."""
    seen: list[tuple[str, str | None]] = []

    class Upstream:
        def handle(self, request: Request) -> Response:
            seen.append((request.path, request.header("accept-encoding")))
            return Response(200, (("content-type", "application/json"),), b"{}")

    with served(Upstream()) as base:
        for to, encoding in ((base, ()), (f"{base}/v1", (("accept-encoding", "gzip"),))):
            proxy = RecordingProxy(tmp_path / f"{len(seen)}.yaml", to)
            headers = (("authorization", "Bearer k"), *encoding)
            answer: Any = await proxy.handle(Request("GET", "http://localhost/v1/models", headers))
            assert [piece async for piece in answer.stream] == [b"{}"]
            assert await proxy.close() == 1
    assert seen == [("/v1/models", "identity"), ("/v1/models", "gzip")]


def test_a_stream_that_breaks_while_it_is_recorded_breaks_for_the_app(tmp_path: Path) -> None:
    """A connection that the other server cuts amid a stream is cut for the app as well, after what had come."""

    class Upstream:
        def handle(self, request: Request) -> Response:
            return Response(
                200, (("content-type", "text/event-stream"),), stream=iter([b"event: a\n\n", Abort("ReadError", "cut")])
            )

    with served(Upstream()) as base:
        proxy = RecordingProxy(tmp_path / "c.yaml", base)
        server = BackgroundServer(Application(proxy.handle, proxy.close))
        came = b""
        with (
            pytest.raises(httpx.RemoteProtocolError),
            httpx.stream("POST", f"{server.url}/v1/threads/runs", json={}) as answer,
        ):
            for piece in answer.iter_raw():
                came += piece
        server.close()
    assert came == b"event: a\n\n"


async def test_a_recording_of_nothing(tmp_path: Path) -> None:
    """A recording that is stopped before any request has no exchange, and makes no file."""
    assert await RecordingProxy(tmp_path / "c.yaml", "http://127.0.0.1:9").close() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_recording_is_served(serve: Serve) -> None:
    """It is played run-aware, from its beginning in each simulation, and again after a reset; a miss is kept for `check`."""
    url = serve("--cassette", str(TUTORIAL))
    answers = [ask(client(url)), ask(client(f"{url}/w/second"))]
    assert all("x = 1" in answer for answer in answers)
    assert httpx.post(f"{url}/_understudy/check", json={}).status_code == 200
    with pytest.raises(openai.InternalServerError):
        client(url).beta.assistants.create(model="gpt-4o")
    refused = httpx.post(f"{url}/_understudy/reset", json={})
    assert refused.status_code == 200
    assert "x = 1" in ask(client(url))
    state = httpx.post(f"{url}/_understudy/state", json={}).json()
    assert (len(state["played"]) > 4, state["unplayed"], state["problems"]) == (True, [], [])
    with pytest.raises(openai.InternalServerError):
        client(url).beta.assistants.create(model="gpt-4o")
    found = httpx.post(f"{url}/_understudy/check", json={})
    assert (found.status_code, "POST /assistants" in found.json()["error"]) == (409, True)
    assert "record this flow again with `understudy serve --record FILE --to URL`, or edit" in found.json()["error"]
    assert not re.search("--understudy-record|match_on", found.text)
    unknown = httpx.post(f"{url}/_understudy/next_run", json={"moves": ["x"]})
    assert (unknown.status_code, "while a cassette is served" in unknown.text) == (404, True)


def record(path: Path, to: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "understudy", "serve", "--port", "0", "--record", str(path), "--to", to]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[-1]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_what_passes_through_is_recorded(stop: signal.Signals, tmp_path: Path) -> None:
    """A client of the proxy sees the other server, streams unjoined; the cassette replays it and holds no secret."""
    path = tmp_path / "proxied.yaml"
    backend = Backend(time="poll")
    backend.add_assistant(id="asst_there", model="gpt-4o", tools=[{"type": "function", "function": {"name": "f"}}])
    backend.next_run(FunctionCall("f", {}), Reply(chunks=["Stre", "amed."]))

    def converse(api: openai.OpenAI) -> list[str]:
        thread = api.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
        run = api.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id="asst_there")
        (call,) = run.required_action.submit_tool_outputs.tool_calls  # type: ignore[union-attr]
        outputs = [{"tool_call_id": call.id, "output": "x"}]
        with api.beta.threads.runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=thread.id, tool_outputs=outputs
        ) as stream:
            return list(stream.text_deltas)

    with served(backend) as to:
        process, url = record(path, f"{to}/v1")
        assert converse(client(url)) == ["Stre", "amed."]
        assert httpx.post(f"{url}/_understudy/state", json={}).status_code == 404
        assert httpx.get(f"{url}/w/x/v1/models").status_code == 501
        process.send_signal(stop)
        said, errors = process.communicate(timeout=60)
    assert "exchanges recorded" in said, errors
    text = path.read_text()
    assert "sk-loopback-secret" not in text
    assert all(one["request"]["uri"].startswith(to) for one in yaml.safe_load(text)["interactions"])
    with use_cassette(path):
        assert converse(client("http://127.0.0.1:9")) == ["Stre", "amed."]


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """The app hears that nobody answered; a cassette of nothing is not written, and the exit status says so."""
    process, url = record(tmp_path / "none.yaml", "http://127.0.0.1:9/v1")
    answer = httpx.get(f"{url}/v1/models")
    assert (answer.status_code, "did not respond: ConnectError" in answer.text) == (502, True)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "was not written: no server answered" in errors) == (1, True), errors
    assert not (tmp_path / "none.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--record", "x.yaml"], "--record FILE and --to URL belong together"),
        (["--to", "http://127.0.0.1:9"], "--record FILE and --to URL belong together"),
        (["--record", "x.yaml", "--to", "127.0.0.1:9"], "--to 127.0.0.1:9: not a server URL"),
        (["--record", "x.yaml", "--to", "http://127.0.0.1:9", "--cassette", "y.yaml"], "cannot be combined"),
        (["--cassette", "none.yaml"], "Record it with `understudy serve --record FILE --to URL`, or use"),
        (["--record", str(TUTORIAL), "--to", "http://127.0.0.1:9"], "a recording is never replaced by accident"),
    ],
)
def test_wrong_use(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arguments that make no sense are refused in a sentence before anything is served or written; exit 2."""
    monkeypatch.chdir(tmp_path)
    before = TUTORIAL.read_bytes()
    assert main(["serve", "--port", "0", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert (TUTORIAL.read_bytes(), list(tmp_path.iterdir())) == (before, [])
