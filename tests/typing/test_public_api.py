# pyright: strict
"""The public API as a typed project uses it: pyright in strict mode knows every type in here (`.ci/run` asks it)."""

from pathlib import Path

from openai import AsyncOpenAI, OpenAI

import understudy as us
from understudy import (
    Backend,
    CodeInterpreter,
    Expire,
    Fail,
    FileSearch,
    FunctionCall,
    Hang,
    Incomplete,
    RateLimited,
    Reply,
    SearchResult,
    Wait,
)

SCRIPTS = (
    (Reply("x = 1"),),
    (FunctionCall("get_weather", {"city": "Paris"}), Reply(chunks=("Sun", "ny."))),
    (CodeInterpreter("print(1)", logs="1\n"), Fail("server_error", "Sorry.")),
    (FileSearch([SearchResult(file_id="file-1", score=0.9, text="...")]), Incomplete("max_prompt_tokens")),
    (Wait(seconds=45), Hang(on_cancel="completes")),
    (Expire(),),
)


def use(backend: Backend) -> tuple[OpenAI, AsyncOpenAI, float, list[str]]:
    """What tests say to a Backend and ask of it."""
    assistant = backend.add_assistant(model="gpt-4o", name="Tutor")
    thread = backend.add_thread(messages=["Hi"])
    backend.add_message(thread.id, "More", role="user", metadata={"a": "b"})
    backend.next_run(*SCRIPTS[0], assistant=assistant.id)
    backend.every_run(Reply("default"), when="weather")
    backend.fault(RateLimited(retry_after=2), on="runs.retrieve", times=1)
    backend.next_ids("thread_pinned")
    backend.clock.advance(600)
    backend.pass_through("/chat/completions")
    seen = [request.path for request in backend.requests]
    return backend.client(), backend.async_client(), backend.clock.now(), seen


def test_types_are_what_they_say() -> None:
    """What the annotations promise is what comes."""
    with us.simulate(seed=7, strict=False) as backend:
        client, async_client, now, seen = use(backend)
        assert isinstance(client, OpenAI)
        assert isinstance(async_client, AsyncOpenAI)
        assert (now, seen) == (1_700_000_600, [])
        backend.close()


def test_a_cassette_is_typed() -> None:
    """`use_cassette` gives a Cassette with its path and interactions."""
    path = Path(__file__).resolve().parents[2] / "cassettes" / "tutorial.yaml"
    with us.use_cassette(path) as cassette:
        assert cassette.path == path
        assert cassette.played == []
