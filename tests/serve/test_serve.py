"""The simulated service over real sockets."""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from openai import APIConnectionError, AsyncOpenAI, AzureOpenAI, OpenAI

from tests.serve.serving import Serve
from understudy._cli.main import main
from understudy._cli.serve import ServePlan, add
from understudy._serve import asgi


def client(url: str) -> OpenAI:
    return OpenAI(base_url=f"{url}/v1", api_key="sk-loopback", max_retries=0)


@pytest.fixture
def hanging() -> Iterator[Callable[[str], None]]:
    """Opens a stream that lasts a minute; asked for before `serve`, it is still open when that stops."""
    with ExitStack() as open_:

        def stream(url: str) -> None:
            openai = open_.enter_context(client(url))
            assistant = openai.beta.assistants.create(model="gpt-4o", instructions="x")
            say(url, "next_run", {"moves": [{"Wait": {"seconds": 60}}, "Late."]})
            thread = {"messages": [{"role": "user", "content": "Hi"}]}
            events = openai.beta.threads.create_and_run(assistant_id=assistant.id, thread=thread, stream=True)  # type: ignore[arg-type]
            open_.callback(events.close)
            assert next(iter(events)).event == "thread.created"

        yield stream


def say(url: str, verb: str, body: Any) -> Any:
    answer = httpx.post(f"{url}/_understudy/{verb}", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_create_poll_and_stream(serve: Serve) -> None:
    """A whole conversation over HTTP, polled and streamed, with scripts set by the admin route."""
    url = serve("--time", "poll")
    openai = client(url)
    assistant = openai.beta.assistants.create(model="gpt-4o")
    say(url, "next_run", {"moves": ["Polled."]})
    say(url, "next_run", {"moves": [{"Reply": {"text": "Streamed one by one."}}]})
    thread = openai.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    run = openai.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed"
    with openai.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        texts = list(stream.text_deltas)
    assert "".join(texts) == "Streamed one by one."
    messages = openai.beta.threads.messages.list(thread.id, order="asc").data
    assert [message.content[0].text.value for message in messages][1:] == ["Polled.", "Streamed one by one."]


def test_events_arrive_unjoined(serve: Serve) -> None:
    """In real time the first events are there long before the run is over: nothing waits for the end of the stream."""
    url = serve("--time", "real")
    openai = client(url)
    assistant = openai.beta.assistants.create(model="gpt-4o")
    body = {"assistant_id": assistant.id, "stream": True, "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
    headers = {"OpenAI-Beta": "assistants=v2", "authorization": "Bearer sk-loopback"}
    with httpx.stream("POST", f"{url}/v1/threads/runs", json=body, headers=headers) as answer:
        first = next(answer.iter_raw())
    assert first.count(b"event:") == 1
    assert first.startswith(b"event: thread.created")
    assert say(url, "state", {})["runs"][0]["status"] in ("queued", "in_progress")


def test_many_connections(serve: Serve) -> None:
    """Forty conversations at once, each with its own thread, do not get mixed up."""
    url = serve("--time", "poll")

    async def converse(openai: AsyncOpenAI, http: httpx.AsyncClient, assistant_id: str, number: int) -> bool:
        text = f"answer {number}"
        thread = await openai.beta.threads.create(messages=[{"role": "user", "content": str(number)}])
        await http.post(f"{url}/_understudy/next_run", json={"moves": [text], "thread": thread.id})
        stream = await openai.beta.threads.runs.create(thread.id, assistant_id=assistant_id, stream=True)
        async for _ in stream:
            pass
        messages = await openai.beta.threads.messages.list(thread.id)
        return bool(messages.data[0].content[0].text.value == text)

    async def all_at_once() -> list[bool]:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-loopback") as openai, httpx.AsyncClient(timeout=60) as http:
            assistant = await openai.beta.assistants.create(model="gpt-4o")
            return await asyncio.gather(*(converse(openai, http, assistant.id, number) for number in range(40)))

    assert all(asyncio.run(all_at_once()))


def test_azure_paths(serve: Serve) -> None:
    """Azure's paths, api-version and api-key reach the same service."""
    url = serve("--time", "poll")
    azure = AzureOpenAI(azure_endpoint=url, api_version="2024-05-01-preview", api_key="azure-key")
    assistant = azure.beta.assistants.create(model="gpt-4o", name="On Azure")
    assert client(url).beta.assistants.retrieve(assistant.id).name == "On Azure"


def test_admin_seeds_clock_faults_and_reset(serve: Serve) -> None:
    """Other languages seed objects, move the clock, inject faults and start over, in JSON."""
    url = serve("--time", "manual")
    made = say(url, "add_assistant", {"id": "asst_seeded", "model": "gpt-4o", "name": "Seeded"})
    assert made["name"] == "Seeded"
    say(url, "next_ids", {"ids": ["thread_pinned"]})
    openai = client(url)
    thread = openai.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    assert thread.id == "thread_pinned"
    run = openai.beta.threads.runs.create(thread.id, assistant_id="asst_seeded")
    before = say(url, "clock", {})["now"]
    assert say(url, "clock", {"advance": 600})["now"] == before + 600
    assert openai.beta.threads.runs.retrieve(run.id, thread_id=thread.id).status == "completed"
    say(url, "fault", {"fault": {"RateLimited": {"retry_after": 2}}, "on": "threads.retrieve"})
    headers = {"OpenAI-Beta": "assistants=v2", "authorization": "Bearer sk-loopback"}
    assert httpx.get(f"{url}/v1/threads/{thread.id}", headers=headers).status_code == 429
    say(url, "reset", {})
    assert say(url, "state", {})["threads"] == []


def test_admin_says_what_a_test_in_python_says(serve: Serve) -> None:
    """Every verb has its method's effect: what is seeded is there, what is scripted comes, and the clock changes hands."""
    url = serve("--time", "manual")
    openai = client(url)
    file = say(url, "add_file", {"filename": "menu.txt", "content": "soup"})
    lost = say(url, "add_file", {"filename": "lost.txt", "content": "x"})
    say(url, "fail_file", {"file": lost["id"], "code": "invalid_file"})
    store = say(url, "add_vector_store", {"file_ids": [file["id"], lost["id"]]})
    assert (store["file_counts"]["completed"], store["file_counts"]["failed"]) == (1, 1)
    resources = {"file_search": {"vector_store_ids": [store["id"]]}}
    assistant = say(url, "add_assistant", {"tools": [{"type": "file_search"}], "tool_resources": resources})
    thread = say(url, "add_thread", {"messages": ["Lunch?"]})
    assert say(url, "add_message", {"thread_id": thread["id"], "content": "Soup?"})["role"] == "user"
    search = {"FileSearch": {"results": [{"file_id": file["id"], "score": 0.5, "text": "soup"}]}}
    say(url, "every_run", {"moves": [search, "Soup."], "when": "Soup"})
    assert say(url, "clock", {"mode": "poll"})["now"] == say(url, "clock", {"mode": "manual"})["now"]
    say(url, "clock", {"mode": "poll"})
    run = openai.beta.threads.runs.create_and_poll(thread_id=thread["id"], assistant_id=assistant["id"])
    (_, step) = openai.beta.threads.runs.steps.list(run.id, thread_id=thread["id"]).data
    assert step.step_details.tool_calls[0].file_search.results[0].score == 0.5  # type: ignore[union-attr]
    assert openai.beta.threads.messages.list(thread["id"]).data[0].content[0].text.value == "Soup."  # type: ignore[union-attr]


def test_connections_break_as_told(serve: Serve) -> None:
    """A fault that breaks connections breaks them over HTTP too: before an answer, and in the middle of a stream."""
    url = serve("--time", "poll")
    openai = client(url)
    assistant = openai.beta.assistants.create(model="gpt-4o", instructions="x")
    say(url, "fault", {"fault": {"ConnectionReset": {}}, "on": "threads.create"})
    with pytest.raises(APIConnectionError):
        openai.beta.threads.create()
    thread = openai.beta.threads.create()
    say(url, "fault", {"fault": {"ConnectionReset": {}}, "on": "runs.create", "phase": "during"})
    seen: list[str] = []
    with pytest.raises((APIConnectionError, httpx.TransportError)):  # by the SDK's generation
        seen.extend(
            event.event for event in openai.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
        )
    assert seen[0] == "thread.run.created"
    assert "thread.run.completed" not in seen


def test_a_large_file_arrives_whole(serve: Serve) -> None:
    """A body that comes in many pieces is put together."""
    openai = client(serve())
    content = b"0123456789" * 50_000
    assert openai.files.create(file=("big.txt", content), purpose="assistants").bytes == len(content)


def test_nothing_is_forwarded(serve: Serve, tmp_path: Path) -> None:
    """What a script file lets out has nowhere to go from a server, and is told so."""
    script = tmp_path / "lets_out.py"
    script.write_text("def set_up(backend):\n    backend.pass_through('/embeddings')\n")
    answer = httpx.post(f"{serve('--script', str(script))}/v1/embeddings", json={})
    assert answer.status_code == 501
    assert "/v1/embeddings is passed through (pass_through), but a served simulator cannot forward requests" in answer.text


def test_a_server_stops_under_an_open_stream(hanging: Callable[[str], None], serve: Serve) -> None:
    """Ctrl-c with a stream still open ends the server without a word: `serve` stops it, and finds no traceback."""
    hanging(serve("--time", "real"))


def test_admin_mistakes_are_named(serve: Serve) -> None:
    """A wrong verb, move or field is answered with what came and what is nearest; nothing is changed."""
    url = serve()
    for verb, body, words in (
        ("nextrun", {}, "nearest: next_run"),
        ("next_run", {"moves": [{"Replay": {"text": "x"}}]}, "nearest: Reply"),
        ("next_run", {"moves": [{"Reply": {"txt": "x"}}]}, "it has text"),
        ("next_run", {"moves": "Reply"}, "expected a list"),
        ("next_run", {}, "'moves' is missing in the body"),
        ("next_run", [], "next_run: expected a JSON object, got []"),
        ("next_run", {"moves": [5]}, "move: expected one name with its fields"),
        ("next_run", {"moves": [{"Reply": 5}]}, "Reply: expected an object with its fields (text, "),
        ("next_run", {"moves": [{"FileSearch": {"results": 5}}]}, "results: expected a list, got 5"),
        ("next_run", {"moves": [{"FileSearch": {"results": [{"id": 1}]}}]}, "SearchResult has no 'id'; it has file_id, "),
        ("fault", {"fault": {"RateLimitd": {}}}, "nearest: RateLimited"),
        ("clock", {"mode": "sleep"}, "mode: expected one of poll, manual, real, got 'sleep'"),
        ("clock", {"advance": -1}, "time never goes back"),
        ("add_file", {"content": 5}, 'content: expected a string, or {"base64": "..."} for bytes, got 5'),
        ("add_file", {"content": {"base64": "!"}}, "content: not base64"),
        ("every_run", {"moves": ["x"], "when": {"regexp": "x"}}, "when has no 'regexp'; nearest: regex"),
        ("every_run", {"moves": ["x"], "when": {"regex": "("}}, "'(' is not a regular expression"),
        ("every_run", {"moves": ["x"], "when": {"function": 5}}, "when.function: expected a string, got 5"),
        ("every_run", {"moves": ["x"], "when": 5}, "expected a string, or an object with text, regex, function, assistant"),
        ("next_run", {"moves": ["{outputs[0]}"]}, "{outputs[0]}: the preceding step of calls has 0 output(s)"),
        ("next_run", {"moves": [{"FunctionCall": {"name": "f"}}, "{outputs[g]}"]}, "not preceded by a call of 'g'"),
        ("next_run", {"moves": ["x"], "when": "y"}, "'when' is not a member of its body"),
        ("strict", {"strict": 1.5}, "strict: expected true, false or null, got 1.5"),
        ("requests", {"since": "x"}, "since: expected the number of a request, got 'x'"),
        ("timeline", {"run_id": "run_no"}, "no run has the id 'run_no'"),
        ("export", {"form": "perl"}, "expected python or cassette, got 'perl'"),
        ("reset", {"tiem": "poll"}, "'tiem' is not a setting; expected time, seed, strict or start"),
        ("reset", {"time": "sleep"}, "mode: expected one of"),
        ("add_message", {"thread_id": "thread_no", "content": "x"}, "add_message: no thread has the id 'thread_no'"),
        ("add_assistant", {"nmae": "x"}, "Did you mean 'name'?"),
    ):
        answer = httpx.post(f"{url}/_understudy/{verb}", json=body, timeout=60)
        assert answer.status_code in (400, 404)
        assert words in answer.json()["error"], answer.text
    assert say(url, "state", {})["scripts_left"] == []


JSON_TYPE = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 415, "application/json (got 'none')"),
        ({"content-type": "text/plain"}, 415, "(got 'text/plain')"),
        ({"content-type": "application/x-www-form-urlencoded"}, 415, "content-type: application/json"),
        ({"content-type": "multipart/form-data; boundary=application/json"}, 415, "content-type: application/json"),
        ({**JSON_TYPE, "origin": "https://evil.example"}, 403, "a page of another site"),
        ({**JSON_TYPE, "origin": "null"}, 403, "a page of another site"),
        ({**JSON_TYPE, "origin": "http://127.0.0.1:1"}, 403, "a page of another site"),
        ({**JSON_TYPE, "sec-fetch-site": "cross-site"}, 403, "a page of another site"),
        ({**JSON_TYPE, "sec-fetch-site": "same-site"}, 403, "a page of another site"),
        ({**JSON_TYPE, "host": "evil.example"}, 403, "--allow-host evil.example"),
        ({**JSON_TYPE, "host": "evil.example:8000", "origin": "http://evil.example:8000"}, 403, "does not respond to"),
        ({**JSON_TYPE, "host": "127.0.0.1.evil.example"}, 403, "does not respond to the host"),
        ({**JSON_TYPE, "host": "[::1"}, 403, "does not respond to the host"),
        ({**JSON_TYPE, "host": "localhost"}, 200, None),
        ({**JSON_TYPE, "host": "app.localhost:8000"}, 200, None),
        ({**JSON_TYPE, "host": "[::1]:8000"}, 200, None),
        ({**JSON_TYPE, "host": "192.168.0.7:8000"}, 403, "--allow-host 192.168.0.7"),
        ({**JSON_TYPE, "host": "fake-openai:8000"}, 200, None),
        ({**JSON_TYPE, "host": "localhost:8000", "origin": "http://localhost:8000"}, 200, None),
        ({"content-type": "Application/JSON; charset=utf-8"}, 200, None),
    ],
)
async def test_who_may_use_the_admin_route(headers: dict[str, str], status: int, words: str | None) -> None:
    """Programs may; forms and scripts of other sites, and names that somebody lets point here, may not."""
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    given = parser.parse_args(["serve", "--allow-host", "Fake-OpenAI", "--time", "manual"])
    transport = httpx.ASGITransport(ServePlan(given).application())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as browser:
        answer = await browser.post("/_understudy/clock", content=b'{"advance": 1}', headers=headers)
    assert answer.status_code == status, answer.text
    assert words is None or words in answer.json()["error"]


@pytest.mark.parametrize("verb", ["reset", "state", "clock"])
def test_reading_the_admin_route_does_nothing(serve: Serve, verb: str) -> None:
    """An image or a link cannot say anything to the server."""
    url = serve("--time", "manual")
    say(url, "add_assistant", {"id": "asst_mine"})
    answer = httpx.get(f"{url}/_understudy/{verb}", headers=JSON_TYPE)
    assert answer.status_code == 405
    assert client(url).beta.assistants.retrieve("asst_mine").id == "asst_mine"


@pytest.mark.parametrize("body", ['{"advance": Infinity}', '{"advance": NaN}', '{"advance": 1e308}', '{"advance": "1"}'])
def test_admin_moves_the_clock_nowhere(serve: Serve, body: str) -> None:
    """Infinitely many seconds are refused with the reason, and the server answers on."""
    url = serve("--time", "manual")
    answer = httpx.post(f"{url}/_understudy/clock", content=body, headers=JSON_TYPE)
    assert answer.status_code == 400
    assert "clock" in answer.json()["error"]
    assert say(url, "clock", {"advance": 1})["now"] == 1_700_000_001
    assert client(url).beta.threads.create().created_at == 1_700_000_001


def test_script_file(serve: Serve, tmp_path: Path) -> None:
    """`--script` runs a Python file's set_up(backend) at the start, and again after a reset."""
    script = tmp_path / "my_script.py"
    script.write_text("from understudy import Reply\n\ndef set_up(backend):\n    backend.add_assistant(id='asst_mine')\n")
    url = serve("--script", str(script))
    assert client(url).beta.assistants.retrieve("asst_mine").model == "gpt-4o"
    say(url, "reset", {})
    assert client(url).beta.assistants.retrieve("asst_mine").model == "gpt-4o"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "understudy", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_where_nobody_can_listen(capsys: pytest.CaptureFixture[str]) -> None:
    """An address that is not this machine's is said in a sentence; exit 2."""
    assert main(["serve", "--host", "192.0.2.1"]) == 2
    said = capsys.readouterr().err
    assert (said.startswith("cannot listen on 192.0.2.1, port 8000: "), said.count("\n")) == (True, 1), said


def test_what_is_no_port(capsys: pytest.CaptureFixture[str]) -> None:
    """A port has a number up to 65535."""
    with pytest.raises(SystemExit, match="2"):
        main(["serve", "--port", "70000"])
    assert "argument --port: expected a number from 0 to 65535, got '70000'" in capsys.readouterr().err


def test_without_an_http_server(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the extra is not installed, it is said how to install it; exit 2."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["serve"]) == 2
    assert "pip install 'pytest-understudy[serve]'" in capsys.readouterr().err


def test_a_taken_port() -> None:
    """A taken port is said in a sentence with what to do; exit 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("--port", str(taken.getsockname()[1]))
    assert result.returncode == 2
    assert "is taken: choose another with --port" in result.stderr


def test_a_wrong_script_file(tmp_path: Path) -> None:
    """A script file that is not there, or has no set_up, is said in a sentence; exit 2."""
    missing = run("--port", "0", "--script", str(tmp_path / "none.py"))
    assert (missing.returncode, "No such file" in missing.stderr) == (2, True)
    empty = tmp_path / "empty.py"
    empty.write_text("")
    without = run("--port", "0", "--script", str(empty))
    assert (without.returncode, "expected a function set_up(backend)" in without.stderr) == (2, True)


def test_a_body_without_bounds_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body larger than any operation takes is refused: by its announced size, or as soon as too much has come."""
    address = urlsplit(serve())
    head = "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    for path in ("/v1/threads", "/_understudy/clock"):
        with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
            connection.sendall(head.format(path, 10**12).encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")
    monkeypatch.setattr(asgi, "MAX_BODY_BYTES", 10)
    pieces = iter([{"body": b"x" * 6, "more_body": True}] * 2)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(pieces)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def handle(request: object) -> Any:
        pytest.fail(f"{request} was handled")

    asyncio.run(asgi.Application(handle)({"type": "http", "headers": []}, receive, send))
    assert (sent[0]["status"], b"larger than" in sent[1]["body"]) == (413, True)
