"""Real recordings, replayed to the real SDK at its defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from tests.cassettes.building import RUN, THREAD, TOOL_CALL, run, streamed, written
from tests.cassettes.driving import RECORDINGS
from understudy import use_cassette
from understudy._cassettes import Interaction, load
from understudy.errors import ReplayMiss

real = pytest.mark.skipif(not RECORDINGS.exists(), reason="the real recordings do not lie beside this repository")
POLLED = RECORDINGS / "traceloop-openllmetry" / "test_new_assistant_with_polling.yaml"
STREAMED = RECORDINGS / "traceloop-openllmetry" / "test_streaming_existing_assistant.yaml"
DOTNET = RECORDINGS / "openai-openai-dotnet"
FEW = {(0, 0), (1, 2), (2, 1), (9, 0), (0, 5), (12, 5)}  # polls before a tool call, and after it


def body_of(interactions: list[Interaction], ending: str) -> dict[str, Any]:
    """The JSON of the first recorded POST to such a path, without the choice between polled and streamed."""
    found = next(one for one in interactions if one.method == "POST" and one.path.endswith(ending))
    return {key: value for key, value in found.request_json.items() if key != "stream"}


def talk(recorded: list[Interaction]) -> tuple[Any, list[Any]]:
    """The calls of the polled session: its run at the end, and its messages."""
    client = openai.OpenAI()
    client.beta.assistants.create(**body_of(recorded, "/assistants"))
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread_id=thread.id, **body_of(recorded, "/messages"))
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, **body_of(recorded, "/runs"))
    return run, client.beta.threads.messages.list(thread_id=thread.id, order="asc").data


@real
def test_a_polled_session_at_sdk_defaults_takes_no_time(slept: list[float]) -> None:
    """The first acceptance: the recorded answer, through create_and_poll, without waiting between polls."""
    recorded = load(POLLED)
    with use_cassette(POLLED):
        run, messages = talk(recorded)
    assert run.status == "completed"
    final = next(one for one in reversed(recorded) if one.path.endswith("/messages"))
    assert [one.id for one in messages] == [one["id"] for one in final.json["data"]]
    assert sum(slept) < 0.1


@real
def test_a_streamed_session_through_the_stream_helper() -> None:
    """The streamed sibling: what the helper accumulates is the recorded message."""
    recorded = load(STREAMED)
    with use_cassette(STREAMED):
        client = openai.OpenAI()
        streamed = next(one for one in recorded if one.is_stream)
        thread = streamed.path.split("/")[2]
        for one in recorded:
            if one.path == "/threads" and one.method == "POST":
                client.beta.threads.create()
            elif one.path.endswith("/messages") and one.method == "POST":
                client.beta.threads.messages.create(thread_id=thread, **one.request_json)
        with client.beta.threads.runs.stream(thread_id=thread, **body_of(recorded, "/runs")) as stream:
            stream.until_done()
            text = stream.get_final_messages()[0].content[0].text.value
            final = stream.get_final_run()
    told = [data for name, data in streamed.events if name == "thread.message.completed"]
    assert text == told[-1]["content"][0]["text"]["value"]
    assert final.status == "completed"


@real
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(before, after, marks=() if (before, after) in FEW else (pytest.mark.deep,))
        for before in (0, 1, 2, 9, 12)
        for after in (0, 1, 2, 3, 5)
    ],
)
@pytest.mark.parametrize("name", ["FunctionToolsWork", "FunctionToolsWork@2025-09-16", "StreamingToolCall"])
def test_a_tool_call_with_more_or_fewer_polls(name: str, before: int, after: int) -> None:
    """However often the run is polled before and after the submit, its history stays possible."""
    recorded = load(DOTNET / f"{name}.yaml")
    with use_cassette(DOTNET / f"{name}.yaml"):
        client = openai.OpenAI()
        client.beta.assistants.create(**body_of(recorded, "/assistants"))
        run = client.beta.threads.create_and_run(**body_of(recorded, "/threads/runs"))

        def polled(count: int) -> list[str]:
            retrieve = client.beta.threads.runs.retrieve
            return [retrieve(run.id, thread_id=run.thread_id).status for _ in range(count)]

        early = [run.status, *polled(before)]
        submit = client.beta.threads.runs.submit_tool_outputs
        run = submit(run.id, thread_id=run.thread_id, **body_of(recorded, "/submit_tool_outputs"))
        late = [run.status, *polled(after)]
    assert_in_order(early, ["queued", "in_progress", "requires_action"])
    assert_in_order(late, ["queued", "in_progress", "completed"])
    assert before < 2 or early[-1] == "requires_action"
    assert after < 2 or late[-1] == "completed"


def assert_in_order(seen: list[str], order: list[str]) -> None:
    """The statuses are some of these, never going back."""
    places = [order.index(status) for status in seen]
    assert places == sorted(places)


async def test_async_clients_are_served_alike(tmp_path: Path) -> None:
    """The same cassette through the async client."""
    with use_cassette(written(tmp_path / "c.json", TOOL_CALL), ignore=["role", "content"]):
        client = openai.AsyncOpenAI()
        run = await client.beta.threads.runs.create_and_poll(thread_id="thread_1", assistant_id="asst_1")
        assert run.status == "requires_action"
        run = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id="run_1", thread_id="thread_1", tool_outputs=[]
        )
        assert run.status == "completed"


def test_a_miss_reaches_the_app_at_the_first_attempt(tmp_path: Path) -> None:
    """The SDK raises it as a status error with our text, and retries nothing."""
    with pytest.raises(ReplayMiss), use_cassette(written(tmp_path / "c.json", TOOL_CALL)) as cassette:
        with pytest.raises(openai.InternalServerError, match="has no answer to GET /assistants/asst_9"):
            openai.OpenAI().beta.assistants.retrieve("asst_9")
        assert len(cassette.problems) == 1


def test_recorded_retries_do_not_wait(tmp_path: Path, slept: list[float]) -> None:
    """A recorded 429 with Retry-After comes first, and the SDK's retry comes at once."""
    limited = (429, {"error": {"message": "slow down"}})
    path = written(tmp_path / "c.json", [("GET", RUN, None, limited), ("GET", RUN, None, run("completed"))])
    text = path.read_text().replace(
        '"headers": {"content-type": ["application/json"]}', '"headers": {"retry-after": ["30"]}', 1
    )
    path.write_text(text)
    with use_cassette(path):
        client = openai.OpenAI()
        assert client.beta.threads.runs.retrieve("run_1", thread_id="thread_1").status == "completed"
    assert sum(slept) < 1


def test_a_stream_with_comments_is_read_past_them(tmp_path: Path) -> None:
    """Comments and more blank lines than there need be, as other servers send them, hide no event and lose no byte."""
    clean = streamed(("thread.run.created", run("queued")), ("thread.run.completed", run("completed")))
    body = ": keep-alive\n\n" + clean.replace("\n\n", "\n\n\n: keep-alive\n\n", 1)
    path = written(
        tmp_path / "comments.yaml", [("POST", f"{THREAD}/runs", {"assistant_id": "asst_1", "stream": True}, body)]
    )
    with use_cassette(path):
        runs = openai.OpenAI().beta.threads.runs
        with runs.with_streaming_response.create("thread_1", assistant_id="asst_1", stream=True) as answer:
            assert b"".join(answer.iter_bytes()) == body.encode()
    with use_cassette(path):
        events = openai.OpenAI().beta.threads.runs.create("thread_1", assistant_id="asst_1", stream=True)
        assert [event.event for event in events] == ["thread.run.created", "thread.run.completed"]
    assert [name for name, _ in load(path)[0].events] == ["thread.run.created", "thread.run.completed", "done"]


def test_azure_and_openai_share_a_cassette(tmp_path: Path) -> None:
    """Neither the host, nor Azure's prefix and api-version, are part of what is asked."""
    with use_cassette(written(tmp_path / "c.json", TOOL_CALL)):
        azure = openai.AzureOpenAI(azure_endpoint="https://x.openai.azure.com", api_version="2024-05-01-preview")
        assert azure.beta.threads.create().id == "thread_1"
    text = (tmp_path / "c.json").read_text()
    text = text.replace('https://api.openai.com/v1/threads"', 'https://x.openai.azure.com/openai/threads?api-version=1"')
    (tmp_path / "azure.json").write_text(text)
    with use_cassette(tmp_path / "azure.json"):
        assert openai.OpenAI().beta.threads.create().id == "thread_1"


def test_threads_of_the_cassette_are_found_by_path(tmp_path: Path) -> None:
    """A client with a base URL of its own is answered too."""
    with use_cassette(written(tmp_path / "c.json", TOOL_CALL)):
        client = openai.OpenAI(base_url="http://proxy.invalid/some/prefix/v1")
        assert client.beta.threads.create().id == THREAD.removeprefix("/threads/")
