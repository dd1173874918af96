"""The replay model: whatever an app asks and however often, it gets the recording, and never an impossible history."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cassettes.building import RUN, THREAD, TOOL_CALL, listed, message, run, streamed, waiting, written
from tests.cassettes.conftest import Ask
from tests.effort import examples
from understudy import UnderstudyError, use_cassette
from understudy._cassettes import replay
from understudy.errors import Livelock, ReplayMiss, Unused

CREATE = ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1"})
SUBMIT = ("POST", f"{RUN}/submit_tool_outputs", {"tool_outputs": []})
POLL = ("GET", RUN)
MESSAGES = ("GET", f"{THREAD}/messages")


@pytest.fixture
def tool_call(tmp_path: Path) -> Path:
    """A run that calls a function, recorded polled."""
    return written(tmp_path / "tool_call.json", TOOL_CALL)


def statuses(ask: Ask, count: int) -> list[str]:
    """What so many polls of the run show."""
    return [ask(*POLL)["status"] for _ in range(count)]


STORE = "/vector_stores/vs_1"
IN_STORE = {"vector_store_id": "vs_1"}


@pytest.mark.parametrize(
    ("made_by", "polled_at", "value"),
    [
        (f"{THREAD}/runs", RUN, {"id": "run_1", "object": "thread.run", "thread_id": "thread_1"}),
        ("/threads/runs", RUN, {"id": "run_1", "object": "thread.run", "thread_id": "thread_1"}),
        ("/uploads", "/uploads/upload_1", {"id": "upload_1", "object": "upload"}),
        ("/vector_stores", STORE, {"id": "vs_1", "object": "vector_store"}),
        (f"{STORE}/files", f"{STORE}/files/file_1", {"id": "file_1", "object": "vector_store.file", **IN_STORE}),
        *(
            (f"{STORE}/file_batches", f"{STORE}/file_batches/vsfb_1", {"id": "vsfb_1", "object": kind, **IN_STORE})
            for kind in ("vector_store.file_batch", "vector_store.files_batch")
        ),
    ],
)
def test_the_answer_of_a_creation_is_the_first_state(
    tmp_path: Path, ask: Ask, made_by: str, polled_at: str, value: dict[str, Any]
) -> None:
    """Whatever changes by itself: the state that its creation showed is not polled again, the next one is."""
    states = [{**value, "status": status} for status in ("in_progress", "in_progress", "completed")]
    exchanges = [("POST", made_by, {}, states[0]), *(("GET", polled_at, None, state) for state in states)]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        assert ask("POST", made_by, {}) == states[0]
        assert [ask("GET", polled_at)["status"] for _ in range(2)] == ["completed", "completed"]


def test_a_run_may_wait_as_long_as_its_recording_does(tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that ends where a run waits for outputs, of calls in whatever shape, is polled without end."""
    monkeypatch.setattr(replay, "MAX_UNCHANGED_POLLS", 3)
    odd = run("requires_action", required_action={"submit_tool_outputs": {"tool_calls": [None]}})
    with use_cassette(written(tmp_path / "c.json", [*TOOL_CALL[:5], ("GET", RUN, None, odd)])):
        for method, path, sent, _ in TOOL_CALL[:3]:
            ask(method, path, sent)
        assert statuses(ask, 9)[-8:] == ["requires_action"] * 8


STEP = {
    "id": "step_1",
    "object": "thread.run.step",
    "run_id": "run_1",
    "thread_id": "thread_1",
    "type": "tool_calls",
    "status": "in_progress",
    "step_details": {"type": "tool_calls", "tool_calls": [{"id": "call_1", "type": "function"}]},
}
STEPS = ("GET", f"{RUN}/steps")


@pytest.mark.parametrize("before", [[(*STEPS, None, listed(STEP))], []], ids=["listed before", "not listed before"])
@pytest.mark.parametrize("calls", [[{"id": "call_1"}], [None]], ids=["usual", "odd"])
def test_a_step_that_is_known_is_shown_while_its_run_waits_again(tmp_path: Path, ask: Ask, before: Any, calls: Any) -> None:
    """After the outputs were submitted, the step that asked for them is no news of what comes."""
    asks = run("requires_action", required_action={"submit_tool_outputs": {"tool_calls": calls}})
    again = [*TOOL_CALL[8:10], (*STEPS, None, listed(STEP)), TOOL_CALL[10]]
    exchanges = [*TOOL_CALL[:5], ("GET", RUN, None, asks), *before, *again]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        for method, path, sent, _ in TOOL_CALL[:3]:
            ask(method, path, sent)
        assert statuses(ask, 2)[-1] == "requires_action"
        ask(*SUBMIT)
        assert [step["id"] for step in ask(*STEPS)["data"]] == ["step_1"]
        assert statuses(ask, 3)[-1] == "completed"


def test_a_read_of_an_epoch_that_is_over_is_a_miss(tmp_path: Path, ask: Ask) -> None:
    """What was read before a write is not shown after it, and the miss says so."""
    shown = {"id": "asst_1", "object": "assistant"}
    gone = {"id": "asst_1", "object": "assistant.deleted", "deleted": True}
    path = written(
        tmp_path / "c.json", [("GET", "/assistants/asst_1", None, shown), ("DELETE", "/assistants/asst_1", None, gone)]
    )
    with pytest.raises(ReplayMiss, match="not in this epoch"), use_cassette(path):
        assert ask("DELETE", "/assistants/asst_1") == gone
        assert ask("GET", "/assistants/asst_1")["error"]["code"] == "understudy_replay_miss"


def test_a_files_lists_end_with_the_writes_to_the_store(tmp_path: Path, ask: Ask) -> None:
    """The files of a store as they were listed before a file, or a batch, was added are not shown after it."""
    file_1, file_2 = (
        {"id": name, "object": "vector_store.file", **IN_STORE, "status": "completed"} for name in ("f1", "f2")
    )
    batch = {"id": "vsfb_1", "object": "vector_store.file_batch", **IN_STORE, "status": "completed"}
    exchanges = [
        ("GET", f"{STORE}/files", None, listed()),
        ("POST", f"{STORE}/files", {"file_id": "f1"}, file_1),
        ("GET", f"{STORE}/files", None, listed(file_1)),
        ("POST", f"{STORE}/file_batches", {"file_ids": ["f2"]}, batch),
        ("GET", f"{STORE}/files", None, listed(file_2, file_1)),
    ]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        counts = [len(ask("GET", f"{STORE}/files")["data"]) for _ in range(2)]
        for path, body in ((f"{STORE}/files", {"file_id": "f1"}), (f"{STORE}/file_batches", {"file_ids": ["f2"]})):
            ask("POST", path, body)
            counts += [len(ask("GET", f"{STORE}/files")["data"]) for _ in range(2)]
    assert counts == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("kind", ["files", "file_batches"])
def test_a_list_of_files_from_before_a_write_is_not_shown_after_it(tmp_path: Path, ask: Ask, kind: str) -> None:
    """Where no list was recorded after a file, or a batch, was added, asking for one is a miss, not the old list."""
    made = {"id": "x_1", "object": f"vector_store.{kind[:-1]}", **IN_STORE, "status": "completed"}
    exchanges = [("GET", f"{STORE}/files", None, listed()), ("POST", f"{STORE}/{kind}", {}, made)]
    with pytest.raises(ReplayMiss, match="not in this epoch"), use_cassette(written(tmp_path / "c.json", exchanges)):
        assert ask("POST", f"{STORE}/{kind}", {}) == made
        ask("GET", f"{STORE}/files")


def test_polls_walk_the_distinct_states_of_their_epoch_and_stay_at_its_last(tool_call: Path, ask: Ask) -> None:
    """Before the submit no poll shows more than requires_action; after it none shows that again."""
    with use_cassette(tool_call):
        ask(*CREATE)
        assert statuses(ask, 4) == ["in_progress", "requires_action", "requires_action", "requires_action"]
        assert ask(*SUBMIT)["status"] == "queued"
        assert statuses(ask, 4) == ["in_progress", "completed", "completed", "completed"]


def test_an_app_may_submit_before_it_has_seen_everything(tool_call: Path, ask: Ask) -> None:
    """States that the app did not poll for are passed when it goes on, and never come back."""
    with use_cassette(tool_call):
        ask(*CREATE)
        statuses(ask, 1)
        ask(*SUBMIT)
        assert statuses(ask, 3) == ["in_progress", "completed", "completed"]


def test_lists_follow_the_polls(tool_call: Path, ask: Ask) -> None:
    """A list shows what it showed when the run was in the state that the app last saw."""
    with use_cassette(tool_call):
        ask(*CREATE)
        statuses(ask, 1)
        assert len(ask(*MESSAGES)["data"]) == 1
        statuses(ask, 5)
        assert len(ask(*MESSAGES)["data"]) == 1
        ask(*SUBMIT)
        statuses(ask, 2)
        assert len(ask(*MESSAGES)["data"]) == 2


def test_a_list_of_a_later_state_is_refused(tool_call: Path, ask: Ask) -> None:
    """After the submit, a run last seen queued has said nothing yet: its answer is not given before the run is polled."""
    with pytest.raises(ReplayMiss, match="shows a later state"), use_cassette(tool_call):
        ask(*CREATE)
        ask(*SUBMIT)
        assert ask(*MESSAGES)["error"]["code"] == "understudy_replay_miss"


CALL = {"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": "1", "outputs": []}}
STEP = {
    "id": "step_1",
    "object": "thread.run.step",
    "thread_id": "thread_1",
    "run_id": "run_1",
    "status": "completed",
    "step_details": {"type": "tool_calls", "tool_calls": [CALL]},
}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (f"{THREAD}/messages", listed(message(2, "run_1"))),
        (f"{THREAD}/messages/msg_2", message(2, "run_1")),
        (f"{RUN}/steps", listed(STEP)),
        (f"{RUN}/steps/step_1", STEP),
    ],
)
def test_a_queued_run_has_done_nothing_yet(tmp_path: Path, ask: Ask, path: str, answer: Any) -> None:
    """What a run made, in a list or alone, is not given while the app has seen that run only in the queue."""
    exchanges = [(*CREATE, run("queued")), ("GET", RUN, None, run("completed")), ("GET", path, None, answer)]
    cassette = written(tmp_path / "c.json", exchanges)
    with pytest.raises(ReplayMiss, match="shows a later state"), use_cassette(cassette):
        ask(*CREATE)
        assert ask("GET", path)["error"]["code"] == "understudy_replay_miss"
    with use_cassette(cassette):
        ask(*CREATE)
        assert statuses(ask, 1) == ["completed"]
        assert ask("GET", path) == answer


UPLOAD = {"id": "upload_1", "object": "upload", "status": "pending"}
FILE = {"id": "file_1", "object": "file"}
BATCH = {"id": "vsfb_1", "object": "vector_store.file_batch", "vector_store_id": "vs_1", "status": "completed"}
STORE_FILE = {"id": "file_1", "object": "vector_store.file", "vector_store_id": "vs_1", "status": "completed"}
ITEM = {"id": "msg_1", "type": "message", "role": "user", "content": []}


@pytest.mark.parametrize(
    ("read", "before", "write", "written_answer", "after"),
    [
        ("/files", listed(), "/uploads/upload_1/complete", {**UPLOAD, "status": "completed", "file": FILE}, listed(FILE)),
        ("/files", listed(), "/files", FILE, listed(FILE)),
        ("/vector_stores/vs_1/files", listed(), "/vector_stores/vs_1/files", STORE_FILE, listed(STORE_FILE)),
        ("/vector_stores/vs_1/files", listed(), "/vector_stores/vs_1/file_batches", BATCH, listed(STORE_FILE)),
        (
            *(f"{THREAD}/messages/msg_1", message(1), f"{THREAD}/messages/msg_1"),
            *(2 * [{**message(1), "metadata": {"a": "b"}}]),
        ),
        (f"{THREAD}/messages", listed(), f"{THREAD}/messages", message(1), listed(message(1))),
        (f"{THREAD}/runs", listed(), f"{THREAD}/runs", run("queued"), listed(run("queued"))),
        (THREAD, {"id": "thread_1"}, THREAD, *(2 * [{"id": "thread_1", "metadata": {"a": "b"}}])),
        ("/conversations/conv_1/items", listed(), "/conversations/conv_1/items", listed(ITEM), listed(ITEM)),
        (
            *("/conversations/conv_1/items/msg_1", (404, {"error": {}}), "/conversations/conv_1/items"),
            *(listed(ITEM), ITEM),
        ),
        (
            "/conversations/conv_1",
            {"id": "conv_1"},
            "/conversations/conv_1",
            *(2 * [{"id": "conv_1", "metadata": {"a": "b"}}]),
        ),
        ("/assistants", listed(), "/assistants", {"id": "asst_1"}, listed({"id": "asst_1"})),
    ],
)
def test_a_read_repeated_before_a_write_does_not_foresee_it(
    tmp_path: Path, ask: Ask, read: str, before: Any, write: str, written_answer: Any, after: Any
) -> None:
    """However often something is asked, what a write made of it is shown after that write, and from then on."""
    exchanges = [("GET", read, None, before), ("POST", write, {}, written_answer), ("GET", read, None, after)]
    shown = before[1] if isinstance(before, tuple) else before
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        assert [ask("GET", read) for _ in range(3)] == [shown] * 3
        assert ask("POST", write, {}) == written_answer
        assert [ask("GET", read) for _ in range(2)] == [after] * 2


def test_nothing_of_a_run_before_it_is_created(tool_call: Path, ask: Ask) -> None:
    """A run cannot be polled before the write that makes it."""
    with pytest.raises(ReplayMiss), use_cassette(tool_call):
        ask(*POLL)


def test_a_skipped_write_is_reported_as_unplayed(tool_call: Path, ask: Ask) -> None:
    """An app may skip a recorded write; who asks for it is told so at the end."""
    with pytest.raises(Unused, match="#0 POST /threads"), use_cassette(tool_call, unplayed="error") as cassette:
        ask(*CREATE)
        statuses(ask, 3)
        ask(*SUBMIT)
        statuses(ask, 3)
        ask(*MESSAGES)
        assert [one.index for one in cassette.unplayed] == [0, 1]


def test_unplayed_interactions_may_be_a_warning(tool_call: Path) -> None:
    """With unplayed="warn" the test goes on."""
    with (
        pytest.warns(UserWarning, match="12 recorded interactions were not played"),
        use_cassette(tool_call, unplayed="warn"),
    ):
        pass


def test_writes_never_go_back(tool_call: Path, ask: Ask) -> None:
    """After the submit, the creation of the very run cannot be played any more."""
    with pytest.raises(ReplayMiss, match="never played backwards"), use_cassette(tool_call):
        ask(*SUBMIT)
        ask(*CREATE)


def test_a_write_is_played_once(tool_call: Path, ask: Ask) -> None:
    """A second submit gets a miss that says so."""
    with pytest.raises(ReplayMiss, match="a write is played once"), use_cassette(tool_call):
        ask(*CREATE)
        ask(*SUBMIT)
        ask(*SUBMIT)


def test_equal_writes_are_played_in_their_order(tmp_path: Path, ask: Ask) -> None:
    """Two threads made by equal requests are two threads, in recorded order."""
    made = [("POST", "/threads", {}, {"id": f"thread_{number}", "object": "thread"}) for number in (1, 2)]
    with use_cassette(written(tmp_path / "c.json", made)):
        assert [ask("POST", "/threads", {})["id"] for _ in range(2)] == ["thread_1", "thread_2"]


def test_members_of_one_collection_may_be_made_in_another_order(tmp_path: Path, ask: Ask) -> None:
    """Messages that were posted one right after the other may come in another order: parallel requests do."""
    posts = [("POST", f"{THREAD}/messages", {"content": str(n)}, message(n)) for n in (1, 2, 3)]
    with use_cassette(written(tmp_path / "c.json", posts), unplayed="error"):
        for number in (3, 1, 2):
            assert ask("POST", f"{THREAD}/messages", {"content": str(number)})["id"] == f"msg_{number}"


def test_threads_in_parallel_get_their_own_answers(tmp_path: Path, ask: Ask) -> None:
    """Requests of several OS threads, each about its own conversation, never mix."""
    exchanges: list[Any] = [
        ("POST", f"/threads/thread_{n}/runs", {}, {**run("queued"), "id": f"run_{n}", "thread_id": f"thread_{n}"})
        for n in range(8)
    ]
    for status in ("in_progress", "completed"):
        for n in range(8):
            state = {**run(status), "id": f"run_{n}", "thread_id": f"thread_{n}"}
            exchanges.append(("GET", f"/threads/thread_{n}/runs/run_{n}", None, state))
    seen: dict[int, list[str]] = {}

    def talk(n: int) -> None:
        ask("POST", f"/threads/thread_{n}/runs", {})
        seen[n] = [ask("GET", f"/threads/thread_{n}/runs/run_{n}")["status"] for _ in range(4)]

    with use_cassette(written(tmp_path / "c.json", exchanges), unplayed="error"):
        threads = [threading.Thread(target=talk, args=(n,)) for n in reversed(range(8))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(map(tuple, seen.values())) == {("in_progress", "completed", "completed", "completed")}


def test_different_queries_are_different_reads(tmp_path: Path, ask: Ask) -> None:
    """The page after a cursor is not the first page."""
    pages = [
        ("GET", "/assistants?limit=1", None, listed({"id": "asst_2"})),
        ("GET", "/assistants?limit=1&after=asst_2", None, listed({"id": "asst_1"})),
    ]
    with pytest.raises(ReplayMiss, match="another query"), use_cassette(written(tmp_path / "c.json", pages)):
        assert ask("GET", "/assistants?after=asst_2&limit=1")["data"][0]["id"] == "asst_1"
        assert ask("GET", "/assistants?limit=1")["data"][0]["id"] == "asst_2"
        ask("GET", "/assistants?limit=2")


def test_a_read_repeated_at_one_position_walks_what_was_recorded_there(tmp_path: Path, ask: Ask) -> None:
    """Steps that were listed again and again are seen to grow, and stay at their last."""
    steps = f"{RUN}/steps"
    lists = [listed(), listed({"id": "step_1"}), listed({"id": "step_1"}), listed({"id": "step_1"}, {"id": "step_2"})]
    with use_cassette(written(tmp_path / "c.json", [("GET", steps, None, value) for value in lists])):
        assert [len(ask("GET", steps)["data"]) for _ in range(5)] == [0, 1, 2, 2, 2]


def test_a_failed_write_ends_no_epoch(tmp_path: Path, ask: Ask) -> None:
    """A refused request changed nothing: what was polled before it goes on after it."""
    refused = (400, {"error": {"message": "Can't add messages to thread_1 while a run run_1 is active."}})
    exchanges = [(*CREATE, run("queued")), ("POST", f"{THREAD}/messages", {}, refused), ("GET", RUN, None, run("completed"))]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert statuses(ask, 1) == ["completed"]
        assert "error" in ask("POST", f"{THREAD}/messages", {})


def test_the_error_of_a_write_is_not_polled(tmp_path: Path, ask: Ask) -> None:
    """A refused change of a run is an answer to that change, never what the run's next poll gets."""
    refused = (400, {"error": {"message": "no"}})
    exchanges = [(*CREATE, run("queued")), ("POST", RUN, {}, refused), ("GET", RUN, None, run("completed"))]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert statuses(ask, 2) == ["completed", "completed"]
        assert ask("POST", RUN, {}) == refused[1]
        assert statuses(ask, 1) == ["completed"]


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_recorded_errors_of_a_poll_are_passed(tmp_path: Path, ask: Ask, status: int) -> None:
    """An error that a poll once got comes once; then the run goes on."""
    broken = (status, {"error": {"message": "sorry"}})
    exchanges = [(*CREATE, run("queued")), ("GET", RUN, None, broken), ("GET", RUN, None, run("completed"))]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert "error" in ask(*POLL)
        assert statuses(ask, 2) == ["completed", "completed"]


def test_an_error_that_was_polled_again_and_again_comes_once(tmp_path: Path, ask: Ask) -> None:
    """Two equal errors are one state; two that differ are two."""
    errors = [(500, {"error": {"message": text}}) for text in ("sorry", "sorry", "busy")]
    exchanges = [
        (*CREATE, run("queued")),
        *(("GET", RUN, None, one) for one in errors),
        ("GET", RUN, None, run("completed")),
    ]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert [ask(*POLL)["error"]["message"] for _ in range(2)] == ["sorry", "busy"]
        assert statuses(ask, 2) == ["completed", "completed"]


def test_states_before_a_change_of_the_thread_are_passed(tmp_path: Path, ask: Ask) -> None:
    """An app that changes the thread before it polls does not see what the run was before that change."""
    exchanges = [
        (*CREATE, run("queued")),
        ("GET", RUN, None, run("in_progress")),
        ("POST", THREAD, {"metadata": {"a": "1"}}, {"id": "thread_1", "object": "thread"}),
        ("GET", RUN, None, run("cancelling")),
        ("GET", RUN, None, run("cancelled")),
    ]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        ask("POST", THREAD, {"metadata": {"a": "1"}})
        assert statuses(ask, 3) == ["cancelling", "cancelled", "cancelled"]


def test_a_write_that_was_passed_over_never_comes_back(tmp_path: Path, ask: Ask) -> None:
    """Of two equal writes around another, an app that skips the first gets the second, and then none."""
    said = ("POST", f"{THREAD}/messages", {"content": "again"})
    exchanges = [(*said, message(1)), (*CREATE, run("queued")), (*said, message(2))]
    with pytest.raises(ReplayMiss), use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert ask(*said)["id"] == "msg_2"
        assert ask(*said)["error"]["code"] == "understudy_replay_miss"


def test_a_run_may_be_followed_in_a_list(tmp_path: Path, ask: Ask) -> None:
    """An app that never polls but lists the runs again and again sees the recorded states, one after the other."""
    runs = ("GET", f"{THREAD}/runs", None)
    states = [listed(run(status)) for status in ("queued", "in_progress", "completed")]
    with use_cassette(written(tmp_path / "c.json", [(*CREATE, run("queued")), *((*runs, state) for state in states)])):
        ask(*CREATE)
        seen = [ask(*runs)["data"][0]["status"] for _ in range(4)]
    assert seen == ["queued", "in_progress", "completed", "completed"]


def test_a_list_of_other_runs_says_nothing_of_this_one(tmp_path: Path, ask: Ask) -> None:
    """A list that shows no run the app has seen is given although it was recorded after polls."""
    other = {**run("completed"), "id": "run_0"}
    first = ("GET", f"{THREAD}/runs?order=asc&limit=1", None)
    exchanges = [(*CREATE, run("queued")), ("GET", RUN, None, run("in_progress")), (*first, listed(other))]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert ask(*first)["data"] == [other]
        assert statuses(ask, 1) == ["in_progress"]


def test_a_list_asked_early_passes_no_state(tmp_path: Path, ask: Ask) -> None:
    """A list that was recorded after a new state, and shows none, may be asked before; the state still comes."""
    exchanges = [
        (*CREATE, run("queued")),
        ("GET", RUN, None, run("in_progress")),
        ("GET", RUN, None, run("cancelling")),
        (*MESSAGES, None, listed(message(1))),
        ("GET", RUN, None, run("cancelled")),
    ]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert statuses(ask, 1) == ["in_progress"]
        assert ask(*MESSAGES)["data"] == [message(1)]
        assert statuses(ask, 2) == ["cancelling", "cancelled"]


def test_a_poll_that_told_nothing_need_not_be_made(tmp_path: Path, ask: Ask) -> None:
    """A list that was recorded after a poll which only repeated the answer of the write is past that poll: on it goes."""
    exchanges = [
        (*CREATE, run("queued")),
        ("GET", RUN, None, run("queued")),
        (*MESSAGES, None, listed(message(1))),
        ("GET", RUN, None, run("in_progress")),
    ]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert ask(*MESSAGES)["data"] == [message(1)]
        assert statuses(ask, 1) == ["in_progress"]


def test_an_error_page_in_place_of_a_list_tells_no_state(tmp_path: Path, ask: Ask, plain: Any) -> None:
    """What is no JSON shows no run: it is given at once, and then the list."""
    page = (502, "<html>Bad gateway</html>")
    exchanges = [
        (*CREATE, run("queued")),
        ("GET", RUN, None, run("in_progress")),
        (*MESSAGES, None, page),
        (*MESSAGES, None, listed(message(1))),
    ]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        answer = plain.get(MESSAGES[1])
        assert (answer.status_code, answer.text) == page
        assert statuses(ask, 1) == ["in_progress"]
        assert ask(*MESSAGES)["data"] == [message(1)]


def test_an_app_that_waits_for_ever_is_told(tool_call: Path, ask: Ask) -> None:
    """A run that can go on only after a write which the app does not send is not polled without end."""
    with pytest.raises(Livelock, match="submit_tool_outputs, which the app has not sent"), use_cassette(tool_call):
        ask(*CREATE)
        statuses(ask, 3)
        while "status" in ask(*POLL):
            pass


def test_pace_recorded_keeps_order_and_count(tool_call: Path, ask: Ask) -> None:
    """Strict replay gives every recorded poll, and refuses one more."""
    with pytest.raises(ReplayMiss, match="keeps the recorded order"), use_cassette(tool_call, pace="recorded"):
        ask("POST", "/threads", {})
        ask("POST", f"{THREAD}/messages", {"role": "user", "content": "hi"})
        ask(*CREATE)
        assert statuses(ask, 2) == ["queued", "in_progress"]
        ask(*POLL)


def test_pace_recorded_ends_with_the_recording(tmp_path: Path, ask: Ask) -> None:
    """After the last recorded request there is no other, and the miss counts them."""
    path = written(tmp_path / "c.json", [("GET", "/assistants", None, listed())])
    with pytest.raises(ReplayMiss, match="all 1 recorded requests were played"), use_cassette(path, pace="recorded"):
        assert ask("GET", "/assistants") == listed()
        ask("GET", "/assistants")


STREAM = streamed(
    ("thread.run.created", run("queued")),
    ("thread.run.queued", run("queued")),
    ("thread.run.in_progress", run("in_progress")),
    ("thread.message.created", {**message(2, "run_1"), "status": "in_progress", "content": []}),
    ("thread.message.completed", {**message(2, "run_1"), "status": "completed", "completed_at": 3}),
    ("thread.run.completed", run("completed")),
)


def test_a_run_recorded_as_a_stream_can_be_polled(tmp_path: Path, ask: Ask) -> None:
    """The states in the events are what the polls show, and the messages in them what the list shows."""
    exchanges = [*TOOL_CALL[:2], ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1", "stream": True}, STREAM)]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask("POST", "/threads", {})
        ask("POST", f"{THREAD}/messages", {"role": "user", "content": "hi"})
        assert ask(*CREATE)["status"] == "queued"
        assert statuses(ask, 3) == ["in_progress", "completed", "completed"]
        assert [one["id"] for one in ask(*MESSAGES)["data"]] == ["msg_2", "msg_1"]
        assert "status" not in ask("GET", f"{THREAD}/messages/msg_2")


@pytest.fixture
def recorded_stream(tmp_path: Path) -> Path:
    """A conversation whose run was recorded as a stream."""
    write = ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1", "stream": True}, STREAM)
    return written(tmp_path / "stream.json", [*TOOL_CALL[:2], write])


def test_lists_of_a_recorded_stream_follow_the_polls(recorded_stream: Path, ask: Ask) -> None:
    """Polled, the list shows a message only once the run was seen as far; order, limit and run_id are heeded."""
    with use_cassette(recorded_stream):
        ask("POST", "/threads", {})
        ask("POST", f"{THREAD}/messages", {"role": "user", "content": "hi"})
        ask(*CREATE)

        def ids(query: str) -> tuple[list[str], bool]:
            page = ask("GET", f"{THREAD}/messages{query}")
            return [one["id"] for one in page["data"]], page["has_more"]

        assert ids("") == (["msg_1"], False)
        statuses(ask, 2)
        assert ids("?order=asc") == (["msg_1", "msg_2"], False)
        assert ids("?limit=1") == (["msg_2"], True)
        assert ids("?run_id=run_1") == (["msg_2"], False)
        assert ids("?run_id=run_2") == ([], False)


def test_what_a_stream_does_not_say_is_refused(recorded_stream: Path, ask: Ask) -> None:
    """A page after a cursor is no fact of the recording."""
    with pytest.raises(ReplayMiss, match="after=msg_1"), use_cassette(recorded_stream):
        ask("POST", "/threads", {})
        ask("POST", f"{THREAD}/messages", {"role": "user", "content": "hi"})
        ask(*CREATE)
        assert "error" in ask("GET", f"{THREAD}/messages?after=msg_1")


def test_a_list_from_which_was_deleted_is_not_made_up(tmp_path: Path, ask: Ask) -> None:
    """Of a thread that a message was deleted from, the recording does not say what is left at any time."""
    write = ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1", "stream": True}, STREAM)
    gone = {"id": "msg_1", "object": "thread.message.deleted", "deleted": True}
    exchanges = [*TOOL_CALL[:2], write, ("DELETE", f"{THREAD}/messages/msg_1", None, gone)]
    with pytest.raises(ReplayMiss), use_cassette(written(tmp_path / "c.json", exchanges)):
        ask("POST", "/threads", {})
        ask("POST", f"{THREAD}/messages", {"role": "user", "content": "hi"})
        ask(*CREATE)
        statuses(ask, 2)
        assert "error" in ask(*MESSAGES)
        assert ask("GET", f"{THREAD}/messages/msg_2")["id"] == "msg_2"


def test_a_stream_without_a_run_cannot_be_polled(tmp_path: Path, ask: Ask) -> None:
    """A stream that was an error from the start is no run, and the miss says so."""
    broken = streamed(("error", {"message": "sorry", "code": "server_error"}))
    path = written(tmp_path / "c.json", [("POST", f"{THREAD}/runs", {"assistant_id": "asst_1", "stream": True}, broken)])
    with pytest.raises(ReplayMiss, match="recorded as a stream in which no run is shown"), use_cassette(path):
        ask(*CREATE)


@pytest.mark.parametrize(
    "sent",
    [STREAM, STREAM.replace("\n", "\r\n"), ": ping\n\n: ping\n\n: ping\n\n" + STREAM],
    ids=["as OpenAI's", "CRLF", "comments"],
)
def test_what_a_stream_showed_is_not_polled_again(tmp_path: Path, ask: Ask, plain: Any, sent: str) -> None:
    """However a server writes its events: an app that read one or all of them goes on from there."""
    path = written(tmp_path / "c.json", [("POST", f"{THREAD}/runs", {"stream": True}, sent)])
    with use_cassette(path):
        assert plain.post(CREATE[1], json={"stream": True}).text == sent
        assert statuses(ask, 2) == ["completed", "completed"]
    with use_cassette(path):
        with plain.stream("POST", CREATE[1], json={"stream": True}) as response:
            assert "event: thread.run.created" in response.iter_lines()
        assert statuses(ask, 2) == ["in_progress", "completed"]


def test_a_run_recorded_polled_can_be_streamed(tool_call: Path, ask: Ask, plain: Any) -> None:
    """The states that were polled become events; after the submit, so does the message."""
    with use_cassette(tool_call):
        first = plain.post(CREATE[1], json={**CREATE[2], "stream": True}).text
        assert [line[7:] for line in first.splitlines() if line.startswith("event: ")] == [
            "thread.run.created",
            "thread.run.queued",
            "thread.run.in_progress",
            "thread.run.requires_action",
            "done",
        ]
        assert statuses(ask, 1) == ["requires_action"]
        second = plain.post(SUBMIT[1], json={**SUBMIT[2], "stream": True}).text
        assert "thread.message.delta" in second
        assert statuses(ask, 1) == ["completed"]


def test_a_stream_that_the_recording_cannot_tell_is_refused(tmp_path: Path, ask: Ask) -> None:
    """A run whose end was not recorded cannot be streamed, and the miss says why."""
    path = written(tmp_path / "c.json", [(*CREATE, run("queued")), ("GET", RUN, None, run("in_progress"))])
    with pytest.raises(ReplayMiss, match="was recorded polled"), use_cassette(path):
        ask(CREATE[0], CREATE[1], {**CREATE[2], "stream": True})


@pytest.mark.parametrize(
    ("write", "exchanges"),
    [
        (CREATE, [(*CREATE, run("queued")), ("GET", RUN, None, run("completed"))]),
        (SUBMIT, [(*SUBMIT, run("in_progress")), ("GET", RUN, None, run("failed"))]),
    ],
    ids=["no messages of a completed run", "no queue after a submit"],
)
def test_a_stream_that_lacks_a_piece_is_refused(tmp_path: Path, ask: Ask, write: Any, exchanges: Any) -> None:
    """A run whose messages were not recorded, or that was not seen to be queued after a submit, makes no whole stream."""
    with (
        pytest.raises(ReplayMiss, match="so it cannot be replayed as a stream"),
        use_cassette(written(tmp_path / "c", exchanges)),
    ):
        ask(write[0], write[1], {**write[2], "stream": True})


def test_images_of_a_polled_run_are_streamed(tmp_path: Path) -> None:
    """A message with an image beside its text, recorded polled, arrives whole through the SDK's stream helper."""
    said = {**message(2, "run_1"), "status": "completed"}
    said["content"] = [{"type": "image_file", "image_file": {"file_id": "file-1", "detail": "auto"}}, *said["content"]]
    exchanges = [(*CREATE, run("queued")), ("GET", RUN, None, run("completed")), (*MESSAGES, None, listed(said))]
    with use_cassette(written(tmp_path / "c.json", exchanges)), openai.OpenAI() as client:
        with client.beta.threads.runs.stream(thread_id="thread_1", assistant_id="asst_1") as stream:
            deltas = [event.data.delta.content for event in stream if event.event == "thread.message.delta"]
            parts = stream.get_final_messages()[0].content
    assert deltas[0][0].image_file.file_id == "file-1"  # type: ignore[index,union-attr]
    assert [part.type for part in parts] == ["image_file", "text"]
    assert parts[0].image_file.file_id == "file-1"  # type: ignore[union-attr]
    assert parts[1].text.value == "text 2"  # type: ignore[union-attr]


@settings(examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_laws_hold_at_any_cadence(tool_call: Path, ask: Ask, data: st.DataObject) -> None:
    """Never completed before the submit, never requires_action after it, never a step back; whatever is asked when."""
    order = ["queued", "in_progress", "requires_action", "queued", "in_progress", "completed"]
    questions = st.lists(st.sampled_from(["poll", "messages"]), max_size=12)
    at = 0
    try:
        with use_cassette(tool_call):
            ask(*CREATE)
            for submitted in (False, True):
                if submitted:
                    ask(*SUBMIT)
                    at = 3
                for question in data.draw(questions):
                    if question == "messages":
                        answered = ask(*MESSAGES)
                        assert "error" in answered or len(answered["data"]) <= 1 + submitted
                        continue
                    at = order.index(ask(*POLL)["status"], at)
                    assert (at >= 3) is submitted
    except UnderstudyError as misses:  # a refusal is allowed, and says why
        assert "later state" in str(misses)  # noqa: PT017  the block may also end well


def test_problems_are_kept_even_when_the_app_swallows_them(tool_call: Path, ask: Ask) -> None:
    """An app that catches the 501 does not make its test pass."""
    with pytest.raises(UnderstudyError), use_cassette(tool_call) as cassette:
        ask("GET", "/assistants")
        assert len(cassette.problems) == 1


def test_the_tests_own_failure_goes_first(tool_call: Path, ask: Ask) -> None:
    """An exception in the block is not hidden behind a miss."""
    with pytest.raises(ZeroDivisionError), use_cassette(tool_call):
        ask("GET", "/assistants")
        raise ZeroDivisionError


def test_waiting_is_a_legal_last_state(tmp_path: Path, ask: Ask) -> None:
    """A recording may end while the run waits: every further poll shows it waiting."""
    with use_cassette(written(tmp_path / "c.json", [(*CREATE, run("queued")), ("GET", RUN, None, waiting())])):
        ask(*CREATE)
        assert statuses(ask, 3) == ["requires_action"] * 3
