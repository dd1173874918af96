"""Requests are matched by what they mean, and a miss explains itself."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cassettes.building import BASE, entry, listed, run, written
from tests.cassettes.conftest import Ask
from understudy import use_cassette
from understudy.cassettes import Interaction, load
from understudy.cassettes.bodies import ignored_paths, meaning
from understudy.errors import ReplayMiss
from understudy.exchange import Request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9).map(lambda x: round(x, 2)) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def multipart(boundary: str, *parts: tuple[str, str, str]) -> bytes:
    """A multipart body as an HTTP client writes it."""
    pieces = []
    for name, filename, content in parts:
        file = f'; filename="{filename}"\r\nContent-Type: text/plain' if filename else ""
        pieces.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{content}\r\n')
    return ("".join(pieces) + f"--{boundary}--\r\n").encode()


@given(value=st.dictionaries(st.text(max_size=3), JSON, min_size=1, max_size=4))
def test_json_is_compared_by_value(value: dict[str, object]) -> None:
    """Neither the order of keys nor white space counts."""
    import json

    turned = dict(reversed(value.items()))
    assert meaning("/x", json.dumps(value).encode()) == meaning("/x", json.dumps(turned, indent=3).encode())


def test_numbers_are_compared_by_value() -> None:
    """1.0 is 1, but neither true nor "1"."""
    one = meaning("/x", b'{"a": 1}')
    assert meaning("/x", b'{"a": 1.0}') == one
    assert len({one, meaning("/x", b'{"a": true}'), meaning("/x", b'{"a": "1"}'), meaning("/x", b'{"a": 2}')}) == 4


def test_multipart_is_compared_by_parts() -> None:
    """The boundary and the order of the parts do not count; names, file names and contents do."""
    parts = [("purpose", "", "assistants"), ("file", "ü.txt", "two\nlines")]
    meant = meaning("/files", multipart("abc", *parts))
    assert meaning("/files", multipart("xyz", *reversed(parts))) == meant
    assert meaning("/files", multipart("abc", parts[0], ("file", "ü.txt", "other"))) != meant
    assert meaning("/files", multipart("abc", parts[0], ("file", "u.txt", "two\nlines"))) != meant


@pytest.mark.parametrize(
    ("way", "body"),
    [
        ("metadata.request_id", b'{"a": 1, "metadata": {"request_id": "x"}}'),
        ("metadata", b'{"a": 1, "metadata": 5}'),
        ("messages.*.at", b'{"a": 1, "messages": [{"at": 1}, {"at": 2}]}'),
    ],
)
def test_ignored_paths_do_not_count(way: str, body: bytes) -> None:
    """What ignore= names is left out of the comparison."""
    ignore = ignored_paths([way])
    assert meaning("/x", body, ignore) == meaning(
        "/x", body.replace(b"2", b"3").replace(b'"x"', b'"y"').replace(b"5", b"6"), ignore
    )


def test_ignore_and_match_on_reach_the_replay(tmp_path: Path, ask: Ask) -> None:
    """Two requests that differ only in what does not count are one."""
    path = written(tmp_path / "c.json", [("POST", "/threads", {"metadata": {"at": 1}}, {"id": "thread_1"})])
    with use_cassette(path, ignore=["metadata.at"]):
        assert ask("POST", "/threads", {"metadata": {"at": 2}})["id"] == "thread_1"
    with use_cassette(path, match_on=["method", "path"]):
        assert ask("POST", "/threads?x=1", {"other": 2})["id"] == "thread_1"


def test_own_matchers_decide_last(tmp_path: Path, ask: Ask) -> None:
    """A callable in match_on sees the recorded and the asked request."""

    def same_length(recorded: Interaction, asked: Request) -> bool:
        return len(recorded.request_body or b"") == len(asked.body)

    path = written(
        tmp_path / "c.json",
        [("POST", "/threads", '{"a":1}', {"id": "short"}), ("POST", "/threads", '{"a":11}', {"id": "long"})],
    )
    with use_cassette(path, match_on=["method", "path", same_length]):
        assert ask("POST", "/threads", {"b": 22})["id"] == "long"


def test_an_unknown_matcher_is_refused(tmp_path: Path) -> None:
    """A misspelt name does not silently match everything."""
    with pytest.raises(ValueError, match="'boddy' is not one of method, path"), use_cassette(tmp_path, match_on=["boddy"]):
        pass


def test_a_lost_body_matches_any(tmp_path: Path, ask: Ask) -> None:
    """Null with a content type is unknown, not empty; null without one is empty."""
    lost = written(tmp_path / "c.json", [("POST", "/threads", None, {"id": "thread_1"})])
    assert load(lost)[0].request_body is None
    with use_cassette(lost):
        assert ask("POST", "/threads", {"whatever": 1})["id"] == "thread_1"


def test_a_miss_shows_what_differs(tmp_path: Path, ask: Ask) -> None:
    """The request, the nearest recorded one, the difference line by line, the epoch, and what to do."""
    path = written(tmp_path / "c.json", [("POST", "/threads", {"metadata": {"a": "1", "b": "2"}}, {"id": "thread_1"})])
    with pytest.raises(ReplayMiss) as raised, use_cassette(path):
        ask("POST", "/threads", {"metadata": {"a": "1", "b": "3"}})
    text = str(raised.value)
    for part in (
        "c.json has no answer to POST /threads",
        "another body",
        '-    "b": "2"',
        '+    "b": "3"',
        "from the start",
    ):
        assert part in text
    assert "--understudy-record=new" in text


def test_a_miss_names_the_epoch(tmp_path: Path, ask: Ask) -> None:
    """A read that was recorded elsewhere says between which writes it was asked."""
    path = written(
        tmp_path / "c.json",
        [
            ("POST", "/assistants", {"model": "m"}, {"id": "asst_1", "object": "assistant"}),
            ("POST", "/assistants/asst_1", {"name": "n"}, {"id": "asst_1", "object": "assistant"}),
            ("GET", "/assistants/asst_1", None, {"id": "asst_1", "object": "assistant"}),
        ],
    )
    with pytest.raises(ReplayMiss, match="after #0 POST /assistants, before #1 POST /assistants/asst_1"), use_cassette(path):
        ask("POST", "/assistants", {"model": "m"})
        ask("GET", "/assistants/asst_1")


@pytest.mark.parametrize("count", [10, 2000])
def test_a_lookup_does_not_search(tmp_path: Path, plain: httpx.Client, count: int) -> None:
    """Answering touches a handful of recorded exchanges, however many there are."""
    from understudy.cassettes.matching import Matching
    from understudy.cassettes.recording import Recording
    from understudy.cassettes.replay import Replay

    exchanges = [("POST", f"/threads/thread_{n}/runs", {}, {**run("queued"), "id": f"run_{n}"}) for n in range(count)]
    recording = Recording(load(written(tmp_path / "c.json", exchanges)), Matching())
    replay = Replay(recording, "c.json")
    touched: list[int] = []
    may_play = replay.position.may_play
    replay.position.may_play = lambda write: touched.append(write.index) or may_play(write)  # type: ignore[func-returns-value,method-assign]
    for n in reversed(range(count)):
        replay.answer(Request("POST", f"{BASE}/threads/thread_{n}/runs", body=b"{}"))
    assert len(touched) == count


def test_every_field_of_an_entry_is_read(tmp_path: Path) -> None:
    """What a cassette says is what an interaction says."""
    one = load(written(tmp_path / "c.json", [("GET", "/assistants?limit=1", None, listed())]))[0]
    assert (one.method, one.path, one.query, one.status, one.json) == ("GET", "/assistants", [("limit", "1")], 200, listed())
    assert entry(("GET", "/assistants", None, {}))["request"]["uri"].startswith(BASE)
