"""Every kind of client is caught, and nothing escapes: the suite's sockets reach loopback only (see conftest.py)."""

from __future__ import annotations

import asyncio
import contextvars
import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import understudy as us
from tests.client_kinds import ASYNC, SDK_LIB, SYNC
from understudy._backend.simulate import active


def create_sync(client: OpenAI) -> str:
    return client.beta.assistants.create(model="gpt-4o").id


def create_async(client: AsyncOpenAI) -> str:
    async def create() -> str:
        async with client:
            return (await client.beta.assistants.create(model="gpt-4o")).id

    return asyncio.run(create())


@pytest.mark.parametrize("kind", SYNC)
def test_sync_clients(understudy: us.Backend, kind: str) -> None:
    """A sync client of this kind talks to the simulated service."""
    assert create_sync(SYNC[kind]()).startswith("asst_")
    assert [request.path for request in understudy.requests] == ["/assistants"]


@pytest.mark.parametrize("kind", ASYNC)
def test_async_clients(understudy: us.Backend, kind: str) -> None:
    """An async client of this kind talks to the simulated service."""
    assert create_async(ASYNC[kind]()).startswith("asst_")
    assert [request.path for request in understudy.requests] == ["/assistants"]


@pytest.mark.parametrize("kind", SYNC)
def test_clients_built_before(unhooked: None, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that was built before anything was active is caught all the same, and is free again afterwards."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "mine")
    client = SYNC[kind]()
    with us.simulate() as backend:
        create_sync(client)
        assert len(backend.requests) == 1
    hooks = [lib.Client._transport_for_url for lib in {httpx, SDK_LIB}]
    assert all(hook.__module__ == f"{lib.__name__}._client" for hook, lib in zip(hooks, {httpx, SDK_LIB}, strict=True))


def test_a_mock_transport_stays_the_users(understudy: us.Backend) -> None:
    """Who passes a MockTransport has decided what answers."""
    transport = SDK_LIB.MockTransport(lambda request: SDK_LIB.Response(200, json={"id": "asst_mine"}))
    client = OpenAI(http_client=SDK_LIB.Client(transport=transport))
    assert create_sync(client) == "asst_mine"
    assert understudy.requests == []


class Elsewhere(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The network, as far as a test needs one."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(204)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(204)


def test_other_traffic_passes_untouched(understudy: us.Backend) -> None:
    """A request to another host by a client of the app's own is none of our business: it goes where it was going."""
    with httpx.Client(transport=Elsewhere()) as client:
        assert client.get("https://weather.example/today").status_code == 204
        assert client.post("https://api.anthropic.com/v1/messages", headers=ANTHROPIC).status_code == 204
    assert understudy.requests == []


async def test_other_async_traffic_as_well(understudy: us.Backend) -> None:
    """The same for an async client."""
    async with httpx.AsyncClient(transport=Elsewhere()) as client:
        assert (await client.get("https://weather.example/today")).status_code == 204
    assert understudy.requests == []


def test_the_hosts_that_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host of OPENAI_BASE_URL and those of `hosts=` are ours whoever asks; a passed host never is."""
    monkeypatch.setenv("OPENAI_BASE_URL", "https://llm.corp.example/v1")
    with us.simulate(hosts=["mine.example"]) as backend, httpx.Client() as client:
        for host in ("llm.corp.example", "mine.example", "my-resource.openai.azure.com"):
            answer = client.get(f"https://{host}/v1/models", headers={"authorization": "Bearer x"})
            assert answer.json()["object"] == "list"
        assert len(backend.requests) == 3


def test_a_passed_host_is_never_ours() -> None:
    """What is sent to a host of `pass_hosts=` is let out, although an OpenAI SDK sends it."""
    backend = us.Backend(pass_hosts=["llm.corp.example"])
    with active(backend), httpx.Client(transport=Elsewhere()) as client:
        answer = client.get("https://llm.corp.example/v1/models", headers={"OpenAI-Beta": "assistants=v2"})
    assert answer.status_code == 204
    assert backend.requests == []


ANTHROPIC = {"X-Stainless-Lang": "python", "anthropic-version": "2023-06-01"}


def test_threads_belong_to_the_test_they_were_started_in(understudy: us.Backend) -> None:
    """A thread, a pool's threads, and threads started by threads all reach this test's service."""
    client = OpenAI()
    ids: list[str] = []

    def nested() -> None:
        inner = threading.Thread(target=lambda: ids.append(create_sync(client)))
        inner.start()
        inner.join()

    thread = threading.Thread(target=nested)
    thread.start()
    thread.join()
    with ThreadPoolExecutor(2) as pool:
        ids += pool.map(lambda _: create_sync(client), range(3))
    assert len(set(ids)) == len(understudy.requests) == 4


def test_a_pool_that_is_older_than_the_test() -> None:
    """Threads of a long-lived pool find the only service there is, and after it the next."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        for _ in range(2):
            with us.simulate() as backend:
                client = OpenAI()
                pool.submit(create_sync, client).result()
                assert len(backend.requests) == 1


def test_a_worker_that_is_older_than_nested_blocks() -> None:
    """A thread that takes its work from a queue, and began before all of them, is answered by the innermost block."""
    work: queue.SimpleQueue[Any] = queue.SimpleQueue()
    worker = threading.Thread(target=lambda: [task() for task in iter(work.get, None)])
    worker.start()
    with us.simulate() as outer, us.simulate() as inner:
        done = threading.Event()
        client = OpenAI()
        work.put(lambda: (create_sync(client), done.set()))
        assert done.wait(20)
        assert (len(outer.requests), len(inner.requests)) == (0, 1)
    work.put(None)
    worker.join()


def test_such_a_pool_among_nested_blocks() -> None:
    """To a thread that is older than all of them, the innermost block answers."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        with us.simulate() as outer, us.simulate() as inner:
            pool.submit(create_sync, OpenAI()).result()
            assert (len(outer.requests), len(inner.requests)) == (0, 1)


def test_parallel_tests_in_threads_never_see_each_other() -> None:
    """Two services in two threads at once: each answers its own thread, also on a client both share."""
    shared = OpenAI(api_key="sk-any")
    barrier = threading.Barrier(2)

    def one_test(seed: int) -> tuple[str, int]:
        with us.simulate(seed=seed) as backend:
            barrier.wait(5)
            made = create_sync(shared)
            barrier.wait(5)
            return made, len(backend.requests)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one_test, [1, 2]))
    assert [count for _, count in results] == [1, 1]
    assert results[0][0] != results[1][0]


def stray_among_two_tests(client: OpenAI, *, is_of_the_first: bool) -> tuple[list[int], str | None]:
    """How many requests came to each of two services in parallel, and the error that a thread of neither met with a client.
    `is_of_the_first`: the client has asked in the first test before.
    """
    everybody = threading.Barrier(3)

    def one_test(asks: bool) -> int:
        everybody.wait(5)  # all three threads exist before any service does
        with us.simulate() as backend:
            if asks:
                create_sync(client)
            everybody.wait(5)
            everybody.wait(5)
            return len(backend.requests)

    def stray() -> str | None:
        everybody.wait(5)
        everybody.wait(5)
        error = create_or_error(client)
        everybody.wait(5)
        return error

    with ThreadPoolExecutor(3) as pool:
        tests = [pool.submit(one_test, is_of_the_first), pool.submit(one_test, False)]
        error = pool.submit(stray).result()
        return [test.result() for test in tests], error


def test_a_stray_thread_among_parallel_tests_is_refused() -> None:
    """When nothing tells which of several services a request is for, it is refused with the reason, not guessed."""
    counts, error = stray_among_two_tests(OpenAI(api_key="sk-any", max_retries=0), is_of_the_first=False)
    assert counts == [0, 0]
    assert error is not None
    assert "sent on a thread that no test started, while 2 tests run in parallel" in error


def test_a_stray_thread_with_a_client_of_a_test() -> None:
    """A client that has asked in a test belongs to it, also on a thread that belongs to none."""
    counts, error = stray_among_two_tests(OpenAI(api_key="sk-any", max_retries=0), is_of_the_first=True)
    assert counts == [2, 0]
    assert error is None


def create_or_error(client: OpenAI) -> str | None:
    try:
        create_sync(client)
    except openai.APIStatusError as error:
        return str(error)
    return None


def test_nested_the_innermost_answers() -> None:
    """Inside a second block the second service answers, and the first again after it."""
    client = OpenAI(api_key="sk-any")
    with us.simulate() as outer:
        with us.simulate() as inner:
            create_sync(client)
        create_sync(client)
        create_sync(client)
        assert (len(outer.requests), len(inner.requests)) == (2, 1)


def test_a_block_that_is_left_in_another_context() -> None:
    """Runners of async fixtures enter a block in one context and leave it in another: it is over in both, and only it."""
    block, client = ExitStack(), OpenAI(api_key="sk-any")
    with us.simulate() as outer:
        elsewhere = contextvars.copy_context()
        inner = elsewhere.run(block.enter_context, us.simulate())
        with us.simulate() as mine:
            block.close()
            create_sync(client)
        elsewhere.run(create_sync, client)
    assert [len(backend.requests) for backend in (outer, inner, mine)] == [1, 0, 1]


def test_a_request_in_the_moment_in_which_a_block_ends() -> None:
    """A request that is on its way when the last block is left, as one of another thread may be, goes where it was going."""
    block = ExitStack()

    class Late(httpx.Client):
        def _transport_for_url(self, url: Any) -> Any:
            find = super()._transport_for_url
            block.close()
            return find(url)

    backend = block.enter_context(us.simulate())
    with Late(transport=Elsewhere()) as client:
        assert client.get("https://api.openai.com/v1/models").status_code == 204
    assert backend.requests == []


async def test_parallel_tasks_see_their_own() -> None:
    """Services in parallel tasks are as separate as in threads."""
    client = AsyncOpenAI(api_key="sk-any")

    async def one_test(seed: int) -> int:
        with us.simulate(seed=seed) as backend:
            for _ in range(3):
                await client.beta.assistants.create(model="gpt-4o")
                await asyncio.sleep(0)
            return len(backend.requests)

    assert await asyncio.gather(*(one_test(seed) for seed in range(4))) == [3, 3, 3, 3]


def test_a_hook_that_does_not_bite_is_loud(unhooked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """If an HTTP library stopped asking the hooked method, activation says so before anything is sent."""
    from understudy._http import activation

    monkeypatch.setattr(activation, "HOOK", "_renamed_in_a_later_version")
    monkeypatch.setattr(activation, "_tested", set())
    with pytest.raises(RuntimeError, match=r"cannot intercept httpx.*Nothing was sent"):
        with us.simulate():
            pytest.fail("activated")


def test_the_key_is_there_only_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key before, a supplied one meanwhile, none after; a key of the app's own is left alone."""
    with us.simulate():
        assert os.environ["OPENAI_API_KEY"]
    assert "OPENAI_API_KEY" not in os.environ
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    with us.simulate():
        assert os.environ["OPENAI_API_KEY"] == "sk-mine"


def test_an_empty_key_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app whose key is set and empty is supplied with one, too, and finds it empty again."""
    monkeypatch.setenv("OPENAI_API_KEY", "")
    with us.simulate():
        assert os.environ["OPENAI_API_KEY"]
    assert os.environ["OPENAI_API_KEY"] == ""


def test_a_key_that_is_set_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the app reads from somewhere inside the block is the app's: it is still there afterwards."""
    with us.simulate():
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-app")
    assert os.environ["OPENAI_API_KEY"] == "sk-of-the-app"


def test_streams_arrive_event_by_event(understudy: us.Backend) -> None:
    """What a stream has not sent yet has not happened: the service goes on only as the app reads."""
    client = OpenAI()
    assistant = client.beta.assistants.create(model="gpt-4o")
    understudy.next_run(us.Reply("one two three"))
    stream = client.beta.threads.create_and_run(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Count."}]}, stream=True
    )
    seen = []
    for event in stream:
        seen.append(event.event)
        if event.event == "thread.run.in_progress":
            assert understudy.runs[0].status == "in_progress"
            assert len(understudy.messages(understudy.threads[0].id)) == 1
    assert understudy.runs[0].status == "completed"
    assert seen[0] == "thread.created"
    assert seen[-1] == "thread.run.completed"
