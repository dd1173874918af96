"""What only a list, a step or a download shows of a session is in the promoted service, under the recorded ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.cassettes.building import entry, listed, message, streamed, written
from tests.cassettes.loopback import served
from tests.promote.driving import answered
from tests.promote.test_promotion import LONG, OF_RUN, OF_THREAD, promoted, run_of, step_of
from understudy import Backend, Incomplete, Reply, use_cassette
from understudy._cassettes import load
from understudy._promote import code_of_test, from_cassette
from understudy.scripts import Fail

MODEL = "gpt-4o"
CONVERSATION, FILE, STORE = f"conv_{'1' * 48}", f"file-{'a' * 22}", f"vs_{'b' * 24}"


def said(text: str) -> Any:
    """An input message."""
    return {"type": "message", "role": "user", "content": text}


def converse(client: openai.OpenAI) -> None:
    """A session that looks at the items of its responses, page by page, and adds items to its conversation."""
    conversation = client.conversations.create(items=[said("I am Ada.")])
    client.conversations.items.create(conversation.id, items=[said("I live in Paris."), said("It is May.")])
    client.conversations.update(conversation.id, metadata={"name": "Ada"})
    client.conversations.items.list(conversation.id)
    orders: Any = ("asc", "desc")
    for order in orders:
        first = client.responses.create(model=MODEL, input=[said("One."), said("Two."), said("Three.")])
        assert len(list(client.responses.input_items.list(first.id, order=order, limit=2))) == 3
    second = client.responses.create(model=MODEL, input="And?", previous_response_id=first.id)
    client.responses.input_items.list(second.id)


def ids_in(value: Any) -> Any:
    """The ids of a list's items, or that of an object."""
    return [item["id"] for item in value["data"]] if "data" in value else value["id"]


def test_items_that_lists_show_keep_their_ids(tmp_path: Path) -> None:
    """Input items, whichever way round they were listed, and items added to a conversation are found again by their ids."""
    backend, path = Backend(time="poll", start=1_785_000_000), tmp_path / "c.yaml"
    with served(backend) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="sk-loopback") as client:
        with use_cassette(path, record="once"):
            converse(client)
    again = from_cassette(path)
    chained = load(path)[-1]
    for interaction in load(path)[:-1]:
        status, content = answered(again, interaction)
        assert (status, ids_in(content)) == (200, ids_in(interaction.json)), interaction
    # Of a chain, a list does not say which turn brought an item: as many are there, not all under these ids.
    assert len(answered(again, chained)[1]["data"]) == len(chained.json["data"])


def test_items_that_were_there_before(tmp_path: Path) -> None:
    """Of a conversation that the session only goes on with, what the session added itself was not there before."""
    old, new = ({"id": f"msg_{number * 50}", "status": "completed", **said(number)} for number in "12")
    for item in (old, new):
        item["content"] = [{"type": "input_text", "text": item["content"]}]
    path = f"/conversations/{CONVERSATION}/items"
    backend = promoted(
        tmp_path,
        ("POST", path, {"items": [said("2")]}, listed(new)),
        ("GET", path, None, listed(new, old)),
    )
    assert [item.id for item in backend.items(CONVERSATION)] == [old["id"]]


def test_a_file_that_was_downloaded(tmp_path: Path) -> None:
    """A file that was there before has the bytes, and the name, that its download shows."""
    download = entry(("GET", f"/files/{FILE}/content", None, "soup"))
    headers = {"content-type": ["text/plain"], "content-disposition": ['attachment; filename="menu.txt"']}
    download["response"]["headers"] = headers
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": [download]}))
    with from_cassette(path).client() as client:
        assert client.files.content(FILE).read() == b"soup"
        assert client.files.retrieve(FILE).filename == "menu.txt"


def test_a_store_with_files_that_failed(tmp_path: Path) -> None:
    """A store of which only the counts are shown has as many files, and as many that failed."""
    counts = {"in_progress": 0, "completed": 1, "failed": 2, "cancelled": 0, "total": 3}
    shown = {"id": STORE, "object": "vector_store", "created_at": 1_700_000_000, "name": "x", "status": "completed"}
    backend = promoted(tmp_path, ("GET", f"/vector_stores/{STORE}", None, shown | {"file_counts": counts}))
    with backend.client() as client:
        assert client.vector_stores.retrieve(STORE).file_counts.to_dict() == counts


def test_tools_that_only_steps_show(tmp_path: Path) -> None:
    """A run that was there before, and shows no tools, had those that its steps used, with their options."""
    options = {"ranker": "default_2024_08_21", "score_threshold": 0.5}
    search = {"id": "call_1", "type": "file_search", "file_search": {"ranking_options": options, "results": []}}
    code = {"id": "call_2", "type": "code_interpreter", "code_interpreter": {"input": "1 + 1", "outputs": []}}
    steps = [step_of("tool_calls", number, tool_calls=[call]) for number, call in enumerate((search, code), 1)]
    ran = run_of("completed", tools=[])
    backend = promoted(tmp_path, ("GET", f"{OF_RUN}/steps", None, listed(*steps)), ("GET", OF_RUN, None, ran))
    [run] = backend.runs
    tools = {tool.type: tool for tool in run.tools}
    assert set(tools) == {"file_search", "code_interpreter"}
    assert tools["file_search"].file_search.ranking_options.to_dict().items() >= options.items()


@pytest.mark.parametrize("status", ["incomplete", "completed"])
@pytest.mark.parametrize("reason", ["max_completion_tokens", "max_prompt_tokens"])
def test_whether_the_last_message_was_cut(reason: Any, status: str, tmp_path: Path) -> None:
    """A stream shows how the last message of an incomplete run ended; the script says it where it is not the usual way."""
    ended = run_of("incomplete", incomplete_details={"reason": reason})
    last = message(2, LONG["run"]) | {"thread_id": LONG["thread"], "status": status}
    begun = ("thread.run.created", run_of("queued"))
    events = streamed(begun, (f"thread.message.{status}", last), ("thread.run.incomplete", ended))
    body = {"assistant_id": LONG["asst"], "stream": True}
    [script] = promoted(tmp_path, ("POST", f"{OF_THREAD}/runs", body, events)).scripts_left
    moves: Any = script.moves
    end = moves[-1]
    usual, is_cut = Incomplete(reason), status == "incomplete"
    assert end == (usual if usual.cuts_reply == is_cut else Incomplete(reason, cut=is_cut))
    assert end.cuts_reply == is_cut


# -- responses that no script expresses --------------------------------------------------


def response(*output: Any, **fields: Any) -> dict[str, Any]:
    """A response."""
    shown = {"id": f"resp_{'1' * 50}", "object": "response", "created_at": 1_785_000_000, "status": "completed"}
    return {**shown, "model": MODEL, "output": list(output), **fields}


IMAGE = ("response.image_generation_call.partial_image", {"type": "response.image_generation_call.partial_image"})
BEYOND: dict[str, tuple[dict[str, Any], Any, str]] = {
    "moderation": ({"moderation": "auto"}, response(), "moderation is not simulated"),
    "a partial image": (
        {"stream": True},
        streamed(("response.created", {"response": response()}), IMAGE),
        "no move makes partial images",
    ),
    "another model": ({}, response(model="o3-mini"), "the recorded request names another model than the one that answered"),
}


@pytest.mark.parametrize(("asked", "answer", "reason"), BEYOND.values(), ids=BEYOND)
def test_what_no_script_expresses_is_said(asked: dict[str, Any], answer: Any, reason: str, tmp_path: Path) -> None:
    """A response that no move can make is left out, with the exchange and the reason."""
    body = {"model": MODEL, "input": "hi", **asked}
    with pytest.warns(UserWarning, match=f"#0 POST /responses: {reason}"):
        backend = promoted(tmp_path, ("POST", "/responses", body, answer))
    assert backend.scripts_left == []


@pytest.mark.parametrize(("pieces", "text"), [(2, "Hello."), (1, "Hel"), (0, "")])
def test_a_stream_that_was_left(pieces: int, text: str, tmp_path: Path) -> None:
    """A response that the app did not read to its end says what had come; its end is not made up as endless."""
    item = {"type": "message", "id": f"msg_{'2' * 50}", "role": "assistant", "status": "in_progress", "content": []}
    events: list[tuple[str, Any]] = [("created", {"response": response(status="in_progress")})]
    events += [("output_item.added", {"output_index": 0, "item": item})]
    events += [("output_text.delta", {"output_index": 0, "delta": delta}) for delta in ("Hel", "lo.")[:pieces]]
    body = "".join(f"event: response.{name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
    asked = {"model": MODEL, "input": "hi", "stream": True}
    [script] = promoted(tmp_path, ("POST", "/responses", asked, body)).scripts_left
    assert script.moves == (Reply(text, chunks=["Hel", "lo."][:pieces] or None),)


def test_a_failure_with_a_code_of_its_own(tmp_path: Path) -> None:
    """A response that failed with a code which no move takes fails all the same, with its message."""
    failed = response(status="failed", error={"code": "novel_code", "message": "Odd."})
    [script] = promoted(tmp_path, ("POST", "/responses", {"model": MODEL, "input": "hi"}, failed)).scripts_left
    assert script.moves == (Fail(message="Odd."),)


def test_ids_of_another_server(tmp_path: Path) -> None:
    """Items under ids that are not the API's get others, and that is said."""
    text = {"type": "output_text", "text": "Hello.", "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "m-1", "role": "assistant", "status": "completed", "content": [text]}
    with pytest.warns(UserWarning, match="ids that are not shaped like the API's, such as 'm-1'"):
        backend = promoted(tmp_path, ("POST", "/responses", {"model": MODEL, "input": "hi"}, response(item)))
    with backend.client() as client:
        made = client.responses.create(model=MODEL, input="hi")
    assert (made.id, made.output_text) == (f"resp_{'1' * 50}", "Hello.")


# -- tests of a recording that shows no words ---------------------------------------------


def test_only_what_is_shown_is_expected(tmp_path: Path) -> None:
    """Where a recording shows how things ended, and no words, the test expects the ends alone."""
    of_run = [("POST", f"{OF_THREAD}/runs", {"assistant_id": LONG["asst"]}, run_of("completed"))]
    of_response = [("POST", "/responses", {"model": MODEL, "input": [], "instructions": "Begin."}, response())]
    for name, exchanges, expected in (
        ("run", of_run, f"assert statuses[{LONG['run']!r}] == 'completed'"),
        ("response", of_response, f"assert ended['resp_{'1' * 50}'] == 'completed'"),
    ):
        code = code_of_test(written(tmp_path / f"{name}.json", exchanges))
        compile(code, f"{name}.py", "exec")
        assert expected in code
        assert "for message in" not in code
        assert "for entry in" not in code
