"""Requests are matched by what they mean, and a miss explains itself."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cassettes.building import BASE, entry, listed, run, written
from tests.cassettes.conftest import Ask
from understudy import use_cassette
from understudy._cassettes import Interaction, load
from understudy._cassettes.bodies import ignored_paths, meaning
from understudy._common.messages import Request
from understudy.errors import ReplayMiss, UnderstudyError

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
        ("metadata.*", b'{"a": 1, "metadata": {"request_id": "x", "n": 5}}'),
        ("messages.*", b'{"a": 1, "messages": [5, "x"]}'),
        ("messages.1.at", b'{"a": 1, "messages": [{"at": 1}, {"at": 2}]}'),
        ("messages.0", b'{"a": 1, "messages": [5, 6]}'),
    ],
)
def test_ignored_paths_do_not_count(way: str, body: bytes) -> None:
    """What ignore= names is left out of the comparison."""
    ignore = ignored_paths([way])
    assert meaning("/x", body, ignore) == meaning(
        "/x", body.replace(b"2", b"3").replace(b'"x"', b'"y"').replace(b"5", b"6"), ignore
    )


@pytest.mark.parametrize("way", ["b", "b.c", "a.b", "b.*", "list.7", "list.7.x", "list.x", "list.0.x"])
def test_a_path_that_leads_nowhere_ignores_nothing(way: str) -> None:
    """What ignore= does not find leaves a body as it is, whatever the body's shape."""
    body = b'{"a": 1, "list": [1]}'
    assert meaning("/x", body, ignored_paths([way])) == meaning("/x", body)


def test_a_name_is_ignored_in_multipart_too() -> None:
    """ignore= takes the name of a part, whatever headers stand before it."""
    ignore = ignored_paths(["at"])
    body = multipart("abc", ("at", "", "1"), ("purpose", "", "x"))
    assert meaning("/files", body, ignore) == meaning("/files", multipart("abc", ("purpose", "", "x")), ignore)
    turned = body.replace(b"Content-Disposition", b"Content-Type: text/plain\r\nContent-Disposition")
    assert meaning("/files", turned, ignore) == meaning("/files", body, ignore)


@pytest.mark.parametrize(
    "body",
    [
        b"--",
        b"-- a comment",
        b"--a\r\nno end",
        b"--a\r\nno blank line\r\n--a--\r\n",
        b"--a\r\nX-Other: 1\r\n\r\none\r\n--a--\r\n",
        b"{oops",
        b"[" * 100_000,
    ],
    ids=range(7),
)
def test_what_only_looks_like_multipart_or_json(body: bytes) -> None:
    """It is compared by its bytes, or by parts without a name; two that differ are two."""
    assert meaning("/files", body) == meaning("/files", body)
    assert meaning("/files", body) != meaning("/files", body.replace(b"o", b"0") + b"!")


def test_fractions_are_not_cut_off(tmp_path: Path, ask: Ask) -> None:
    """A temperature of 0.7 is another request than one of 0.2; 1 and 1.0 are one."""
    exchanges = [("POST", "/threads/t/runs", {"temperature": value}, {"id": f"run_{value}"}) for value in (0.2, 1, 0.7)]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        assert [ask("POST", "/threads/t/runs", {"temperature": value})["id"] for value in (0.7, 0.2, 1.0)] == [
            "run_0.7",
            "run_0.2",
            "run_1",
        ]


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


def test_a_matcher_that_rejects_the_right_query_is_named(tmp_path: Path, ask: Ask) -> None:
    """That it would take the answer to another query does not make another reason of it."""

    def other_query(recorded: Interaction, asked: Request) -> bool:
        return recorded.url != asked.url

    exchanges = [("GET", f"/assistants?limit={limit}", None, listed()) for limit in (1, 2)]
    path = written(tmp_path / "c.json", exchanges)
    with pytest.raises(UnderstudyError, match=r"a matcher of yours in match_on=\[\.\.\.\] rejects it"):
        with use_cassette(path, match_on=["method", "path", "query", other_query]):
            ask("GET", "/assistants?limit=1")


def test_a_matcher_may_assert_and_sees_reads_too(tmp_path: Path, plain: httpx.Client) -> None:
    """As with vcrpy, an AssertionError says no and a plain return yes; reads are asked for as well as writes."""

    def same_host(recorded: Interaction, asked: Request) -> None:
        assert recorded.host == asked.host

    path = written(
        tmp_path / "c.json", [("GET", "/assistants", None, listed()), ("POST", "/threads", {}, {"id": "thread_1"})]
    )
    with (
        pytest.raises(UnderstudyError, match="2 problems") as raised,
        use_cassette(path, match_on=["method", "path", same_host]),
    ):
        assert plain.get("https://API.openai.com:443/v1/assistants").json() == listed()
        assert plain.post("https://api.openai.com/v1/threads", json={}).json()["id"] == "thread_1"
        for method, place in (("GET", "assistants"), ("POST", "threads")):
            answer = plain.request(method, f"http://other.example/v1/{place}", headers={"openai-beta": "assistants=v2"})
            assert answer.json()["error"]["code"] == "understudy_replay_miss"
    assert str(raised.value).count("a matcher of yours in match_on=[...] rejects it") == 2


@pytest.mark.parametrize(
    ("name", "url", "fits"),
    [
        ("host", "http://api.openai.com/openai/assistants", True),
        ("host", "https://other.example/v1/assistants", False),
        ("port", "https://other.example/v1/assistants", True),
        ("port", "https://api.openai.com:8443/v1/assistants", False),
        ("scheme", "https://other.example/v1/assistants", True),
        ("scheme", "http://api.openai.com/v1/assistants", False),
        ("uri", "https://api.openai.com/v1/assistants", True),
        ("uri", "https://api.openai.com/v2/assistants", False),
    ],
)
def test_parts_of_the_url_may_count(tmp_path: Path, plain: httpx.Client, name: str, url: str, fits: bool) -> None:
    """With host, port, scheme or uri in match_on, that part of the recorded URL must be the asked one's."""
    path = written(tmp_path / "c.json", [("GET", "/assistants", None, listed())])
    with use_cassette(path, match_on=["method", "path", name]) as cassette:
        answer = plain.get(url, headers={"openai-beta": "assistants=v2"}).json()
        assert (answer == listed()) is fits
        assert (cassette.problems == []) is fits
        cassette._session.problems.clear()


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


def test_a_miss_shows_the_nearest_body_first(tmp_path: Path, ask: Ask) -> None:
    """Of several recorded requests to one path, the one whose body is most alike is shown, with what differs in it."""
    names = ["a completely different name", "the same words but one", "something else"]
    made = [("POST", "/assistants", {"name": name}, {"id": f"asst_{n}"}) for n, name in enumerate(names)]
    with pytest.raises(ReplayMiss) as raised, use_cassette(written(tmp_path / "c.json", made)):
        ask("POST", "/assistants", {"name": "the same words but two"})
    text = str(raised.value).partition("Nearest recorded")[2]
    assert text.index("#1 POST /assistants") < text.index("#0 POST /assistants")
    assert '-  "name": "the same words but one"' in text
    assert '+  "name": "the same words but two"' in text


def test_a_miss_says_that_a_body_is_lost(tmp_path: Path, ask: Ask) -> None:
    """A recorded write without its body fits any request, once; the miss after that does not make up a difference."""
    path = written(tmp_path / "c.json", [("POST", "/threads", None, {"id": "thread_1"})])
    with pytest.raises(ReplayMiss, match=r"the recorded body is lost: it matches any") as raised, use_cassette(path):
        ask("POST", "/threads", {"a": 1})
        ask("POST", "/threads", {"a": 2})
    assert "(played)" in str(raised.value)


def test_a_miss_shows_the_nearest_first(tmp_path: Path, ask: Ask) -> None:
    """Of what was recorded, the same path with the most alike body comes first; another path's object comes last."""
    texts = ("something else altogether", "What is 2 + 2?", "What is 3 + 3, please?")
    posts = [("POST", "/threads/t/messages", {"content": text}, {"id": f"msg_{text}"}) for text in texts]
    other = ("POST", "/threads/t/runs", {"content": "What is 2 + 3?"}, {"id": "run_1"})
    path = written(tmp_path / "c.json", [other, *posts])
    with pytest.raises(ReplayMiss) as raised, use_cassette(path):
        ask("POST", "/threads/t/messages", {"content": "What is 2 + 3?"})
    near = re.findall(r"^  #(\d)", str(raised.value), re.MULTILINE)
    assert near[:2] == ["2", "3"]


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
    from understudy._cassettes.matching import Matching
    from understudy._cassettes.recording import Recording
    from understudy._cassettes.replay import Replay

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
