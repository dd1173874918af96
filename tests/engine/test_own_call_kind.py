"""A kind of call that stands in this file alone is scripted, checked, polled, streamed, drawn and counted like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import openai
import pytest

import understudy as us
from tests.engine.app import thread
from understudy import FunctionCall, Reply
from understudy._common.code_repr import first
from understudy._common.observers import observing
from understudy._coverage import names
from understudy._coverage.collector import SuiteWatch
from understudy._engine.items import CallState, CallView, OutputItemView
from understudy._engine.moves.base import CallMove
from understudy._engine.ports import Surroundings
from understudy.scripts import check_moves

# -- the kind ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Abacus(CallMove):
    """The model adds numbers up."""

    needs_tool: ClassVar[str] = "abacus"
    numbers: tuple[int, ...] = first()

    def call(self, surroundings: Surroundings, **identity: Any) -> AbacusCallState:
        return AbacusCallState(numbers=self.numbers, total=sum(self.numbers), **identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbacusCallState(CallState):
    """An addition: beads move one by one, then the total is known."""

    kind: ClassVar[str] = "abacus"
    faces: ClassVar[Mapping[str, Any]] = {
        "assistants": CallView(
            details=lambda call, with_content: {"numbers": [*call.numbers], "total": call.total},
            added=lambda piece: {"total": piece[0]} if isinstance(piece, tuple) else {"numbers": [piece]},
        ),
        "responses": OutputItemView(
            details=lambda call: {"numbers": [*call.numbers], "total": call.total},
            begins=("in_progress", "adding"),
        ),
    }
    numbers: tuple[int, ...]
    total: int | None = None

    def opening(self) -> AbacusCallState:
        return replace(self, numbers=(), total=None)

    def pieces(self) -> Sequence[Any]:
        return [*self.numbers, (self.total,)]

    def plus(self, piece: Any) -> AbacusCallState:
        return replace(self, total=piece[0]) if isinstance(piece, tuple) else replace(self, numbers=(*self.numbers, piece))

    @property
    def words(self) -> str:
        return f"abacus {' + '.join(map(str, self.numbers))}"


del CallState.kinds["abacus"]  # known while the tests of this file run, and not to others

# -- what it can --------------------------------------------------------------------

TOOLS: list[Any] = [{"type": "abacus"}, {"type": "function", "function": {"name": "ask"}}]
SCRIPT = (Abacus((2, 3, 4)), Reply("It is 9."))


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CallState.kinds, "abacus", AbacusCallState)


@pytest.fixture
def backend() -> Iterator[us.Backend]:
    backend = us.Backend(script=SCRIPT)
    yield backend
    assert backend.close() == []


def run_of(backend: us.Backend, **options: Any) -> Any:
    """A run of an assistant that was created with the tool, polled to its end."""
    client = backend.client()
    assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS)
    return client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=assistant.id, **options)


def test_it_is_scripted_and_polled(backend):
    """The run does what the script says, and its step shows the call as the kind renders it."""
    run = run_of(backend)
    steps = backend.client().beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id, order="asc").data
    (call,) = steps[0].to_dict(warnings=False)["step_details"]["tool_calls"]
    assert run.status == "completed"
    assert run.tools[0].to_dict(warnings=False) == {"type": "abacus"}
    assert call == {"id": call["id"], "type": "abacus", "abacus": {"numbers": [2, 3, 4], "total": 9}}


def test_it_is_streamed(backend):
    """A stream sends the call whole and empty first, then what each piece adds, then the step with all of it."""
    client = backend.client()
    assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS)
    with client.beta.threads.runs.create(thread(client), assistant_id=assistant.id, stream=True) as stream:
        events = [(event.event, event.data.to_dict(warnings=False)) for event in stream]
    deltas = [data["delta"]["step_details"]["tool_calls"][0] for name, data in events if name == "thread.run.step.delta"]
    assert deltas[0]["abacus"] == {"numbers": [], "total": None}
    assert deltas[1:] == [
        {"index": 0, "type": "abacus", "abacus": added}
        for added in ({"numbers": [2]}, {"numbers": [3]}, {"numbers": [4]}, {"total": 9})
    ]
    done = [data for name, data in events if name == "thread.run.step.completed"]
    assert done[0]["step_details"]["tool_calls"][0]["abacus"] == {"numbers": [2, 3, 4], "total": 9}


def test_a_response_shows_and_streams_it():
    """The other API shows the same call as an output item, and sends the stages that the kind names."""
    client = us.Backend(script=SCRIPT).client()
    asked: Any = {"model": "gpt-4o", "input": "2 + 3 + 4?", "tools": TOOLS[:1]}
    item = client.responses.with_raw_response.create(**asked).http_response.json()["output"][0]
    assert item == {"id": item["id"], "type": "abacus_call", "status": "completed", "numbers": [2, 3, 4], "total": 9}
    events = [event.to_dict(warnings=False) for event in client.responses.create(**asked, stream=True)]
    first = [(event["type"], event.get("item", {}).get("total")) for event in events if event.get("output_index") == 0]
    assert first == [
        ("response.output_item.added", None),
        ("response.abacus_call.in_progress", None),
        ("response.abacus_call.adding", None),
        ("response.abacus_call.completed", None),
        ("response.output_item.done", 9),
    ]


def test_a_kind_without_a_view_is_refused_by_name(monkeypatch):
    """What an API has no form for is not made up: the error says what to add."""
    monkeypatch.setattr(AbacusCallState, "faces", {"assistants": AbacusCallState.faces["assistants"]})
    monkeypatch.setattr(Abacus, "needs_tool", "")
    backend = us.Backend(script=SCRIPT)
    with pytest.raises(us_error(), match="501"):
        backend.client().responses.create(model="gpt-4o", input="2 + 3 + 4?")
    (problem,) = backend.close()
    assert "'abacus' has no form in the Responses API: give AbacusCallState.faces an OutputItemView" in str(problem)


def test_a_kind_that_cannot_be_shown_does_not_hide_the_failure(pytester):
    """The report of the failed test is whole: its error, and why this response has no timeline."""
    pytester.makepyfile("""
        import understudy as us
        from tests.engine.test_own_call_kind import SCRIPT, Abacus, AbacusCallState

        def test_it(monkeypatch):
            monkeypatch.setattr(AbacusCallState, "faces", {})
            monkeypatch.setattr(Abacus, "needs_tool", "")
            with us.simulate(script=SCRIPT) as backend:
                backend.client().responses.create(model="gpt-4o", input="2 + 3 + 4?")
    """)
    result = pytester.runpytest("-p", "no:asyncio")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*'abacus' has no form in the Responses API*"])
    result.stdout.fnmatch_lines(["*resp_* has no timeline, since an item of it cannot be shown: NotSimulated(*"])


def test_a_tool_without_a_view_is_refused(monkeypatch):
    """A tool of a kind that an API has no form for is as unknown to that API as any: 400, with the types that it has."""
    ask = {"model": "gpt-4o", "input": "2 + 3 + 4?", "tools": [{"type": "abacus"}]}
    with us.simulate(script=SCRIPT) as backend:
        assert backend.client().responses.create(**ask, stream=False).tools[0].type == "abacus"
    monkeypatch.setattr(AbacusCallState, "faces", {"assistants": AbacusCallState.faces["assistants"]})
    with us.simulate() as backend, pytest.raises(openai.BadRequestError, match="Invalid value: 'abacus'"):
        backend.client().responses.create(**ask)


def test_it_is_seen_half_done():
    """A poll in the middle sees the pieces sent so far."""
    backend = us.Backend(script=SCRIPT, time="manual")
    client = backend.client()
    assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS)
    run = client.beta.threads.runs.create(thread(client), assistant_id=assistant.id)
    backend.clock.advance(7)
    (step,) = client.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id).data
    assert step.to_dict(warnings=False)["step_details"]["tool_calls"][0]["abacus"] == {"numbers": [2, 3], "total": None}


def test_it_is_called_in_parallel_with_others():
    """In a list it is one of the parallel calls of a step."""
    backend = us.Backend(script=([Abacus((1,)), FunctionCall("ask", {})], Reply("Done.")))
    run = run_of(backend)
    assert [call.function.name for call in run.required_action.submit_tool_outputs.tool_calls] == ["ask"]
    steps = backend.client().beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id).data
    assert [call.type for call in steps[0].step_details.tool_calls] == ["abacus", "function"]


def test_it_shows_in_a_timeline(backend):
    """The timeline words it as the kind does."""
    run = run_of(backend)
    assert "step completed  abacus 2 + 3 + 4" in str(backend.timeline(run.id))


def test_without_words_its_name_shows_in_a_timeline(backend, monkeypatch):
    """A kind that has no words of its own is named in the timeline."""
    monkeypatch.delattr(AbacusCallState, "words")
    assert "step completed  abacus\n" in f"{backend.timeline(run_of(backend).id)}\n"


def test_a_transcript_names_it(backend):
    """What was called is said by the kind's name, whatever the call is of."""
    run_of(backend)
    assert [entry.value["name"] for entry in backend.transcript() if entry.kind == "call"] == ["abacus"]


def test_lifecycle_coverage_counts_it():
    """Coverage counts the step under the kind's name."""
    watch = SuiteWatch()
    watch.test = "test_it"
    with observing(watch):
        run_of(us.Backend(script=SCRIPT))
    watch.test_ended()
    assert watch.tally.met[names.STEP_TYPES]["tool_calls: abacus"].test == "test_it"


def test_it_needs_its_tool():
    """A run without the tool takes no script that uses it, and the text says what is missing."""
    backend = us.Backend(script=SCRIPT)
    client = backend.client()
    assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS[1:])
    with pytest.raises(us_error(), match="501"):
        client.beta.threads.runs.create(thread(client), assistant_id=assistant.id)
    (problem,) = backend.close()
    assert "uses Abacus, but 'abacus' is not among the run's tools ['function']" in str(problem)


def us_error() -> type[Exception]:
    """What an SDK raises where the test is wrong."""
    from openai import InternalServerError

    return InternalServerError


def test_its_repr_is_code():
    """A script with it can be pasted, and is checked like any other."""
    assert eval(repr(SCRIPT), {"Abacus": Abacus, "Reply": Reply}) == check_moves(SCRIPT) == SCRIPT
