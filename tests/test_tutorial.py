"""The tutorial conversation, field by field: on every openai SDK generation, sync, async and streamed."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import AssistantEventHandler, AsyncAssistantEventHandler, AsyncOpenAI, OpenAI

import understudy as us
from understudy import Reply

ASSISTANT = "asst_YhNjYRQT38e4I5N8WsZ7ihz1"
THREAD = "thread_5uZgyTMf0t7Im9TPxvAVDmUD"
QUESTION = "msg_9x1SPRtQLbWqXMVNIXkBZ0tF"
RUN = "run_EF9AwlwFnOQJ3wPRCIdNGVaS"
ANSWER = "msg_aFjIRT2SoI0i3zcAVlFsx3Yn"
QUESTION_TEXT = "I need to solve the equation `3x + 11 = 14`. Can you help me?"
ANSWER_TEXT = r"The solution to the equation \(3x + 11 = 14\) is \(x = 1\)."
INSTRUCTIONS = "Please address the user as Jane Doe. The user has a premium account."
ASKED_AT, RUN_AT, ANSWERED_AT = 1699425718, 1699425952, 1699425958

pytestmark = pytest.mark.understudy(start=ASKED_AT)


@pytest.fixture
def tutorial(understudy: us.Backend) -> us.Backend:
    understudy.add_assistant(
        id=ASSISTANT, model="gpt-4-1106-preview", tools=[{"type": "code_interpreter"}], created_at=1699000000
    )
    understudy.next_ids(THREAD, QUESTION, RUN, ANSWER)
    understudy.next_run(Reply(ANSWER_TEXT))
    return understudy


def ask(client: OpenAI, tutorial: us.Backend) -> Any:
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(thread.id, role="user", content=QUESTION_TEXT)
    check_question(thread, message)
    tutorial.clock.advance(RUN_AT - ASKED_AT)


def check_question(thread: Any, message: Any) -> None:
    assert thread.id == THREAD
    assert message.to_dict() == {
        "id": QUESTION,
        "object": "thread.message",
        "created_at": ASKED_AT,
        "assistant_id": None,
        "thread_id": THREAD,
        "run_id": None,
        "role": "user",
        "content": [{"type": "text", "text": {"value": QUESTION_TEXT, "annotations": []}}],
        "attachments": [],
        "metadata": {},
    }


def check_created_run(run: Any) -> None:
    assert run.id == RUN
    assert (run.created_at, run.expires_at) == (RUN_AT, RUN_AT + 600)
    assert (run.status, run.instructions, run.metadata) == ("queued", INSTRUCTIONS, {})
    assert (run.assistant_id, run.thread_id, run.model) == (ASSISTANT, THREAD, "gpt-4-1106-preview")
    for name in ("started_at", "completed_at", "cancelled_at", "failed_at", "last_error", "required_action"):
        assert getattr(run, name) is None, name


def check_page(page: Any) -> None:
    assert [message.id for message in page.data] == [ANSWER, QUESTION]
    answer = page.data[0]
    assert (answer.role, answer.created_at) == ("assistant", ANSWERED_AT)
    assert (answer.run_id, answer.assistant_id) == (RUN, ASSISTANT)
    assert answer.content[0].text.value == ANSWER_TEXT
    assert (page.first_id, page.last_id, page.has_more) == (ANSWER, QUESTION, False)


def test_polled(tutorial: us.Backend) -> None:
    """A plain polling loop sees queued, in_progress, completed, and the answer first in the list."""
    client = OpenAI()
    ask(client, tutorial)
    run = client.beta.threads.runs.create(THREAD, assistant_id=ASSISTANT, instructions=INSTRUCTIONS)
    check_created_run(run)
    seen = [run.status]
    while run.status != "completed":
        run = client.beta.threads.runs.retrieve(run.id, thread_id=THREAD)
        seen.append(run.status)
    assert seen == ["queued", "in_progress", "completed"]
    assert run.expires_at is None
    assert run.usage is not None
    page = client.beta.threads.messages.list(THREAD)
    assert type(page).__name__ == "SyncCursorPage[Message]"
    check_page(page)
    steps = client.beta.threads.runs.steps.list(RUN, thread_id=THREAD).data
    assert [(step.type, step.status) for step in steps] == [("message_creation", "completed")]


async def test_async(tutorial: us.Backend) -> None:
    """The same with the async client and the SDK's own poller, at its defaults."""
    client = AsyncOpenAI()
    thread = await client.beta.threads.create()
    check_question(thread, await client.beta.threads.messages.create(thread.id, role="user", content=QUESTION_TEXT))
    tutorial.clock.advance(RUN_AT - ASKED_AT)
    run = await client.beta.threads.runs.create_and_poll(thread_id=THREAD, assistant_id=ASSISTANT, instructions=INSTRUCTIONS)
    assert (run.id, run.status, run.created_at) == (RUN, "completed", RUN_AT)
    check_page(await client.beta.threads.messages.list(THREAD))


def in_rest_view(streamed: dict[str, Any]) -> dict[str, Any]:
    from understudy._apis.assistants.views import to_rest

    return to_rest(dict(streamed))


def test_streamed(tutorial: us.Backend) -> None:
    """What an AssistantEventHandler ends with equals what retrieve returns, the view differences aside."""
    client = OpenAI()
    ask(client, tutorial)
    texts: list[str] = []

    class Handler(AssistantEventHandler):
        def on_text_delta(self, delta: Any, snapshot: Any) -> None:
            texts.append(delta.value)

    with client.beta.threads.runs.stream(
        thread_id=THREAD, assistant_id=ASSISTANT, instructions=INSTRUCTIONS, event_handler=Handler()
    ) as stream:
        stream.until_done()
        final_run = stream.get_final_run()
        final_messages = stream.get_final_messages()
    assert "".join(texts) == ANSWER_TEXT
    assert len(texts) > 5
    retrieved = client.beta.threads.runs.retrieve(RUN, thread_id=THREAD)
    assert in_rest_view(final_run.to_dict()) == retrieved.to_dict()
    message = client.beta.threads.messages.retrieve(ANSWER, thread_id=THREAD)
    assert [in_rest_view(each.to_dict()) for each in final_messages] == [message.to_dict()]
    check_page(client.beta.threads.messages.list(THREAD))


async def test_streamed_async(tutorial: us.Backend) -> None:
    """The async stream helper ends with the same run and message."""
    client = AsyncOpenAI()
    await client.beta.threads.create(messages=[{"role": "user", "content": QUESTION_TEXT}])
    tutorial.clock.advance(RUN_AT - ASKED_AT)
    async with client.beta.threads.runs.stream(
        thread_id=THREAD, assistant_id=ASSISTANT, event_handler=AsyncAssistantEventHandler()
    ) as stream:
        await stream.until_done()
        final_run = await stream.get_final_run()
    retrieved = await client.beta.threads.runs.retrieve(RUN, thread_id=THREAD)
    assert in_rest_view(final_run.to_dict()) == retrieved.to_dict()
    check_page(await client.beta.threads.messages.list(THREAD))


def test_on_a_client_that_nothing_is_patched_for(tutorial: us.Backend) -> None:
    """`backend.client()` reaches the same service by its own transport."""
    client = tutorial.client()
    assert isinstance(client, openai.OpenAI)
    ask(client, tutorial)
    run = client.beta.threads.runs.create_and_poll(thread_id=THREAD, assistant_id=ASSISTANT)
    assert run.status == "completed"
    check_page(client.beta.threads.messages.list(THREAD))
