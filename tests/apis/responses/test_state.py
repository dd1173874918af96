"""Conversations, and responses that outlive their request."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Condition, Event, Thread
from typing import Any

import openai
import pytest

from understudy import FunctionCall, Reply, simulate
from understudy._engine import overlap
from understudy.scripts import Hang, Wait

MODEL = "gpt-4o-mini"
TOOL: Any = {"type": "function", "name": "f", "parameters": {}}


def texts(items: Any) -> list[str]:
    return [item.content[0].text for item in items]


def test_a_conversation_keeps_what_was_said() -> None:
    """A response in a conversation appends its input and its output, in order."""
    with simulate(script=(Reply("Yes."),)) as backend:
        client = backend.client()
        made = client.conversations.create(items=[{"role": "system", "content": "Be kind."}], metadata={"a": "b"})
        response = client.responses.create(model=MODEL, input="There?", conversation=made.id)
        assert response.conversation is not None
        assert response.conversation.id == made.id
        assert response.id[5:21] == made.id[-16:]
        listed = client.conversations.items.list(made.id)
        assert texts(listed.data) == ["Yes.", "There?", "Be kind."]
        assert texts(client.conversations.items.list(made.id, order="asc").data) == ["Be kind.", "There?", "Yes."]
        assert [item.content[0].text for item in backend.items(made.id)] == ["Be kind.", "There?", "Yes."]
        item = client.conversations.items.retrieve(listed.data[0].id or "", conversation_id=made.id)
        assert item == listed.data[0]


def test_managing_conversations() -> None:
    """Conversations and their items are made, changed and deleted; what is gone is a 404."""
    with simulate() as backend:
        client = backend.client()
        made = client.conversations.create(metadata={"a": "b"})
        assert client.conversations.update(made.id, metadata={"c": "d"}).metadata == {"c": "d"}
        added = client.conversations.items.create(made.id, items=[{"role": "user", "content": "x"}])
        item_id = added.data[0].id or ""
        client.conversations.items.delete(item_id, conversation_id=made.id)
        with pytest.raises(openai.NotFoundError, match=f"Item with id '{item_id}' not found in conversation."):
            client.conversations.items.retrieve(item_id, conversation_id=made.id)
        assert client.conversations.delete(made.id).deleted
        with pytest.raises(openai.NotFoundError, match=f"Conversation with id '{made.id}' not found."):
            client.conversations.delete(made.id)


def test_a_running_response_locks_its_conversation() -> None:
    """While a response runs in a conversation, others are refused."""
    with simulate(time="manual") as backend:
        client = backend.client(max_retries=0)
        made = backend.add_conversation(items=["Hello."])
        client.responses.create(model=MODEL, input="x", conversation=made.id, background=True)
        with pytest.raises(openai.BadRequestError) as caught:
            client.responses.create(model=MODEL, input="x", conversation=made.id)
        assert caught.value.code == "conversation_locked"
        backend.clock.advance(60)
        assert client.responses.create(model=MODEL, input="x", conversation=made.id).status == "completed"


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("mode", ["poll", "manual", "sleep"])
def test_two_threads_meet_the_lock(monkeypatch: pytest.MonkeyPatch, mode: Any, streamed: bool) -> None:
    """Of two threads that ask in one conversation at once, in the foreground, one is refused; alone, each gets in."""
    monkeypatch.setattr(overlap, "PATIENCE_SECONDS", 60)  # however busy the machine is
    with simulate(time=mode, script=(Wait(5), Reply("Yes."))) as backend:
        conversation = backend.add_conversation().id
        barrier = Barrier(2)

        def ask() -> str | None:
            client = backend.client(max_retries=0)
            barrier.wait()
            try:
                answer: Any = client.responses.create(model=MODEL, input="x", conversation=conversation, stream=streamed)
                return str(list(answer)[-1].response.status if streamed else answer.status)
            except openai.BadRequestError as refusal:
                return refusal.code

        with ThreadPoolExecutor(2) as pool:
            ended = [one.result() for one in [pool.submit(ask), pool.submit(ask)]]
        assert sorted(map(str, ended)) == ["completed", "conversation_locked"]
        assert backend.client().responses.create(model=MODEL, input="x", conversation=conversation).status == "completed"
        assert len(backend.items(conversation)) == 4


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("mode", ["poll", "manual", "sleep"])
def test_two_tasks_meet_the_lock(mode: Any, streamed: bool) -> None:
    """Of two tasks that ask in one conversation at once, in the foreground, one is refused; in turn, each gets in."""

    async def ask(client: openai.AsyncOpenAI, conversation: str) -> str:
        try:
            answer: Any = await client.responses.create(model=MODEL, input="x", conversation=conversation, stream=streamed)
            return str([event async for event in answer][-1].response.status if streamed else answer.status)
        except openai.BadRequestError as refusal:
            return str(refusal.code)

    async def both(client: openai.AsyncOpenAI, *conversations: str) -> list[str]:
        return sorted(await asyncio.gather(*[ask(client, one) for one in conversations]))

    async def app() -> None:
        client = backend.async_client(max_retries=0)
        one, other = backend.add_conversation().id, backend.add_conversation().id
        assert await both(client, one, one) == ["completed", "conversation_locked"]
        assert await both(client, one, other) == ["completed", "completed"]
        assert [await ask(client, one) for _ in range(2)] == ["completed", "completed"]
        assert len(backend.items(one)) == 8

    with simulate(time=mode, script=(Wait(5), Reply("Yes."))) as backend:
        asyncio.run(app())


def test_an_answer_that_lets_other_tasks_ask_is_shown_by_its_status() -> None:
    """What two tasks asked at once is listed as what it was answered, neither as a stream nor as one left open."""

    async def app() -> None:
        client = backend.async_client(max_retries=0)
        asked = [client.responses.create(model=MODEL, input="x", conversation=conversation) for _ in range(2)]
        await asyncio.gather(*asked, return_exceptions=True)

    error = RuntimeError()
    with simulate() as backend:
        conversation = backend.add_conversation().id
        asyncio.run(app())
        backend.generated("x", 1)
        backend.explain(error)
        assert not backend.hints
    answers = [line.partition("-> ")[2][:13] for line in "".join(error.__notes__).splitlines() if "responses.create" in line]
    assert answers == ["completed", "400 Another p"]


def test_an_unanswered_call_poisons_a_conversation_until_it_is_deleted() -> None:
    """Every later turn is a 400, until the call's item is deleted."""
    with simulate() as backend:
        client = backend.client()
        backend.next_run(FunctionCall("f"), Reply("never"))
        made = client.conversations.create()
        called = client.responses.create(model=MODEL, input="x", conversation=made.id, tools=[TOOL])
        for _ in range(2):
            with pytest.raises(openai.BadRequestError, match="No tool output found"):
                client.responses.create(model=MODEL, input="y", conversation=made.id)
        client.conversations.items.delete(called.output[0].id or "", conversation_id=made.id)
        assert client.responses.create(model=MODEL, input="y", conversation=made.id).status == "completed"


def test_scripts_for_a_conversation() -> None:
    """`thread=` takes a conversation's id; a script for an assistant fits no response."""
    with simulate(strict=False) as backend:
        client = backend.client()
        made = client.conversations.create()
        backend.next_run(Reply("assistant's"), assistant="asst_x")
        backend.next_run(Reply("conversation's"), thread=made.id)
        backend.every_run(Reply("anyone's"))
        assert client.responses.create(model=MODEL, input="x").output_text == "anyone's"
        assert client.responses.create(model=MODEL, input="x", conversation=made.id).output_text == "conversation's"


def test_background_in_poll_mode() -> None:
    """A background response is queued, and polling carries it to its end."""
    with simulate(script=(Reply("Done."),)) as backend:
        client = backend.client()
        response = client.responses.create(model=MODEL, input="x", background=True)
        seen = [response.status]
        while response.status in ("queued", "in_progress"):
            response = client.responses.retrieve(response.id)
            seen.append(response.status)
        assert list(dict.fromkeys(seen)) == ["queued", "in_progress", "completed"]
        assert response.output_text == "Done."


@pytest.mark.parametrize("appends", [True, False])
def test_background_in_a_conversation(appends: bool) -> None:
    """What runs in the background adds its items to its conversation and locks it, or does neither, as is set."""
    with simulate(script=(FunctionCall("f"), Reply("Yes."))) as backend:
        assert backend.background_appends
        backend.background_appends = appends
        client = backend.client(max_retries=0)
        made = backend.add_conversation(items=["Hello."])
        asked: Any = {"model": MODEL, "conversation": made.id, "tools": [TOOL]}
        running = client.responses.create(input="There?", background=True, **asked)
        assert running.conversation is not None
        assert running.conversation.id == made.id
        while running.status != "completed":
            running = client.responses.retrieve(running.id)
        (call,) = running.output
        assert call.type == "function_call"
        assert len(backend.items(made.id)) == (3 if appends else 1)
        output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "42"}]
        if appends:
            assert client.responses.create(input=output, **asked).output_text == "Yes."
        else:  # so its call is not the conversation's, and nothing waits for its output
            with pytest.raises(openai.BadRequestError, match="No tool call found"):
                client.responses.create(input=output, **asked)
            assert client.responses.create(input="There?", **asked).status == "completed"


def test_cancel() -> None:
    """A background response is cancelled at once and again; one in the foreground cannot be."""
    with simulate() as backend:
        client = backend.client()
        backend.next_run(Hang())
        response = client.responses.create(model=MODEL, input="x", background=True)
        for _ in range(2):
            cancelled = client.responses.cancel(response.id)
            assert (cancelled.status, cancelled.output, cancelled.usage) == ("cancelled", [], None)
        foreground = client.responses.create(model=MODEL, input="x")
        with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
            client.responses.cancel(foreground.id)


@pytest.mark.parametrize("cut_at", range(8))
def test_a_stream_is_resumed_where_it_was_cut(cut_at: int) -> None:
    """Whatever number a stream is resumed after, while it runs or afterwards, the rest is the same."""
    with simulate(script=(Reply("One two three."),)) as backend:
        client = backend.client()
        whole = list(client.responses.create(model=MODEL, input="x", background=True, stream=True))
        running = client.responses.create(model=MODEL, input="x", background=True, stream=True)
        first = [next(iter(running)) for _ in range(cut_at + 1)]
        running.close()
        response_id = first[0].response.id  # type: ignore[union-attr]
        for _ in range(2):
            rest = list(client.responses.retrieve(response_id, stream=True, starting_after=cut_at))
            assert [event.type for event in [*first, *rest]] == [event.type for event in whole]
            assert [event.sequence_number for event in [*first, *rest]] == list(range(len(whole)))


def test_closing_a_foreground_stream_ends_it() -> None:
    """Whoever closes the stream of a foreground response has no response. [REP]"""
    with simulate(script=(Reply("One two three."),)) as backend:
        client = backend.client()
        stream = client.responses.create(model=MODEL, input="x", stream=True)
        response_id = next(iter(stream)).response.id  # type: ignore[union-attr]
        stream.close()
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(response_id)


def test_timeline() -> None:
    """A response has a timeline, in the words of its stream."""
    with simulate(script=(Reply("One two."),)) as backend:
        response = backend.client().responses.create(model=MODEL, input="x")
        text = str(backend.timeline(response.id))
        assert "completed after" in text
        assert "One two." in text


def test_prompts_are_refused_with_a_sentence() -> None:
    """`prompt=` is answered 501 with the reason, not half done."""
    with pytest.raises(AssertionError, match="2026-11-30"), simulate() as backend:
        with pytest.raises(openai.APIStatusError, match="v1/prompts end"):
            backend.client().responses.create(model=MODEL, prompt={"id": "pmpt_x"})


def test_a_message_put_in_hides_no_open_call() -> None:
    """A call stays open, whatever the app puts into the conversation behind it; its output deleted, it is open again."""
    with simulate(script=(FunctionCall("f"), Reply("Yes."))) as backend:
        client, made = backend.client(), backend.add_conversation()
        asked: Any = {"model": MODEL, "tools": [TOOL], "conversation": made.id}
        call = client.responses.create(input="x", **asked).output[0]
        client.conversations.items.create(made.id, items=[{"type": "message", "role": "user", "content": "Hm."}])
        text = f"No tool output found for function call {call.call_id}."
        with pytest.raises(openai.BadRequestError, match=text):
            client.responses.create(input="y", **asked)
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "1"}
        client.responses.create(input=[output], **asked)
        item = next(item for item in client.conversations.items.list(made.id) if item.type == "function_call_output")
        client.conversations.items.delete(item.id or "", conversation_id=made.id)
        with pytest.raises(openai.BadRequestError, match=text):
            client.responses.create(input="z", **asked)


def test_stored_responses_are_kept_for_thirty_days() -> None:
    """After 30 days a response is gone, also to go on from; one in a conversation, and its items, stay."""
    with simulate(script=Reply("Yes.")) as backend:
        client, made = backend.client(), backend.add_conversation()
        old = client.responses.create(model=MODEL, input="x")
        held = client.responses.create(model=MODEL, input="x", conversation=made.id)
        backend.clock.advance(30 * 86_400 - 60)
        assert client.responses.retrieve(old.id).id == old.id
        following = client.responses.create(model=MODEL, input="y", previous_response_id=old.id)
        backend.clock.advance(120)
        with pytest.raises(openai.NotFoundError, match=f"Response with id '{old.id}' not found"):
            client.responses.retrieve(old.id)
        with pytest.raises(openai.BadRequestError, match=f"Previous response with id '{old.id}' not found"):
            client.responses.create(model=MODEL, input="y", previous_response_id=old.id)
        assert [response.id for response in backend.responses] == [held.id, following.id]
        assert client.responses.retrieve(following.id).previous_response_id == old.id
        assert len(client.conversations.items.list(made.id).data) == 2


def test_workers_that_ask_nothing_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever locks a conversation lets other threads ask first, but not again and again where they never do."""
    waits: list[float | None] = []
    end = Event()
    with simulate(script=Reply("Hi."), strict=False) as backend:
        worker = Thread(target=end.wait)
        worker.start()
        monkeypatch.setattr(Condition, "wait_for", lambda self, ready, timeout=None: waits.append(timeout))
        client = backend.client()
        conversation = client.conversations.create().id
        for _ in range(20):
            client.responses.create(model="gpt-4o", input="Hi", conversation=conversation)
        end.set()
        worker.join()
    assert len(waits) == 5
