"""Whatever order an app reads in, and however often: nothing it sees goes back, and no answer is refused without need.

`UNDERSTUDY_POLLING_SEEDS=20` draws so many orders for each recording; the suite draws one for some of
them, the cell `deep` two for all.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cassettes.building import RUN, THREAD, Exchange, listed, message, run, waiting, written
from tests.cassettes.conftest import Ask
from tests.cassettes.driving import SHARED, send
from tests.cassettes.random_polling import Outcome, RandomApp
from tests.effort import examples
from understudy import use_cassette
from understudy._cassettes import Interaction, load
from understudy._cassettes.session import CassetteSession
from understudy.errors import ReplayMiss

SEEDS = int(os.environ.get("UNDERSTUDY_POLLING_SEEDS", "2"))
FOLDERS = ("recordings", "recordings-more", "recordings-responses")
CREATE = ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1"})
SUBMIT = ("POST", f"{RUN}/submit_tool_outputs", {"tool_outputs": []})
RUNS, STEPS, STEP = f"{THREAD}/runs", f"{RUN}/steps", f"{RUN}/steps/step_1"
MESSAGES = f"{THREAD}/messages"


def read_recordings() -> list[Path]:
    """The real recordings beside the repository, all formats."""
    found = [path for folder in FOLDERS for path in (SHARED / folder).rglob("*")]
    return sorted(path for path in found if path.suffix in (".yaml", ".yml", ".json"))


def polled_at_random(path: Path, plain: httpx.Client, seed: int) -> Outcome:
    """What an app that reads at random comes to."""
    with CassetteSession(path):

        def sent(interaction: Interaction) -> tuple[int, bytes]:
            try:
                answer = send(plain, interaction)
            except httpx.TransportError:  # recorded as broken
                return 0, b""
            return answer.status_code, answer.content

        return RandomApp(load(path), sent, seed).run()


@pytest.mark.skipif(not read_recordings(), reason="the real recordings do not lie beside this repository")
@pytest.mark.parametrize(("every", "seeds"), [(6, 1), pytest.param(1, SEEDS, marks=pytest.mark.deep)], ids=["some", "all"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_random_polling_of_real_recordings(folder: str, every: int, seeds: int, plain: httpx.Client) -> None:
    """Over every recording with reads: no step back, no miss but of a later state or of another epoch."""
    problems, asked = [], 0
    for path in [path for path in read_recordings() if path.is_relative_to(SHARED / folder)][::every]:
        if any(one.is_read for one in load(path)):
            for seed in range(seeds):
                outcome = polled_at_random(path, plain, seed)
                asked += outcome.asked
                problems += [f"{path.name}, seed {seed}: {problem}" for problem in outcome.problems]
    assert not problems, "\n".join(problems[:20])
    assert asked > 20 * seeds // every


def step(status: str, kind: str = "tool_calls", number: int = 1, call: str = "call_1") -> dict[str, Any]:
    """A step of `run_1`."""
    ids = {"id": f"step_{number}", "object": "thread.run.step", "run_id": "run_1", "thread_id": "thread_1"}
    calls = {"type": kind, **({"tool_calls": [{"id": call, "type": "function"}]} if kind == "tool_calls" else {})}
    return {**ids, "type": kind, "status": status, "step_details": calls}


def play(tmp_path: Path, *exchanges: Exchange) -> Any:
    """A cassette of these exchanges, in use."""
    return use_cassette(written(tmp_path / "c.json", exchanges))


def test_an_equal_state_is_not_later(tmp_path: Path, ask: Ask) -> None:
    """A list recorded after a poll that repeated what the creation had shown may be asked for without that poll."""
    exchanges = [(*CREATE, run("queued")), ("GET", RUN, None, run("queued")), ("GET", RUNS, None, listed(run("queued")))]
    with play(tmp_path, *exchanges):
        ask(*CREATE)
        assert ask("GET", RUNS)["data"] == [run("queued")]


def test_a_step_of_a_run_that_is_queued_again_is_not_later(tmp_path: Path, ask: Ask) -> None:
    """After the submit the run is queued again; the step whose outputs it has got may be seen at once."""
    after = [("GET", RUN, None, run("in_progress")), ("GET", STEPS, None, listed(step("completed")))]
    exchanges = [(*CREATE, run("queued")), ("GET", RUN, None, waiting()), (*SUBMIT, run("queued")), *after]
    with play(tmp_path, *exchanges):
        ask(*CREATE)
        ask("GET", RUN)
        ask(*SUBMIT)
        assert ask("GET", STEPS)["data"] == [step("completed")]
        assert ask("GET", RUN)["status"] == "in_progress"


@pytest.mark.parametrize(
    "news",
    [step("in_progress", "message_creation", 2), step("in_progress", number=2, call="call_2")],
    ids=["answer", "call"],
)
def test_what_a_queued_run_does_next_is_later(tmp_path: Path, ask: Ask, news: dict[str, Any]) -> None:
    """An answer, or a second round of calls, does not exist yet while the run is queued again."""
    exchanges = [
        (*CREATE, run("queued")),
        ("GET", RUN, None, waiting()),
        (*SUBMIT, run("queued")),
        ("GET", RUN, None, waiting("call_2")),
        ("GET", STEPS, None, listed(news, step("completed"))),
    ]
    with pytest.raises(ReplayMiss, match="later state"), play(tmp_path, *exchanges):
        ask(*CREATE)
        ask("GET", RUN)
        ask(*SUBMIT)
        assert ask("GET", STEPS)["error"]["code"] == "understudy_replay_miss"


def test_a_step_never_goes_back(tmp_path: Path, ask: Ask) -> None:
    """List, step, list: a step that was seen completed is completed in the list that was recorded before."""
    exchanges = [("GET", STEPS, None, listed(step("in_progress"))), ("GET", STEP, None, step("completed"))]
    with play(tmp_path, (*CREATE, run("in_progress")), *exchanges):
        ask(*CREATE)
        assert ask("GET", STEPS)["data"] == [step("in_progress")]
        assert ask("GET", STEP) == step("completed")
        assert ask("GET", STEPS)["data"] == [step("completed")]


def test_a_message_never_goes_back(tmp_path: Path, ask: Ask) -> None:
    """A message that was seen whole is whole in the list that was recorded while it was empty, and on its own."""
    empty = {**message(2, "run_1"), "content": []}
    one = f"{MESSAGES}/msg_2"
    exchanges = [
        ("GET", MESSAGES, None, listed(empty)),
        ("GET", one, None, empty),
        ("GET", f"{MESSAGES}?limit=1", None, listed(message(2, "run_1"))),
    ]
    with play(tmp_path, (*CREATE, run("in_progress")), *exchanges):
        ask(*CREATE)
        assert ask("GET", f"{MESSAGES}?limit=1")["data"] == [message(2, "run_1")]
        assert ask("GET", MESSAGES)["data"] == [message(2, "run_1")]
        assert ask("GET", one) == message(2, "run_1")


def test_fields_that_were_asked_for_stay_where_they_were_asked_for(tmp_path: Path, ask: Ask) -> None:
    """A step that was retrieved with `include` is shown without the included fields where they were not asked for."""
    included = {**step("completed"), "results": ["text"]}
    exchanges = [
        ("GET", STEPS, None, listed(step("in_progress"))),
        ("GET", f"{STEP}?include[]=results", None, included),
        ("GET", STEPS, None, listed(step("completed"))),
        ("GET", f"{STEP}?include[]=results", None, {**included, "results": ["text", "more"]}),
    ]
    with play(tmp_path, (*CREATE, run("in_progress")), *exchanges):
        ask(*CREATE)
        for _ in range(2):
            assert ask("GET", f"{STEP}?include[]=results")["status"] == "completed"
        for _ in range(2):
            assert ask("GET", STEPS)["data"] == [step("completed")]


def test_a_step_in_progress_of_a_run_that_is_over_is_refused(tmp_path: Path, ask: Ask) -> None:
    """What the recording last said of a step is no answer once its run has ended."""
    exchanges = [("GET", STEPS, None, listed(step("in_progress"))), ("GET", RUN, None, run("completed"))]
    with pytest.raises(ReplayMiss, match="no later state of that step was recorded"):
        with play(tmp_path, (*CREATE, run("in_progress")), *exchanges):
            ask(*CREATE)
            assert ask("GET", RUN)["status"] == "completed"
            assert ask("GET", STEPS)["error"]["code"] == "understudy_replay_miss"


def test_a_step_that_the_recording_shows_in_progress_to_the_end_is_given_so(tmp_path: Path, ask: Ask) -> None:
    """What was recorded after the end of a run is given as it was recorded."""
    exchanges = [("GET", RUN, None, run("cancelled")), ("GET", STEPS, None, listed(step("in_progress")))]
    with play(tmp_path, (*CREATE, run("in_progress")), *exchanges):
        ask(*CREATE)
        assert ask("GET", RUN)["status"] == "cancelled"
        assert ask("GET", STEPS)["data"] == [step("in_progress")]


def test_the_end_of_a_step_is_taken_from_where_it_was_recorded(tmp_path: Path, ask: Ask) -> None:
    """A list from before the end of a run shows its steps as they were recorded up to that end."""
    exchanges = [
        ("GET", STEPS, None, listed(step("in_progress"))),
        ("GET", STEP, None, step("completed")),
        ("GET", RUN, None, run("completed")),
    ]
    with play(tmp_path, (*CREATE, run("in_progress")), *exchanges):
        ask(*CREATE)
        ask("GET", RUN)
        assert ask("GET", STEPS)["data"] == [step("completed")]


def test_a_file_of_a_store_never_goes_back(tmp_path: Path, ask: Ask) -> None:
    """A list of a store's files keeps to its few keys, and shows a file that was seen completed as completed."""
    store = "/vector_stores/vs_1"
    whole = {
        "id": "file_1",
        "object": "vector_store.file",
        "vector_store_id": "vs_1",
        "status": "in_progress",
        "usage_bytes": 0,
    }
    brief = {key: whole[key] for key in ("id", "object", "vector_store_id", "status")}
    exchanges = [
        ("POST", f"{store}/files", {"file_id": "file_1"}, whole),
        ("GET", f"{store}/files", None, listed(brief)),
        ("GET", f"{store}/files/file_1", None, {**whole, "status": "completed", "usage_bytes": 9}),
    ]
    with play(tmp_path, *exchanges):
        ask("POST", f"{store}/files", {"file_id": "file_1"})
        assert ask("GET", f"{store}/files")["data"] == [brief]
        assert ask("GET", f"{store}/files/file_1")["status"] == "completed"
        assert ask("GET", f"{store}/files")["data"] == [{**brief, "status": "completed"}]


QUESTIONS = {"runs": RUNS, "steps": STEPS, "step": STEP, "messages": MESSAGES, "message": f"{MESSAGES}/msg_2"}
said = {**message(2, "run_1"), "content": []}
HISTORY: dict[str, list[Any]] = {
    "poll": [run("queued"), run("in_progress"), run("completed")],
    "runs": [listed(run("queued")), listed(run("in_progress")), listed(run("completed"))],
    "steps": [listed(), listed(step("in_progress", "message_creation")), listed(step("completed", "message_creation"))],
    "step": [step("in_progress", "message_creation"), step("completed", "message_creation")],
    "messages": [listed(message(1)), listed(said, message(1)), listed(message(2, "run_1"), message(1))],
    "message": [said, message(2, "run_1")],
}


@st.composite
def histories(draw: st.DrawFn) -> list[Exchange]:
    """A recording of one run, read in any way that shows no state before its time."""
    exchanges: list[Exchange] = [(*CREATE, run("queued"))]
    for moment in range(3):
        questions = draw(st.lists(st.sampled_from(["poll", *QUESTIONS]), max_size=5))
        for question in (["poll"] if moment else []) + questions:
            answers = HISTORY[question]
            if len(answers) == 2 and not moment:
                continue  # there is no such step or message yet
            answer = answers[moment - (3 - len(answers))]
            exchanges.append(("GET", QUESTIONS.get(question, RUN), None, answer))
    return exchanges


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the cassette of each example."""
    return tmp_path_factory.mktemp("generated")


@settings(examples(150))
@given(exchanges=histories(), seed=st.integers(0, 2**16))
def test_random_polling_of_generated_recordings(
    folder: Path, plain: httpx.Client, exchanges: list[Exchange], seed: int
) -> None:
    """The same laws over recordings that read anything at any time."""
    assert not polled_at_random(written(folder / "c.json", exchanges), plain, seed).problems


def test_a_redirect_tells_no_state(tmp_path: Path, plain: httpx.Client) -> None:
    """A poll with a trailing slash was answered 307: an app that asks without it goes on as if that had not been."""
    moved = (307, "")
    exchanges = [
        (*CREATE, run("queued")),
        ("GET", f"{RUN}/", None, moved),
        ("GET", RUN, None, run("completed")),
        ("GET", MESSAGES, None, listed(message(2, "run_1"))),
    ]
    with play(tmp_path, *exchanges):
        plain.post(CREATE[1], json=CREATE[2])
        assert plain.get(f"{RUN}/").status_code == 307
        assert plain.get(f"{RUN}/").status_code == 307
        assert plain.get(RUN).json()["status"] == "completed"
    with play(tmp_path, *exchanges):
        plain.post(CREATE[1], json=CREATE[2])
        assert plain.get(RUN).json()["status"] == "completed"
        assert plain.get(MESSAGES).json()["data"] == [message(2, "run_1")]
