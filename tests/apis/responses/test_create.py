"""Creating responses: answers, streams, chains, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from openai.resources.responses import Responses
from pydantic import BaseModel

import understudy
from understudy import FunctionCall, Reply, simulate
from understudy.scripts import CodeInterpreter, Expire, Fail, FileSearch, Hang, Incomplete, Reason, ResponseItem, Wait

MODEL = "gpt-4o-mini"
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL = FunctionCall("get_weather", {"city": "Paris"})


def output(call: Any, text: str = "20 C") -> Any:
    return {"type": "function_call_output", "call_id": call.call_id, "output": text}


def test_a_reply_is_the_output_text() -> None:
    """A script's reply is what `output_text` gives, and the response is stored."""
    with simulate(script=(Reply("Sunny."),)) as backend:
        client = backend.client()
        response = client.responses.create(model=MODEL, input="How is the weather?")
        assert (response.status, response.output_text) == ("completed", "Sunny.")
        assert client.responses.retrieve(response.id) == response
        assert [held.id for held in backend.responses] == [response.id]


def test_async() -> None:
    """The asynchronous client gets the same, streams included."""

    async def ask(backend: Any) -> tuple[str, str]:
        client = backend.async_client()
        plain = await client.responses.create(model=MODEL, input="x")
        async with client.responses.stream(model=MODEL, input="x") as stream:
            async for _ in stream:
                pass
            streamed = await stream.get_final_response()
        return plain.output_text, streamed.output_text

    with simulate(script=(Reply("Sunny day."),)) as backend:
        assert asyncio.run(ask(backend)) == ("Sunny day.", "Sunny day.")


@pytest.mark.parametrize("how", ["chain", "history", "history, not stored", "conversation"])
def test_a_tool_loop_goes_on_where_its_calls_were(how: str) -> None:
    """However the outputs are brought, the script goes on after the calls that they answer."""
    with simulate() as backend:
        backend.next_run(CALL, [CALL, CALL], Reply("Sunny everywhere."))
        backend.next_run(Reply("Another script."))
        client = backend.client()
        options: dict[str, Any] = {"model": MODEL, "tools": [WEATHER]}
        if how == "conversation":
            options["conversation"] = client.conversations.create().id
        if how == "history, not stored":
            options["store"] = False
        items: list[Any] = [{"role": "user", "content": "Weather?"}]
        response = client.responses.create(input=items, **options)
        for _ in range(2):
            calls = [item for item in response.output if item.type == "function_call"]
            assert calls
            outputs = [output(call) for call in calls]
            if how.startswith("history"):
                items += [item.to_dict() for item in response.output] + outputs
            elif how == "chain":
                options["previous_response_id"] = response.id
                items = outputs
            else:
                items = outputs
            response = client.responses.create(input=items, **options)
        assert response.output_text == "Sunny everywhere."
        assert client.responses.create(model=MODEL, input="Next?").output_text == "Another script."


def test_a_history_sent_again_after_a_failure_takes_the_next_script() -> None:
    """Outputs that a failed response was given belong to its turn: with a new message after them, a new turn begins."""
    with simulate() as backend:
        backend.next_run(CALL, Fail("server_error", "Oops."))
        backend.next_run(Reply("Fine."))
        client = backend.client()
        items: list[Any] = [{"role": "user", "content": "Weather?"}]
        first = client.responses.create(model=MODEL, input=items, tools=[WEATHER])
        items += [item.to_dict() for item in first.output] + [output(first.output[0])]
        for _ in range(2):  # the same again, without a new message, is another attempt at the same turn
            assert client.responses.create(model=MODEL, input=items, tools=[WEATHER]).status == "failed"
        items.append({"role": "user", "content": "And now?"})
        assert client.responses.create(model=MODEL, input=items, tools=[WEATHER]).output_text == "Fine."


def test_a_fork_takes_the_same_script() -> None:
    """Two responses that answer the same call both get what comes after it."""
    with simulate(script=(CALL, Reply("Sunny."))) as backend:
        client = backend.client()
        first = client.responses.create(model=MODEL, input="x", tools=[WEATHER])
        forks = [
            client.responses.create(model=MODEL, previous_response_id=first.id, input=[output(first.output[0], text)])
            for text in ("20 C", "30 C")
        ]
        assert [fork.output_text for fork in forks] == ["Sunny.", "Sunny."]
        assert len({fork.id for fork in forks}) == 2


def test_a_generator_sees_the_outputs() -> None:
    """A generator script gets the outputs, and sees the present request."""
    seen: list[Any] = []

    def script(run: Any) -> Any:
        seen.append((run.instructions, [item["type"] for item in run.input], [tool["name"] for tool in run.tools]))
        outputs = yield CALL
        yield Reply(f"It is {outputs[0]}.")

    with simulate(script=script) as backend:
        client = backend.client()
        first = client.responses.create(model=MODEL, input="x", instructions="Be kind.", tools=[WEATHER])
        second = client.responses.create(
            model=MODEL, previous_response_id=first.id, input=[output(first.output[0])], tools=[WEATHER]
        )
        assert second.output_text == "It is 20 C."
    assert seen == [("Be kind.", ["message"], ["get_weather"]), (None, ["function_call_output"], ["get_weather"])]


def test_instructions_do_not_travel_along_a_chain() -> None:
    """The instructions are those of this request only."""
    with simulate() as backend:
        client = backend.client()
        first = client.responses.create(model=MODEL, input="x", instructions="Be kind.")
        second = client.responses.create(model=MODEL, input="y", previous_response_id=first.id)
        assert (first.instructions, second.instructions) == ("Be kind.", None)


SCRIPTS: list[Any] = [
    (Reply("Hello there, friend."),),
    (Reply(parts=["One.", "Two."]),),
    (CALL,),
    ([CALL, CALL],),
    (Reply("I look."), CALL),
    (Reason("Let me see."), Reply("So.")),
    (Reason(), CALL),
    (Reply("half a sen"), Incomplete("max_output_tokens")),
    (Incomplete("content_filter"),),
    (CodeInterpreter("print(1 + 1)", logs="2\n"), Reply("2")),
    (FileSearch([]), Reply("Nothing.")),
    (Wait(30), Reply("Slow.")),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=repr)
def test_the_accumulated_stream_is_what_retrieve_gives(script: Any) -> None:
    """What the SDK puts together from the events equals the stored response, but for what is never in a stream."""
    with simulate(script=script) as backend:
        client = backend.client()
        store = client.vector_stores.create()
        tools: Any = [
            WEATHER,
            {"type": "code_interpreter", "container": {"type": "auto"}},
            {"type": "file_search", "vector_store_ids": [store.id]},
        ]
        include: Any = ["code_interpreter_call.outputs", "file_search_call.results"]
        with client.responses.stream(model="gpt-5.4", input="x", tools=tools, include=include) as stream:
            events = list(stream)
        streamed = events[-1].response.to_dict()  # type: ignore[union-attr]
        stored = client.responses.retrieve(streamed["id"]).to_dict()
        del stored["billing"]
        for part in [part for item in streamed["output"] for part in item.get("content") or ()]:
            part.pop("parsed", None)
        for item in streamed["output"]:
            item.pop("parsed_arguments", None)
        assert streamed == stored
        assert [event.sequence_number for event in events] == list(range(len(events)))  # type: ignore[union-attr]
        assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"]
        assert events[-1].type == f"response.{stored['status']}"


def test_the_wire_of_a_stream() -> None:
    """Events carry their keys in order, obfuscation on deltas only, and there is no [DONE]."""
    with simulate(script=(Reply("Hello you."),)) as backend:
        client = backend.client()
        with client.responses.with_streaming_response.create(model=MODEL, input="x", stream=True) as answer:
            body = b"".join(answer.iter_bytes())
    events = understudy._apis.common.sse.parse(body)
    assert b"[DONE]" not in body
    for name, data in events:
        assert data["type"] == name
        assert list(data)[1:] == sorted(list(data)[1:])
        assert ("obfuscation" in data) == name.endswith(".delta")
        assert "billing" not in data.get("response", {})


def test_parse() -> None:
    """`responses.parse` gives the object that the reply's JSON describes, and the format is echoed."""

    class Answer(BaseModel):
        city: str

    with simulate(script=(Reply('{"city": "Paris"}'),)) as backend:
        parsed = backend.client().responses.parse(model=MODEL, input="x", text_format=Answer)
        assert parsed.output_parsed == Answer(city="Paris")
        assert parsed.text is not None
        assert parsed.text.format is not None
        assert parsed.text.format.type == "json_schema"


def test_citations_have_a_place_and_no_marker() -> None:
    """A citation is an annotation with an index; its marker is not in the text. [REC]"""
    with simulate() as backend:
        client = backend.client()
        file = backend.add_file(filename="notes.txt", content="The capital is Paris.")
        store = backend.add_vector_store(file_ids=[file.id])
        tools: Any = [{"type": "file_search", "vector_store_ids": [store.id]}]
        backend.next_run(FileSearch(query="capital"), Reply("Paris【4:0†notes.txt】.", citations=[file.id]))
        found = client.responses.create(model=MODEL, input="x", tools=tools, include=["file_search_call.results"])
        assert found.output_text == "Paris."
        assert found.output[0].results[0].text == "The capital is Paris."  # type: ignore[union-attr, index]
        note = found.output[1].content[0].annotations[0]  # type: ignore[union-attr]
        assert (note.type, note.filename, note.index) == ("file_citation", "notes.txt", 5)


def test_failures() -> None:
    """A failed response is answered with its error."""
    with simulate(script=(Fail("rate_limit_exceeded", "Too fast."),)) as backend:
        response = backend.client().responses.create(model=MODEL, input="x")
        assert response.status == "failed"
        assert response.error is not None
        assert (response.error.code, response.error.message) == ("rate_limit_exceeded", "Too fast.")


@pytest.mark.parametrize("script", [(Hang(),), (Wait(45), Reply("Late."))], ids=repr)
@pytest.mark.parametrize("stream", [False, True])
def test_the_clients_own_timeout(script: Any, stream: bool) -> None:
    """A move that takes longer than the client waits is its time-out, and the response does not exist afterwards."""
    with simulate(script=script) as backend:
        client = backend.client(timeout=30, max_retries=0)
        before = backend.clock.now()
        with pytest.raises(openai.APITimeoutError if not stream else Exception, match=r"(?i)time"):
            list(client.responses.create(model=MODEL, input="x", stream=stream))
        assert backend.clock.now() - before >= 30
        assert backend.responses == []


def test_manual_time_moves_while_a_response_is_waited_for() -> None:
    """Whoever waits for a foreground response lets time pass, in manual mode, too."""
    with simulate(script=(Wait(20), Reply("Late.")), time="manual") as backend:
        before = backend.clock.now()
        assert backend.client().responses.create(model=MODEL, input="x").output_text == "Late."
        assert backend.clock.now() - before > 20


def test_the_retry_of_a_lost_answer_takes_the_same_script() -> None:
    """A create that the SDK sends again makes a second response with the same script, not the next one."""
    with simulate(time="sleep") as backend:
        backend.next_run(Reply("First."))
        backend.next_run(Reply("Second."))
        backend.fault(understudy.faults.ConnectionReset(), on="responses.create", phase="after")
        client = backend.client()
        assert client.responses.create(model=MODEL, input="x").output_text == "First."
        assert client.responses.create(model=MODEL, input="x").output_text == "Second."
        assert len(backend.responses) == 3


def test_expire_has_no_counterpart() -> None:
    """A script that expires is the test's mistake on this face, and is said to be."""
    with pytest.raises(AssertionError, match="runs of the Assistants API expire"), simulate(script=(Expire(),)) as backend:
        with pytest.raises(openai.APIStatusError):
            backend.client().responses.create(model=MODEL, input="x")


def test_next_ids() -> None:
    """Ids that a test names are those of the next objects."""
    wanted = "resp_" + "0123456789abcdef" + "00" + "6553f100" + "a" * 24
    with simulate() as backend:
        backend.next_ids(wanted, "conv_" + "b" * 48)
        client = backend.client()
        response = client.responses.create(model=MODEL, input="x")
        assert response.id == wanted
        assert response.output[0].id is not None
        assert response.output[0].id.startswith("msg_0123456789abcdef00")
        assert client.conversations.create().id == "conv_" + "b" * 48


def test_the_family_has_one_partition() -> None:
    """Items and the responses that go on share 16 digits; what is not stored says so in two more. [REC]"""
    with simulate() as backend:
        client = backend.client()
        first = client.responses.create(model=MODEL, input="x")
        second = client.responses.create(model=MODEL, input="x", previous_response_id=first.id)
        other = client.responses.create(model=MODEL, input="x", store=False)
        assert second.id[5:21] == first.id[5:21] == first.output[0].id[4:20]  # type: ignore[index]
        assert other.id[5:21] != first.id[5:21]
        assert (first.id[21:23], other.id[21:23]) == ("00", "01")


def test_the_family_of_an_id_that_a_test_made_up() -> None:
    """What goes on from an id without a partition shares one all the same, and its ids are as long as any."""
    with simulate() as backend:
        client = backend.client()
        backend.next_ids("resp_mine")
        first = client.responses.create(model=MODEL, input="x")
        second = client.responses.create(model=MODEL, input="x", previous_response_id=first.id)
        usual = client.responses.create(model=MODEL, input="x")
    assert first.id == "resp_mine"
    assert second.id[5:21] == first.output[0].id[4:20]
    assert [len(second.id), len(first.output[0].id)] == [len(usual.id), len(usual.output[0].id)]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"model": "gpt-nothing", "input": "x"}, 400, "The requested model 'gpt-nothing' does not exist."),
    ({"model": MODEL, "input": "x", "temperature": -1}, 400, "decimal below minimum value"),
    ({"model": "o4-mini", "input": "x", "temperature": 0.5}, 400, "'temperature' is not supported with this model."),
    ({"model": MODEL}, 400, "Missing required parameter"),
    ({"model": MODEL, "input": 7}, 400, "Invalid type for 'input'"),
    ({"model": MODEL, "input": [{"type": "nonsense"}]}, 400, "Invalid value: 'nonsense'"),
    (
        {"model": MODEL, "input": "x", "previous_response_id": "resp_no"},
        400,
        "Previous response with id 'resp_no' not found.",
    ),
    ({"model": MODEL, "input": "x", "conversation": "conv_no"}, 404, "Conversation with id 'conv_no' not found."),
    (
        {"model": MODEL, "input": "x", "conversation": "conv_no", "previous_response_id": "resp_no"},
        400,
        "Mutually exclusive parameters: ''.",
    ),
    (
        {"model": MODEL, "input": [{"type": "function_call_output", "call_id": "call_x", "output": "y"}]},
        400,
        "No tool call found for function call output with call_id call_x.",
    ),
    (
        {"model": MODEL, "input": [{"type": "function_call", "call_id": "call_x", "name": "f", "arguments": "{}"}]},
        400,
        "No tool output found for function call call_x.",
    ),
    (
        {"model": MODEL, "input": [{"type": "reasoning", "id": "rs_x", "summary": []}, {"role": "user", "content": "x"}]},
        400,
        "Item 'rs_x' of type 'reasoning' was provided without its required following item.",
    ),
    (
        {
            "model": MODEL,
            "input": [{"role": "user", "content": "x", "id": "msg_1"}, {"role": "user", "content": "x", "id": "msg_1"}],
        },
        400,
        "Duplicate item found with id msg_1.",
    ),
    (
        {
            "model": MODEL,
            "input": "x",
            "tools": [
                {
                    "type": "function",
                    "name": "f",
                    "strict": True,
                    "parameters": {"type": "object", "properties": {"unit": {"type": "string"}}, "required": []},
                }
            ],
        },
        400,
        "Missing 'unit'.",
    ),
    ({"model": MODEL, "input": "x", "background": True, "store": False}, 400, "Background mode requires"),
]


@pytest.mark.parametrize(("body", "status", "text"), REFUSED, ids=[text for _, _, text in REFUSED])
def test_refusals(body: dict[str, Any], status: int, text: str) -> None:
    """What does not fit is refused in the service's words, and no script is used up."""
    with simulate(strict=False) as backend:
        backend.next_run(Reply("x"))
        with pytest.raises(openai.APIStatusError) as caught:
            backend.client().post("/responses", body=body, cast_to=object)
        assert caught.value.status_code == status
        assert text in caught.value.message
        assert len(backend.scripts_left) == 1


def test_an_unanswered_call_stops_the_chain() -> None:
    """A call left without its output makes the next turn a 400 until it is answered."""
    with simulate(script=(CALL, Reply("Sunny."))) as backend:
        client = backend.client()
        first = client.responses.create(model=MODEL, input="x", tools=[WEATHER])
        with pytest.raises(openai.BadRequestError, match="No tool output found for function call call_"):
            client.responses.create(model=MODEL, input="hello?", previous_response_id=first.id)
        answered = client.responses.create(model=MODEL, input=[output(first.output[0])], previous_response_id=first.id)
        assert answered.output_text == "Sunny."


def test_what_is_not_stored_is_not_there() -> None:
    """With store=False nothing is kept: no retrieve, no chain, no reference."""
    with simulate() as backend:
        client = backend.client()
        response = client.responses.create(model=MODEL, input="x", store=False)
        with pytest.raises(openai.NotFoundError, match="not found"):
            client.responses.retrieve(response.id)
        with pytest.raises(openai.BadRequestError, match="Previous response with id"):
            client.responses.create(model=MODEL, input="x", previous_response_id=response.id)
        reference: Any = {"type": "item_reference", "id": response.output[0].id}
        with pytest.raises(openai.NotFoundError, match="Items are not persisted when `store` is set to false"):
            client.responses.create(model=MODEL, input=[reference])


def test_deleting() -> None:
    """A deleted response is gone; to delete it again is a 404."""
    with simulate() as backend:
        client = backend.client()
        response = client.responses.create(model=MODEL, input="x")
        client.responses.delete(response.id)
        for again in (client.responses.delete, client.responses.retrieve):
            with pytest.raises(openai.NotFoundError, match=f"Response with id '{response.id}' not found."):
                again(response.id)


def test_input_items_list_the_whole_chain() -> None:
    """Newest first: this request's input, then each earlier turn's output and input. [REC]"""
    with simulate(script=(Reply("a"),)) as backend:
        client = backend.client()
        first = client.responses.create(model=MODEL, input="one")
        second = client.responses.create(model=MODEL, input="two", previous_response_id=first.id)
        items = list(client.responses.input_items.list(second.id, limit=1))
        assert [item.content[0].text for item in items] == ["two", "a", "one"]  # type: ignore[union-attr]
        ascending = client.responses.input_items.list(second.id, order="asc").data
        assert [item.id for item in ascending] == [item.id for item in reversed(items)]


@pytest.mark.skipif(not hasattr(Responses, "compact"), reason="this SDK is older than both operations")
def test_counting_and_compacting() -> None:
    """Tokens are counted without a response; a compaction gives the user's messages and one item for the rest."""
    with simulate() as backend:
        client = backend.client()
        counted = client.responses.input_tokens.count(model=MODEL, input="What is the weather?")
        assert counted.input_tokens > 0
        compacted = client.responses.compact(model=MODEL, input="What is the weather?")
        assert [item.type for item in compacted.output] == ["message", "compaction"]
        items: Any = [item.to_dict(warnings=False) for item in compacted.output]  # the SDK takes them for output messages
        again = client.responses.create(model=MODEL, input=items)
        assert again.status == "completed"
        assert len(backend.responses) == 1


def test_a_chain_of_200_turns_costs_a_turn_each() -> None:
    """The last turns of a long chain do as much as the first: nothing is copied, nothing walked."""
    with simulate(script=(Reply("a"),)) as backend:
        client = backend.client()
        previous: Any = None
        for _ in range(200):
            previous = client.responses.create(model=MODEL, input="x", previous_response_id=previous).id
        held = backend._engine.part(understudy._apis.responses.objects.ResponsesObjects)
        assert {len(response.input) for response in held.responses.values()} == {1}
        assert {len(response.execution.conversation.items) for response in held.responses.values()} == {2}
        assert len(list(client.responses.input_items.list(previous, limit=100))) == 399


WEB_SEARCH = {"type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "x"}}


def test_an_item_given_as_json() -> None:
    """`ResponseItem` gives what no other move does; a custom tool's call waits for its output."""
    custom = {"type": "custom_tool_call", "name": "sql", "input": "SELECT 1"}
    with simulate(script=(ResponseItem(WEB_SEARCH), ResponseItem(custom), Reply("1"))) as backend:
        client = backend.client()
        tools: Any = [{"type": "custom", "name": "sql"}, {"type": "web_search"}]
        first = client.responses.create(model=MODEL, input="x", tools=tools)
        assert [item.type for item in first.output] == ["web_search_call", "custom_tool_call"]
        used: Any = first.to_dict()["tool_usage"]
        assert used["web_search"] == {"num_requests": 1}
        answer: Any = {"type": "custom_tool_call_output", "call_id": first.output[1].call_id, "output": "1"}  # type: ignore[union-attr]
        second = client.responses.create(model=MODEL, input=[answer], previous_response_id=first.id)
        assert second.output_text == "1"
        assert second.to_dict()["tool_usage"] == {**used, "web_search": {"num_requests": 0}}  # whatever was used, all keys


def test_the_repr_of_an_item_is_code() -> None:
    """Pasted back as code, an item is equal to what it was, and has the same hash."""
    again = eval(repr(ResponseItem(WEB_SEARCH)))
    assert again == ResponseItem(WEB_SEARCH)
    assert hash(again) == hash(ResponseItem(WEB_SEARCH))


def test_an_item_that_is_none() -> None:
    """What the SDK's type does not take is refused when the script is written, and on the other face when it starts."""
    with pytest.raises(understudy.errors.ImpossibleScript, match="the SDK's type rejects it"):
        ResponseItem({"type": "web_search_call", "action": {"type": "nonsense"}})
    with pytest.raises(AssertionError, match="this is a run"), simulate(script=(ResponseItem(WEB_SEARCH),)) as backend:
        client = backend.client()
        assistant = backend.add_assistant()
        thread = backend.add_thread(messages=["x"])
        with pytest.raises(openai.APIStatusError):
            client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
