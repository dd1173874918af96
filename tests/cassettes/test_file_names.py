"""Where a cassette cannot lie, or not under that name: told on opening, or stored under another name."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cassettes.building import THREAD, listed, written
from tests.cassettes.conftest import Ask
from tests.cassettes.loopback import served
from understudy import use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import load
from understudy._cassettes.atomic_files import hashed_name, short_name
from understudy._cli.main import main
from understudy.errors import CassetteError
from understudy.pytest_plugin.settings import cassette_path

HEADERS = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer key-of-the-test"}


def test_a_long_name_is_recorded_and_played(tmp_path: Path, ask: Ask) -> None:
    """A name that the file system takes is good enough, though what lies beside it while recording has a longer one."""
    path = tmp_path / f"{'n' * 250}.yaml"
    with served(Backend()) as base, use_cassette(path, record="once"):
        made = httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS).json()
        (journal,) = (file.name for file in tmp_path.iterdir())
        assert len(journal) <= 255
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    with use_cassette(path):
        assert ask("POST", "/threads", {})["id"] == load(path)[0].json["id"]
    assert made["object"] == "thread"


def test_the_journal_of_a_long_name_is_found_again(tmp_path: Path) -> None:
    """What a crash left of a recording with a long name is saved beside it by the next one."""
    path = tmp_path / f"{'n' * 250}.yaml"
    with served(Backend()) as base:
        with use_cassette(path, record="once"):
            httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS)
            (journal,) = tmp_path.iterdir()
            kept, name = journal.read_bytes(), journal.name
        path.unlink()
        (tmp_path / name.replace(str(os.getpid()), "999999999")).write_bytes(kept)
        with pytest.warns(RuntimeWarning, match="was cut off by a crash"), use_cassette(path, record="once"):
            httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS)
    assert sorted(len(load(file)) for file in tmp_path.iterdir()) == [1, 1]


@pytest.mark.parametrize("record", ["none", "once", "new", "all"])
@pytest.mark.parametrize("kind", ["a directory", "a named pipe", "a socket", "a device", "long"])
def test_what_cannot_be_a_cassette_is_refused(
    kind: str, record: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what it is, at once, in every mode; it is neither read nor replaced."""
    monkeypatch.chdir(tmp_path)
    path = Path("c.yaml")
    if kind == "a directory":
        path.mkdir()
    elif kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    else:
        path = Path("/dev/zero") if kind == "a device" else Path("n" * 300)
    said = "this name has 300 bytes" if kind == "long" else f"this is {kind}, not a cassette"
    with pytest.raises(CassetteError, match=said), use_cassette(path, record=record):
        raise AssertionError("it was opened")


def test_show_and_check_refuse_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands do not wait for somebody to write into it."""
    os.mkfifo(tmp_path / "c.yaml")
    assert main(["show", str(tmp_path / "c.yaml")]) == 1
    assert main(["check", "--unplayed", "ignore", str(tmp_path / "c.yaml")]) == 1
    said = capsys.readouterr()
    assert "this is a named pipe" in said.err
    assert "this is a named pipe" in said.out


def test_short_names_are_distinct_and_fit() -> None:
    """Names that share their beginning stay apart, at any length of their characters."""
    names = [f"test_it[{'ü' * count}].yaml" for count in range(100, 200)]
    short = [short_name(name, 120) for name in names]
    assert len(set(short)) == len(names)
    assert all(len(name.encode()) <= 120 and name.endswith(".yaml") for name in short)
    assert short_name("a.yaml") == "a.yaml"
    assert hashed_name("a.yaml") != hashed_name("A.yaml")


class Item:
    """What a test item tells of its place."""

    def __init__(self, root: Path, name: str) -> None:
        self.path, self.name, self.cls, self.nodeid, self.config = root / "test_app.py", name, None, name, self
        self.rootpath = root

    def getini(self, _: str) -> str:
        return "cassettes"


def place(root: Path, name: str) -> str:
    """The file name of a test's cassette."""
    return cassette_path(Item(root, name), None).name  # type: ignore[arg-type]


def test_names_of_tests_that_are_too_long(tmp_path: Path) -> None:
    """They are shortened with a hash, and a cassette that has the whole name keeps it."""
    long, longer = f"test_it[{'a' * 230}]", f"test_it[{'a' * 231}]"
    assert place(tmp_path, long) != place(tmp_path, longer)
    assert place(tmp_path, long).startswith("test_it[aaaa")
    assert len(place(tmp_path, longer)) <= 225
    (tmp_path / "cassettes" / "test_app").mkdir(parents=True)
    written(tmp_path / "cassettes" / "test_app" / f"{long}.yaml", [("GET", THREAD, None, listed())])
    assert place(tmp_path, long) == f"{long}.yaml"


def test_names_of_tests_that_differ_by_case(tmp_path: Path) -> None:
    """The second of them gets a name that every file system can tell from the first's; both are found again."""
    folder = tmp_path / "cassettes" / "test_app"
    folder.mkdir(parents=True)
    assert place(tmp_path, "test_it[A]") == "test_it[A].yaml"
    (folder / "test_it[A].yaml").touch()
    second = place(tmp_path, "test_it[a]")
    assert second.casefold() != "test_it[a].yaml"
    (folder / second).touch()
    assert [place(tmp_path, name) for name in ("test_it[A]", "test_it[a]")] == ["test_it[A].yaml", second]


@pytest.mark.parametrize("record", ["none", "once", "new", "all"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("loop.yaml", "a symbolic link that leads back to itself"),
        ("file/c.yaml", "a path through something that is not a directory"),
        ("file/below/c.yaml", "a path through something that is not a directory"),
        ("d" * 300 + "/c.yaml", "too long for a file's name"),
        ("a\0b.yaml", "a character that no file's name can have"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(name: str, said: str, record: Any, tmp_path: Path) -> None:
    """Before anything is asked of a server, whose answers could not be kept; in every mode, by what is wrong with it."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(CassetteError, match=said), use_cassette(tmp_path / name, record=record):
        raise AssertionError("it was opened")


def record_one(path: Path, mode: Any) -> None:
    with served(Backend()) as base, use_cassette(path, record=mode):
        httpx.post(f"{base}/v1/threads", json={}, headers=HEADERS)


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """A name of any bytes that the file system takes is recorded to and read."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml"))
    record_one(path, "once")
    assert len(load(path)) == 1


def test_a_read_only_cassette_is_not_replaced(tmp_path: Path, ask: Ask) -> None:
    """Whoever made it read-only meant it: nothing is recorded over it or added; it is played as ever."""
    path = tmp_path / "c.yaml"
    record_one(path, "once")
    path.chmod(0o444)
    before = path.read_bytes()
    for mode in ("all", "new"):
        with pytest.raises(CassetteError, match=r"read-only \(mode 444\)"):
            record_one(path, mode)
    with use_cassette(path):
        assert ask("POST", "/threads", {})["object"] == "thread"
    assert path.read_bytes() == before


def test_a_directory_that_is_not_writable_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that could not be saved does not begin."""
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(CassetteError, match=re.escape(f"the directory {tmp_path} is not writable")):
        with use_cassette(tmp_path / "new" / "c.yaml", record="once"):
            raise AssertionError("it was opened")
