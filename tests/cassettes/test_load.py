"""Cassettes of every writer are read, and what cannot be read whole is refused by name, line and remedy."""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import vcr

from tests.cassettes.building import TOOL_CALL, entry, written
from understudy import use_cassette
from understudy._cassettes import load
from understudy._cassettes.dump import dump
from understudy.errors import CassetteError

GOOD = """\
interactions:
- request:
    body: null
    headers: {}
    method: GET
    uri: https://api.openai.com/v1/threads/thread_1
  response:
    body:
      string: '{"id": "thread_1"}'
    headers:
      content-type:
      - application/json
    status:
      code: 200
      message: OK
version: 1
"""

RUBY = """\
---
http_interactions:
- request:
    method: get
    uri: https://api.openai.com/v1/threads/thread_1
    body:
      encoding: US-ASCII
      string: ''
    headers:
      Content-Type:
      - application/json
  response:
    status:
      code: 200
      message: OK
    headers:
      Content-Type:
      - application/json
    body:
      encoding: ASCII-8BIT
      base64_string: eyJpZCI6ICJ0aHJlYWRfMSJ9
  recorded_at: Sat, 27 Apr 2024 19:39:16 GMT
recorded_with: VCR 6.1.0
"""


def at(path: Path, text: str) -> Path:
    """A file with this text."""
    path.write_text(text)
    return path


@pytest.mark.parametrize(("name", "text"), [("vcrpy.yaml", GOOD), ("ruby.yml", RUBY)])
def test_foreign_cassettes_are_read(tmp_path: Path, name: str, text: str) -> None:
    """vcrpy's and Ruby VCR's files hold the same exchange."""
    (one,) = load(at(tmp_path / name, text))
    assert (one.method, one.path, one.status, one.json) == ("GET", "/threads/thread_1", 200, {"id": "thread_1"})
    assert one.request_body == b""


def test_old_httpx_answers_are_read(tmp_path: Path) -> None:
    """What vcrpy wrote for httpx before version 6: content and status_code."""
    one = entry(("GET", "/assistants", None, {}))
    one["response"] = {"status_code": 200, "http_version": "HTTP/1.1", "headers": {}, "content": "{}"}
    path = at(tmp_path / "c.json", json.dumps({"version": 1, "interactions": [one]}))
    assert load(path)[0].json == {}


def test_compressed_bodies_are_unpacked(tmp_path: Path) -> None:
    """A body that was recorded compressed is given plain, without the header that says otherwise."""
    one = entry(("GET", "/assistants", None, {}))
    packed = base64.b64encode(gzip.compress(b'{"a": 1}')).decode()
    one["response"]["body"] = {"base64_string": packed}
    one["response"]["headers"]["content-encoding"] = ["gzip"]
    (read,) = load(at(tmp_path / "c.json", json.dumps({"version": 1, "interactions": [one]})))
    assert (read.json, read.header("content-encoding")) == ({"a": 1}, None)


def compressed(path: Path, encoding: str, body: bytes) -> Path:
    """A cassette of one exchange, whose answer is these bytes in this encoding."""
    one = entry(("GET", "/assistants", None, {}))
    one["response"]["body"] = {"base64_string": base64.b64encode(body).decode()}
    one["response"]["headers"]["content-encoding"] = [encoding]
    return at(path, json.dumps({"version": 1, "interactions": [one]}))


def raw_deflate(data: bytes) -> bytes:
    """Deflated without a frame, as some servers send it."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("pack", [zlib.compress, raw_deflate, lambda data: data])
def test_deflate_is_unpacked(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """With its frame, without it, or taken off already by the recorder, which left the header."""
    (read,) = load(compressed(tmp_path / "c.json", "deflate", pack(b'{"a": 1}')))
    assert (read.json, read.header("content-encoding")) == ({"a": 1}, None)


def test_a_deflated_body_that_was_cut_off_stays_as_it_is(tmp_path: Path) -> None:
    """What is left of it is not taken for the whole text."""
    cut = zlib.compress(b'{"a": 1}' * 20)[:-8]
    (read,) = load(compressed(tmp_path / "c.json", "deflate", cut))
    assert read.body == cut


@pytest.mark.parametrize(
    ("encoding", "library"),
    [("br", "brotli"), ("br", "brotlicffi"), ("zstd", "compression.zstd"), ("zstd", "zstandard")],
)
def test_encodings_of_optional_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, library: str
) -> None:
    """Whichever library for it is installed takes it off; without one, the cassette is refused and the library is named."""
    packed = compressed(tmp_path / "c.json", encoding, b"\xff packed")
    plain = compressed(tmp_path / "plain.json", encoding, b'{"a": 1}')
    for name in ("brotli", "brotlicffi", "compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CassetteError, match=rf"c\.json:1: .*compressed \({encoding}\).* install .*{library}"):
        load(packed)
    assert load(plain)[0].json == {"a": 1}  # a recorder took it off, and left the header
    monkeypatch.setitem(sys.modules, library, SimpleNamespace(decompress=lambda body: b'{"unpacked": true}'))
    assert load(packed)[0].json == {"unpacked": True}


@pytest.mark.parametrize(
    "pickled",
    [
        "!!python/object/new:_io.BytesIO\n      state: !!python/tuple [!!binary YWJj, 0, null]",
        "!!python/object/apply:builtins.iter\n      args: [[!!python/unicode 'a', !!binary YmM=]]",
        "!!python/str abc",
    ],
    ids=["file", "iterator", "text"],
)
def test_pickled_uploads_are_read(tmp_path: Path, pickled: str) -> None:
    """vcrpy wrote request bodies that were files or iterators as Python objects: their bytes are what was sent."""
    text = GOOD.replace("body: null", f"body: {pickled}").replace("method: GET", "method: POST")
    assert load(at(tmp_path / "c.yaml", text))[0].request_body == b"abc"


def test_headers_are_read_as_any_recorder_wrote_them(tmp_path: Path) -> None:
    """One value or several, text, number or bytes."""
    headers = "headers:\n      content-type:\n      - application/json\n      age: 5\n      x-name: !!binary Z3LDvA=="
    (read,) = load(at(tmp_path / "c.yaml", GOOD.replace("headers:\n      content-type:\n      - application/json", headers)))
    assert read.headers == (("content-type", "application/json"), ("age", "5"), ("x-name", "grÃ¼"))


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer.update(status=201),
        lambda answer: answer.update(status={"code": "201"}),
        lambda answer: answer.update(headers=[["Content-Type", "application/json"], ["age", "5"]]),
        lambda answer: answer.update(headers=[{"name": "Content-Type", "value": "application/json"}]),
    ],
)
def test_parts_in_another_shape_are_read(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """A bare status, and headers as a list, which forks and serializers of vcrpy write."""
    one = entry(("POST", "/threads", {}, {"id": "thread_1"}))
    change(one["response"])
    (read,) = load(at(tmp_path / "c.json", json.dumps({"version": 1, "interactions": [one]})))
    assert (read.status in (200, 201), read.header("content-type"), read.json) == (
        True,
        "application/json",
        {"id": "thread_1"},
    )


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda one: one["response"]["status"].update(code=99), "99 is not an HTTP status"),
        (lambda one: one["response"]["status"].update(code="3:20"), "'3:20' is not an HTTP status"),
        (lambda one: one["response"].update(status=None), "None is not an HTTP status"),
        (lambda one: one["response"].update(status=[200]), "[200] is not an HTTP status"),
        (lambda one: one["response"].pop("status"), "cut off or corrupt: it has no `status_code`"),
        (lambda one: one.pop("response"), "cut off or corrupt: it has no `response`"),
        (lambda one: one.update(request="GET /"), "a part of it is of another kind than expected"),
        (lambda one: one["response"].update(headers="age: 5"), "expected headers, got str"),
        (lambda one: one["response"].update(headers=["age: 5"]), "expected a header's name and value, got 'age: 5'"),
        (lambda one: one["request"].update(method="G T"), "'G T' is not an HTTP method"),
        (lambda one: one["response"].update(headers={"näme": ["x"]}), "'näme' is not the name of a header"),
        (lambda one: one["response"].update(headers={"": ["x"]}), "'' is not the name of a header"),
        (lambda one: one["response"].update(headers={"name": [["x"]]}), "expected a text, got list"),
        (lambda one: one["response"].update(body={"string": [1]}), "expected a body, got int"),
        (
            lambda one: one.update(understudy={"broken": {"kind": "Oops", "message": ""}}),
            "'Oops' is not an error that an HTTP",
        ),
        (lambda one: one.update(understudy={"dwell": {"seconds": -1}}), "-1 seconds"),
        (lambda one: one.update(understudy={"timings": [["inf", 1]]}), "'inf' seconds"),
        (
            lambda one: one["response"].update(
                headers={"content-encoding": ["gzip"]}, body={"base64_string": base64.b64encode(b"\x1f\x8bx").decode()}
            ),
            "its compressed body is damaged",
        ),
    ],
)
def test_what_no_exchange_could_hold_is_refused(tmp_path: Path, damage: Change, says: str) -> None:
    """A value that cannot be is named with the line of its interaction, in YAML as in JSON; nothing is guessed."""
    first, second = entry(("GET", "/assistants", None, {})), entry(("GET", "/threads/thread_1", None, {}))
    damage(second)
    text = json.dumps({"version": 1, "interactions": [first, second]}, indent=1)
    line = text.splitlines().index("  {", text.splitlines().index("  },")) + 1
    with pytest.raises(CassetteError) as raised:
        load(at(tmp_path / "c.json", text))
    assert f"c.json:{line}: this file has an interaction (number 1, from 0)" in str(raised.value)
    assert says in str(raised.value)


def test_a_line_that_cannot_be_told_is_left_out(tmp_path: Path) -> None:
    """JSON that is no YAML (it has an emoji written in two halves) names the interaction all the same."""
    one = entry(("GET", "/assistants", None, {}))
    one["request"].update(uri="http://[x", headers={"x-note": ["🎭"]})
    text = json.dumps({"version": 1, "interactions": [one]})
    with pytest.raises(CassetteError, match=r"c\.json: this file has an interaction \(number 0, from 0\).*Invalid IPv6 URL"):
        load(at(tmp_path / "c.json", text))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("c.yaml", GOOD.replace("headers: {}", "headers: " + "[" * 250 + "]" * 250), r"c\.yaml:4: .* nested too deeply"),
        ("c.yaml", GOOD.replace("headers: {}", "headers:\n" + "      - " + "- " * 250 + "x"), r"c\.yaml:5: .*too deeply"),
        ("c.json", '{"version": 1, "interactions": ' + "[" * 200_000 + "]" * 200_000 + "}", r"c\.json:1: .* too deeply"),
        ("c.yaml", "a: &a {b: 1}\n" + GOOD.replace("headers: {}", "headers: {<<: *a}"), r"c\.yaml:5: .*merge key \(`<<`\)"),
    ],
)
def test_traps_are_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    """What would end the process, or fill its memory, is refused before it is built, with its line."""
    with pytest.raises(CassetteError, match=says):
        load(at(tmp_path / name, text))


def test_what_only_looks_like_a_trap_is_read(tmp_path: Path) -> None:
    """Many brackets, or `<<` in a text, are no nesting and no merge."""
    text = GOOD.replace('thread_1"}', "<< " + "[" * 250 + '"}')
    assert load(at(tmp_path / "c.yaml", text))[0].json == {"id": "<< " + "[" * 250}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"c\.yaml:1: this file is empty"),
        (" \n\n", r"c\.yaml:1: this file is empty"),
        (GOOD[:150], "cut off"),
        (GOOD[: GOOD.index("    status:")], "cut off"),
        (GOOD.replace("version: 1\n", ""), r"c\.yaml:16: this file is cut off: the line `version: 1`"),
        (GOOD.replace("string: '{", "string: '{\n'x"), r"c\.yaml:\d+: this file is cut off or corrupt"),
        (GOOD.replace("version: 1", "version: 2"), r"c\.yaml:16: this file was written in format 2 of vcrpy"),
        (GOOD + "understudy: {format: 99}\n", "format 99 of understudy, newer than"),
        ("a: b\n", "is not a cassette"),
        ("just text", "is not a cassette"),
        ("- request: {}\n  response: {}\n", "older than 1.0"),
        (RUBY[: RUBY.index("recorded_with")], "cut off: the line `recorded_with:`"),
        ("interactions: 5\nversion: 1\n", "interactions are not a list"),
        ('{"version": 1, "interactions": [', r"c\.yaml:1: this file is cut off or corrupt"),
        (GOOD + GOOD, "two lists of exchanges"),
        ('{"version": 1, "interactions": [], "x": 1, "interactions": []}', "two lists of exchanges"),
        ("<html>\x00</html>", "corrupt"),
        ("!!python/object/apply:os.system ['echo']\n", "corrupt"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """Never as if it were empty: with its name, the line where there is one, and what to do; in every record mode."""
    path = at(tmp_path / "c.yaml", text)
    with pytest.raises(CassetteError, match=says) as raised:
        load(path)
    assert re.search("left as it is|nothing was changed", str(raised.value))
    assert "delete" not in str(raised.value)
    for record in ("none", "once", "new", "all"):
        with pytest.raises(CassetteError, match=says), use_cassette(path, record=record):
            pass
    assert path.read_text() == text


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    """A binary file names the line at which it stops being text."""
    (tmp_path / "c.yaml").write_bytes(b"interactions:\n\xff\xfe")
    with pytest.raises(CassetteError, match=r"c\.yaml:2: this file is not UTF-8"):
        load(tmp_path / "c.yaml")


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    """Wherever one of our own files is cut off, it is refused."""
    text = dump(load(written(tmp_path / "c.json", TOOL_CALL[:3])), tmp_path / "c.yaml")
    path = tmp_path / "cut.yaml"
    for end in range(0, len(text) - len("version: 1\n"), 7):
        path.write_text(text[:end])
        with pytest.raises(CassetteError):
            load(path)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read, whoever asks")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that the system does not let read is refused by name, with the system's reason."""
    (tmp_path / "c.yaml").symlink_to("/proc/self/mem")
    with pytest.raises(CassetteError, match=r"c\.yaml: this cassette cannot be read: Input/output error"):
        load(tmp_path / "c.yaml")


def test_a_list_inside_an_exchange_is_not_a_second_list(tmp_path: Path) -> None:
    """Only two lists of exchanges beside each other are a merge that went wrong; a key deeper inside may have the name."""
    one = {**entry(("GET", "/assistants", None, {"a": 1})), "interactions": ["of ours"]}
    (read,) = load(at(tmp_path / "c.json", json.dumps({"version": 1, "interactions": [one]})))
    assert read.json == {"a": 1}


def test_a_missing_cassette_is_named(tmp_path: Path) -> None:
    """Without a cassette there is nothing to replay, and the error says how to get one."""
    with pytest.raises(CassetteError, match="no such cassette"), use_cassette(tmp_path / "c.yaml"):
        pass


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    """Writing and reading gives the same interactions, and plain vcrpy reads them too."""
    interactions = load(written(tmp_path / "c.json", TOOL_CALL))
    path = tmp_path / f"again.{suffix}"
    path.write_text(dump(interactions, path))
    assert load(path) == interactions
    with vcr.use_cassette(str(path), serializer=suffix, record_mode="none") as cassette:
        assert len(cassette.requests) == len(interactions)


def test_what_is_written_can_be_read_by_people(tmp_path: Path) -> None:
    """Letters and emoji are in the file as they are, not escaped, each exchange in the lines that suit it."""
    saying = "naïve 日本 \N{ROCKET}"
    body = json.dumps({"said": saying}, ensure_ascii=False).encode()
    interactions = [replace(one, body=body) for one in load(written(tmp_path / "c.json", TOOL_CALL))[:1]]
    path = tmp_path / "again.yaml"
    path.write_text(dump(interactions, path), encoding="utf-8")
    assert f'"said": "{saying}"' in path.read_text(encoding="utf-8")
    assert load(path) == interactions
