"""What http.client, urllib3, requests and aiohttp do with a connection, they do with ours; other traffic is let be."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import importlib
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import h11
import httpx
import pytest
import requests
import urllib3

import understudy as us
from tests.cassettes.loopback import served
from tests.http.http_kinds import HEADERS, SERVICE
from understudy._cassettes import load
from understudy._common.messages import Abort, Answer, Chunk, HostRules, Pause, Request, Response
from understudy._http import activate, aiohttp_source, stacks

JSON = (("content-type", "application/json"),)


class Canned:
    """A handler that gives one answer, and keeps what it was asked."""

    rules = HostRules(hosts=("service.example",))

    def __init__(self, answer: Callable[[], Answer]) -> None:
        self.answer = answer
        self.asked: list[Request] = []

    def handle(self, request: Request) -> Answer:
        self.asked.append(request)
        return self.answer()


def with_aiohttp(use: Callable[[aiohttp.ClientSession], Any]) -> Any:
    async def run() -> Any:
        async with aiohttp.ClientSession() as session:
            return await use(session)

    return asyncio.run(run())


async def aiohttp_text(session: aiohttp.ClientSession, url: str, method: str = "GET", **settings: Any) -> str:
    async with session.request(method, url, **settings) as answer:
        return await answer.text()


def get_by_urllib(url: str) -> str:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.read().decode("utf-8", "surrogateescape")
    except urllib.error.HTTPError as error:
        with error:  # an answer, too
            raise


GETS: dict[str, Callable[[str], str]] = {
    "requests": lambda url: requests.get(url).text,
    "urllib3": lambda url: urllib3.PoolManager().request("GET", url).data.decode(),
    "urllib": get_by_urllib,
    "aiohttp": lambda url: str(with_aiohttp(lambda session: aiohttp_text(session, url))),
}


@pytest.mark.parametrize("stack", GETS)
def test_other_traffic_passes_untouched(stack: str) -> None:
    """A request to a server that is none of ours goes to it, and never meets the handler."""
    with served(Canned(lambda: Response(200, JSON, b"elsewhere"))) as base, us.simulate() as backend:
        assert GETS[stack](f"{base}/v1/models") == "elsewhere"
        assert backend.requests == []


@pytest.mark.parametrize("stack", GETS)
def test_a_port_may_be_ours_and_its_neighbour_not(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two servers on this machine only the one that OPENAI_BASE_URL names is ours."""
    with served(Canned(lambda: Response(200, JSON, b"elsewhere"))) as base:
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        with activate(us.Backend()):
            assert GETS[stack](f"{base}/v1/models") == "elsewhere"
            with pytest.raises(Exception, match=r"didn't provide an API key|Unauthorized|401"):
                raise AssertionError(GETS[stack]("http://127.0.0.1:9/v1/models"))


def test_a_connection_of_http_client_used_by_hand() -> None:
    """Connected first, headers one by one, the body in pieces, the answer read by lines: as over a real connection."""
    handler = Canned(lambda: Response(200, JSON, b"one\ntwo\n"))
    with activate(handler):
        connection = http.client.HTTPSConnection("service.example")
        connection.connect()
        connection.putrequest("POST", "/v1/things?a=b")
        connection.putheader("Content-Length", "9")
        connection.endheaders()
        connection.send(b"some")
        connection.send(b"")  # as a file that is at its end gives it
        connection.send(b" body")
        answer = connection.getresponse()
        assert [answer.readline(), answer.readline(), answer.readline()] == [b"one\n", b"two\n", b""]
        connection.request("POST", "/again", iter([b"in ", b"chunks"]), encode_chunked=True, headers={"X-Mine": "y"})
        assert connection.getresponse().read() == b"one\ntwo\n"
        connection.close()
    first, second = handler.asked
    assert (first.method, first.url, first.body) == ("POST", "https://service.example/v1/things?a=b", b"some body")
    assert (second.url, second.body, second.header("x-mine")) == ("https://service.example/again", b"in chunks", "y")


def test_connected_in_a_block_and_used_after_it() -> None:
    """A connection that was made ready inside a block goes to the network after it."""
    connection = http.client.HTTPConnection("127.0.0.1", 9)
    handler = Canned(lambda: Response(200))
    handler.rules = HostRules(hosts=("127.0.0.1",))
    with activate(handler):
        connection.connect()
    with pytest.raises(ConnectionRefusedError):
        connection.request("GET", "/")
    assert handler.asked == []


async def pieces() -> AsyncIterator[bytes]:
    yield b"in "
    yield b"chunks"


CHUNKED: dict[str, Callable[[], Any]] = {
    "requests": lambda: requests.post("http://service.example/", data=iter([b"in ", b"chunks"])),
    "urllib3": lambda: urllib3.PoolManager().request("POST", "http://service.example/", body=iter([b"in ", b"chunks"])),
    "aiohttp": lambda: with_aiohttp(lambda it: aiohttp_text(it, "http://service.example/", "POST", data=pieces())),
    "aiohttp, asking before": lambda: with_aiohttp(
        lambda it: aiohttp_text(it, "http://service.example/", "POST", data=b"in chunks", expect100=True)
    ),
}


@pytest.mark.parametrize("stack", CHUNKED)
def test_bodies_of_unknown_length(stack: str) -> None:
    """A body that is sent chunk by chunk, or only after a 100, arrives whole."""
    handler = Canned(lambda: Response(200))
    with activate(handler):
        CHUNKED[stack]()
    assert handler.asked[0].body == b"in chunks"


def upload_with_aiohttp(headers: dict[str, str]) -> Any:
    form = aiohttp.FormData({"purpose": "assistants"})
    form.add_field("file", b"x = 1", filename="a.txt")
    return json.loads(with_aiohttp(lambda it: aiohttp_text(it, f"{SERVICE}/v1/files", "POST", data=form, headers=headers)))


UPLOADS: dict[str, Callable[[dict[str, str]], Any]] = {
    "requests": lambda headers: requests.post(
        f"{SERVICE}/v1/files", headers=headers, data={"purpose": "assistants"}, files={"file": ("a.txt", b"x = 1")}
    ).json(),
    "aiohttp": upload_with_aiohttp,
}


@pytest.mark.parametrize("stack", UPLOADS)
def test_uploads(stack: str) -> None:
    """A file that is sent as a form is stored."""
    with us.simulate() as backend:
        made = UPLOADS[stack](HEADERS)
        assert (made["filename"], made["bytes"]) == ("a.txt", 5)
        assert b"x = 1" in backend.requests[0].body


def test_answers_without_a_body() -> None:
    """HEAD, 204 and 304 end at their head, in every library."""
    with activate(Canned(lambda: Response(204))):
        assert [get("http://service.example/") for get in GETS.values()] == [""] * 4
    with activate(Canned(lambda: Response(200, (), b"not sent"))):
        assert requests.head("http://service.example/").content == b""
        assert with_aiohttp(lambda it: aiohttp_text(it, "http://service.example/", "HEAD")) == ""


def test_a_session_that_was_live_before_and_is_after() -> None:
    """A client with a connection kept alive is answered inside a block, and uses its connections again after it."""
    live = Canned(lambda: Response(200, JSON, b"live"))
    handler = Canned(lambda: Response(200, JSON, b"ours"))
    with served(live) as base, requests.Session() as session:
        handler.rules = HostRules(hosts=("127.0.0.1",))
        said = [session.get(base).text]
        with activate(handler):
            said += [session.get(base).text, session.get(base).text]
        said.append(session.get(base).text)
    assert said == ["live", "ours", "ours", "live"]


@pytest.mark.parametrize("stack", GETS)
def test_parallel_tests_never_see_each_other(stack: str) -> None:
    """Services in threads at once each answer their own thread."""
    barrier = threading.Barrier(2)

    def one_test(name: str) -> str:
        with activate(Canned(lambda: Response(200, JSON, name.encode()))):
            barrier.wait(5)
            said = GETS[stack]("http://service.example/")
            barrier.wait(5)
            return said

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(one_test, ["a", "b"])) == ["a", "b"]


def endless(told: list[str]) -> Generator[Chunk, None, None]:
    try:
        while True:
            yield b"more\n"
    finally:
        told.append("closed")


def leave_requests() -> None:
    with requests.get("http://service.example/", stream=True) as answer:
        assert next(answer.iter_lines()) == b"more"


def leave_urllib() -> None:
    with urllib.request.urlopen("http://service.example/") as answer:
        assert answer.readline() == b"more\n"


async def leave_aiohttp(session: aiohttp.ClientSession) -> None:
    async with session.get("http://service.example/") as answer:
        assert await answer.content.readline() == b"more\n"


LEAVES: dict[str, Callable[[], None]] = {
    "requests": leave_requests,
    "urllib": leave_urllib,
    "aiohttp": lambda: with_aiohttp(leave_aiohttp),
}


@pytest.mark.parametrize("stack", LEAVES)
def test_a_stream_that_is_left_early_is_over(stack: str) -> None:
    """The handler learns that nobody reads on, when the app closes a stream in the middle."""
    told: list[str] = []
    with activate(Canned(lambda: Response(200, (), stream=endless(told)))):
        LEAVES[stack]()
    assert told == ["closed"]


def slow() -> Iterator[Chunk]:
    yield b"begun\n"
    yield Pause(3600)


WAITS: dict[str, tuple[Callable[[], Any], type[Exception]]] = {
    "requests": (lambda: requests.get("http://service.example/", timeout=0.01), requests.exceptions.ConnectionError),
    "urllib3": (
        lambda: urllib3.PoolManager().request("GET", "http://service.example/", timeout=0.01, retries=False),
        urllib3.exceptions.ReadTimeoutError,
    ),
    "urllib": (lambda: urllib.request.urlopen("http://service.example/", timeout=0.01).read(), TimeoutError),
    "aiohttp, of the socket": (
        lambda: with_aiohttp(
            lambda it: aiohttp_text(it, "http://service.example/", timeout=aiohttp.ClientTimeout(sock_read=0.01))
        ),
        aiohttp.SocketTimeoutError,
    ),
    "aiohttp, of all": (
        lambda: with_aiohttp(lambda it: aiohttp_text(it, "http://service.example/", timeout=aiohttp.ClientTimeout(0.01))),
        TimeoutError,
    ),
}


@pytest.mark.parametrize("stack", WAITS)
def test_the_apps_own_timeout_holds(stack: str) -> None:
    """A pause that is longer than the app's timeout ends with it, in the library's own exception."""
    ask, error = WAITS[stack]
    with activate(Canned(lambda: Response(200, (), stream=slow()))), pytest.raises(error):
        ask()


async def at_once(seconds: float) -> None:
    """What `asyncio.sleep` does on a machine without time."""


@pytest.mark.parametrize("stack", GETS)
def test_a_pause_shorter_than_the_apps_timeout_passes(
    stack: str, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer with a pause in it reaches an app that waits long enough, or for ever, after that pause."""
    monkeypatch.setattr(aiohttp_source.asyncio, "sleep", lambda seconds: at_once(slept.append(seconds) or seconds))
    pausing: tuple[Chunk, ...] = (b"one ", Pause(0.25), b"two")
    with activate(Canned(lambda: Response(200, (), stream=iter(pausing)))):
        assert GETS[stack]("http://service.example/") == "one two"
    assert slept == [0.25]


CONNECTS: dict[str, tuple[Callable[[], Any], type[Exception]]] = {
    "requests": (lambda: requests.get("http://service.example/"), requests.exceptions.ConnectTimeout),
    "urllib3": (
        lambda: urllib3.PoolManager().request("GET", "http://service.example/", retries=False),
        urllib3.exceptions.ConnectTimeoutError,
    ),
    "urllib": (lambda: urllib.request.urlopen("http://service.example/"), urllib.error.URLError),
    "aiohttp": (lambda: GETS["aiohttp"]("http://service.example/"), aiohttp.ConnectionTimeoutError),
}


@pytest.mark.parametrize("stack", CONNECTS)
def test_a_connection_that_takes_too_long(stack: str) -> None:
    """A connect timeout is told apart from one of reading, where the library does."""
    ask, error = CONNECTS[stack]
    with activate(Canned(lambda: Abort("ConnectTimeout", "timed out"))), pytest.raises(error):
        ask()


def test_the_pieces_that_aiohttp_gives() -> None:
    """All ways to read a body with aiohttp give it whole, and chunks as they were sent."""

    async def read(session: aiohttp.ClientSession) -> list[Any]:
        seen: list[Any] = []
        async with session.get("http://service.example/") as answer:
            seen.append([piece async for piece in answer.content.iter_chunks()])
        async with session.get("http://service.example/") as answer:
            seen.append([await answer.content.readexactly(3), await answer.content.read(2), await answer.content.read()])
        async with session.get("http://service.example/") as answer:
            await answer.content.wait_eof()
            seen.append(await answer.read())
        return seen

    with activate(Canned(lambda: Response(200, (), stream=(piece for piece in (b"one ", b"two"))))):
        chunks, parts, whole = with_aiohttp(read)
    assert chunks == [(b"one ", True), (b"two", True)]
    assert (parts, whole) == ([b"one", b" ", b"two"], b"one two")


def test_headers_that_are_not_http_are_refused() -> None:
    """What aiohttp writes and no server would take is raised where the app waits for the answer."""
    handler = Canned(lambda: Response(200))
    with activate(handler), pytest.raises(h11.RemoteProtocolError, match="header"):
        with_aiohttp(lambda it: aiohttp_text(it, "http://service.example/", headers={"no name": "x"}))
    assert handler.asked == []


def test_web_sockets_are_refused() -> None:
    """A web socket to the service is no connection: the library's own exception says that it was refused."""

    async def connect(session: aiohttp.ClientSession) -> None:
        await session.ws_connect(f"{SERVICE}/v1/realtime")

    with pytest.raises(us.UnderstudyError, match="GET /realtime is not simulated"):
        with us.simulate(), pytest.raises(aiohttp.WSServerHandshakeError):
            with_aiohttp(connect)


def gzipped() -> Response:
    return Response(200, (*JSON, ("content-encoding", "gzip")), gzip.compress(b'{"object": "list"}'))


@pytest.mark.parametrize("stack", GETS)
def test_compressed_answers_are_recorded(stack: str, tmp_path: Path) -> None:
    """An answer that came compressed reaches the app as its library gives it, and is replayed the same."""
    path = tmp_path / "gzip.yaml"
    with served(Canned(gzipped)) as base:
        with us.use_cassette(path, record="all", hosts=["127.0.0.1"]):
            live = GETS[stack](f"{base}/v1/models")
    with us.use_cassette(path, hosts=["127.0.0.1"]):
        replayed = GETS[stack](f"{base}/v1/models")
    if stack == "urllib":  # which leaves decompressing to the app
        live = gzip.decompress(live.encode("utf-8", "surrogateescape")).decode()
    assert json.loads(live) == json.loads(replayed) == {"object": "list"}


@pytest.mark.parametrize("stack", GETS)
def test_no_answer_is_recorded(stack: str, tmp_path: Path) -> None:
    """That nobody listened is on record, and is met again on replay as the same exception."""
    path = tmp_path / "refused.yaml"
    with us.use_cassette(path, record="all", hosts=["127.0.0.1"], force=True), pytest.raises(Exception) as live:
        GETS[stack]("http://127.0.0.1:9/v1/models")
    assert {(one.broken or ("answered",))[0] for one in load(path)} == {"ConnectError"}
    with us.use_cassette(path, hosts=["127.0.0.1"]), pytest.raises(type(live.value)):
        GETS[stack]("http://127.0.0.1:9/v1/models")


def test_libraries_that_are_imported_inside(tmp_path: Path) -> None:
    """A library that the app imports while a block is open is answered at once, and is as it was after it."""
    (tmp_path / "httpx2.py").write_text("from httpx import *")  # another name for what is patched already
    code = """
import importlib.util, sys
import understudy as us
with us.simulate() as backend:
    before = set(sys.modules)
    assert not {"urllib3", "requests", "aiohttp"} & before, before
    import requests, aiohttp, asyncio
    url, headers = "https://api.openai.com/v1/models", {"Authorization": "Bearer x"}
    assert requests.get(url, headers=headers).status_code == 200
    async def ask():
        async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
            return answer.status
    assert asyncio.run(ask()) == 200
    assert len(backend.requests) == 2
    import httpx, httpx2
    httpx2.get(url, headers=headers)
    assert len(backend.requests) == 3
    again = {name: sys.modules.pop(name) for name in ("httpx2", "aiohttp.connector")}
    found = [importlib.util.find_spec(name) for name in again]  # and executed after the block
    paths, sys.path[:] = sys.path[:], []
    try:
        import httpx2
    except ModuleNotFoundError as error:
        assert error.name == "httpx2", error
    else:
        raise AssertionError(httpx2)
    sys.path[:] = paths
    sys.modules |= again
for spec in found:
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
import http.client, urllib3.connectionpool, aiohttp.connector, subprocess, multiprocessing.process
for owner, name in [
    (http.client.HTTPConnection, "connect"), (http.client.HTTPSConnection, "connect"),
    (http.client.HTTPConnection, "_send_output"), (urllib3.connectionpool.HTTPConnectionPool, "urlopen"),
    (urllib3.connectionpool.HTTPConnectionPool, "_make_request"), (aiohttp.connector.BaseConnector, "connect"),
    (subprocess.Popen, "__init__"), (multiprocessing.process.BaseProcess, "start"),
]:
    assert "understudy" not in vars(owner)[name].__module__, (owner, name)
assert not any("understudy" in type(one).__module__ for one in sys.meta_path)
"""
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env={**os.environ, "PYTHONPATH": paths})


def test_finders_that_are_put_back_meanwhile() -> None:
    """Whoever puts `sys.meta_path` back, as pytester does, lets no later import out and breaks no clearing up."""
    code = """
import gc, http.client, sys, threading
import understudy as us
unraisable, go, before = [], threading.Event(), list(sys.meta_path)
sys.unraisablehook = unraisable.append
with us.simulate():
    thread = threading.Thread(target=go.wait, args=(20,))
    thread.start()
assert sys.meta_path != before, "the thread may still ask: it is guarded against"
sys.meta_path[:] = before
with us.simulate() as backend:
    import requests
    answer = requests.get("https://api.openai.com/v1/models", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, len(backend.requests)) == (200, 1)
sys.meta_path[:] = before
go.set()
thread.join()
del thread
gc.collect()
assert unraisable == []
assert sys.meta_path == before
assert "understudy" not in http.client.HTTPConnection.connect.__module__
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.usefixtures("unhooked")
def test_a_library_without_what_is_patched_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a library lacks a name that is patched, as a later version may, activation says so and leaves nothing patched."""
    from aiohttp.connector import BaseConnector

    monkeypatch.delattr(BaseConnector, "connect")
    with pytest.raises(RuntimeError, match=r"cannot intercept aiohttp \d.*connect.*Nothing was sent"):
        with us.simulate():
            pytest.fail("activated")
    assert http.client.HTTPConnection.connect.__module__ == "http.client"
    assert httpx.Client._transport_for_url.__module__ == "httpx._client"


PROBED = [one for one in stacks.STACKS if one.probe("a.host") is not None]


@pytest.mark.usefixtures("unhooked")
@pytest.mark.parametrize("stack", PROBED, ids=lambda one: one.name)
def test_a_library_that_cannot_be_answered_is_loud(stack: stacks.Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a library stopped asking, activation says so before anything is sent, and leaves nothing patched."""
    adapter = importlib.import_module(f"understudy._http.{stack.adapter}")
    monkeypatch.setattr(stacks, "_tried", {one.name for one in stacks.STACKS} - {stack.name})
    monkeypatch.setattr(adapter, "patches", lambda: iter(()))
    with pytest.raises(RuntimeError, match=rf"cannot intercept {stack.name}.*Nothing was sent"):
        with us.simulate():
            pytest.fail("activated")
    assert http.client.HTTPConnection.connect.__module__ == "http.client"


@pytest.mark.usefixtures("unhooked")
def test_a_class_that_inherits_what_is_patched_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a version of a library has moved a method to a base class, it is answered, and has none of its own after it."""
    monkeypatch.delattr(http.client.HTTPSConnection, "connect")
    with activate(Canned(lambda: Response(200, JSON, b"ours"))):
        assert GETS["urllib"]("https://service.example/") == "ours"
        assert "connect" in vars(http.client.HTTPSConnection)
    assert "connect" not in vars(http.client.HTTPSConnection)


def test_bytes_sent_without_a_request_are_answered() -> None:
    """What an app gives to a connection's own `send` is answered, too, whether it has connected before or not."""
    canned = Canned(lambda: Response(200, JSON, b"{}"))
    with activate(canned):
        for connects in (False, True):
            connection = http.client.HTTPConnection("service.example")
            if connects:
                connection.connect()
            connection.send(b"GET /v1/models HTTP/1.1\r\nHost: service.example\r\n\r\n")
            answer = http.client.HTTPResponse(connection.sock, method="GET")
            answer.begin()
            assert (answer.status, answer.read()) == (200, b"{}")
            connection.close()
    assert [request.path for request in canned.asked] == ["/v1/models"] * 2
