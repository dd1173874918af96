"""Streams of responses: what each kind of item is sent as, and what a stream ends with that was cut."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from understudy import CodeInterpreter, Reply, ResponseItem, simulate

ASKED: Any = {"model": "gpt-4o-mini", "input": "x"}
CODE: Any = {"type": "code_interpreter", "container": {"type": "auto"}}


def plain(one: Any) -> Any:
    return one.to_dict(warnings=False)


@pytest.mark.parametrize("text", ["Read [it](sandbox:/mnt/data/a.csv) or【4:0†b.txt】it.", "【4:0†b.txt】【4:0†b.txt】"])
def test_annotations_are_sent_where_they_stand(text: str) -> None:
    """Files that code wrote are annotations of the text that stays, citations of a text that goes; both are streamed."""
    with simulate() as backend:
        client = backend.client()
        files = [backend.add_file(filename=name).id for name in ("a.csv", "b.txt")]
        cited = [files["b.txt" in part] for part in ("a.csv", "b.txt") if part in text] * (1 if "csv" in text else 2)
        for _ in range(2):
            backend.next_run(CodeInterpreter("1"), Reply(text, citations=cited))
        kept = client.responses.create(**ASKED, tools=[CODE]).output[1]
        events = list(client.responses.create(**ASKED, tools=[CODE], stream=True))
    (part,) = plain(kept)["content"]
    assert part["text"] == text.replace("【4:0†b.txt】", "")
    for one in part["annotations"]:
        if one["type"] == "container_file_citation":
            assert part["text"][one["start_index"] : one["end_index"]] == "sandbox:/mnt/data/a.csv"
    shown = [{**one, "container_id": ""} if "container_id" in one else one for one in part["annotations"]]
    sent = [plain(event)["annotation"] for event in events if event.type == "response.output_text.annotation.added"]
    assert [{**one, "container_id": ""} if "container_id" in one else one for one in sent] == shown
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == part["text"]
    assert [one["type"] for one in shown] == (
        ["container_file_citation", "file_citation"] if "csv" in text else ["file_citation", "file_citation"]
    )


ITEMS: list[tuple[Any, list[str]]] = [
    (
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": text} for text in ("One.", "Two.")],
        },
        [
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
        ]
        * 2,
    ),
    (
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [
                {
                    "type": "output_text",
                    "text": "Yes.",
                    "annotations": [
                        {"type": "file_citation", "file_id": "file-1", "filename": "a.txt", "index": index}
                        for index in (0, 3)
                    ],
                }
            ],
        },
        [
            "content_part.added",
            "output_text.annotation.added",
            "output_text.delta",
            "output_text.annotation.added",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
        ],
    ),
]


IS_OLD = openai.__version__.startswith("1.")  # there, an error is a text
FAILURE: Any = "gone" if IS_OLD else {"type": "http_error", "code": 500, "message": "gone"}


@pytest.mark.parametrize(("error", "end"), [(None, "completed"), (FAILURE, "failed")])
def test_a_call_of_a_server_that_failed_says_so(error: Any, end: str) -> None:
    """The stream of an MCP call ends with `completed`, or with `failed` where it has an error."""
    call = {"type": "mcp_call", "name": "t", "arguments": "{}", "server_label": "m", "output": None, "error": error}
    with simulate(script=(ResponseItem(call), Reply("So."))) as backend:
        types = [event.type for event in backend.client().responses.create(**ASKED, stream=True)]
    ends = [name for name in types if name in ("response.mcp_call.completed", "response.mcp_call.failed")]
    assert ends == [f"response.mcp_call.{end}"]


@pytest.mark.parametrize(("item", "names"), ITEMS, ids=["reasoning", "message"])
def test_an_item_given_as_json_is_streamed(item: Any, names: list[str]) -> None:
    """An item given as JSON is sent in the parts that its kind has, and is in the end what was given."""
    with simulate(script=(ResponseItem(item), Reply("So."))) as backend:
        events = list(backend.client().responses.create(**ASKED, stream=True))
    types = [event.type.removeprefix("response.") for event in events if getattr(event, "output_index", None) == 0]
    assert types == ["output_item.added", *names, "output_item.done"]
    last = plain(events[-1])["response"]["output"][0]
    assert {key: last[key] for key in item if key != "id"} == {key: value for key, value in item.items() if key != "id"}
    pieces = [event.delta for event in events if event.type.endswith("text.delta") and event.output_index == 0]
    assert "".join(pieces) == "".join(part["text"] for part in item.get("content") or item["summary"])


@pytest.mark.parametrize("cut_at", range(12))
def test_a_stream_that_is_cancelled_closes_what_it_began(cut_at: int) -> None:
    """Wherever a background response is cancelled, its stream closes what was begun, and has no event of the end."""
    with simulate(script=(CodeInterpreter("1", logs="1"), Reply("One two."))) as backend:
        client = backend.client()
        events = iter(client.responses.create(**ASKED, tools=[CODE], background=True, stream=True))
        seen = [next(events) for _ in range(cut_at + 1)]
        response = client.responses.cancel(seen[0].response.id)  # type: ignore[union-attr]
        seen += list(events)
    types = [event.type.removeprefix("response.") for event in seen]
    assert response.status == "cancelled"
    for kind in ("output_item", "content_part"):
        assert types.count(f"{kind}.added") == types.count(f"{kind}.done")
    assert not {"completed", "failed", "incomplete"} & set(types)
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
