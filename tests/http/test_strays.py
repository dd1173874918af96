"""What outlives its world and asks then: refused by the world's name, not let out, and given no other test's answer."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import understudy as us
from tests.cassettes.loopback import served
from understudy._common.messages import Request, Response
from understudy._http.refusing import take_strays

THREAD = {"id": "thread_recorded", "object": "thread", "created_at": 1, "metadata": {}}
HEADERS = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer sk-real"}


class Live:
    """A service on the network: it should never be asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def handle(self, request: Request) -> Response:
        self.asked.append(request.path)
        return Response(200, (("content-type", "application/json"),), json.dumps(THREAD).encode())


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A real service, a real key, and every client pointed there."""
    service = Live()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    with served(service) as base:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{base}/v1")
        yield service
    take_strays()


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    """A recording of one thread that was made."""
    path = tmp_path / "c.json"
    request = {"method": "POST", "uri": "https://api.openai.com/v1/threads", "body": "{}", "headers": {}}
    answer = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": json.dumps(THREAD)}}
    path.write_text(json.dumps({"version": 1, "interactions": [{"request": request, "response": answer}]}))
    return path


class Late:
    """Something that waits for its world to end before it asks."""

    def __init__(self) -> None:
        self.go, self.done = threading.Event(), threading.Event()
        self.told = ""

    def ask(self) -> None:
        assert self.go.wait(20)
        try:
            made = OpenAI(max_retries=0).beta.threads.create().id
        except openai.APIError as error:
            made = str(error)
        self.told = made
        self.done.set()

    def let_go(self) -> str:
        self.go.set()
        assert self.done.wait(20)
        return self.told


def in_a_thread(late: Late) -> None:
    threading.Thread(target=late.ask, name="late", daemon=True).start()


def in_a_thread_of_a_thread(late: Late) -> None:
    thread = threading.Thread(target=lambda: in_a_thread(late))
    thread.start()
    thread.join()


def by_a_timer(late: Late) -> None:
    threading.Timer(0, late.ask).start()


def in_a_pool(late: Late) -> None:
    pool = ThreadPoolExecutor(1)
    pool.submit(late.ask)
    pool.shutdown(wait=False)


def in_a_loop_of_its_own(late: Late) -> None:
    async def ask() -> None:
        await asyncio.to_thread(late.ask)

    threading.Thread(target=lambda: asyncio.run(ask()), daemon=True).start()


KINDS: list[Callable[[Late], None]] = [in_a_thread, in_a_thread_of_a_thread, by_a_timer, in_a_pool, in_a_loop_of_its_own]


@pytest.mark.parametrize("start", KINDS)
def test_it_does_not_reach_the_network(start: Callable[[Late], None], live: Live) -> None:
    """What asks after its world is refused, and the refusal names the test that it was started in."""
    late = Late()
    with us.simulate():
        start(late)
    told = late.let_go()
    assert "test_it_does_not_reach_the_network" in told
    assert "was started in" in told
    assert live.asked == []


@pytest.mark.parametrize("start", KINDS)
def test_it_takes_no_other_tests_answer(start: Callable[[Late], None], live: Live, cassette: Path) -> None:
    """What was started in one replay and asks in the next leaves the next its only answer."""
    late = Late()
    with us.use_cassette(cassette):
        start(late)
    with us.use_cassette(cassette):
        assert "was started in" in late.let_go()
        assert OpenAI(max_retries=0).beta.threads.create().id == "thread_recorded"
    assert live.asked == []


def test_the_refusal_is_shown(live: Live) -> None:
    """Each refused stray is noted once, for whoever shows it."""
    late = Late()
    with us.simulate():
        in_a_thread(late)
    late.let_go()
    [stray] = take_strays()
    assert "the thread 'late'" in stray
    assert take_strays() == []


def test_what_it_starts_is_a_stray_too(live: Live) -> None:
    """A thread that a stray starts belongs to the same world that is over."""
    late, outer = Late(), Late()

    def relay() -> None:
        assert outer.go.wait(20)
        in_a_thread(late)
        outer.done.set()

    with us.simulate():
        threading.Thread(target=relay, daemon=True).start()
    outer.let_go()
    assert "was started in" in late.let_go()
    assert live.asked == []


def test_a_world_inside_another(live: Live) -> None:
    """What was started in the inner world is not answered by the outer one."""
    late = Late()
    with us.simulate() as outer:
        with us.simulate():
            in_a_thread(late)
        assert "was started in" in late.let_go()
        assert outer.requests == []


async def test_a_task_on_its_own_loop(live: Live, cassette: Path) -> None:
    """A task that outlives its replay is refused in the next one, and after it."""
    go = asyncio.Event()

    async def ask() -> str:
        await go.wait()
        async with AsyncOpenAI(max_retries=0) as client:
            with pytest.raises(openai.APIStatusError) as caught:
                await client.beta.threads.create()
        return str(caught.value)

    with us.use_cassette(cassette):
        meanwhile, after = asyncio.create_task(ask(), name="meanwhile"), asyncio.create_task(ask())
        await asyncio.sleep(0)
    with us.use_cassette(cassette):
        go.set()
        assert "the task 'meanwhile', which was started in" in await meanwhile
        assert (await AsyncOpenAI(max_retries=0).beta.threads.create()).id == "thread_recorded"
    assert "was started in" in await after
    assert live.asked == []


def test_a_runner_whose_context_is_older_than_the_world(live: Live) -> None:
    """A loop that one context serves for many worlds: each task belongs to the world in which it was made."""

    async def ask() -> str:
        async with AsyncOpenAI(max_retries=0) as client:
            return (await client.beta.threads.create()).id

    async def ask_both() -> list[str]:
        return await asyncio.gather(ask(), ask())

    runner = asyncio.Runner()
    for _ in range(2):
        with us.simulate() as backend:
            runner.run(ask_both())
            assert len(backend.requests) == 2
    runner.close()
    assert live.asked == []


def test_a_pool_that_serves_many_worlds(live: Live) -> None:
    """The threads of a pool that began in one world serve the next: its jobs belong to who submits them."""
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            with us.simulate() as backend:
                pool.submit(lambda: OpenAI().beta.threads.create()).result()
                assert len(backend.requests) == 1
        assert pool.submit(lambda: OpenAI().beta.threads.create().id).result() == "thread_recorded"
    assert live.asked == ["/v1/threads"]  # submitted outside of any world: none of our business


def test_other_traffic_of_a_stray_passes(live: Live) -> None:
    """A stray's requests to hosts that were none of its world's go where they were going."""
    late, status = Late(), 0

    class Elsewhere(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(204)

    def ask() -> None:
        nonlocal status
        assert late.go.wait(20)
        with httpx.Client(transport=Elsewhere()) as client:
            status = client.get("https://example.org/").status_code
        late.done.set()

    with us.simulate():
        threading.Thread(target=ask, daemon=True).start()
    late.let_go()
    assert status == 204


@pytest.mark.usefixtures("unhooked")
def test_hooks_are_taken_away_when_the_last_stray_is_gone(live: Live) -> None:
    """As long as something may still ask the hooks stay; afterwards every class is as it was."""
    before = threading.Thread.start, ThreadPoolExecutor.submit, asyncio.BaseEventLoop.create_task
    late = Late()
    with us.simulate():
        thread = threading.Thread(target=late.ask)
        thread.start()
        assert threading.Thread.start is not before[0]
    assert threading.Thread.start is not before[0]
    late.let_go()
    thread.join()
    del thread
    gc.collect()
    assert (threading.Thread.start, ThreadPoolExecutor.submit, asyncio.BaseEventLoop.create_task) == before
    assert httpx.HTTPTransport.handle_request.__module__ == "httpx._transports.default"


def test_a_stray_does_not_keep_its_world(live: Live) -> None:
    """The service is released at the end of its block, whatever still runs that was started in it."""
    late = Late()
    with us.simulate() as backend:
        in_a_thread(late)
        kept = weakref.ref(backend)
    del backend
    gc.collect()
    assert kept() is None
    late.let_go()


def subclass_with_a_transport_of_its_own(lib: Any, base: Any, network: Any) -> Any:
    class Own(base):  # type: ignore[misc]
        def _transport_for_url(self, url: Any) -> Any:
            return network

    return Own()


def subclass_that_sends_by_itself(lib: Any, base: Any, network: Any) -> Any:
    class Own(base):  # type: ignore[misc]
        def send(self, request: Any, **options: Any) -> Any:
            if issubclass(base, lib.Client):
                response = self._transport.handle_request(request)
                response.request = request
                return response
            return self._sent(request)

        async def _sent(self, request: Any) -> Any:
            response = await self._transport.handle_async_request(request)
            response.request = request
            return response

    return Own(transport=network)


SUBCLASSES = [subclass_with_a_transport_of_its_own, subclass_that_sends_by_itself]


def libraries() -> list[Any]:
    """The HTTP libraries that are installed."""
    found = [httpx]
    with contextlib.suppress(ImportError):
        import httpx2

        found.append(httpx2)
    return found


@pytest.mark.parametrize("lib", libraries(), ids=lambda lib: lib.__name__)
@pytest.mark.parametrize("subclass", SUBCLASSES)
def test_a_client_that_goes_round_the_hook(subclass: Any, lib: Any, live: Live) -> None:
    """A subclass that finds its own way to the network is answered here; outside of a block it goes there."""
    url = f"{os.environ['OPENAI_BASE_URL']}/threads"
    client = subclass(lib, lib.Client, lib.HTTPTransport())
    with us.simulate() as backend, client:
        answer = client.post(url, headers=HEADERS, json={})
        assert json.loads(answer.read())["object"] == "thread"
        assert [request.path for request in backend.requests] == ["/threads"]
    assert live.asked == []


@pytest.mark.parametrize("lib", libraries(), ids=lambda lib: lib.__name__)
@pytest.mark.parametrize("subclass", SUBCLASSES)
async def test_an_async_client_that_goes_round_the_hook(subclass: Any, lib: Any, live: Live) -> None:
    """Async clients are answered likewise."""
    url = f"{os.environ['OPENAI_BASE_URL']}/threads"
    client = subclass(lib, lib.AsyncClient, lib.AsyncHTTPTransport())
    with us.simulate() as backend:
        async with client:
            answer = await client.post(url, headers=HEADERS, json={})
            assert json.loads(await answer.aread())["object"] == "thread"
        assert len(backend.requests) == 1
    assert live.asked == []


def test_such_a_client_is_recorded_once(live: Live, tmp_path: Path) -> None:
    """What is let out to be recorded passes the guard of the network, and is on record once."""
    with us.use_cassette(tmp_path / "c.yaml", record="once") as recorded:
        OpenAI(max_retries=0).beta.threads.create()
        assert len(recorded.played) == 1
    assert live.asked == ["/v1/threads"]
