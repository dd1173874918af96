"""A disk that cannot be written to: the app's calls go on; the end says what was not saved, and what is left."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cassettes.loopback import served
from understudy import use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import load
from understudy._cassettes.atomic_files import Lock
from understudy._common.messages import Answer, Request, Response
from understudy.errors import CassetteError

SECRET = "Zq9Xw8Ev7Ru6Ty5Ui4Op3"  # of no known shape
HEADERS = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer key-of-the-test"}
Break = Callable[[int], None]


@pytest.fixture(params=[errno.ENOSPC, errno.EROFS, errno.EDQUOT], ids=["full", "read-only", "quota"])
def break_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Break:
    """Make the disk fail after so many writes that were to be durable."""
    sync, left = os.fsync, [0]

    def fsync(file: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(request.param, os.strerror(request.param))
        sync(file)

    def after(count: int) -> None:
        left[0] = count
        monkeypatch.setattr(os, "fsync", fsync)

    return after


@pytest.mark.parametrize("journaled", [0, 1, 2])
def test_the_app_goes_on_and_the_end_says_what_is_left(tmp_path: Path, break_disk: Break, journaled: int) -> None:
    """Each call is answered; the refusal names cassette and journal; the journal holds whole lines only."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base:
        with pytest.raises(CassetteError) as refusal, use_cassette(path, record="once"):
            break_disk(journaled)
            for _ in range(2):
                assert httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS).status_code == 200
    said = str(refusal.value)
    assert f"{path} was not written" in said
    assert not path.exists()
    (journal,) = tmp_path.glob(".c.yaml.*.journal")
    assert str(journal) in said
    assert ("nothing of the recording is kept" in said) is (journaled == 0)
    assert ("could not be written whole" in said) is (journaled < 2)
    assert journal.read_bytes().count(b"\n") == journaled


def test_the_tests_own_failure_goes_first(tmp_path: Path, break_disk: Break) -> None:
    """What a failed test recorded cannot be set aside: its own error is raised, with a note that says so."""
    with served(Backend()) as base, pytest.raises(LookupError) as failure, use_cassette(tmp_path / "c.yaml", record="once"):
        break_disk(1)
        httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS)
        raise LookupError("the app's")
    (journal,) = tmp_path.glob(".c.yaml.*.journal")
    (note,) = failure.value.__notes__
    assert note.startswith(f"{tmp_path / 'c.yaml'} was not written: ")
    assert str(journal) in note


def test_a_disk_that_recovers_saves_everything(tmp_path: Path, break_disk: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be journaled is still in memory: once there is room, the cassette is whole."""
    path, whole = tmp_path / "c.yaml", os.fsync
    with served(Backend()) as base, use_cassette(path, record="once"):
        break_disk(0)
        httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS)
        monkeypatch.setattr(os, "fsync", whole)
    assert [file.name for file in tmp_path.iterdir()] == ["c.yaml"]


class Telling:
    """A service that says in its answers what only a later request shows to be a secret."""

    def handle(self, request: Request) -> Answer:
        body = json.dumps({"id": "thread_1", "object": "thread", "metadata": {"note": f"say {SECRET}"}})
        return Response(200, (("content-type", "application/json"),), body.encode())


def post_twice_with_the_secret(base: str) -> None:
    for _ in range(2):
        headers = {**HEADERS, "Authorization": f"Bearer {SECRET}"}
        assert httpx.post(f"{base}/v1/threads", json={}, headers=headers).status_code == 200


def test_a_secret_learned_late_on_a_full_disk(tmp_path: Path, break_disk: Break) -> None:
    """A journal that cannot be rewritten without it stays whole, and the app's calls go on; the refusal says so."""
    path = tmp_path / "c.yaml"
    with served(Telling()) as base:
        with pytest.raises(CassetteError) as refusal, use_cassette(path, record="once"):
            httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS)
            break_disk(0)
            post_twice_with_the_secret(base)
    (journal,) = tmp_path.glob(".c.yaml.*.journal")
    assert journal.read_bytes().count(b"\n") == 1
    assert f"{path} was not written" in str(refusal.value)
    assert SECRET not in str(refusal.value)


def test_a_journal_that_cannot_be_opened_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the journal's file can be made, everything is in memory, and is saved at the end without secrets."""
    path, whole = tmp_path / "c.yaml", Path.open

    def opened(self: Path, *arguments: Any, **named: Any) -> Any:
        if self.suffix == ".journal":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return whole(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", opened)
    with served(Telling()) as base, use_cassette(path, record="once"):
        httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS)
        post_twice_with_the_secret(base)
    assert [one.json["metadata"] for one in load(path)] == [{"note": "say SCRUBBED"}] * 3
    assert SECRET not in path.read_text()


def test_a_lock_that_cannot_be_held_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the temporary directory cannot be written to, the recording is in its journal, and the refusal says where."""
    path = tmp_path / "c.yaml"

    def no_lock(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with served(Backend()) as base, pytest.raises(CassetteError) as refusal, use_cassette(path, record="once"):
        httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS)
        monkeypatch.setattr("understudy._cassettes.storage.locked", no_lock)
    (journal,) = tmp_path.glob(".c.yaml.*.journal")
    assert str(refusal.value).startswith(f"{path} was not written: {os.strerror(errno.ENOSPC)}")
    assert str(journal) in str(refusal.value)
    assert journal.read_bytes().count(b"\n") == 1


def test_a_lock_on_a_full_disk_is_not_called_busy(tmp_path: Path) -> None:
    """What SQLite cannot write is an error of the file system at once, not another process that was waited for."""
    lock = Lock(tmp_path / "c.yaml")
    lock.place.parent.mkdir(mode=0o700, exist_ok=True)
    lock.place.write_bytes(b"not a database, as after a disk error" * 100)
    try:
        assert lock.acquire() is False
        with pytest.raises(OSError, match="cannot be held") as error:
            lock.acquire(timeout_seconds=600)
        assert not isinstance(error.value, TimeoutError)
    finally:
        lock.place.unlink()
