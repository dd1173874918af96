"""A recording that is on the disk is never lost: not to a crash, a neighbour, a failing test, or a service that is gone."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.cassettes.building import TOOL_CALL, written
from tests.cassettes.loopback import served
from understudy import use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import CassetteSession, atomic_files, load, rewrite
from understudy._cassettes.atomic_files import Lock, is_locked, locked, write_whole
from understudy._cassettes.dump import dump
from understudy._common.messages import Answer, Request, Response
from understudy.errors import CassetteError, Unused

BETA = {"OpenAI-Beta": "assistants=v2"}
JSON = (("content-type", "application/json"),)


class Echo:
    """Answers every request with its path and body."""

    status = 200

    def handle(self, request: Request) -> Answer:
        body = json.dumps({"path": request.path, "got": request.json, "id": "asst_1", "object": "assistant"})
        return Response(self.status, JSON, body.encode())


def ask(base: str, *numbers: int) -> None:
    """Send a request for each number."""
    with httpx.Client(base_url=base, headers=BETA) as client:
        for number in numbers:
            client.post("/v1/assistants", json={"number": number})


def numbers(path: Path) -> list[int]:
    """The numbers on record."""
    return [one.request_json["number"] for one in load(path)]


RECORD = """
import sys, httpx
from understudy import use_cassette
path, base, first, count, record = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
with use_cassette(path, record=record), httpx.Client(base_url=base, headers={"OpenAI-Beta": "assistants=v2"}) as client:
    for number in range(first, first + count):
        client.post("/v1/assistants", json={"number": number})
        print(number, flush=True)
print("saved", flush=True)
"""


def recorder(path: Path, base: str, first: int, count: int, record: str = "all") -> subprocess.Popen[str]:
    """Another process that records so many exchanges."""
    command = [sys.executable, "-c", textwrap.dedent(RECORD), str(path), base, str(first), str(count), record]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("round_", [0, 1, *(pytest.param(number, marks=pytest.mark.deep) for number in range(2, 20))])
def test_kill_9_at_any_moment(tmp_path: Path, round_: int) -> None:
    """After a kill the file is the old cassette or the new one, and what was asked by then is in it or can be recovered."""
    path = tmp_path / "c.yaml"
    chance = random.Random(round_)
    with served(Echo()) as base:
        with use_cassette(path, record="all"):
            ask(base, 100, 101)
        old = path.read_text()
        process = recorder(path, base, 1, 5)
        assert process.stdout is not None
        seen: list[int] = []
        last = chance.randint(1, 5)
        for line in process.stdout:
            seen.append(int(line))
            if len(seen) == last:
                break
        with suppress(subprocess.TimeoutExpired):  # anywhere between here and its end, saving included
            process.wait(timeout=chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    if path.read_text() == old:
        with pytest.warns(RuntimeWarning, match="was cut off by a crash"), use_cassette(path, record="once"):
            pass
        assert numbers(tmp_path / "c.recovered.yaml")[: len(seen)] == seen
        assert path.read_text() == old
    else:
        assert numbers(path) == [1, 2, 3, 4, 5]
    left = {file.name for file in tmp_path.iterdir() if not file.name.endswith(".tmp")}
    assert left <= {"c.yaml", "c.recovered.yaml"} or path.read_text() != old


def test_four_processes_record_one_cassette(tmp_path: Path) -> None:
    """Workers that record into the same file at once lose nothing of each other's, and it replays."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base:
        processes = [recorder(path, base, 10 * worker, 5, "new") for worker in range(4)]
        for process in processes:
            process.communicate(timeout=60)
    assert sorted(numbers(path)) == [10 * worker + n for worker in range(4) for n in range(5)]
    with use_cassette(path, unplayed="error"):
        ask("https://api.openai.com", *numbers(path))


def test_what_a_neighbour_adds_meanwhile_is_kept(tmp_path: Path) -> None:
    """Even record="all" replaces only what was there when it began."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base:
        with use_cassette(path, record="all"):
            ask(base, 1)
        with use_cassette(path, record="all"):
            ask(base, 2)
            process = recorder(path, base, 3, 1, "new")
            process.communicate(timeout=60)
    assert numbers(path) == [3, 2]


@pytest.mark.parametrize("record", ["all", "new"])
def test_a_failing_test_does_not_replace_a_good_cassette(tmp_path: Path, record: str) -> None:
    """What was there stays as it was, and no journal is left."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base:
        with use_cassette(path, record="once"):
            ask(base, 1)
        old = path.read_text()
        with pytest.raises(ZeroDivisionError), use_cassette(path, record=record):  # type: ignore[arg-type]
            ask(base, 2)
            raise ZeroDivisionError
        session = CassetteSession(path, record=record, failed=lambda: True)  # type: ignore[arg-type]
        with session:
            ask(base, 2)
    assert path.read_text() == old
    assert [file.name for file in tmp_path.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize("status", [401, 404, 410, 500, 503])
def test_errors_never_replace_successes(tmp_path: Path, status: int) -> None:
    """A service that is switched off cannot take the recording with it; force can."""
    path = tmp_path / "c.yaml"
    server = Echo()
    with served(server) as base:
        with use_cassette(path, record="once"):
            ask(base, 1)
        old = path.read_text()
        server.status = status
        with pytest.raises(CassetteError, match="was kept as it was"), use_cassette(path, record="all"):
            ask(base, 1)
        assert path.read_text() == old
        with use_cassette(path, record="all", force=True):
            ask(base, 1)
    assert load(path)[0].status == status


class Gone(Echo):
    """A service that answers what it is given, whatever it is asked."""

    def __init__(self, status: int, message: str | None = "Not found") -> None:
        self.status = status
        self.body = json.dumps({"error": {"message": message}}) if message else "<html>404</html>"

    def handle(self, request: Request) -> Answer:
        return Response(self.status, JSON, self.body.encode())


@pytest.mark.parametrize("status", [401, 404, 410])
@pytest.mark.parametrize("record", ["once", "new", "all"])
@pytest.mark.parametrize("message", ["Invalid URL (POST /v1/assistants)", None])
def test_a_dead_api_makes_no_cassette(tmp_path: Path, status: int, record: str, message: str | None) -> None:
    """A first recording of an API that is gone is refused, with the date and the way to force it; nothing is left."""
    path = tmp_path / "c.yaml"
    with served(Gone(status, message)) as base:
        with pytest.raises(CassetteError, match=rf"POST /assistants answered {status}.*2026-08-26.*--understudy-force"):
            with use_cassette(path, record=record):  # type: ignore[arg-type]
                ask(base, 1, 2)
        assert list(tmp_path.iterdir()) == []
        with use_cassette(path, record=record, force=True):  # type: ignore[arg-type]
            ask(base, 1)
    assert [one.status for one in load(path)] == [status]


def test_a_dead_api_beside_one_that_lives(tmp_path: Path) -> None:
    """Models and files still answer where the Assistants API is gone: that is no reason to record it."""
    path = tmp_path / "c.yaml"
    living, dead = Echo(), Gone(404)
    with served(living) as base, served(dead) as other:
        with pytest.raises(CassetteError, match=r"POST /assistants answered 404"), use_cassette(path, record="once"):
            httpx.get(f"{base}/v1/models", headers=BETA)
            ask(other, 1)
    [journal] = tmp_path.iterdir()  # what did answer is not lost
    assert journal.suffix == ".journal"
    assert "/v1/models" in journal.read_text()


def test_reading_from_a_dead_api(tmp_path: Path) -> None:
    """Where nothing but reads was tried, and all of them are gone, nothing is recorded either."""
    path = tmp_path / "c.yaml"
    with served(Gone(404)) as base:
        with pytest.raises(CassetteError, match="GET /threads/thread_abc answered 404"):
            with use_cassette(path, record="once"):
                httpx.get(f"{base}/v1/threads/thread_abc", headers=BETA)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("threads/thread_gone/messages", 404, "No thread found with id 'thread_gone'."),
        ("threads/thread_gone/runs", 404, "No thread found with id 'thread_gone'."),
        ("threads/thread_abc", 404, "Not found"),  # an update, beside a create that went well
        ("assistants", 400, "Missing required parameter: 'model'."),
        ("responses", 401, "Incorrect API key provided: x."),
        ("files", 404, "Not found"),
    ],
)
def test_errors_of_a_living_api_are_recorded(tmp_path: Path, path: str, status: int, message: str) -> None:
    """What a service that is there says of what is not, or of what was wrong, is a recording like any other."""
    cassette = tmp_path / "c.yaml"
    with served(Gone(status, message)) as base, served(Echo()) as living:
        with use_cassette(cassette, record="once"):
            if path == "threads/thread_abc":
                ask(living, 1)
            httpx.post(f"{base}/v1/{path}", headers=BETA, json={})
    assert load(cassette)[-1].status == status


def test_a_key_that_was_mended(tmp_path: Path) -> None:
    """A create that was refused and then went well shows a service that is there."""
    path = tmp_path / "c.yaml"
    with served(Gone(401)) as wrong, served(Echo()) as right, use_cassette(path, record="once"):
        ask(wrong, 1)
        ask(right, 1)
    assert [one.status for one in load(path)] == [401, 200]


def test_a_failing_test_makes_no_cassette(tmp_path: Path) -> None:
    """What a failing test recorded is set aside until it passes; it is not replayed from then on."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base:
        for number in (1, 2):
            with pytest.raises(ZeroDivisionError) as failed, use_cassette(path, record="once"):
                ask(base, number)
                raise ZeroDivisionError
            assert "c.failed.yaml" in failed.value.__notes__[0]
            assert [file.name for file in tmp_path.iterdir()] == ["c.failed.yaml"]
            assert numbers(tmp_path / "c.failed.yaml") == [number]
        session = CassetteSession(path, record="once", failed=lambda: True)
        with session:
            ask(base, 3)
        assert session.set_aside == tmp_path / "c.failed.yaml"
        with use_cassette(path, record="once"):
            ask(base, 4)
    assert [file.name for file in tmp_path.iterdir()] == ["c.yaml"]
    assert numbers(path) == [4]


def test_an_error_beside_a_success_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """A 500 that was tried again with success is recorded with it."""
    path = tmp_path / "c.yaml"
    server = Echo()
    with served(server) as base:
        with use_cassette(path, record="once"):
            ask(base, 1)
        with use_cassette(path, record="all"):
            server.status = 500
            ask(base, 1)
            server.status = 200
            ask(base, 1)
    assert [one.status for one in load(path)] == [500, 200]


def test_a_cassette_damaged_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    """What turned corrupt while the test ran is refused at saving; the recording is in the journal."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base, pytest.raises(CassetteError, match="cut off"), use_cassette(path, record="new"):
        ask(base, 1)
        path.write_text("interactions:\n")
    assert path.read_text() == "interactions:\n"
    assert list(tmp_path.glob(".c.yaml.*.journal"))


@pytest.mark.parametrize("record", ["all", "new"])
def test_a_comment_at_the_top_stays(tmp_path: Path, record: str) -> None:
    """What somebody wrote there about the recording is not lost when it is recorded again."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base:
        with use_cassette(path, record="once"):
            ask(base, 1)
        path.write_text(f"# From the staging server.\n# grüß\n{path.read_text()}")
        with use_cassette(path, record=record):  # type: ignore[arg-type]
            ask(base, 2)
    assert path.read_text().startswith("# From the staging server.\n# grüß\ninteractions:\n")
    assert 2 in numbers(path)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: the old content stays, the temporary file goes."""
    path = tmp_path / "c.yaml"
    path.write_text("old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_asked_writes_nothing(tmp_path: Path) -> None:
    """A block without requests leaves no file, and an old one as it was."""
    with use_cassette(tmp_path / "new.yaml", record="once"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_tests_of_one_run_share_a_cassette(tmp_path: Path) -> None:
    """With record="once", a second test of the same run adds to the file that the first has just recorded."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base:
        for number in (1, 2):
            with use_cassette(path, record="once"):
                ask(base, number)
    assert numbers(path) == [1, 2]


def test_tests_that_begin_alike_share_a_cassette(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is given what it recorded, though another has begun with the very same request; a renamed one, all of it."""
    path = tmp_path / "c.yaml"
    backend = Backend()

    def talk(base: str, test: str) -> str:
        monkeypatch.setenv("PYTEST_CURRENT_TEST", f"test_a.py::{test} (call)")
        record = "none" if base.startswith("https") else "once"
        headers = {**BETA, "Authorization": "Bearer key-of-the-test"}
        with use_cassette(path, record=record, unplayed="error"), httpx.Client(base_url=base, headers=headers) as client:
            thread = client.post("/v1/threads", json={}).json()["id"]
            said = client.post(f"/v1/threads/{thread}/messages", json={"role": "user", "content": test})
            return str(said.json()["content"][0]["text"]["value"])

    with served(backend) as base:
        for test in ("one", "two"):
            assert talk(base, test) == test
    assert [one.test for one in load(path)] == ["test_a.py::one"] * 2 + ["test_a.py::two"] * 2
    for test in ("two", "one"):
        assert talk("https://api.openai.com", test) == test
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "test_a.py::renamed (call)")
    with use_cassette(path) as cassette:
        assert len(cassette.unplayed) == 4


def test_a_cassette_that_was_there_is_replayed_only(tmp_path: Path) -> None:
    """One that another run recorded is not added to by record="once"."""
    path = written(tmp_path / "c.json", TOOL_CALL)
    old = path.read_text()
    with use_cassette(path, record="once"), httpx.Client() as client:
        assert client.post("https://api.openai.com/v1/threads", json={}).json()["id"] == "thread_1"
    assert path.read_text() == old


def test_the_journal_of_a_recording_under_way_is_left_alone(tmp_path: Path) -> None:
    """Another that opens the cassette meanwhile, in this process or another, does not take it for a dead one's."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base:
        with use_cassette(path, record="new"):
            ask(base, 1)
            assert list(tmp_path.glob(".*journal"))
            with use_cassette(path, record="once"):
                pass
            process = recorder(path, base, 2, 1, "new")
            process.communicate(timeout=60)
            assert list(tmp_path.glob(".*journal"))
            ask(base, 3)
    assert sorted(numbers(path)) == [1, 2, 3]
    assert [file.name for file in tmp_path.iterdir()] == ["c.yaml"]


def test_the_number_of_a_dead_process_may_be_given_again(tmp_path: Path) -> None:
    """A journal that bears the number of a living process, which does not hold it, is recovered all the same."""
    from understudy._cassettes.dump import as_entry

    (interaction,) = load(written(tmp_path / "x.json", TOOL_CALL[:1]))
    (tmp_path / f".c.yaml.{os.getpid()}-999.journal").write_text(json.dumps(as_entry(interaction)) + "\n")
    with pytest.warns(RuntimeWarning, match="what was recorded is in"), use_cassette(tmp_path / "c.yaml", record="once"):
        pass
    assert load(tmp_path / "c.recovered.yaml") == [interaction]


def test_a_lock_holds_between_threads_and_is_waited_for(tmp_path: Path) -> None:
    """Of two that want the lock, one waits until the other has given it back."""
    order: list[str] = []
    inside, go = threading.Event(), threading.Event()

    def first() -> None:
        with locked(tmp_path / "c.yaml"):
            inside.set()
            go.wait(10)
            order.append("first")

    def second() -> None:
        with locked(tmp_path / "c.yaml"):
            order.append("second")

    threads = [threading.Thread(target=target) for target in (first, second)]
    threads[0].start()
    assert inside.wait(10)
    assert is_locked(tmp_path / "c.yaml")
    assert not Lock(tmp_path / "c.yaml").acquire()
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join()
    assert order == ["first", "second"]


def test_who_waits_too_long_for_a_lock_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that holds a cassette's lock for ever is named by the lock's file, and how long it was waited for."""
    monkeypatch.setattr(atomic_files, "LOCK_TIMEOUT_SECONDS", 0.001)
    lock = Lock(tmp_path / "c.yaml")
    assert lock.acquire()
    with pytest.raises(TimeoutError, match=rf"another process has held {re.escape(str(lock.place))} for 0\.001 s"):
        with use_cassette(tmp_path / "c.yaml", record="once"):
            pass
    lock.release()
    with use_cassette(tmp_path / "c.yaml", record="once"):
        pass


def test_a_journal_without_a_whole_line_is_only_taken_away(tmp_path: Path) -> None:
    """A process that died before its first exchange was down leaves nothing to recover, and no word of it is said."""
    (tmp_path / ".c.yaml.999999999-1.journal").write_text('{"request": {"meth')
    with use_cassette(tmp_path / "c.yaml", record="once"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_every_recovered_recording_has_a_file_of_its_own(tmp_path: Path) -> None:
    """Two journals, beside a recording that was recovered before, make two more; none is written over."""
    from understudy._cassettes.dump import as_entry

    interactions = load(written(tmp_path / "x.json", TOOL_CALL[:3]))
    old = (tmp_path / "c.recovered.yaml").write_text("mine")
    for number, one in enumerate(interactions[1:], 1):
        (tmp_path / f".c.yaml.999999999-{number}.journal").write_text(json.dumps(as_entry(one)) + "\n")
    with pytest.warns(RuntimeWarning) as told, use_cassette(tmp_path / "c.yaml", record="once"):
        pass
    assert (tmp_path / "c.recovered.yaml").read_text() == "mine"
    assert old
    for number in (2, 3):
        path = tmp_path / f"c.recovered-{number}.yaml"
        assert [one.path for one in load(path)] == [interactions[number - 1].path]
        assert any(str(path) in str(warning.message) for warning in told)


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the writer out of order the old cassette stays as it was, and the recording stays in the journal."""
    path = tmp_path / "c.yaml"
    with served(Echo()) as base:
        with use_cassette(path, record="once"):
            ask(base, 1)
        old = path.read_text()
        whole = rewrite.Original.rewritten
        monkeypatch.setattr(rewrite.Original, "rewritten", lambda original, kept, added: whole(original, kept, ()))
        with pytest.raises(CassetteError, match="would not be read back unchanged"), use_cassette(path, record="new"):
            ask(base, 1, 2)
    assert path.read_text() == old
    assert len(list(tmp_path.glob(".c.yaml.*.journal"))) == 1


def test_problems_are_told_once(tmp_path: Path) -> None:
    """A framework that finishes a session twice gets each problem the first time."""
    session = CassetteSession(written(tmp_path / "c.json", TOOL_CALL[:1]), unplayed="error")
    with session:
        assert [type(problem) for problem in session.finish()] == [Unused]
        assert session.finish() == []


def test_a_journal_cut_in_mid_line_is_recovered_up_to_there(tmp_path: Path) -> None:
    """The line that was being written when the process died is left out, and nothing else."""
    from understudy._cassettes.dump import as_entry

    path = tmp_path / "c.yaml"
    interactions = load(written(tmp_path / "x.json", TOOL_CALL[:2]))
    lines = [json.dumps(as_entry(one)) for one in interactions]
    (tmp_path / ".c.yaml.999999999-1.journal").write_text("\n".join(lines) + '\n{"request": {"meth')
    with pytest.warns(RuntimeWarning, match="what was recorded is in"), use_cassette(path, record="once"):
        pass
    assert load(tmp_path / "c.recovered.yaml") == interactions
    assert not list(tmp_path.glob(".*journal"))
    assert dump(interactions, path) == (tmp_path / "c.recovered.yaml").read_text()
