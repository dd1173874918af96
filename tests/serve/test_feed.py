"""What a page that watches a simulation is sent: what there is, then each change, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.serve.test_admin import Caller
from understudy import ConnectionReset, Hang, Reply, StreamCut
from understudy._common.messages import Abort, Request
from understudy._serve import feed
from understudy._serve.administered import AdministeredSimulation


class Page:
    """A page that watches; it reads when the test says so."""

    def __init__(self, caller: Caller) -> None:
        self._simulation = caller.simulation
        self._events: AsyncIterator[bytes]

    async def connect(self) -> None:
        request = Request("GET", "http://localhost/_understudy/events")
        answer: Any = await AdministeredSimulation(self._simulation).admin(request, "events")
        self._events = aiter(answer.stream)

    async def next(self) -> tuple[str, Any]:
        lines = (await asyncio.wait_for(anext(self._events), 30)).decode().splitlines()
        return lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))

    async def until(self, kind: str, **wanted: Any) -> Any:
        """Read up to an event of a kind with these values."""
        while True:
            name, value = await self.next()
            if name == kind and wanted.items() <= value.items():
                return value


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed looks for what time has changed at once."""
    monkeypatch.setattr(feed, "TICK_SECONDS", 0.001)


def started(caller: Caller, *moves: Any) -> Any:
    """A run in a new thread."""
    backend = caller.simulation.backend
    backend.next_run(*moves)
    made = backend.add_assistant()
    thread = caller.app.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    return caller.app.beta.threads.runs.create(thread.id, assistant_id=made.id)


async def test_a_page_sees_what_there_is_and_what_changes(quick: None) -> None:
    """A run from before is shown with its end, a deleted one no more; a stream is an exchange when it is over."""
    caller = Caller(time="manual")
    late, gone = started(caller, Reply("Late.")), started(caller, Hang())
    page = Page(caller)
    await page.connect()
    assert (await page.until("state"))["mode"] == "manual"
    assert (await page.until("exchange"))["path"] == "/v1/threads"
    assert [(await page.until("run"))["run"]["id"] for _ in range(2)] == [late.id, gone.id]
    caller.app.beta.threads.delete(gone.thread_id)
    await page.until("exchange", method="DELETE")
    caller.simulation.backend.clock.advance(60)
    seen = []
    while not seen or seen[-1][1] != "completed":
        run = (await page.until("run"))["run"]
        seen.append((run["id"], run["status"]))
    assert {run_id for run_id, _ in seen} == {late.id}
    assert (await page.until("state"))["now"] == 1_700_000_060


async def test_a_stream_is_shown_when_it_is_over(quick: None) -> None:
    """The exchange of a stream is sent at its beginning and, with its body, at its end; one cut off says why it broke."""
    caller = Caller()
    run = started(caller, Reply("One."))
    caller.simulation.backend.clock.advance(60)
    page = Page(caller)
    await page.connect()
    await page.until("run")
    asked: Any = {"thread_id": run.thread_id, "assistant_id": run.assistant_id, "stream": True}
    list(caller.app.beta.threads.runs.create(**asked))
    shown = [await page.until("exchange", method="POST") for _ in range(2)]
    assert ["thread.run.completed" in str(one) for one in shown] == [False, True]
    caller.simulation.backend.fault(StreamCut(reset=True), event="thread.run.in_progress")
    list(caller.app.beta.threads.runs.create(**asked))
    broken = [(await page.until("exchange", method="POST"))["broken"] for _ in range(2)]
    assert not broken[0]
    assert "peer closed connection" in broken[1]


async def test_a_connection_that_is_cut_is_shown(quick: None) -> None:
    """A request that was never answered is an exchange, too, and says why."""
    caller = Caller()
    page = Page(caller)
    await page.connect()
    caller.simulation.backend.fault(ConnectionReset())
    request = Request("GET", "http://localhost/v1/models", (("authorization", "Bearer page"),))
    assert isinstance(caller.simulation.handle(request), Abort)
    shown = await page.until("exchange")
    assert (shown["path"], shown["status"], bool(shown["broken"])) == ("/v1/models", None, True)


async def test_a_page_too_far_behind_is_dropped(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that does not read is sent what fits its queue, and its stream ends, so that it connects again."""
    monkeypatch.setattr(feed, "MAX_QUEUED_MESSAGES", 2)
    caller = Caller()
    page = Page(caller)
    await page.connect()
    await page.until("state")
    waits = asyncio.ensure_future(page.next())
    await asyncio.sleep(0)
    for _ in range(5):
        caller.app.models.list()
    assert (await waits)[0] == "exchange"
    with pytest.raises(StopAsyncIteration):
        while True:
            await page.next()
    assert not caller.simulation.feed.is_watched
