"""`simulate()` and `use_cassette()` as objects: used again, and before functions of every kind."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

import understudy as us
from understudy._http import current_handler

THREAD = {"id": "thread_recorded", "object": "thread", "created_at": 1, "metadata": {}}


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A recording in which three threads were made."""
    path = tmp_path / "c.json"
    request = {"method": "POST", "uri": "https://api.openai.com/v1/threads", "body": "{}", "headers": {}}
    answer = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": json.dumps(THREAD)}}
    path.write_text(json.dumps({"version": 1, "interactions": [{"request": request, "response": answer}] * 3}))
    return path


@pytest.fixture(params=["use_cassette", "simulate"])
def world(request: pytest.FixtureRequest, recorded: Path) -> Callable[[], Any]:
    """What makes the object under test."""
    return us.simulate if request.param == "simulate" else functools.partial(us.use_cassette, recorded)


def make() -> str:
    return OpenAI(max_retries=0).beta.threads.create().id


async def make_async() -> str:
    async with AsyncOpenAI(max_retries=0) as client:
        return (await client.beta.threads.create()).id


def test_a_function(world: Callable[[], Any]) -> None:
    """Each call of a decorated function has a world of its own."""

    @world()
    def ask() -> str:
        """Ask."""
        return make()

    assert ask() == ask()
    assert (ask.__name__, ask.__doc__) == ("ask", "Ask.")
    assert current_handler() is None


async def test_a_coroutine_function(world: Callable[[], Any]) -> None:
    """The world is there until the coroutine is done."""

    @world()
    async def ask() -> list[str]:
        return [await make_async(), await make_async()]

    assert inspect.iscoroutinefunction(ask)
    assert [made[:7] for made in await ask()] == ["thread_", "thread_"]
    assert current_handler() is None


def test_a_generator(world: Callable[[], Any]) -> None:
    """The world is there from the first piece to the last; what is sent, thrown and returned passes."""

    @world()
    def ask() -> Iterator[str]:
        try:
            sent = yield make()
        except KeyError:
            sent = "thrown"
        yield f"{sent} {make()}"
        return "done"

    asking = ask()
    assert next(asking).startswith("thread_")
    assert asking.send("sent").startswith("sent thread_")
    with pytest.raises(StopIteration, match="done"):
        next(asking)
    asking = ask()
    next(asking)
    assert asking.throw(KeyError()).startswith("thrown thread_")
    asking.close()
    assert current_handler() is None


async def test_an_async_generator(world: Callable[[], Any]) -> None:
    """Likewise with async generators, and closing one early closes what it holds."""
    closed = []

    @world()
    async def ask() -> AsyncIterator[str]:
        try:
            sent = yield await make_async()
        except KeyError:
            sent = "thrown"
        try:
            yield f"{sent} {await make_async()}"
        finally:
            closed.append(current_handler() is not None)

    assert [made.partition("thread_")[0] async for made in ask()] == ["", "None "]
    asking = ask()
    await asking.asend(None)
    assert (await asking.asend("sent")).startswith("sent thread_")
    asking = ask()
    await asking.asend(None)
    assert (await asking.athrow(KeyError())).startswith("thrown thread_")
    await asking.aclose()
    assert closed == [True, True, True]
    assert current_handler() is None


async def test_what_is_called_like_a_coroutine_function(world: Callable[[], Any]) -> None:
    """Partial functions, methods and objects with an async `__call__` count as what they come to."""

    class Asker:
        async def __call__(self) -> str:
            return await make_async()

        async def ask(self) -> str:
            return await make_async()

    for function in (functools.partial(Asker().ask), Asker().ask, Asker()):
        assert (await world()(function)()).startswith("thread_")


async def make_one_by_one() -> AsyncIterator[str]:
    yield await make_async()


@pytest.mark.parametrize("late", [make_async, lambda: (make() for _ in range(1)), make_one_by_one])
def test_what_would_run_after_the_block_is_refused(world: Callable[[], Any], late: Callable[[], Any]) -> None:
    """A plain function that gives back a coroutine or a generator, sync or async, would ask outside: it says so."""

    @world()
    def ask() -> Any:
        return late()

    with pytest.raises(TypeError, match="runs only after the block"):
        ask()


def test_a_block_has_no_attributes_of_others(world: Callable[[], Any]) -> None:
    """Tools that look for special attributes find none in a block, which is not a wrapped function."""
    with world() as opened:
        assert opened is not None
    block = world()
    assert inspect.unwrap(block) is block
    with block:
        pass


def test_a_class_is_refused(world: Callable[[], Any]) -> None:
    """A class is not called for its tests: a decorator before one would do nothing."""
    with pytest.raises(TypeError, match="decorates a function"):

        @world()
        class TestIt:
            pass


def test_one_object_for_two_blocks(world: Callable[[], Any]) -> None:
    """The same object opens again what it opened before, from the start."""
    again = world()
    made = []
    for _ in range(2):
        with again:
            made.append(make())
    assert made[0] == made[1]


def test_one_object_inside_itself(world: Callable[[], Any]) -> None:
    """Opened while it is open, it says what to do; the outer block goes on."""
    again = world()
    with again:
        with pytest.raises(RuntimeError, match=r"is already open.*call (use_cassette|simulate)\(\.\.\.\) again"):
            again.__enter__()
        assert make().startswith("thread_")


def test_a_block_that_cannot_be_opened_is_not_open(tmp_path: Path) -> None:
    """After an error on entering, the object may be tried again."""
    again = us.use_cassette(tmp_path / "missing.yaml")
    for _ in range(2):
        with pytest.raises(us.UnderstudyError, match=r"missing\.yaml"), again:
            pytest.fail("opened")
