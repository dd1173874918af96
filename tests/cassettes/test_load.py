"""Cassettes of every writer are read, and what cannot be read whole is refused by name, line and remedy."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
import vcr

from tests.cassettes.building import TOOL_CALL, entry, written
from understudy import use_cassette
from understudy.cassettes import load
from understudy.cassettes.dump import dump
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
        ("<html>\x00</html>", "corrupt"),
        ("!!python/object/apply:os.system ['echo']\n", "corrupt"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """Never as if it were empty: with its name, the line where there is one, and what to do; in every record mode."""
    path = at(tmp_path / "c.yaml", text)
    with pytest.raises(CassetteError, match=says) as raised:
        load(path)
    assert "Restore it from version control" in str(raised.value)
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
