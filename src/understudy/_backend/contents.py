"""What is in a simulated service, and what happened in it, as a test sees it.

Reading it does not move the clock.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from understudy._apis.assistants import render
from understudy._apis.assistants.object_views import AssistantView, MessageView, RunView, ThreadView
from understudy._apis.assistants.objects import AssistantsObjects, Run
from understudy._apis.assistants.views import to_rest
from understudy._apis.common import render_files
from understudy._apis.common.object_view import FileView, ObjectView, VectorStoreView
from understudy._apis.responses import render as render_responses
from understudy._apis.responses.objects import ModelResponse, ResponsesObjects
from understudy._backend.dispatcher import Dispatcher
from understudy._common.ids import HasId, id_of
from understudy._common.messages import SentRequest
from understudy._engine.clock import Clock
from understudy._engine.engine import Engine
from understudy._engine.listing import Listed, Listing
from understudy.errors import nearest

if TYPE_CHECKING:
    from understudy._diagnostics.client_misuse import ClientMisuse
    from understudy._diagnostics.timeline import Timeline
    from understudy._transcript.transcript import Transcript

T = TypeVar("T", bound=Listed)


class BackendContents:
    """The part of a `Backend` that shows: objects, requests, timelines, transcripts."""

    _engine: Engine
    _dispatcher: Dispatcher

    @property
    def clock(self) -> Clock:
        """The clock: `now()` in unix seconds, `advance(seconds)`."""
        return self._engine.clock

    @property
    def requests(self) -> list[SentRequest]:
        """The requests that the app sent, oldest first: method, path, json, headers.

        The last 1,000 are kept.
        """
        return [logged.sent for logged in self._dispatcher.log]

    @property
    def assistants(self) -> list[AssistantView]:
        """All assistants, oldest first, as REST shows them."""
        with self._engine.lock:
            return [
                AssistantView(render.assistant(assistant)) for assistant in self._engine.part(AssistantsObjects).assistants
            ]

    @property
    def threads(self) -> list[ThreadView]:
        """All threads, oldest first, as REST shows them."""
        with self._engine.lock:
            return [ThreadView(render.thread(thread)) for thread in self._engine.part(AssistantsObjects).threads]

    @property
    def runs(self) -> list[RunView]:
        """All runs, oldest first, as REST would show them now.

        Reading this does not move the clock.
        """
        with self._engine.lock:
            return [RunView(to_rest(render.run(run))) for run in self._all_runs()]

    @property
    def responses(self) -> list[ObjectView]:
        """All stored responses, oldest first, as REST would show them now.

        Reading this does not move the clock.
        """
        with self._engine.lock:
            self._engine.settle()
            objects = self._engine.part(ResponsesObjects)
            objects.forget_old()
            return [ObjectView(render_responses.response(response)) for response in objects.responses.values()]

    @property
    def conversations(self) -> list[ObjectView]:
        """All conversations, oldest first, as REST shows them."""
        with self._engine.lock:
            conversations = self._engine.part(ResponsesObjects).conversations
            return [ObjectView(render_responses.conversation(one)) for one in conversations]

    def items(self, conversation_id: str | HasId) -> list[ObjectView]:
        """Return the items of a conversation, oldest first, as REST would show them now.

        Raises:
            KeyError: no conversation has this id; the nearest are named.
        """
        conversation_id = id_of(conversation_id, "items", "conversation")
        with self._engine.lock:
            self._engine.settle()
            objects = self._engine.part(ResponsesObjects)
            conversation = existing(objects.conversations, conversation_id, "conversation")
            return [ObjectView(render_responses.listed_item(objects, item)) for item in conversation.items]

    @property
    def files(self) -> list[FileView]:
        """All files, oldest first, as REST shows them."""
        with self._engine.lock:
            return [FileView(render_files.file(file)) for file in self._engine.files.listing]

    @property
    def vector_stores(self) -> list[VectorStoreView]:
        """All vector stores, oldest first, as REST would show them now.

        Reading this does not move the clock.
        """
        with self._engine.lock:
            return [VectorStoreView(render_files.vector_store(store)) for store in self._engine.stores.listing]

    def messages(self, thread_id: str | HasId) -> list[MessageView]:
        """Return the messages of a thread, oldest first, as REST would show them now.

        The `text` of each is its text parts, joined.

        Raises:
            KeyError: no thread has this id; the nearest are named.
        """
        thread_id = id_of(thread_id, "messages", "thread")
        with self._engine.lock:
            self._engine.settle()
            thread = existing(self._engine.part(AssistantsObjects).threads, thread_id, "thread")
            return [MessageView(to_rest(render.message(message))) for message in thread.messages()]

    def timeline(self, run_id: str | HasId) -> Timeline:
        """Return what happened to a run or a response, and when.

        Print it, show it in a notebook, or `write()` it as an SVG.

        Args:
            run_id: its id, or an object that has one.

        Raises:
            KeyError: no run or response has this id; the nearest are named.
        """
        from understudy._diagnostics.response_timeline import response_timeline
        from understudy._diagnostics.timeline import run_timeline

        run_id = id_of(run_id, "timeline", "run")
        with self._engine.lock:
            if run_id.startswith("resp_"):
                self._engine.settle()
                responses = list(self._engine.part(ResponsesObjects).responses.values())
                return response_timeline(existing(responses, run_id, "response"))
            return run_timeline(existing(self._all_runs(), run_id, "run"))

    def transcript(self) -> Transcript:
        """Return what was said, called and returned so far, whatever the API.

        It equals the transcript of another app that did the same. It covers the last 1,000 runs and responses, deleted ones
        included. See `Transcript`.
        """
        from understudy._transcript.simulated import simulated_transcript

        with self._engine.lock:
            return simulated_transcript(self._engine)

    def client_misuse(self) -> ClientMisuse:
        """Return the app's misuse of the API, as far as its requests show it.

        Empty, and false, when there is none. See `ClientMisuse`.
        """
        from understudy._diagnostics.client_misuse import find_misuse

        with self._engine.lock:
            return find_misuse(list(self._dispatcher.log), self._all_runs())

    def conduct(self) -> ClientMisuse:
        """Return `client_misuse()`: the name of version 0.1, deprecated."""
        warnings.warn("conduct() is deprecated: call client_misuse()", DeprecationWarning, stacklevel=2)
        return self.client_misuse()

    def _all_runs(self) -> list[Run]:
        return self._engine.part(AssistantsObjects).runs()

    def _all_responses(self) -> list[ModelResponse]:
        """Return the last 1,000 responses, stored or not."""
        return [made for made in self._engine.history if isinstance(made, ModelResponse)]


def existing(listing: Listing[T] | Sequence[T], object_id: str, kind: str) -> T:
    """Return the object with an id.

    Raises:
        KeyError: there is none; the nearest are named.
    """
    if isinstance(listing, Listing):
        found = listing.get(object_id)
    else:
        found = next((item for item in listing if item.id == object_id), None)
    if found is None:
        known = [item.id for item in listing]
        close = nearest(object_id, known)
        hint = f"nearest: {', '.join(close)}" if close else f"there are {len(known)}"
        raise KeyError(f"no {kind} has the id {object_id!r}; {hint}")
    return found
