"""What the apps return or raise, of whatever type, and reports as values: copied, printed, as JSON and as a page."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from pydantic import BaseModel

import understudy
from tests.cassettes.building import THREAD, message, run, written
from tests.parity.apps import MODEL
from understudy._cli.main import main


@dataclass
class Answer:
    """An app's own result."""

    conversation: str
    texts: list[str]


@dataclass
class OtherAnswer(Answer):
    """Another type with the same fields."""


class Model(BaseModel):
    """A pydantic model as a result."""

    conversation: str
    texts: list[str]


@pytest.mark.parametrize("kind", [Answer, Model, dict], ids=["dataclass", "model", "dict"])
def test_results_with_fields_are_compared_field_by_field(kind: Callable[..., Any]) -> None:
    """Ids in a field do not count, another text does, whatever type holds them."""

    def answering(conversation: str, text: str) -> Callable[[], Any]:
        return lambda: kind(conversation=conversation, texts=[text])

    old = answering("thread_abcdefgh1234", "Yes")
    assert understudy.parity(old, answering("conv_ffff00001111", "Yes")).same
    [difference] = understudy.parity(old, answering("conv_ffff00001111", "No")).differences
    assert (difference.kind, difference.new) == ("result", kind(conversation="conv_ffff00001111", texts=["No"]))


def test_a_coroutine_in_place_of_an_app_is_refused() -> None:
    """What was called already cannot be run on a script: the message says what to pass."""

    async def app() -> str:
        return "x"

    coroutine: Any = app()
    with pytest.raises(TypeError, match=r"parity\(new=\.\.\.\): .* got a coroutine; pass the coroutine function itself$"):
        understudy.parity(app, coroutine)
    coroutine.close()


def test_results_of_two_types_differ() -> None:
    """Equal fields do not make two types the same."""
    report = understudy.parity(lambda: Answer("x", []), lambda: OtherAnswer("x", []))
    assert [difference.kind for difference in report.differences] == ["result"]


def test_an_object_of_the_sdk_is_a_result() -> None:
    """Two apps that return the response itself return the same, though its ids are the service's."""

    def asking(question: str) -> Callable[[], Any]:
        return lambda: OpenAI().responses.create(model=MODEL, input=question, metadata={"question": question})

    assert understudy.parity(asking("a"), asking("a")).same
    kinds = [difference.kind for difference in understudy.parity(asking("a"), asking("b")).differences]
    assert kinds == ["user", "result"]


async def test_an_async_app_that_raises_while_a_loop_runs() -> None:
    """What a coroutine function raises is its result, in an async test as elsewhere."""

    async def raising() -> None:
        raise ValueError("no")

    async def answering() -> str:
        return "yes"

    assert understudy.parity(raising, raising).same
    report = understudy.parity(raising, answering)
    assert "raised ValueError: no" in str(report)


# -- a report ------------------------------------------------------------------------


@pytest.fixture
def recordings(tmp_path: Path) -> list[str]:
    """Of a run to whose question a file is attached, and of a response without it; what the thread held is not shown."""
    attached = {"role": "user", "content": "hi", "attachments": [{"file_id": "file-1", "tools": [{"type": "file_search"}]}]}
    file = {"id": "file-1", "object": "file", "filename": "notes.txt"}
    old = written(
        tmp_path / "old.json",
        [
            ("GET", "/files/file-1", None, file),
            ("POST", f"{THREAD}/messages", attached, message(1) | attached),
            ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1"}, run("completed", created_at=2, instructions="Be kind.")),
        ],
    )
    made = {"id": "resp_1", "object": "response", "status": "completed", "model": MODEL, "output": []}
    body = {"model": MODEL, "input": "hi", "instructions": "Be kind."}
    return [str(old), str(written(tmp_path / "new.json", [("POST", "/responses", body, made)]))]


def test_a_report_is_copied_whole(recordings: list[str]) -> None:
    """A copy, or a report that came from another process, is equal in everything, what is unknown included."""
    report = understudy.parity(*recordings, words="ignore")
    for again in (copy.copy(report), copy.deepcopy(report), pickle.loads(pickle.dumps(report))):
        assert again == report
        assert (again.differences, again.sides, again.code) == (report.differences, report.sides, report.code)
        assert (again.old, again.new) == (report.old, report.new)
        assert again.html() == report.html()
        assert again.text(60) == report.text(60)
        assert str(again.old.turns[0].context) == "(unknown)"
        assert again.old.turns[0].context is report.old.turns[0].context


def regardless_of_case(old: str, new: str) -> bool:
    """How the replies of one test are compared."""
    return old.lower() == new.lower()


def test_a_copied_report_compares_as_before(tmp_path: Path) -> None:
    """The copy pairs the replies that the report took for the same."""
    sides = []
    for name, texts in (("old", ["YES"]), ("new", ["no", "yes"])):
        parts = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
        output = [
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
            for part in parts
        ]
        made = {"id": "resp_1", "object": "response", "status": "completed", "model": MODEL, "output": output}
        sides.append(
            str(written(tmp_path / f"{name}.json", [("POST", "/responses", {"model": MODEL, "input": "hi"}, made)]))
        )
    report = understudy.parity(*sides, words=regardless_of_case)
    [difference] = report.differences
    assert (difference.old, difference.new) == (None, "no")
    for again in (copy.copy(report), pickle.loads(pickle.dumps(report))):
        assert (str(again), again.text(60), again.html()) == (str(report), report.text(60), report.html())
        assert str(again.without(())) == str(report)


def test_lists_in_the_json(recordings: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What a difference holds is JSON as it is: the names of files are a list, what is unknown is null."""
    assert main(["parity", *recordings, "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    [difference] = [one for one in data["differences"] if one["kind"] == "parameter"]
    assert (difference["old"], difference["new"]) == ({"attachments": ["notes.txt"]}, None)
    took = {"requests", "retries", "seconds", "models"}
    assert took <= {*data["old"]}
    assert took <= {*data["new"]}


def test_a_page_of_nothing(tmp_path: Path) -> None:
    """Two recordings without an exchange are the same, and the page has nothing to say of how they were made."""
    empty = written(tmp_path / "empty.json", [])
    report = understudy.parity(empty, empty)
    assert report.same
    assert "For information" not in report.html()
    assert "Nothing differs" in report.html()
