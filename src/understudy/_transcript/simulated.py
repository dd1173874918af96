"""The transcript of a simulation.

Read from what was performed, whatever the app has deleted since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import Any, cast

from understudy._apis.assistants import render
from understudy._apis.assistants.objects import Run, Thread
from understudy._apis.responses.input_items import text_of
from understudy._apis.responses.objects import ModelResponse
from understudy._engine.engine import Engine
from understudy._engine.execution import Execution
from understudy._engine.items import ImageFile, Item, MessageState, Text, joined
from understudy._transcript import messages
from understudy._transcript.entries import Turn
from understudy._transcript.normal_forms import (
    assistants_settings,
    assistants_tools,
    file_names,
    joined_instructions,
    responses_settings,
    responses_tools,
)
from understudy._transcript.transcript import Transcript
from understudy._transcript.turns import ABANDONED, UNFINISHED, WAITING, Action, ResponseRecord, TurnBuilder, turns_of
from understudy._transcript.unknown import UNKNOWN

Json = dict[str, Any]
_LIVE = frozenset({"queued", "running", "cancelling"})


def simulated_transcript(engine: Engine) -> Transcript:
    """Return the transcript of the last 1,000 runs and responses of a service."""
    engine.settle()
    reader = _Reader(engine)
    runs = [made for made in engine.history if isinstance(made, Run)]
    responses = [made for made in engine.history if isinstance(made, ModelResponse)]
    turns: list[Turn] = [reader.run(number, run) for number, run in enumerate(runs, 1)]
    turns += turns_of(map(reader.response, _without_retried(reader, responses)), len(turns) + 1)
    apis = [api for api, made in (("assistants", runs), ("responses", responses)) if made]
    return Transcript(turns, "+".join(apis))


def _without_retried(reader: _Reader, responses: Sequence[ModelResponse]) -> Iterator[ModelResponse]:
    """Leave out an attempt that the client gave up and sent again.

    Its script was performed again, from the same point.
    """
    for response, following in zip_longest(responses, responses[1:]):
        is_retried = (
            following is not None
            and reader.is_abandoned(response.execution)
            and following.execution.position == response.execution.position
            and [text_of(_given(one).get("content")) for one in following.input]
            == [text_of(_given(one).get("content")) for one in response.input]
        )
        if not is_retried:
            yield response


class _Reader:
    """Read runs and responses of one service."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def name_of(self, file_id: str) -> Any:
        """Return a file's name; UNKNOWN when the file is gone."""
        return self._engine.file_name(file_id) or UNKNOWN

    # -- runs -----------------------------------------------------------------------

    def run(self, number: int, run: Run) -> Turn:
        """Return the turn that a run made."""
        execution, asked = run.execution, run.settings
        visible = [
            messages.thread_message(render.message(item), self.name_of)
            for item in _log_before(execution)
            if item.kind == "message"
        ]
        most = asked.truncation_strategy.get("last_messages")
        builder = TurnBuilder(number, visible[-most:] if most else visible, run.sent)
        builder.model = asked.model
        shown = render.run(run)
        tools = assistants_tools(asked.tools, self._resources(execution))
        builder.give(joined_instructions([asked.instructions]), tools, assistants_settings(shown))
        builder.act(self._actions(execution))
        builder.outcome = self.outcome(execution)
        return builder.built()

    def _resources(self, execution: Execution) -> Json:
        """Return the names of the files that the hosted tools of a run may see."""
        stores = [store_id for tool in execution.request.tools for store_id in tool.store_ids]
        thread = cast(Thread, execution.conversation)  # as that of every run
        read = [*(thread.tool_resources.get("code_interpreter") or {}).get("file_ids", ())]
        assistant = self._assistant(execution.request.author)
        read += ((assistant or {}).get("code_interpreter") or {}).get("file_ids", ())
        return {"file_search": self._searched(stores), "code_interpreter": file_names(read, self.name_of)}

    def _assistant(self, assistant_id: str | None) -> Json | None:
        from understudy._apis.assistants.objects import AssistantsObjects

        found = self._engine.part(AssistantsObjects).assistants.get(assistant_id or "")
        return found.tool_resources if found is not None else None

    def _searched(self, store_ids: Sequence[str]) -> Any:
        stores = [self._engine.stores.listing.get(store_id) for store_id in store_ids]
        if any(store is None for store in stores):
            return UNKNOWN
        return file_names([file.id for store in stores if store is not None for file in store.files], self.name_of)

    # -- responses --------------------------------------------------------------------

    def response(self, response: ModelResponse) -> ResponseRecord:
        """Return a response as a record of what it was asked, and did."""
        execution, shown = response.execution, response.settings.echoed
        handed = execution.position.handed_in
        outputs = (
            {call_id: text for (call_id, _), text in zip(handed[-1].calls, handed[-1].outputs, strict=True)}
            if handed
            else {}
        )
        return ResponseRecord(
            id=response.id,
            before=messages.input_messages(self._before(response), self.name_of),
            input=messages.input_messages(map(_given, response.input), self.name_of),
            instructions=shown.get("instructions"),
            tools=responses_tools(_sent_tools(response), self._containers(response)),
            settings=responses_settings(shown),
            actions=list(self._actions(execution)),
            outcome=self.outcome(execution),
            model=shown["model"],
            calls=[execution.state.item(item_id).call_id for item_id in execution.state.phase.waits_for],
            hands_in={call_id: messages.output(text) for call_id, text in outputs.items()},
        )

    def _before(self, response: ModelResponse) -> list[Json]:
        if response.conversation is not None:
            own = {item.id for item in response.input}
            return [_given(item) for item in _log_before(response.execution) if item.id not in own]
        chain: list[Json] = []
        turn = response.previous
        while turn is not None:
            chain = [*map(_given, turn.input), *map(_given, turn.output()), *chain]
            turn = turn.previous
        return chain

    def _containers(self, response: ModelResponse) -> Json:
        stores = [store_id for tool in response.execution.request.tools for store_id in tool.store_ids]
        containers = [tool.get("container") for tool in response.settings.echoed["tools"]]
        read = [file_id for one in containers if isinstance(one, dict) for file_id in one.get("file_ids") or ()]
        named = any(isinstance(one, str) for one in containers)  # a container made before, with files of its own
        return {
            "file_search": self._searched(stores),
            "code_interpreter": UNKNOWN if named else file_names(read, self.name_of),
        }

    # -- what both do -------------------------------------------------------------------

    def _actions(self, execution: Execution) -> Iterator[Action]:
        """Yield what the model did, and the app's outputs.

        The calls of a step, a hosted one with its output; then the app's outputs.
        """
        items = [item for item in execution.state.items if item.kind != "reasoning"]
        for _, group in groupby(items, key=lambda item: item.step_id or item.id):
            step = list(group)
            for item in step:
                if item.kind == "message":
                    yield from self._reply(item)
                elif item.kind == "response_item":
                    yield from messages.output_actions(item.given, self.name_of)
                else:
                    yield _call(item)
                    yield from _found(item)
            yield from (("output", messages.output(item.output)) for item in step if _is_answered(item))

    def _reply(self, state: MessageState) -> list[Action]:
        parts = state.content or joined(state.sent)
        texts = [part for part in parts if isinstance(part, Text)]
        cited = [self.name_of(note.file_id) for text in texts for note in text.annotations]
        images = sum(isinstance(part, ImageFile) for part in parts)
        return messages.reply([text.value for text in texts], images, cited)

    def outcome(self, execution: Execution) -> Any:
        """Return how an execution ended."""
        phase = execution.state.phase
        if self.is_abandoned(execution):
            return ABANDONED
        if phase.status == "paused":
            return WAITING
        if phase.status in _LIVE:
            return UNFINISHED
        if phase.status == "failed" and phase.error is not None:
            return messages.failed(*phase.error)
        return messages.incomplete(phase.reason) if phase.status == "incomplete" else phase.status

    def is_abandoned(self, execution: Execution) -> bool:
        """Return True if the client gave an execution up, so that it no longer exists."""
        return execution.status in _LIVE and execution.id not in self._engine.executions


def _log_before(execution: Execution) -> list[Item]:
    """Return the items an execution began with, those deleted since among them."""
    return execution.conversation.items.as_of(execution.began_at)


def _given(item: Item) -> Json:
    """Return an item of a log as the JSON of a message, also of one by the model."""
    given = getattr(item.state, "given", None)
    if given is not None:
        return dict(given)
    if item.kind != "message":
        return {"type": item.kind}
    return {"type": "message", "role": item.role, "content": item.text or item.state.sent_text}


def _sent_tools(response: ModelResponse) -> list[Json]:
    """Return the tools as the app sent them: an echoed schema was made strict."""
    sent = {tool.name: tool.parameters for tool in response.execution.request.tools if tool.kind == "function"}
    return [
        {**tool, "parameters": sent.get(tool["name"]), "strict": False if tool["strict"] is False else None}
        if tool["type"] == "function"
        else tool
        for tool in response.settings.echoed["tools"]
    ]


def _call(state: Any) -> Action:
    if state.kind == "function":
        return messages.call(state.name, state.arguments)
    if state.kind == "code_interpreter":
        return messages.hosted_call(state.kind, state.input)
    if state.kind == "file_search":
        return messages.hosted_call(state.kind, UNKNOWN)  # a run does not show what it searched for
    return messages.given_call({"type": state.kind})


def _is_answered(state: Any) -> bool:
    """Return True if the app handed in the output of a run's call.

    A chain of responses brings outputs as input.
    """
    return state.kind == "function" and state.output is not None


def _found(state: Any) -> Iterator[Action]:
    """Yield the output of a hosted tool: what it printed or found."""
    if state.kind == "code_interpreter" and state.outputs:
        logs = [value for kind, value in state.outputs if kind == "logs"]
        yield messages.hosted_output(state.kind, "\n".join(logs))
    elif state.kind == "file_search":
        yield messages.search_output([hit.file_name for hit in state.results], [hit.text for hit in state.results])
