"""The laws of replay over several runs at once, polled at any cadence, from one thread, many threads, or tasks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.cassettes.building import BASE
from tests.cassettes.loopback import served
from tests.effort import examples
from understudy import FunctionCall, Reply, UnderstudyError, use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import load

TALKS = 3
HEADERS = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer key-of-the-test"}
# What a run of these goes through; the second half comes after the submit.
LIFE = ["queued", "in_progress", "requires_action", "queued", "in_progress", "completed"]
SUBMITTED = 3
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}

QUESTIONS = ("poll", "messages", "steps", "runs")
Cadence = tuple[tuple[str, ...], tuple[str, ...]]  # what is asked before the submit, and after


@dataclass
class Talk:
    """One conversation: what it sends next, and what it has seen."""

    number: int
    thread: str = ""
    run: str = ""
    call: str = ""
    at: int = 0
    submitted: bool = False
    last: dict[str, Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)
    refused: int = 0

    def request(self, question: str) -> tuple[str, str, Any]:
        """Method, path and body of a question."""
        here = f"/threads/{self.thread}"
        if question == "thread":
            return "POST", "/threads", {"metadata": {"number": str(self.number)}}
        if question == "say":
            return "POST", f"{here}/messages", {"role": "user", "content": f"I am {self.number}"}
        if question == "create":
            return "POST", f"{here}/runs", {"assistant_id": "asst_1", "tools": [TOOL]}
        if question == "submit":
            output = {"tool_call_id": self.call, "output": str(self.number)}
            return "POST", f"{here}/runs/{self.run}/submit_tool_outputs", {"tool_outputs": [output]}
        places = {"poll": f"/runs/{self.run}", "messages": "/messages", "steps": f"/runs/{self.run}/steps", "runs": "/runs"}
        return "GET", here + places[question], None

    def heard(self, question: str, answer: Any) -> None:
        """Hold an answer against the laws."""
        if "error" in answer:
            assert answer["error"]["code"] == "understudy_replay_miss", answer
            assert "later state" in answer["error"]["message"], answer
            self.refused += 1
            return
        if question == "thread":
            self.thread = answer["id"]
        elif question in ("create", "submit", "poll"):
            self._saw(answer, question)
        elif question == "runs":
            assert [one["id"] for one in answer["data"]] == [self.run]
            self._saw(answer["data"][0], question)
        elif question == "messages":
            self._listed([one["content"][0]["text"]["value"] for one in reversed(answer["data"])])
        elif question == "steps":
            self._stepped([(one["type"], one["status"]) for one in reversed(answer["data"])])

    def _saw(self, run: dict[str, Any], question: str) -> None:
        if question == "submit":
            self.submitted, self.at = True, SUBMITTED
        assert run["id"] == self.run or question == "create", "the run of another conversation"
        self.run, self.last = run["id"], run
        states = LIFE[self.at :] if self.submitted else LIFE[self.at : SUBMITTED]
        assert run["status"] in states, f"{run['status']} where only {states} are possible"
        self.at += states.index(run["status"])
        if run["status"] == "requires_action":
            self.call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]

    def _listed(self, texts: list[str]) -> None:
        assert texts[: len(self.texts)] == self.texts, "a message is gone"
        assert texts[0] == f"I am {self.number}"
        assert len(texts) == 1 or self.at > SUBMITTED, "an answer of a run that was last seen queued"
        self.texts = texts

    def _stepped(self, steps: list[tuple[str, str]]) -> None:
        for (kind, status), (kind_now, status_now) in zip(self.steps, steps, strict=False):
            assert kind == kind_now
            assert (status, status_now) != ("completed", "in_progress"), "a step is undone"
        assert len(steps) >= len(self.steps), "a step is gone"
        assert self.at or not steps, "a step of a run that was last seen queued"
        assert self.at > SUBMITTED or "message_creation" not in [kind for kind, _ in steps], "an answer before its time"
        self.steps = steps


def plan(cadence: Cadence) -> Iterator[str]:
    """What one conversation asks, in order: as drawn, then until its run is over."""
    before, after = cadence
    yield from ("thread", "say", "create", *before)
    yield from ["poll"] * 3  # nothing can be submitted before the call was seen
    yield from ("submit", *after, *["poll"] * 3, "messages", "steps", "messages", "steps")


# How the recorded app asked: lists between the polls, or all of them at the end of each epoch.
RECORDED: dict[str, Cadence] = {
    "between": (("messages", "poll", "steps", "runs"), ("poll", "messages", "runs", "steps")),
    "late": (("poll", "poll", "poll", "messages", "steps", "runs"), ("poll", "poll", "poll", "runs")),
}


@pytest.fixture(scope="module")
def cassettes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A cassette for each way of asking."""
    folder = tmp_path_factory.mktemp("interleaved")
    return {name: recorded(folder / f"{name}.yaml", cadence) for name, cadence in RECORDED.items()}


def recorded(path: Path, cadence: Cadence) -> Path:
    """Three runs with a function call each, recorded from the simulator, interleaved."""
    backend = Backend()
    backend.add_assistant(id="asst_1")
    for number in range(TALKS):
        backend.every_run(FunctionCall("f", {}), Reply(f"Hello {number}."), when=f"I am {number}")
    talks = [Talk(number) for number in range(TALKS)]
    with served(backend) as base, use_cassette(path, record="once"), httpx.Client(headers=HEADERS) as client:
        for questions in zip(*(plan(cadence) for _ in talks), strict=True):
            for talk, question in zip(talks, questions, strict=True):
                method, place, body = talk.request(question)
                talk.heard(question, client.request(method, f"{base}/v1{place}", json=body).json())
    assert {talk.last["status"] for talk in talks} == {"completed"}
    assert len(load(path)) > 40
    return path


@pytest.fixture(scope="module")
def plain() -> Iterator[httpx.Client]:
    """A client made once: its TLS context takes longer than an example here."""
    with httpx.Client(headers=HEADERS) as client:
        yield client


def step(client: httpx.Client, talk: Talk, question: str) -> None:
    """Ask one question of a conversation."""
    method, path, body = talk.request(question)
    talk.heard(question, client.request(method, BASE + path, json=body).json())


def in_turn(client: httpx.Client, talks: list[Talk], cadences: list[Cadence], order: list[int]) -> None:
    """All conversations from one thread, one question of one, then one of another."""
    left = [plan(cadence) for cadence in cadences]
    for number in order:
        for question in islice(left[number], 1):
            step(client, talks[number], question)
    for talk, questions in zip(talks, left, strict=True):
        for question in questions:
            step(client, talk, question)


def in_threads(client: httpx.Client, talks: list[Talk], cadences: list[Cadence]) -> None:
    """Each conversation in a thread of its own."""
    failures: list[BaseException] = []

    def run(talk: Talk, cadence: Cadence) -> None:
        try:
            for question in plan(cadence):
                step(client, talk, question)
        except BaseException as error:  # told by the thread that waits
            failures.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in zip(talks, cadences, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


async def in_tasks(talks: list[Talk], cadences: list[Cadence]) -> None:
    """Each conversation in a task of its own."""

    async def run(client: httpx.AsyncClient, talk: Talk, cadence: Cadence) -> None:
        for question in plan(cadence):
            method, path, body = talk.request(question)
            talk.heard(question, (await client.request(method, BASE + path, json=body)).json())

    async with httpx.AsyncClient(headers=HEADERS, verify=False) as client:
        await asyncio.gather(*(run(client, *pair) for pair in zip(talks, cadences, strict=True)))


questions = st.lists(st.sampled_from(QUESTIONS), max_size=10).map(tuple)
all_cadences = st.lists(st.tuples(questions, questions), min_size=TALKS, max_size=TALKS)
NEVER: Cadence = ((), ())
OFTEN: Cadence = (("poll", "messages", "steps", "runs") * 3, ("poll", "messages", "steps", "runs") * 3)
LISTS_FIRST: Cadence = (("steps", "messages", "runs"), ("messages", "steps", "runs"))


@settings(examples(120), deadline=None)
@given(
    cadences=all_cadences,
    order=st.lists(st.integers(0, TALKS - 1), max_size=60),
    way=st.sampled_from(["in turn", "threads", "tasks"]),
    recording=st.sampled_from(sorted(RECORDED)),
)
@example(cadences=[NEVER, OFTEN, LISTS_FIRST], order=[0, 1, 2] * 20, way="in turn", recording="late")
@example(cadences=[LISTS_FIRST, NEVER, OFTEN], order=[], way="threads", recording="between")
@example(cadences=[OFTEN, LISTS_FIRST, NEVER], order=[], way="tasks", recording="late")
def test_interleaved_runs_keep_a_possible_history(
    cassettes: dict[str, Path], plain: httpx.Client, cadences: list[Cadence], order: list[int], way: str, recording: str
) -> None:
    """No state before its time, none twice, nothing of another's; and at the end, what was recorded at the end."""
    talks = [Talk(number) for number in range(TALKS)]
    try:
        with use_cassette(cassettes[recording]):
            if way == "in turn":
                in_turn(plain, talks, cadences, order)
            elif way == "threads":
                in_threads(plain, talks, cadences)
            else:
                asyncio.run(in_tasks(talks, cadences))
    except UnderstudyError as refusals:  # a list asked before the run was polled: refused, and said why
        assert "later state" in str(refusals)  # noqa: PT017  the block may also end well
        assert any(talk.refused for talk in talks)
    for talk in talks:
        assert talk.last["status"] == "completed"
        assert talk.texts == [f"I am {talk.number}", f"Hello {talk.number}."]
        assert talk.steps == [("tool_calls", "completed"), ("message_creation", "completed")]
