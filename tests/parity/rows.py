"""The 26 differences between the two APIs that a port meets: each as an old app, a right port, and a port with the mistake.

The table of docs/how-to/port.md has a row for each, under the same name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openai import OpenAI

from tests.parity.apps import INSTRUCTIONS, MODEL, QUESTIONS, NewApp, OldApp
from understudy import CodeInterpreter, Fail, FileSearch, FunctionCall, Hang, Incomplete, Reply

App = Callable[[], Any]
CALL = (FunctionCall("get_weather", {"city": "Paris"}), Reply("Sunny."))
BOTH = ([FunctionCall("get_weather", {"city": "Paris"}), FunctionCall("get_weather", {"city": "Rome"})], Reply("Sunny."))
FILE, OTHER_FILE, STORE, OTHER_STORE = "file-notes0000000000000000", "file-other0000000000000000", "vs_notes", "vs_other"
BRIEF = f"{INSTRUCTIONS} Be brief."
ONE = QUESTIONS[:1]
OPTIONAL: Any = {
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
        "required": ["city"],
    },
}
OTHER: Any = {"name": "get_time", "parameters": {"type": "object", "properties": {}}}
FORM: Any = {"name": "weather", "schema": {"type": "object", "properties": {}}}


@dataclass(frozen=True)
class Row:
    """A difference. `right_old`: the old app that the right port is compared with, where that is not `old`."""

    name: str
    kind: str
    old: App
    right: App
    wrong: App
    script: Any = (Reply("Sunny."),)
    set_up: Any = None
    time: Any = "poll"
    right_old: App | None = None


def flat(*functions: Any) -> list[Any]:
    return [{"type": "function", **function} for function in functions]


def nested(*functions: Any) -> list[Any]:
    return [{"type": "function", "function": function} for function in functions]


# -- apps of their own ----------------------------------------------------------------


class ForgetsCalls(NewApp):
    """Takes a response that calls functions for an answer: its status is `completed`."""

    def _ask(self, client: OpenAI, turn: int, question: Any) -> str:
        self._create(client, turn, question, is_first=True)
        return "Sunny."


class FirstCallOnly(NewApp):
    """Answers the first of several calls."""

    def _ask(self, client: OpenAI, turn: int, question: Any) -> str:
        response = self._create(client, turn, question, is_first=True)
        call = next(item for item in response.output if item.type == "function_call")
        output = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
        return str(self._create(client, turn, [output], is_first=False).output_text)


def old_run(client: OpenAI, tools: Any = (), resources: Any = None, question: str = ONE[0]) -> tuple[Any, Any]:
    """A run on a new thread, polled to its end; with the thread's id."""
    more = {"tool_resources": resources} if resources else {}
    assistant = client.beta.assistants.create(model=MODEL, tools=list(tools), **more)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    return client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id), thread.id


def old_cited(*, with_markers: bool) -> App:
    def app() -> Any:
        with OpenAI() as client:
            _, thread_id = old_run(client, [{"type": "file_search"}], {"file_search": {"vector_store_ids": [STORE]}})
            text: Any = client.beta.threads.messages.list(thread_id).data[0].content[0]
            names = [client.files.retrieve(note.file_citation.file_id).filename for note in text.text.annotations]
            return text.text.value if with_markers else (re.sub(" *【.*?】", "", text.text.value), names)

    return app


def new_cited(*, with_names: bool | None) -> App:
    def app() -> Any:
        with OpenAI() as client:
            tools: Any = [{"type": "file_search", "vector_store_ids": [STORE]}]
            response: Any = client.responses.create(model=MODEL, input=ONE[0], tools=tools)
            part = response.output[-1].content[0]
            text = re.sub(" +(?=[.]|$)", "", part.text)
            if with_names is None:
                return text
            return text, [note.filename for note in part.annotations] if with_names else []

    return app


def old_logs() -> Any:
    with OpenAI() as client:
        run, thread_id = old_run(client, [{"type": "code_interpreter"}])
        steps: Any = client.beta.threads.runs.steps.list(run.id, thread_id=thread_id, order="asc").data
        return steps[0].step_details.tool_calls[0].code_interpreter.outputs[0].logs


def new_logs(*include: Any) -> App:
    def app() -> Any:
        with OpenAI() as client:
            tools: Any = [{"type": "code_interpreter", "container": {"type": "auto"}}]
            response: Any = client.responses.create(model=MODEL, input=ONE[0], tools=tools, include=list(include))
            outputs = response.output[0].outputs
            return outputs[0].logs if outputs else None

    return app


def old_end(read: Callable[[Any], Any]) -> App:
    def app() -> Any:
        with OpenAI() as client:
            return read(old_run(client)[0])

    return app


def new_end(read: Callable[[Any], Any]) -> App:
    def app() -> Any:
        with OpenAI() as client:
            return read(client.responses.create(model=MODEL, input=ONE[0]))

    return app


def old_cancelled() -> str:
    with OpenAI() as client:
        assistant = client.beta.assistants.create(model=MODEL)
        thread = client.beta.threads.create(messages=[{"role": "user", "content": ONE[0]}])
        run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
        client.beta.threads.runs.cancel(run.id, thread_id=thread.id)
        return client.beta.threads.runs.poll(run.id, thread_id=thread.id).status


def new_cancelled() -> str:
    with OpenAI() as client:
        response = client.responses.create(model=MODEL, input=ONE[0], background=True)
        return str(client.responses.cancel(response.id).status)


def new_given_up() -> str:
    with OpenAI(timeout=5, max_retries=0) as client:
        try:
            client.responses.create(model=MODEL, input=ONE[0])
        except Exception:
            return "cancelled"
        return "completed"


class SlowOld(OldApp):
    """Takes its time over the function."""

    seconds: float

    def look_up(self) -> str:
        time.sleep(self.seconds)
        return "sunny"


class SlowNew(NewApp):
    """Likewise, on Responses."""

    seconds: float

    def look_up(self) -> str:
        time.sleep(self.seconds)
        return "sunny"


def slow(kind: Any, seconds: float, **more: Any) -> App:
    """An app whose function takes so long."""
    app: Any = kind(ONE, **more)
    app.seconds = seconds
    return app  # type: ignore[no-any-return]


# -- objects that both sides find ---------------------------------------------------------


def stores(backend: Any) -> None:
    """Two files, each in a vector store."""
    for file_id, name, store in ((FILE, "notes.txt", STORE), (OTHER_FILE, "other.txt", OTHER_STORE)):
        backend.add_file(id=file_id, filename=name, content="It is sunny.")
        backend.add_vector_store(id=store, file_ids=[file_id])


def searching(store: str) -> App:
    return NewApp(ONE, request={"tools": [{"type": "file_search", "vector_store_ids": [store]}]})


def interpreting(**container: Any) -> App:
    return NewApp(ONE, request={"tools": [{"type": "code_interpreter", "container": {"type": "auto", **container}}]})


ATTACHED: Any = {"content": ONE[0], "attachments": [{"file_id": FILE, "tools": [{"type": "file_search"}]}]}
PICTURE = "https://example.com/sky.png"
OLD_PICTURE: Any = {
    "content": [{"type": "text", "text": ONE[0]}, {"type": "image_url", "image_url": {"url": PICTURE}}],
}
NEW_PICTURE: Any = [
    {
        "role": "user",
        "content": [{"type": "input_text", "text": ONE[0]}, {"type": "input_image", "image_url": PICTURE, "detail": "auto"}],
    }
]
DEVELOPER: Any = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": ONE[0]}]
CITED = (FileSearch(), Reply("Sunny.", citations=[FILE]))


def first_only(**options: Any) -> Callable[[str], Any]:
    return lambda question: options if question == QUESTIONS[0] else {}


ROWS = (
    Row(
        "instructions do not travel along a chain",
        "instructions",
        OldApp(),
        NewApp(),
        NewApp(request=lambda turn, first: {} if turn == 0 else {"instructions": None}),
    ),
    Row(
        "instructions go with the outputs, too",
        "instructions",
        OldApp(ONE),
        NewApp(ONE),
        NewApp(ONE, request=lambda turn, first: {} if first else {"instructions": None}),
        CALL,
    ),
    Row(
        "tools do not travel along a chain",
        "tools",
        OldApp(),
        NewApp(),
        NewApp(request=lambda turn, first: {} if turn == 0 else {"tools": None}),
    ),
    Row(
        "functions are strict by default",
        "tools",
        OldApp(ONE, assistant={"tools": nested(OPTIONAL)}),
        NewApp(ONE, request={"tools": flat({**OPTIONAL, "strict": False})}),
        NewApp(ONE, request={"tools": flat(OPTIONAL)}),
    ),
    Row(
        "a run's own tools replace the assistant's",
        "tools",
        OldApp(ONE, run={"tools": nested(OTHER)}),
        NewApp(ONE, request={"tools": flat(OTHER)}),
        NewApp(ONE),
    ),
    Row(
        "additional_instructions",
        "instructions",
        OldApp(ONE, run={"additional_instructions": "Be brief."}),
        NewApp(ONE, request={"instructions": BRIEF}),
        NewApp(ONE),
    ),
    Row(
        "a developer message stays",
        "instructions",
        OldApp(run=first_only(additional_instructions="Be brief.")),
        NewApp(request=lambda turn, first: {"instructions": BRIEF} if turn == 0 else {}),
        NewApp([DEVELOPER, QUESTIONS[1]]),
    ),
    Row("the thread remembers", "user", OldApp(), NewApp(), NewApp(request={"previous_response_id": None})),
    Row("calls complete a response", "outcome", OldApp(ONE), NewApp(ONE), ForgetsCalls(ONE), CALL),
    Row("every call needs its output", "outcome", OldApp(ONE), NewApp(ONE), FirstCallOnly(ONE), BOTH),
    Row(
        "citations are annotations",
        "result",
        old_cited(with_markers=False),
        new_cited(with_names=True),
        new_cited(with_names=False),
        CITED,
        stores,
    ),
    Row(
        "markers are not in the text",
        "citation",
        old_cited(with_markers=True),
        new_cited(with_names=True),
        new_cited(with_names=None),
        CITED,
        stores,
        right_old=old_cited(with_markers=False),
    ),
    Row(
        "the vector store goes with the tool",
        "tools",
        OldApp(
            ONE,
            assistant={
                "tools": [{"type": "file_search"}],
                "tool_resources": {"file_search": {"vector_store_ids": [STORE]}},
            },
        ),
        searching(STORE),
        searching(OTHER_STORE),
        set_up=stores,
    ),
    Row(
        "attachments",
        "parameter",
        OldApp([ATTACHED], assistant={"tools": [{"type": "file_search"}]}),
        searching(STORE),
        searching(OTHER_STORE),
        set_up=stores,
    ),
    Row(
        "files of the code interpreter are its container's",
        "tools",
        OldApp(
            ONE,
            assistant={
                "tools": [{"type": "code_interpreter"}],
                "tool_resources": {"code_interpreter": {"file_ids": [FILE]}},
            },
        ),
        interpreting(file_ids=[FILE]),
        interpreting(),
        set_up=stores,
    ),
    Row(
        "logs are shown when they are included",
        "result",
        old_logs,
        new_logs("code_interpreter_call.outputs"),
        new_logs(),
        (CodeInterpreter("print(2)", logs="2"), Reply("It is 2.")),
    ),
    Row("images are input_image", "user", OldApp([OLD_PICTURE]), NewApp([NEW_PICTURE]), NewApp(ONE)),
    Row(
        "max_completion_tokens is max_output_tokens",
        "parameter",
        OldApp(ONE, run={"max_completion_tokens": 500}),
        NewApp(ONE, request={"max_output_tokens": 500}),
        NewApp(ONE),
    ),
    Row(
        "max_prompt_tokens has no counterpart",
        "parameter",
        OldApp(ONE, run={"max_prompt_tokens": 500}),
        NewApp(ONE),
        NewApp(ONE),
        right_old=OldApp(ONE),
    ),
    Row(
        "truncation_strategy: last_messages",
        "parameter",
        OldApp(run={"truncation_strategy": {"type": "last_messages", "last_messages": 1}}),
        NewApp(request={"previous_response_id": None}),
        NewApp(),
    ),
    Row(
        "response_format is text.format",
        "parameter",
        OldApp(ONE, run={"response_format": {"type": "json_schema", "json_schema": FORM}}),
        NewApp(ONE, request={"text": {"format": {"type": "json_schema", "strict": False, **FORM}}}),
        NewApp(ONE),
    ),
    Row(
        "an assistant's settings go with each request",
        "parameter",
        OldApp(assistant={"temperature": 0.2}),
        NewApp(request={"temperature": 0.2}),
        NewApp(request=lambda turn, first: {"temperature": 0.2} if turn == 0 else {}),
    ),
    Row(
        "another reason for being incomplete",
        "result",
        old_end(lambda run: run.incomplete_details.reason == "max_completion_tokens"),
        new_end(lambda response: response.incomplete_details.reason == "max_output_tokens"),
        new_end(lambda response: response.incomplete_details.reason == "max_completion_tokens"),
        (Reply("Sun"), Incomplete("max_completion_tokens")),
    ),
    Row(
        "last_error is error",
        "result",
        old_end(lambda run: run.last_error.code if run.last_error else "fine"),
        new_end(lambda response: response.error.code if response.error else "fine"),
        new_end(lambda response: getattr(response, "last_error", None) or "fine"),
        (Fail("rate_limit_exceeded", "Too many."),),
    ),
    Row("only background is cancelled", "outcome", old_cancelled, new_cancelled, new_given_up, (Hang(),)),
    Row(
        "nothing expires",
        "outcome",
        slow(SlowOld, 700, pause=1),
        slow(SlowNew, 1),
        slow(SlowNew, 700),
        CALL,
        time="sleep",
        right_old=slow(SlowOld, 1, pause=1),
    ),
)
