"""Follows a run as an app does that streams: through `AssistantEventHandler`, submitting outputs when asked, to the end."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import reject
from openai import AssistantEventHandler, AsyncAssistantEventHandler, AsyncOpenAI, BadRequestError, OpenAI

from tests.engine.app import ASSISTANT, outputs_for


@dataclass
class Followed:
    """What handlers were told of one run, over all of its streams. Objects are plain JSON values."""

    events: list[tuple[str, Any]] = field(default_factory=list)
    run: Any = None
    steps_done: dict[str, Any] = field(default_factory=dict)
    steps_accumulated: dict[str, Any] = field(default_factory=dict)
    messages: dict[str, Any] = field(default_factory=dict)
    messages_accumulated: dict[str, Any] = field(default_factory=dict)

    def note(self, event: Any, handler: Any) -> None:
        """After the handler has dealt with an event: remember what it has now."""
        data = event.data.to_dict()
        self.events.append((event.event, data))
        if event.event == "thread.message.delta":
            self.messages_accumulated[data["id"]] = handler.current_message_snapshot.to_dict()["content"]
        elif event.event == "thread.run.step.delta":
            self.steps_accumulated[data["id"]] = handler.current_run_step_snapshot.to_dict()["step_details"]
        elif event.event.startswith("thread.run.step."):
            self.steps_done[data["id"]] = data

    def close(self, handler: Any) -> Any:
        """At the end of a stream; gives the run as the handler has it."""
        run = handler.current_run
        self.run = run.to_dict()
        return run


def follow(client: OpenAI, thread_id: str | None, *, cancel_at: int | None = None) -> Followed:
    """Follow a new run. `thread_id` None: the thread is made with the run. `cancel_at`: cancel after so many events."""
    followed, runs = Followed(), client.beta.threads.runs
    stream = _started(client, thread_id, AssistantEventHandler())
    while stream is not None:
        with stream as handler:
            for event in handler:
                followed.note(event, handler)
                if len(followed.events) == cancel_at:
                    if event.event == "thread.run.requires_action":
                        reject()  # the stream ends here: what comes of the cancel is not part of it
                    _cancel(client, handler.current_run)
            messages = handler._AssistantEventHandler__message_snapshots  # get_final_messages() raises on none
            followed.messages |= {key: message.to_dict() for key, message in messages.items()}
        run, stream = followed.close(handler), None
        if run.status == "requires_action":
            stream = runs.submit_tool_outputs_stream(
                run_id=run.id,
                thread_id=run.thread_id,
                tool_outputs=outputs_for(run),
                event_handler=AssistantEventHandler(),
            )
    return followed


async def follow_async(client: AsyncOpenAI, thread_id: str | None) -> Followed:
    """The same for an async client."""
    followed, runs = Followed(), client.beta.threads.runs
    stream = _started(client, thread_id, AsyncAssistantEventHandler())
    while stream is not None:
        async with stream as handler:
            async for event in handler:
                followed.note(event, handler)
            messages = handler._AsyncAssistantEventHandler__message_snapshots
            followed.messages |= {key: message.to_dict() for key, message in messages.items()}
        run, stream = followed.close(handler), None
        if run.status == "requires_action":
            stream = runs.submit_tool_outputs_stream(
                run_id=run.id,
                thread_id=run.thread_id,
                tool_outputs=outputs_for(run),
                event_handler=AsyncAssistantEventHandler(),
            )
    return followed


QUESTION = {"role": "user", "content": "How is the weather?"}


def _started(client: Any, thread_id: str | None, handler: Any) -> Any:
    if thread_id is None:
        return client.beta.threads.create_and_run_stream(
            assistant_id=ASSISTANT, thread={"messages": [QUESTION]}, event_handler=handler
        )
    return client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=ASSISTANT, event_handler=handler)


def _cancel(client: OpenAI, run: Any) -> None:
    if run is None:
        return
    with suppress(BadRequestError):  # it is over already, or being cancelled
        client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
