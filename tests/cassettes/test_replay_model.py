"""The replay model: whatever an app asks and however often, it gets the recording, and never an impossible history."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cassettes.building import RUN, THREAD, TOOL_CALL, listed, message, run, streamed, waiting, written
from tests.cassettes.conftest import Ask
from understudy import UnderstudyError, use_cassette
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


def test_recorded_errors_of_a_poll_are_passed(tmp_path: Path, ask: Ask) -> None:
    """A 500 that a poll once got comes once; then the run goes on."""
    broken = (500, {"error": {"message": "sorry"}})
    exchanges = [(*CREATE, run("queued")), ("GET", RUN, None, broken), ("GET", RUN, None, run("completed"))]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        ask(*CREATE)
        assert "error" in ask(*POLL)
        assert statuses(ask, 2) == ["completed", "completed"]


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


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
