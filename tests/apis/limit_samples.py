"""For any row of the table of limits: a request that is just legal, and one that is just not, and where to send them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from understudy import FunctionCall, Reply
from understudy._apis import faces
from understudy._apis.common.forms import Form
from understudy._apis.common.schema import (
    Array,
    Choice,
    Either,
    Fields,
    Id,
    Number,
    Pairs,
    String,
    Tagged,
    anything,
    boolean,
)
from understudy._apis.common.urls import url, url_or_data
from understudy._apis.limits import Limit
from understudy._apis.responses.item_checks import ItemId
from understudy._backend.backend import Backend

Json = dict[str, Any]

LEFT_OUT = object()
RESPONSES = {operation.name for operation in faces.RESPONSES.operations}
GOOD, BAD = {"type": "object", "properties": {}}, {"type": "string"}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s"}}
FUNCTION = {"type": "function", "function": {"name": "look_up"}}


class Lazy(dict[str, Any]):
    """A mapping whose values are made when they are first asked for."""

    def __init__(self, **makers: Callable[[], Any]) -> None:
        super().__init__()
        self._makers = makers

    def __contains__(self, key: object) -> bool:
        return key in self._makers

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self._makers else default

    def __missing__(self, key: str) -> Any:
        self[key] = self._makers[key]()
        return self[key]


class EnginePorts:
    """A service with what an operation may need, in the state that it needs, each object made when it is first named.

    Args:
        backend: the service.
        operation: which operation is to be tried.
    """

    def __init__(self, backend: Backend, operation: str) -> None:
        self.backend = backend
        self._operation = operation
        self._is_of_responses = operation in RESPONSES
        self._client = backend.client()
        self.places = Lazy(
            file_id=lambda: self.file,
            vector_store_id=lambda: self.store,
            model=lambda: "gpt-4o",
            step_id=lambda: "step_1",
            response_id=lambda: self._client.responses.create(model="gpt-4o", input="x").id,
            conversation_id=lambda: backend.add_conversation(items=[{"role": "user", "content": "x"}]).id,
            item_id=lambda: next(iter(backend.items(self.places["conversation_id"]))).id,
            thread_id=lambda: self._run.thread_id if "{run_id}" in self._path else self._free,
            run_id=lambda: self._run.id,
            message_id=lambda: self._client.beta.threads.messages.create(self._free, role="user", content="x").id,
            upload_id=lambda: self._upload,
            assistant_id=lambda: self.assistant,
            batch_id=lambda: self._client.vector_stores.file_batches.create(self.store, file_ids=[self.file]).id,
        )
        self.ids = Lazy(asst=lambda: self.assistant, file=lambda: self.file, vs=lambda: self.store, part=lambda: self.part)
        self.usual = Lazy(  # values of keys that a request needs to be carried out, though the checks would take any
            model=lambda: "gpt-4o",
            tool_call_id=lambda: self.call,
            tool_outputs=lambda: [{"tool_call_id": self.call, "output": "x"}],
            part_ids=lambda: [self.part],
            purpose=lambda: "assistants",
            file=lambda: ("a.txt", b"x"),
            data=lambda: ("part", b"x"),
            input=lambda: "x",
            id=lambda: "conv_1",  # of nothing, but of a conversation's form
            server_url=lambda: "https://example.com/mcp",
        )

    @property
    def _path(self) -> str:
        return faces.ALL.by_name[self._operation].path

    @cached_property
    def file(self) -> str:
        return self.backend.add_file(filename="a.txt", content="x").id

    @cached_property
    def store(self) -> str:
        return self.backend.add_vector_store(file_ids=[self.file]).id

    @cached_property
    def assistant(self) -> str:
        return "asst_1" if self._is_of_responses else self.backend.add_assistant(instructions="x", tools=[FUNCTION]).id

    @cached_property
    def call(self) -> str:
        """The call that the run waits for."""
        if self._operation != "runs.submit_tool_outputs":
            return "call_1"
        return str(self._run.required_action.submit_tool_outputs.tool_calls[0].id)

    @cached_property
    def part(self) -> str:
        return "part_1" if self._is_of_responses else self._client.uploads.parts.create(self._upload, data=b"x").id

    @cached_property
    def _upload(self) -> str:
        made = self._client.uploads.create(filename="a.txt", purpose="assistants", bytes=1, mime_type="text/plain")
        return made.id

    @cached_property
    def _free(self) -> str:
        """A thread without a run."""
        return self.backend.add_thread(messages=["x"]).id

    @cached_property
    def _run(self) -> Any:
        """A run that waits for the output of a call if one is submitted; else one that is over."""
        if self._operation == "runs.submit_tool_outputs":
            self.backend.next_run(FunctionCall("look_up"), Reply("x"))
        thread: Any = {"messages": [{"role": "user", "content": "x"}]}
        return self._client.beta.threads.create_and_run_poll(assistant_id=self.assistant, thread=thread)

    def path(self, name: str) -> str:
        """The path of an operation, with the ids of what it works on."""
        return faces.ALL.by_name[name].path.format_map(self.places)

    def least(self, check: Any, key: str = "") -> Any:
        """The smallest value that a check takes and the service can work with."""
        if key in self.usual:
            return self.usual[key]
        if isinstance(check, Fields):
            keys = [
                *check.required,
                *(name for name in ("tool_call_id", "server_url", "image_url", "file_url") if name in check.known),
            ]
            keys += ["input"] if {"input", "previous_response_id"} <= set(check.known) else []
            return {name: self.least(check.known[name], name) for name in keys}
        if isinstance(check, Tagged):
            tag, option = next(iter(check.options.items()))
            return {**self.least(option), check.key: tag}
        return self._least_value(check)

    def _least_value(self, check: Any) -> Any:
        kinds: dict[type, Callable[[], Any]] = {
            String: lambda: "x",
            Id: lambda: self.ids[check.prefix],
            ItemId: lambda: f"{check.prefix}_1",
            Choice: lambda: check.allowed[0],
            Number: lambda: 1 if check.least is None else check.least,
            Array: lambda: [self.least(check.item)] * check.least,
            Either: lambda: self._least_of(*next(iter(check.options.items()))),
            Pairs: dict,
        }
        if type(check) in kinds:
            return kinds[type(check)]()
        return "https://example.com/a.png" if check in (url, url_or_data) else False if check is boolean else "x"

    def _least_of(self, kind: type, check: Any) -> Any:
        return kind() if check is anything else self.least(check)


def samples(limit: Limit, stage: EnginePorts) -> tuple[Any, Any]:
    """A value just inside and one just outside of a limit, at its place."""
    kind, value = limit.bound.kind, limit.bound.value
    if kind == "required":
        is_form = isinstance(limit.check, Form)
        whole = {key: stage.usual[key] for key in limit.check.required} if is_form else stage.least(limit.check)
        return whole, {key: whole[key] for key in whole if key != value}
    if kind == "most items":
        item = stage.least(limit.check.item)
        return [item] * value, [item] * (value + 1)
    if kind == "not empty":
        one: Any = "x" if isinstance(limit.check, String) else [stage.least(limit.check.item)]
        return one, type(one)()
    if kind in ("most", "least"):
        return value, value + (1 if kind == "most" else -1)
    made: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "most characters": (lambda: "x" * value, lambda: "x" * (value + 1)),
        "pattern": (lambda: f"tunnel_{'a' * 32}" if "tunnel" in value else "a-B_1", lambda: "a b"),
        "prefix": (lambda: stage.ids.get(value, f"{value}_1"), lambda: "other_1"),
        "characters of an id": (lambda: f"{limit.check.prefix}-1", lambda: f"{limit.check.prefix} 1"),
        "most characters of an id": (
            lambda: limit.check.prefix.ljust(value, "x"),
            lambda: limit.check.prefix.ljust(value + 1, "x"),
        ),
        "one of": (
            lambda: "output_text" if ("role", "assistant") in limit.trail and "output_text" in value else value[0],
            lambda: "no such word",
        ),
        "most pairs": (
            lambda: _pairs(value),
            lambda: _pairs(value + 1),
        ),
        "most characters in a key": (lambda: {"k" * value: "x"}, lambda: {"k" * (value + 1): "x"}),
        "a URL": (lambda: "https://example.com/a.png", lambda: "a.png"),
    }
    inside, outside = made[kind]
    return inside(), outside()


class Example(NamedTuple):
    """What a rule takes and what it does not, at its place."""

    inside: Any
    outside: Any


def rule_examples(limit: Limit, stage: EnginePorts) -> Example:
    """A legal and an illegal example of a rule, by its refusal."""
    if limit.operation in RESPONSES:
        if limit.bound.refusal == "enum":
            good, bad = ("output", "input") if limit.trail[-1] == ("role", "assistant") else ("input", "output")
            return Example(*({"content": [{"type": f"{kind}_text", "text": "x"}]} for kind in (good, bad)))
        if limit.bound.kind == "rule" and "source" in str(limit.bound.value):
            image = {"type": "input_image"}
            both = ({**image, "image_url": "https://example.com/a.png"}, image)
            is_message = "role" in dict(limit.trail[-1:])
            return Example(
                *({"content": [part]} if is_message else {"call_id": "call_1", "output": [part]} for part in both)
            )
        return _response_examples(limit.path, stage)[limit.bound.refusal]
    files, both = {"file_ids": [stage.file]}, [{"file_id": stage.file}]
    size = 512 * 1024
    examples = {
        "schema.function": Example({"name": "f", "parameters": GOOD}, {"name": "f", "parameters": BAD}),
        "schema.response_format": Example({"name": "f", "schema": GOOD}, {"name": "f", "schema": BAD}),
        "chunk.overlap": Example(_chunks(50), _chunks(51)),
        "missing": Example(files, {}),
        "outputs.large": Example(_outputs(stage, size - 1), _outputs(stage, size)),
        "exclusive": Example(files, {**files, "files": both})
        if limit.operation.startswith("vector_stores")
        else Example({"vector_store_ids": [stage.store]}, {"vector_store_ids": [stage.store], "vector_stores": [{}]}),
        "file.extension": Example(*(_upload(limit, name) for name in ("a.py", "a.vb"))),
        "file.large": Example(*({"purpose": "user_data", "file": ("a.bin", b"x" * size)} for size in (4, 5))),
    }
    return examples[limit.bound.refusal]


def _response_examples(path: str, stage: EnginePorts) -> dict[str, Example]:
    least, server = {"model": "gpt-4o", "input": "x"}, {"server_label": "m"}
    conversation = {**least, "conversation": stage.places["conversation_id"]}
    background = {**least, "background": True}
    chosen = {**least, "tool_choice": {"type": "function", "name": "f"}}
    return {
        "schema.function": Example({"name": "f", "parameters": GOOD}, {"name": "f", "parameters": BAD}),
        "schema.response_format": Example({"name": "f", "schema": GOOD}, {"name": "f", "schema": BAD}),
        "missing": Example({**server, "server_url": "https://example.com/mcp"}, server),
        "model.unknown": Example(least, {**least, "model": "gpt-40"}),
        "model.parameter": Example({**least, path: 0.5}, {**least, "model": "o3-mini", path: 0.5}),
        "value.other": Example(
            *({**least, "text": {"verbosity": word}} for word in ("medium", "low"))
            if path == "text.verbosity"
            else ({**least, "model": "o4-mini", "reasoning": {"effort": effort}} for effort in ("low", "minimal"))
        ),
        "reasoning.none": Example(
            *({**least, "model": name, "reasoning": {"summary": "auto"}} for name in ("gpt-5", "gpt-4o"))
        ),
        "logprobs.reasoning": Example(*({**least, "model": name, "top_logprobs": 1} for name in ("gpt-4o", "gpt-5"))),
        "encrypted.none": Example(
            *({**least, "model": name, "include": ["reasoning.encrypted_content"]} for name in ("gpt-5", "gpt-4o"))
        ),
        "json.unsaid": Example(
            *({**least, "input": text, "text": {"format": {"type": "json_object"}}} for text in ("Use JSON.", "x"))
        ),
        "retention.long": Example(
            *({**least, "model": name, "prompt_cache_retention": "in_memory"} for name in ("gpt-5.4", "gpt-5.6"))
        ),
        "context.exceeded": Example(*({**least, "model": "gpt-4", "input": "x" * (4 * size)} for size in (8000, 8193))),
        "both": Example(conversation, {**conversation, "previous_response_id": stage.places["response_id"]}),
        "background.unstored": Example(background, {**background, "store": False}),
        "tool_choice.unknown": Example({**chosen, "tools": [{"type": "function", "name": "f"}]}, chosen),
    }


def settings_examples(limit: Limit, stage: EnginePorts) -> Example:
    """The same for what holds between a model and other settings."""
    hosted = [{"type": "file_search"}]
    examples = {
        "model": Example({"model": "gpt-4o"}, {"model": "whisper-1"}),
        "temperature": Example({"model": "gpt-4o", "temperature": 1}, {"model": "o3-mini", "temperature": 1}),
        "top_p": Example({"model": "gpt-4o", "top_p": 1}, {"model": "o3-mini", "top_p": 1}),
        "reasoning_effort": Example(*({"model": "gpt-4o", "reasoning_effort": effort} for effort in ("none", "low"))),
        "response_format": Example({"model": "gpt-4o"}, {"model": "gpt-4o", "response_format": SCHEMA, "tools": hosted}),
    }
    usual = stage.least(faces.ALL.by_name[limit.operation].body)
    return Example(*({**usual, **body} for body in examples[limit.path]))


def _pairs(count: int) -> dict[str, str]:
    return dict.fromkeys(map(str, range(count)), "x")


def _chunks(overlap: int) -> Json:
    return {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": overlap}


def _outputs(stage: EnginePorts, size: int) -> Json:
    return {"tool_outputs": [{"tool_call_id": stage.call, "output": "x" * size}]}


def _upload(limit: Limit, name: str) -> Json:
    if limit.operation == "uploads.create":
        return {"filename": name, "purpose": "assistants", "bytes": 1, "mime_type": "text/plain"}
    return {"purpose": "assistants", "file": (name, b"x")}


def placed(check: Any, trail: tuple[Any, ...], value: Any, stage: EnginePorts) -> Any:
    """A body in which a value stands at the end of a trail, and all around it is as small as may be."""
    if not trail:
        return value
    step, rest = trail[0], trail[1:]
    if isinstance(check, Form):
        return {**stage.least(Fields(check.known, check.required)), step: placed(check.nested[step], rest, value, stage)}
    if isinstance(check, Fields):
        inside = placed(check.known[step], rest, value, stage)
        is_batch = {"files", "file_ids"} <= set(check.known) and step != "files"
        return {**stage.least(check), **({"file_ids": [stage.file]} if is_batch else {}), step: inside}
    if isinstance(check, Array):
        return [placed(check.item, rest, value, stage)]
    if isinstance(check, Pairs):
        return {"a": placed(check.value, rest, value, stage)}
    if isinstance(check, Either):
        return placed(check.options[step], rest, value, stage)
    key, tag = step
    if not rest and not isinstance(value, dict):  # the tag itself
        return {**stage.least(check.options[tag]), key: value}
    return {**placed(check.options[tag], rest, value, stage), key: tag}
