"""A cassette that somebody else wrote cannot talk to the terminal: not through show, check, a miss, or a failing test."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.cassettes.building import BASE, RUN, THREAD, entry, message, run
from understudy import use_cassette
from understudy._cli.main import main
from understudy._common.printable import printable
from understudy.errors import CassetteError, UnderstudyError

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r"
OBEYED = [character for character in EVIL if printable(character) != character]


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A cassette with control sequences wherever a recorder keeps text of others."""
    said = message(1, "run_1")
    said["content"][0]["text"]["value"] = EVIL
    exchanges = [
        entry(
            ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1", "instructions": EVIL}, run("queued", instructions=EVIL))
        ),
        entry(("GET", RUN, None, run(EVIL, last_error={"code": "server_error", "message": EVIL}))),
        entry(("GET", f"{THREAD}/messages", None, {"object": "list", "data": [said]})),
        entry(("GET", f"{THREAD}/messages", None, (400, {"error": {"message": EVIL}}))),
    ]
    exchanges[1]["request"]["headers"]["user-agent"] = [EVIL]
    exchanges[2]["request"]["uri"] += EVIL
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": exchanges}))
    return path


def is_clean(text: str) -> bool:
    """Whether a text holds nothing that a terminal obeys."""
    return not any(character in text for character in OBEYED)


@pytest.mark.parametrize("command", [["show"], ["check", "--unplayed", "ignore"]])
def test_commands_show_escapes(command: list[str], evil: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is in the cassette can be read, and does nothing."""
    main([*command, str(evil)])
    said = capsys.readouterr()
    assert r"\x1b" in said.out
    assert is_clean(said.out + said.err)


def test_misses_show_escapes(evil: Path) -> None:
    """The nearest recorded request, and the difference of the bodies, are shown escaped; the app's envelope too."""
    with pytest.raises(UnderstudyError) as missed, use_cassette(evil), httpx.Client() as client:
        told = client.post(f"{BASE}{THREAD}/runs", json={"assistant_id": "asst_2"}).json()["error"]["message"]
        client.get(f"{BASE}{THREAD}/messages")
    assert "assistant_id" in str(missed.value)
    assert is_clean(str(missed.value))
    assert is_clean(told)


def test_refusals_show_escapes(tmp_path: Path) -> None:
    """A cassette that cannot be read is refused without what it, or its name, holds."""
    path = tmp_path / f"{EVIL.replace('/', '')}.json"
    path.write_text(json.dumps({"version": 1, "interactions": [{"request": {"method": EVIL}, "response": {}}]}))
    with pytest.raises(CassetteError) as refused, use_cassette(path):
        pass
    assert is_clean(str(refused.value))


def test_failing_tests_show_escapes(evil: Path, pytester: pytest.Pytester) -> None:
    """pytest's report of a miss is clean as well."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(
        f"""
        import httpx, understudy

        def test_it():
            with understudy.use_cassette({str(evil)!r}, unplayed="error"):
                httpx.post("{BASE}{THREAD}/runs", json={{"assistant_id": "asst_2"}})
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    assert is_clean("\n".join(result.outlines + result.errlines))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("grüß 🎭", "grüß 🎭"),
        ("\x1b[0m", r"\x1b[0m"),
        ("\x7f\x85", r"\x7f\x85"),
        ("\udc80", r"\udc80"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    """Only what a terminal obeys is escaped."""
    assert printable(text) == shown
