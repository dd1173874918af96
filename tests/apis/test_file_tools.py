from __future__ import annotations

from typing import Any

import openai
import pytest

import understudy
from understudy._backend.backend import Backend

INCLUDE: Any = ["step_details.tool_calls[*].file_search.results[*].content"]
FILE_SEARCH: Any = [{"type": "file_search"}]


def inline(*file_ids: str) -> Any:
    return {"file_search": {"vector_stores": [{"file_ids": list(file_ids), "metadata": {"by": "me"}}]}}


def test_inline_stores_are_made(backend: Backend, client: Any) -> None:
    """Assistants and threads answer with the ids of the stores they asked for; that of a thread expires after 7 days."""
    file = backend.add_file()
    assistant = client.beta.assistants.create(model="gpt-4o", tools=FILE_SEARCH, tool_resources=inline(file.id))
    thread = client.beta.threads.create(tool_resources=inline(file.id))
    ids = [*assistant.tool_resources.file_search.vector_store_ids, *thread.tool_resources.file_search.vector_store_ids]
    stores = [client.vector_stores.retrieve(id_) for id_ in ids]
    assert [store.metadata for store in stores] == [{"by": "me"}] * 2
    assert [store.expires_after and store.expires_after.days for store in stores] == [None, 7]
    assert client.beta.threads.retrieve(thread.id).tool_resources == thread.tool_resources


def test_unknown_files_and_stores_are_refused(backend: Backend, client: Any) -> None:
    """What a body names must exist, or nothing is made."""
    for resources in (
        inline("file-no"),
        {"file_search": {"vector_store_ids": ["vs_no"]}},
        {"code_interpreter": {"file_ids": ["file-no"]}},
    ):
        for act in (
            lambda given: client.beta.assistants.create(model="gpt-4o", tools=FILE_SEARCH, tool_resources=given),
            lambda given: client.beta.threads.create(tool_resources=given),
        ):
            with pytest.raises(openai.NotFoundError):
                act(resources)
    assert backend.threads == backend.vector_stores == []
    assert client.beta.assistants.list().data == []


def test_stores_are_named_or_made_not_both(backend: Backend, client: Any) -> None:
    """`vector_store_ids` beside `vector_stores` is refused."""
    both = {"vector_store_ids": [backend.add_vector_store().id], "vector_stores": [{}]}
    with pytest.raises(openai.BadRequestError, match="Mutually exclusive parameters"):
        client.beta.threads.create(tool_resources={"file_search": both})
    assert len(backend.vector_stores) == 1


def test_attachments_make_a_store_for_the_thread(backend: Backend, client: Any) -> None:
    """A file attached for file search goes to the thread's own store, one for the code interpreter to its files."""
    one, two = backend.add_file(), backend.add_file()
    both = [{"type": "file_search"}, {"type": "code_interpreter"}]
    thread = client.beta.threads.create()
    message = client.beta.threads.messages.create(
        thread.id, role="user", content="x", attachments=[{"file_id": one.id, "tools": both}]
    )
    assert message.attachments[0].file_id == one.id
    client.beta.threads.messages.create(
        thread.id, role="user", content="y", attachments=[{"file_id": two.id, "tools": FILE_SEARCH}]
    )
    resources = client.beta.threads.retrieve(thread.id).tool_resources
    assert resources.code_interpreter.file_ids == [one.id]
    (store_id,) = resources.file_search.vector_store_ids
    assert {file.id for file in client.vector_stores.files.list(store_id)} == {one.id, two.id}
    assert client.vector_stores.retrieve(store_id).expires_after.days == 7


def test_an_unknown_attachment_changes_nothing(backend: Backend, client: Any) -> None:
    """A message or a thread with an attachment that does not exist is not made."""
    thread = client.beta.threads.create()
    wrong: Any = {"role": "user", "content": "x", "attachments": [{"file_id": "file-no", "tools": FILE_SEARCH}]}
    image: Any = {"role": "user", "content": [{"type": "image_file", "image_file": {"file_id": "file-no"}}]}
    for message in (wrong, image):
        with pytest.raises(openai.NotFoundError, match="No file found with id 'file-no'"):
            client.beta.threads.messages.create(thread.id, **message)
        with pytest.raises(openai.NotFoundError):
            client.beta.threads.create(messages=[message])
    assert backend.messages(thread.id) == []
    assert len(backend.threads) == 1


def test_a_refused_run_leaves_no_store_behind(backend: Backend, client: Any) -> None:
    """A thread with a run that cannot start leaves neither the thread nor the stores made for it."""
    assistant = client.beta.assistants.create(model="gpt-4o")
    with pytest.raises(openai.BadRequestError, match="Run creation requires a Thread with a user message"):
        client.beta.threads.create_and_run(
            assistant_id=assistant.id, thread={"tool_resources": inline(backend.add_file().id)}
        )
    assert backend.threads == backend.vector_stores == []


def test_a_run_finds_what_is_in_its_stores(backend: Backend, client: Any) -> None:
    """A file search without results of its own searches the stores of assistant and thread, as the tool is set."""
    foods = backend.add_file(filename="foods.txt", content="Filip likes cake.")
    drinks = backend.add_file(filename="drinks.txt", content="Filip likes tea.")
    store = backend.add_vector_store(file_ids=[foods.id])
    ranking = {"score_threshold": 0.25, "ranker": "default_2024_08_21"}
    assistant = client.beta.assistants.create(
        model="gpt-4o",
        tools=[{"type": "file_search", "file_search": {"max_num_results": 1, "ranking_options": ranking}}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    thread = client.beta.threads.create(
        messages=[
            {"role": "user", "content": "Who likes tea?", "attachments": [{"file_id": drinks.id, "tools": FILE_SEARCH}]}
        ]
    )
    backend.next_run(understudy.FileSearch(), understudy.Reply("Filip 【4:0†drinks.txt】.", citations=[drinks.id]))
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    step = client.beta.threads.runs.steps.list(run.id, thread_id=thread.id, order="asc", include=INCLUDE).data[0]
    search = step.step_details.tool_calls[0].file_search
    assert search.ranking_options.score_threshold == 0.25
    assert [(hit.file_name, hit.content[0].text) for hit in search.results] == [("drinks.txt", "Filip likes tea.")]
    text = client.beta.threads.messages.list(thread.id).data[0].content[0].text
    (annotation,) = text.annotations
    assert annotation.file_citation.file_id == drinks.id
    assert text.value[annotation.start_index : annotation.end_index] == annotation.text == "【4:0†drinks.txt】"


def test_a_marker_without_a_citation_is_text(backend: Backend, client: Any) -> None:
    """Markers take the citations in their order; one more than there are is left as the text it is."""
    file = backend.add_file()
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="x")
    text = "A 【4:0†a】 and 【4:1†b】."
    backend.next_run(understudy.Reply(text, citations=[file.id]))
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id)
    said = client.beta.threads.messages.list(run.thread_id).data[0].content[0].text
    assert said.value == text
    assert [(note.text, note.file_citation.file_id) for note in said.annotations] == [("【4:0†a】", file.id)]


def test_a_scripted_query_is_what_is_searched_for(backend: Backend, client: Any) -> None:
    """`FileSearch(query=...)` searches for that, whatever the user said."""
    store = backend.add_vector_store(file_ids=[backend.add_file(content="The needle.").id])
    assistant = backend.add_assistant(
        tools=FILE_SEARCH, instructions="x", tool_resources={"file_search": {"vector_store_ids": [store.id]}}
    )
    backend.next_run(understudy.FileSearch(query="needle"), understudy.Reply("ok"))
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id)
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc").data
    assert [hit.score for hit in steps[0].step_details.tool_calls[0].file_search.results] == [1.0]


def test_images_become_files(backend: Backend, client: Any) -> None:
    """Bytes that a script draws are files the app can download, once they were drawn."""
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="x", tools=[{"type": "code_interpreter"}])
    backend.next_run(
        understudy.CodeInterpreter("plot()", images=[b"\x89PNG 1"]), understudy.Reply("Here.", images=[b"\x89PNG 2"])
    )
    run = client.beta.threads.create_and_run(assistant_id=assistant.id)
    assert backend.files == []
    run = client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc").data
    drawn = steps[0].step_details.tool_calls[0].code_interpreter.outputs[0].image.file_id
    shown = client.beta.threads.messages.list(run.thread_id).data[0].content[1].image_file.file_id
    assert client.files.content(drawn).read() == b"\x89PNG 1"
    assert client.files.content(shown).read() == b"\x89PNG 2"
    assert client.files.retrieve(drawn).purpose == "assistants_output"


def test_every_kind_of_step_streams_valid_payloads(backend: Backend, client: Any) -> None:
    """A stream with every tool in it is valid throughout, and its deltas join to what is retrieved afterwards."""
    file = backend.add_file(content="cake")
    store = backend.add_vector_store(file_ids=[file.id])
    assistant = client.beta.assistants.create(
        model="gpt-4o",
        tools=[*FILE_SEARCH, {"type": "code_interpreter"}, {"type": "function", "function": {"name": "f"}}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    backend.next_run(
        [understudy.FileSearch(query="cake"), understudy.CodeInterpreter("1+1", logs="2", images=[b"x"])],
        [understudy.FunctionCall("f", {"a": 1}), understudy.FunctionCall("f")],
        understudy.Reply("Cake 【4:0†file.txt】 it is.", citations=[file.id], images=[b"y"]),
    )
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "What?"}])
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()
        run = stream.current_run
    outputs = [{"tool_call_id": call.id, "output": "o"} for call in run.required_action.submit_tool_outputs.tool_calls]
    with client.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=thread.id, tool_outputs=outputs
    ) as stream:
        message = stream.get_final_messages()[0]
    held = client.beta.threads.messages.retrieve(message.id, thread_id=thread.id)
    assert [part.type for part in held.content] == [part.type for part in message.content] == ["text", "image_file"]
    assert held.content[0].text.value == message.content[0].text.value == "Cake 【4:0†file.txt】 it is."
    assert client.beta.threads.runs.retrieve(run.id, thread_id=thread.id).status == "completed"
