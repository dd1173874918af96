"""TLS contexts are remembered across simulations, and verify certificates as if they were not."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI

import understudy
from tests.client_kinds import AZURE, SDK_LIB
from understudy._http import tls_contexts

DATA = Path(__file__).parent / "tls"
LIBRARIES = list({id(lib.Client): lib for lib in (httpx, SDK_LIB)}.values())
each_library = pytest.mark.parametrize("lib", LIBRARIES, ids=lambda lib: lib.__name__)
KINDS: dict[str, Callable[[], Any]] = {
    "sync": OpenAI,
    "async": AsyncOpenAI,
    "azure": lambda: AzureOpenAI(**AZURE),
    "async azure": lambda: AsyncAzureOpenAI(**AZURE),
}
each_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Each test begins without contexts, and leaves none of its own."""
    tls_contexts._contexts.clear()
    yield
    tls_contexts._contexts.clear()


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the variables that decide about certificates and proxies, none is set."""
    for name in list(os.environ):
        if name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def context_of(client: Any) -> ssl.SSLContext:
    """The TLS context of an SDK's client or of an HTTP library's."""
    client = getattr(client, "_client", client)
    context = client._transport._pool._ssl_context
    assert isinstance(context, ssl.SSLContext)
    return context


@contextmanager
def server(certificate: str, protocols: tuple[str, ...] = ("http/1.1",)) -> Iterator[tuple[str, list[str | None]]]:
    """A TLS server on loopback that answers 204: its address, and what each connection agreed to speak (ALPN)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / f"{certificate}.pem")
    context.set_alpn_protocols(list(protocols))
    spoken: list[str | None] = []

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:  # closed: the test is over
                return
            with connection:
                answer(connection)

    def answer(connection: socket.socket) -> None:
        connection.settimeout(20)
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                spoken.append(secured.selected_alpn_protocol())
                if secured.recv(65536):
                    secured.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        except OSError:  # the client did not trust us
            pass

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}/", spoken
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(20)


@each_kind
def test_a_client_of_a_later_simulation_gets_the_same_context(make: Callable[[], Any]) -> None:
    """The context of a client that an app builds is the one that was made in the simulation before."""
    contexts = []
    for _ in range(2):
        with understudy.simulate():
            contexts.append(context_of(make()))
    assert contexts[0] is contexts[1]


@each_library
def test_libraries_and_ways_to_wait_share_what_they_may(lib: Any) -> None:
    """Of one library, sync and async clients get the same context; those of another library do not."""
    with understudy.simulate():
        mine = {id(context_of(lib.Client())), id(context_of(lib.AsyncClient()))}
        others = {id(context_of(other.Client())) for other in LIBRARIES if other is not lib}
    assert len(mine) == 1
    assert not mine & others


@each_library
@pytest.mark.parametrize("verify", [False, "a context"])
def test_only_the_plain_default_is_remembered(lib: Any, verify: Any) -> None:
    """A client that is told how to verify gets a context of its own."""
    own = ssl.create_default_context()
    given = own if verify else verify
    with understudy.simulate():
        first, second, plain = lib.Client(verify=given), lib.Client(verify=given), lib.Client()
    assert (context_of(first) is own) is bool(verify)
    assert (context_of(first) is context_of(second)) is bool(verify)
    assert context_of(plain) is not context_of(first)
    assert context_of(plain).verify_mode == ssl.CERT_REQUIRED


@each_library
def test_what_decides_is_part_of_the_key(lib: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Other certificates, other files of the same name, or an environment that is not trusted: another context."""
    authority = tmp_path / "ca.pem"
    seen = []
    with understudy.simulate():
        seen.append(context_of(lib.Client()))
        seen.append(context_of(lib.Client(trust_env=False)))
        authority.write_bytes((DATA / "ca.pem").read_bytes())
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        seen.append(context_of(lib.Client()))
        os.utime(authority, (1, 1))
        seen.append(context_of(lib.Client()))
        monkeypatch.delenv("SSL_CERT_FILE")
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        seen.append(context_of(lib.Client()))
        os.utime(authority, (2, 2))
        seen.append(context_of(lib.Client()))
        monkeypatch.delenv("SSL_CERT_DIR")
        again = context_of(lib.Client())
    assert len({id(context) for context in seen}) == len(seen)
    assert again is seen[0]


@each_library
def test_the_patch_is_undone_and_the_contexts_stay(lib: Any) -> None:
    """After the simulation a library's transport is its own again, builds its own contexts, and those kept are kept."""
    before = lib.HTTPTransport.__init__, lib.AsyncHTTPTransport.__init__
    with understudy.simulate():
        assert (lib.HTTPTransport.__init__, lib.AsyncHTTPTransport.__init__) != before
        inside = context_of(lib.Client())
    assert (lib.HTTPTransport.__init__, lib.AsyncHTTPTransport.__init__) == before
    assert context_of(lib.Client()) is not inside
    with understudy.simulate():
        assert context_of(lib.Client()) is inside


@each_library
def test_a_context_that_was_changed_is_not_handed_on(lib: Any) -> None:
    """What an app does to the context of its client by reaching into it stays with that client."""
    with understudy.simulate():
        mine = context_of(lib.Client())
        mine.check_hostname = False
        mine.verify_mode = ssl.CERT_NONE
        theirs = context_of(lib.Client())
    assert theirs is not mine
    assert theirs.verify_mode == ssl.CERT_REQUIRED
    assert theirs.check_hostname


@each_library
def test_replaced_makers_are_asked(lib: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that replaces how contexts are made gets what its replacement makes."""
    own = ssl.create_default_context()
    with understudy.simulate():
        plain = context_of(lib.Client())
        with monkeypatch.context() as patch:
            patch.setattr(lib, "create_ssl_context", lambda **_: own)
            assert context_of(lib.Client()) is own
        assert context_of(lib.Client()) is plain


def test_not_many_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However many bundles of certificates a suite goes through, few contexts are kept."""
    authority = tmp_path / "ca.pem"
    authority.write_bytes((DATA / "ca.pem").read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with understudy.simulate():
        for number in range(3 * tls_contexts.MAX_CONTEXTS):
            os.utime(authority, (number, number))
            context_of(SDK_LIB.Client())
    assert 0 < len(tls_contexts._contexts) <= tls_contexts.MAX_CONTEXTS


def test_wrong_arguments_are_refused_by_the_library() -> None:
    """A transport that is given what it does not take complains as it would without us."""
    with understudy.simulate(), pytest.raises(TypeError, match="no_such"):
        SDK_LIB.HTTPTransport(no_such=1)


@each_library
def test_a_missing_file_of_authorities_is_reported_by_the_library(
    lib: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where SSL_CERT_FILE names no file, a client fails as it would without us, until the file is there."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(FileNotFoundError):
        lib.Client()
    with understudy.simulate():
        with pytest.raises(FileNotFoundError):
            lib.Client()
        (tmp_path / "ca.pem").write_bytes((DATA / "ca.pem").read_bytes())
        assert context_of(lib.Client()).cert_store_stats()["x509_ca"] == 1


# -- real connections -------------------------------------------------------------


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own authority is the one that clients trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / "ca.pem"))


@each_library
def test_a_client_that_outlives_its_simulation_verifies(lib: Any, trusted: None) -> None:
    """With a remembered context a good certificate is accepted, one of another authority and a wrong name refused."""
    with understudy.simulate():
        lib.Client().close()  # makes the context
    with understudy.simulate():
        client = lib.Client()
    with client, server("good") as (good, _), server("bad") as (bad, _):
        assert client.get(good).status_code == 204
        with pytest.raises(lib.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get(bad)
        with pytest.raises(lib.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get(good.replace("localhost", "127.0.0.1"))
        assert client.get(good).status_code == 204


@each_library
async def test_an_async_client_that_outlives_its_simulation_verifies(lib: Any, trusted: None) -> None:
    """The same holds for a client that waits asynchronously."""
    for _ in range(2):
        with understudy.simulate():
            client = lib.AsyncClient()
    async with client:
        with server("good") as (good, _), server("bad") as (bad, _):
            assert (await client.get(good)).status_code == 204
            with pytest.raises(lib.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(bad)


def test_the_authorities_of_the_machine_do_not_vouch_for_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client with the default certificates refuses the test's server, also after one that trusts it was remembered."""
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / "ca.pem"))
    with understudy.simulate():
        SDK_LIB.Client().close()
    monkeypatch.delenv("SSL_CERT_FILE")
    with understudy.simulate():
        client = OpenAI(max_retries=0)
    with server("good") as (good, _):
        client = client.with_options(base_url=good)
        with client, pytest.raises(openai.APIConnectionError) as failed:
            client.models.list()
    assert "CERTIFICATE_VERIFY_FAILED" in str(failed.value.__cause__)


@each_library
def test_http1_and_http2_clients_are_kept_apart(lib: Any, trusted: None) -> None:
    """A client of HTTP/1 never offers HTTP/2, also after one of HTTP/2 has connected."""
    with understudy.simulate():
        plain, second = lib.Client(), lib.Client(transport=lib.HTTPTransport(http2=True))
    assert context_of(plain) is not context_of(second)
    with plain, second, server("good") as (of_http1, _), server("good", ("h2", "http/1.1")) as (of_both, spoken):
        assert second.get(of_http1).status_code == 204  # sets on its context what it offers
        assert plain.get(of_both).status_code == 204
        port = lib.URL(of_both).port
        with context_of(second).wrap_socket(socket.create_connection(("localhost", port)), server_hostname="localhost"):
            pass
        assert plain.get(of_both).status_code == 204
    assert spoken == ["http/1.1", "h2", "http/1.1"]


@each_library
def test_transports_of_http1_and_http2_have_contexts_of_their_own(lib: Any) -> None:
    """The protocols that a transport may speak decide which context it shares, with HTTP/2 installed or not."""
    with understudy.simulate():
        made = [tls_contexts.context(lib, True, *spoken) for spoken in ((True, False), (True, True), (False, True))]
        assert tls_contexts.context(lib, True, True, False) is made[0]
    assert len({id(context) for context in made}) == 3


@each_library
def test_threads_racing_get_one_context_each_that_verifies(lib: Any, trusted: None) -> None:
    """Clients built at once on many threads all verify, and share what was kept."""
    start = threading.Barrier(8)

    def build(_: int) -> Any:
        start.wait(20)
        return lib.Client()

    with understudy.simulate(), ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(build, range(8)))
    assert len({id(context_of(client)) for client in clients}) == 1
    with server("good") as (good, _), server("bad") as (bad, _):
        for client in clients[:2]:
            with client:
                assert client.get(good).status_code == 204
                with pytest.raises(lib.ConnectError):
                    client.get(bad)
