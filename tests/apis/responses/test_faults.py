"""Faults on the Responses API, by operation and by stream event."""

from __future__ import annotations

from typing import Any, get_args

import openai
import pytest

from tests.client_kinds import SDK_LIB
from understudy import Reply, ResponseItem, faults, simulate
from understudy._apis.names import EventName
from understudy._apis.responses.event_names import GivenItemEventName
from understudy.faults import NotFound, RateLimited, ReorderedEvents, StreamCut, StreamError, Timeout, What

MODEL = "gpt-4o-mini"


def test_by_operation() -> None:
    """A fault named by the operation strikes it, and only it."""
    with simulate() as backend:
        client = backend.client(max_retries=0)
        backend.fault(RateLimited(), on="responses.retrieve")
        response = client.responses.create(model=MODEL, input="x")
        with pytest.raises(openai.RateLimitError):
            client.responses.retrieve(response.id)
        assert client.responses.retrieve(response.id).id == response.id


@pytest.mark.parametrize("event", [None, "response.output_text.delta", 2])
def test_a_stream_is_cut(event: Any) -> None:
    """A cut comes before the event named, by default before the last; a background response can be resumed after it."""
    with simulate(script=(Reply("One two three."),)) as backend:
        client = backend.client(max_retries=0)
        backend.fault(StreamCut(), on="responses.create", event=event)
        seen = list(client.responses.create(model=MODEL, input="x", background=True, stream=True))
        assert "response.completed" not in [got.type for got in seen]
        response_id = seen[0].response.id  # type: ignore[union-attr]
        last = seen[-1].sequence_number
        rest = list(client.responses.retrieve(response_id, stream=True, starting_after=last))
        assert rest[-1].type == "response.completed"
        assert [got.sequence_number for got in [*seen, *rest]] == list(range(len(seen) + len(rest)))


GIVEN: dict[str, Any] = {
    "web_search_call": {"status": "completed", "action": {"type": "search", "query": "x"}},
    "image_generation_call": {"status": "completed", "result": "aGk="},
    "mcp_list_tools": {"server_label": "m", "tools": []},
    "mcp_call": {"server_label": "m", "name": "f", "arguments": "{}", "output": "1"},
    "custom_tool_call": {"call_id": "call_1", "name": "sql", "input": "SELECT 1"},
    "message": {"role": "assistant", "status": "completed", "content": [{"type": "refusal", "refusal": "No."}]},
}


@pytest.mark.parametrize("kind", GIVEN)
def test_a_stream_is_cut_in_an_item_given_as_json(kind: str) -> None:
    """Every event in which an item given as JSON is streamed can be named as the place of a fault."""
    script = ResponseItem({"type": kind, **GIVEN[kind]})
    tools: Any = [{"type": "custom", "name": "sql"}, {"type": "web_search"}, {"type": "image_generation"}]
    tools.append({"type": "mcp", "server_label": "m", "server_url": "https://mcp.example"})
    asked: Any = {"model": MODEL, "input": "x", "tools": tools, "stream": True}
    with simulate() as backend:
        backend.next_run(script)
        with backend.client(max_retries=0).responses.with_streaming_response.create(**asked) as answer:
            names = [line.removeprefix("event: ") for line in answer.iter_lines() if line.startswith("event: ")]
    for name in {*names} & {*get_args(GivenItemEventName)}:
        with simulate() as backend:
            backend.next_run(script)
            backend.fault(StreamCut(), on="responses.create", event=name)
            with backend.client(max_retries=0).responses.with_streaming_response.create(**asked) as answer:
                got = [line.removeprefix("event: ") for line in answer.iter_lines() if line.startswith("event: ")]
            assert got == names[: names.index(name)]
    assert any(name in get_args(GivenItemEventName) for name in names)
    assert {*names} <= {*get_args(EventName)}


def test_a_stream_fails() -> None:
    """An error event carries a number, and the SDK raises it."""
    with simulate(script=(Reply("One two three."),)) as backend:
        client = backend.client(max_retries=0)
        backend.fault(StreamError(message="Broken."), on="responses.create")
        with pytest.raises(openai.APIError, match="Broken"):
            list(client.responses.create(model=MODEL, input="x", stream=True))


RETRIED: list[What] = [
    RateLimited(),
    faults.ServerError(),
    faults.Overloaded(),
    Timeout(),
    faults.ConnectionReset(),
    faults.HTMLBody(),
]
# What the SDK raises without its retries.
RAISED: dict[type[What], type[Exception]] = {
    RateLimited: openai.RateLimitError,
    faults.ServerError: openai.InternalServerError,
    faults.Overloaded: openai.InternalServerError,
    Timeout: openai.APITimeoutError,
    faults.ConnectionReset: openai.APIConnectionError,
    faults.HTMLBody: openai.InternalServerError,
}


def create(client: Any, *, is_streamed: bool) -> str:
    """The status that a response ends in, polled for or streamed."""
    made = client.responses.create(model=MODEL, input="x", stream=is_streamed)
    if not is_streamed:
        return str(made.status)
    return str(list(made)[-1].response.status)


async def create_async(client: Any, *, is_streamed: bool) -> str:
    """The same with the asynchronous client."""
    made = await client.responses.create(model=MODEL, input="x", stream=is_streamed)
    if not is_streamed:
        return str(made.status)
    return str([event async for event in made][-1].response.status)


@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("what", RETRIED, ids=lambda what: type(what).__name__)
def test_what_the_sdk_retries(what: What, is_streamed: bool) -> None:
    """A fault before the first byte of a create is raised under its name, and with retries the same script is played."""
    with simulate(time="sleep") as backend:
        backend.next_run(Reply("One."))
        backend.fault(what, on="responses.create", times=2)
        with pytest.raises(RAISED[type(what)]):
            create(backend.client(max_retries=0), is_streamed=is_streamed)
        assert create(backend.client(), is_streamed=is_streamed) == "completed"
        assert len(backend.requests) == 3
        assert [response.status for response in backend.responses] == ["completed"]


@pytest.mark.parametrize("is_streamed", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("what", RETRIED, ids=lambda what: type(what).__name__)
async def test_what_the_sdk_retries_async(what: What, is_streamed: bool) -> None:
    """The asynchronous client meets the same faults under the same names, and retries them."""
    with simulate(time="sleep") as backend:
        backend.next_run(Reply("One."))
        backend.fault(what, on="responses.create", times=2)
        with pytest.raises(RAISED[type(what)]):
            await create_async(backend.async_client(max_retries=0), is_streamed=is_streamed)
        assert await create_async(backend.async_client(), is_streamed=is_streamed) == "completed"
        assert len(backend.requests) == 3


@pytest.mark.parametrize("what", [Timeout(), faults.ConnectionReset()], ids=lambda what: type(what).__name__)
def test_a_stream_that_breaks_is_not_retried(what: What) -> None:
    """What breaks inside a stream reaches the app, in 1.x under its HTTP library's name, and is not sent again."""
    with simulate() as backend:
        backend.fault(what, on="responses.create", event="response.output_text.delta")
        with pytest.raises((RAISED[type(what)], SDK_LIB.TransportError)):
            create(backend.client(), is_streamed=True)
        assert len(backend.requests) == 1


@pytest.mark.parametrize("what", [faults.DuplicateEvents(), ReorderedEvents()], ids=lambda what: type(what).__name__)
@pytest.mark.parametrize("event", [None, "response.output_text.delta", "response.completed"])
def test_no_event_is_lost(what: What, event: str | None) -> None:
    """Events that arrive twice, or in another order, all arrive: their numbers say so, the last one's too."""
    with simulate(script=(Reply("One two three."),)) as backend:
        client = backend.client()
        undisturbed = len(list(client.responses.create(model=MODEL, input="x", stream=True)))
        backend.fault(what, on="responses.create", event=event)
        numbers = [got.sequence_number for got in client.responses.create(model=MODEL, input="x", stream=True)]
        assert set(numbers) == set(range(undisturbed))
        assert (numbers == sorted(numbers)) is (event == "response.completed" or not isinstance(what, ReorderedEvents))


def test_an_object_that_is_not_found_for_a_while() -> None:
    """`NotFound` on what names a response, a conversation or an item is this API's 404, and passes."""
    with simulate() as backend:
        client = backend.client()
        response = client.responses.create(model=MODEL, input="x")
        conversation = client.conversations.create(items=[{"role": "user", "content": "x"}])
        item = next(iter(client.conversations.items.list(conversation.id)))
        reads = {
            "responses.retrieve": (lambda: client.responses.retrieve(response.id), f"Response with id '{response.id}'"),
            "conversations.retrieve": (
                lambda: client.conversations.retrieve(conversation.id),
                f"Conversation with id '{conversation.id}'",
            ),
            "conversations.items.retrieve": (
                lambda: client.conversations.items.retrieve(item.id, conversation_id=conversation.id),
                f"Item with id '{item.id}'",
            ),
        }
        for name, (read, text) in reads.items():
            backend.fault(NotFound(), on=name)
            with pytest.raises(openai.NotFoundError, match=text):
                read()
            assert read().id


def test_nothing_is_made_twice_by_a_slow_answer() -> None:
    """A create that is slower than the client's patience is given up by it, and its retry plays the same script."""
    with simulate(time="sleep") as backend:
        backend.next_run(Reply("One."))
        backend.fault(faults.Slow(700), on="responses.create")
        response = backend.client(timeout=60).responses.create(model=MODEL, input="x")
        assert response.output_text == "One."
