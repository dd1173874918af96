"""What http.client, urllib3, requests and aiohttp meet on a real connection is recorded, and meets them again."""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
import urllib3

import understudy as us
from tests.cassettes.loopback import served
from tests.http.test_other_stacks import GETS, JSON, Canned, aiohttp_text, with_aiohttp
from understudy._cassettes import load
from understudy._common.messages import HostRules, Response
from understudy._http import activate

TLS = Path(__file__).parent / "tls"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def listening(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """A server on loopback that gives each connection to `answer`; its port."""

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed: the test is over
                return
            with connection:
                connection.settimeout(20)
                answer(connection)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(20)


def head_of(connection: socket.socket) -> bytes:
    """The head of a request without a body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(65536)
    return head


BEGUN = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"object": '


def cut_off(connection: socket.socket) -> None:
    head_of(connection)
    connection.sendall(BEGUN)


def without_an_answer(connection: socket.socket) -> None:
    head_of(connection)


def raised(ask: Callable[[], object]) -> type[BaseException]:
    """The class of the exception that a library raises."""
    with pytest.raises(Exception) as caught:
        ask()
    return type(caught.value)


@pytest.mark.parametrize(("answer", "status"), [(cut_off, 200), (without_an_answer, 502)], ids=["cut off", "no answer"])
@pytest.mark.parametrize("stack", GETS)
def test_an_answer_that_breaks_off_is_recorded_as_it_broke(
    tmp_path: Path, stack: str, answer: Callable[[socket.socket], None], status: int
) -> None:
    """The app meets its library's own exception, the cassette holds what came, and the replay raises the same."""
    path = tmp_path / "broken.yaml"
    with listening(answer) as port, us.use_cassette(path, record="all", hosts=["127.0.0.1"], force=True):
        live = raised(lambda: GETS[stack](f"http://127.0.0.1:{port}/v1/models"))
    one = load(path)[-1]
    assert one.broken is not None
    assert (one.broken[0], one.status) == ("RemoteProtocolError", status)
    assert (one.body or b"") == (b'{"object": ' if status == 200 else b"")
    with us.use_cassette(path, hosts=["127.0.0.1"]):
        assert raised(lambda: GETS[stack](f"http://127.0.0.1:{port}/v1/models")) is live


def read_with_urllib(url: str, has_read: Callable[[], None]) -> None:
    with urllib.request.urlopen(url) as answer:
        assert answer.read(11) == b'{"object": '
        has_read()
        answer.read()


async def read_with_aiohttp(session: aiohttp.ClientSession, url: str, has_read: Callable[[], None]) -> None:
    async with session.get(url) as answer:
        assert await answer.content.readexactly(11) == b'{"object": '
        has_read()
        await answer.content.read()


READERS: dict[str, Callable[[str, Callable[[], None]], None]] = {
    "urllib": read_with_urllib,
    "aiohttp": lambda url, has_read: with_aiohttp(lambda session: read_with_aiohttp(session, url, has_read)),
}


@pytest.mark.parametrize("stack", READERS)
def test_a_connection_that_is_reset_is_recorded(tmp_path: Path, stack: str) -> None:
    """A reset in the middle of a body is raised as without us, and is on record behind what had come by then."""
    path, was_read = tmp_path / "reset.yaml", threading.Event()

    def reset(connection: socket.socket) -> None:
        cut_off(connection)
        assert was_read.wait(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with listening(reset) as port:
        url = f"http://127.0.0.1:{port}/v1/models"
        plain = raised(lambda: READERS[stack](url, was_read.set))
        was_read.clear()
        with us.use_cassette(path, record="all", hosts=["127.0.0.1"], force=True):
            assert raised(lambda: READERS[stack](url, was_read.set)) is plain
    (one,) = load(path)
    assert one.broken is not None
    assert one.broken[0] in ("ReadError", "RemoteProtocolError")
    assert one.body == b'{"object": '


EVENT = b"event: thread.created\ndata: {}\n\n"


def leave_urllib(url: str) -> None:
    with urllib.request.urlopen(url) as answer:
        assert answer.read(len(EVENT)) == EVENT


async def leave_aiohttp(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as answer:
        assert await answer.content.readexactly(len(EVENT)) == EVENT


LEAVES: dict[str, Callable[[str], None]] = {
    "urllib": leave_urllib,
    "aiohttp": lambda url: with_aiohttp(lambda session: leave_aiohttp(session, url)),
}


@pytest.mark.parametrize("stack", LEAVES)
def test_a_stream_that_an_app_leaves_is_recorded_so_far(tmp_path: Path, stack: str) -> None:
    """An app that closes a stream early is on record with what it read, and is answered when it does so again."""
    path, is_left = tmp_path / "left.yaml", threading.Event()

    def send(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + EVENT)
        assert is_left.wait(10)

    with listening(send) as port:
        url = f"http://127.0.0.1:{port}/v1/models"
        with us.use_cassette(path, record="all", hosts=["127.0.0.1"]):
            LEAVES[stack](url)
        is_left.set()
    assert [one.body for one in load(path)] == [EVENT]
    with us.use_cassette(path, hosts=["127.0.0.1"], unplayed="error"):
        LEAVES[stack](url)


@pytest.mark.parametrize("stack", GETS)
def test_what_a_hook_leaves_out_goes_its_way(tmp_path: Path, stack: str) -> None:
    """A request that a hook excludes reaches its server, or fails as it would without us, and is not on record."""
    path = tmp_path / "c.yaml"
    settings: Any = {"record": "all", "hosts": ["127.0.0.1"], "before_record_request": lambda request: None}
    with served(Canned(lambda: Response(200, JSON, b"live"))) as base, us.use_cassette(path, **settings):
        assert GETS[stack](f"{base}/v1/models") == "live"
        with pytest.raises(Exception, match=r"[Rr]efused|Connect call failed"):
            GETS[stack]("http://127.0.0.1:9/v1/models")
    assert not path.exists()


CONTINUED: dict[str, Callable[[str], str]] = {
    "requests": lambda url: requests.post(url, data=b"body", headers={"Expect": "100-continue"}).text,
    "aiohttp": lambda url: str(
        with_aiohttp(lambda session: aiohttp_text(session, url, "POST", data=b"body", expect100=True))
    ),
}


@pytest.mark.parametrize("stack", CONTINUED)
def test_an_answer_after_100_continue_is_recorded(tmp_path: Path, stack: str) -> None:
    """A server that lets the client continue first: what is on record is the answer that follows."""
    live = Canned(lambda: Response(200, JSON, b"live"))
    with served(live) as base, us.use_cassette(tmp_path / "c.yaml", record="all", hosts=["127.0.0.1"]):
        assert CONTINUED[stack](f"{base}/v1/files") == "live"
    assert [request.body for request in live.asked] == [b"body"]
    assert [(one.status, one.body) for one in load(tmp_path / "c.yaml")] == [(200, b"live")]


SHORT = 0.05  # seconds
PATIENCE: dict[str, Callable[[str], Any]] = {
    "requests": lambda url: requests.get(url, timeout=SHORT),
    "urllib": lambda url: urllib.request.urlopen(url, timeout=SHORT),
    "aiohttp": lambda url: with_aiohttp(
        lambda session: aiohttp_text(session, url, timeout=aiohttp.ClientTimeout(sock_read=SHORT))
    ),
}


@pytest.mark.parametrize("stack", PATIENCE)
def test_a_timeout_of_the_apps_own_is_recorded(tmp_path: Path, stack: str) -> None:
    """An app that waits no longer for a server is on record as that, and is refused the same way by the replay."""
    path, is_over = tmp_path / "c.yaml", threading.Event()
    with listening(lambda connection: is_over.wait(10)) as port:
        url = f"http://127.0.0.1:{port}/v1/models"
        with us.use_cassette(path, record="all", hosts=["127.0.0.1"], force=True):
            live = raised(lambda: PATIENCE[stack](url))
        is_over.set()
    assert {(one.broken or ("answered",))[0] for one in load(path)} == {"ReadTimeout"}
    with us.use_cassette(path, hosts=["127.0.0.1"]):
        assert raised(lambda: PATIENCE[stack](url)) is live


def by_socket(connection: http.client.HTTPConnection, method: str) -> bytes:
    """All that comes from a connection's own socket until it ends."""
    if connection.sock is None:
        connection.connect()
    connection.send(b"%s /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % method.encode())
    with connection.sock.makefile("rb") as file:
        return bytes(file.read())


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_bytes_of_an_answer_end_with_it(method: str) -> None:
    """Who reads a connection's own socket gets the answer to its last byte, then the end, as from a server that closes."""
    handler = Canned(lambda: Response(200, JSON, b"{}"))
    with activate(handler), closing(http.client.HTTPConnection("service.example", timeout=3)) as connection:
        connection.connect()
        assert connection.sock.gettimeout() == 3
        connection.sock.settimeout(5)
        assert connection.sock.gettimeout() == 5
        head, _, body = by_socket(connection, method).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-length: 2" in head.lower()
    assert body == (b"{}" if method == "GET" else b"")


def test_the_bytes_of_a_forwarded_answer_end_with_it(tmp_path: Path) -> None:
    """The same over a real connection that is recorded, whatever comes behind the answer."""

    def answer(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)

    path = tmp_path / "c.yaml"
    with listening(answer) as port, us.use_cassette(path, record="all", hosts=["127.0.0.1"]):
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            assert by_socket(connection, "GET").endswith(b"\r\n\r\n{}")
    assert [(one.method, one.path, one.body) for one in load(path)] == [("GET", "/models", b"{}")]


def test_sent_after_the_block_by_a_connection_made_ready_in_it() -> None:
    """What an app gives to a connection's own `send` after the block goes to the server."""
    handler = Canned(lambda: Response(200))
    handler.rules = HostRules(hosts=("127.0.0.1",))
    with listening(lambda connection: connection.sendall(head_of(connection))) as port:
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            with activate(handler):
                connection.connect()
            assert by_socket(connection, "GET").startswith(b"GET /v1/models HTTP/1.1")
    assert handler.asked == []


# -- proxies ------------------------------------------------------------------------


def urllib_by_proxy(proxy: str, url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy}))
    with opener.open(url) as answer:
        return bytes(answer.read())


BY_PROXY: dict[str, Callable[[str, str], bytes]] = {
    "urllib": urllib_by_proxy,
    "urllib3": lambda proxy, url: urllib3.ProxyManager(proxy).request("GET", url).data,
    "requests": lambda proxy, url: requests.get(url, proxies={"http": proxy}).content,
}


@pytest.mark.parametrize("stack", BY_PROXY)
def test_a_request_to_a_proxy_is_known_by_its_url(stack: str) -> None:
    """It is answered if the server is ours, whatever the proxy is, and reaches the proxy if not."""
    proxy, handler = Canned(lambda: Response(200, (), b"by the proxy")), Canned(lambda: Response(200, (), b"ours"))
    with served(proxy) as base, activate(handler):
        assert BY_PROXY[stack](base, "http://service.example/v1/models?a=b") == b"ours"
        assert BY_PROXY[stack](base, "http://elsewhere.example/v1/models") == b"by the proxy"
    assert [request.url for request in handler.asked] == ["http://service.example/v1/models?a=b"]
    assert [request.url for request in proxy.asked] == ["http://elsewhere.example/v1/models"]


def tunnel(connection: socket.socket) -> None:
    """A proxy that is the server as well: it answers CONNECT, then speaks TLS."""
    assert head_of(connection).startswith(b"CONNECT localhost:443 ")
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "good.pem")
    with context.wrap_socket(connection, server_side=True) as secured:
        head_of(secured)
        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


def test_a_tunnel_of_a_proxy_is_recorded(tmp_path: Path) -> None:
    """HTTPS by a proxy of urllib3's is passed through where it is not ours, and recorded where it is."""
    path = tmp_path / "c.yaml"

    def ask(port: int) -> bytes:
        with urllib3.ProxyManager(f"http://127.0.0.1:{port}", ca_certs=str(TLS / "ca.pem")) as pools:
            return pools.request("GET", "https://localhost/v1/models", retries=False).data

    with listening(tunnel) as port:
        with us.simulate() as backend:
            assert ask(port) == b"{}"
            assert backend.requests == []
        with us.use_cassette(path, record="all", hosts=["localhost"]):
            assert ask(port) == b"{}"
    assert [(one.url, one.body) for one in load(path)] == [("https://localhost/v1/models", b"{}")]
    with us.use_cassette(path, hosts=["localhost"]):
        assert ask(9) == b"{}"
