"""What a few kilobytes of a cassette may claim to be is bounded: bodies, files, numbers, aliases."""

from __future__ import annotations

import base64
import gzip
import io
import json
import sys
import tracemalloc
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cassettes.building import entry
from tests.cassettes.test_load import GOOD
from understudy._cassettes import content_encoding, load
from understudy._cassettes.content_encoding import TooLarge, uncompressed, unpacked
from understudy.errors import CassetteError

SMALL = 1 << 20  # in place of the real limit: what is refused at a megabyte is refused at a hundred


@pytest.fixture(autouse=True)
def _small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_encoding, "MOST_BYTES", SMALL)


def gzipped(size: int) -> bytes:
    """So many zeros, compressed piece by piece."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return packed.getvalue()


BOMB = gzipped(64 << 20)
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
DEFLATED = RAW.compress(bytes(8 << 20)) + RAW.flush()


@pytest.mark.parametrize(
    ("name", "body"),
    [("gzip", BOMB), ("deflate", zlib.compress(bytes(8 << 20))), ("deflate", DEFLATED)],
    ids=["gzip", "zlib", "deflate"],  # a gzip holds the time
)
def test_a_body_that_unpacks_without_end_is_refused(tmp_path: Path, name: str, body: bytes) -> None:
    """It is refused by name before it fills the memory; a client that sends or gets such a body keeps it as it is."""
    one = entry(("GET", "/assistants", None, {}))
    one["response"]["body"] = {"base64_string": base64.b64encode(body).decode()}
    one["response"]["headers"]["content-encoding"] = [name]
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": [one]}))
    tracemalloc.start()
    try:
        with pytest.raises(CassetteError, match="unpacks to more than 1 MB"):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert uncompressed((("content-encoding", name),), body) == body


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    """A cassette of some kilobytes that claims to be much more is left alone."""
    path = tmp_path / "c.yaml.gz"
    path.write_bytes(BOMB)
    with pytest.raises(CassetteError, match="unpacks to more than 1 MB"):
        load(path)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(GOOD.encode())[:-20],
        gzip.compress(GOOD.encode())[:60] + b"x" * 60,
        gzip.compress(GOOD.encode())[:10] + b"\xff" * 60,
    ],
    ids=["cut", "changed", "not deflated"],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    """Cut off or changed, wherever, it is said to be damaged."""
    (tmp_path / "c.yaml.gz").write_bytes(content)
    with pytest.raises(CassetteError, match="compressed, and cut off or damaged"):
        load(tmp_path / "c.yaml.gz")


def test_a_text_that_begins_as_an_archive_is_a_text(tmp_path: Path) -> None:
    """Two characters of a text may be those that compressed data begins with: it is read as the text that it is."""
    (tmp_path / "c.yaml").write_text("x^: of ours\n" + GOOD)
    assert [one.json for one in load(tmp_path / "c.yaml")] == [{"id": "thread_1"}]


class Endless:
    """A library's decompressor that makes a megabyte of every piece."""

    eof = True

    def process(self, piece: bytes) -> bytes:
        return bytes(SMALL)

    decompress = process


@pytest.mark.parametrize(
    ("name", "module", "library"),
    [
        ("br", "brotli", SimpleNamespace(Decompressor=Endless)),
        ("zstd", "zstandard", SimpleNamespace(ZstdDecompressor=lambda: SimpleNamespace(decompressobj=Endless))),
        ("zstd", "compression.zstd", SimpleNamespace(ZstdDecompressor=Endless)),
        ("br", "brotlicffi", SimpleNamespace(decompress=lambda body: bytes(SMALL + 1))),
    ],
)
def test_optional_libraries_are_stopped_in_time(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, library: Any
) -> None:
    """Brotli and Zstandard unpack piece by piece, and not beyond the limit."""
    for other in ("brotli", "brotlicffi", "compression.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, other, None)
    monkeypatch.setitem(sys.modules, module, library)
    with pytest.raises(TooLarge):
        unpacked((("content-encoding", name),), b"x" * 1000)


def test_an_unfinished_body_of_an_optional_library_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that was cut off is not taken for a whole one; a whole one is unpacked."""
    finished = SimpleNamespace(process=lambda piece: piece.upper(), is_finished=lambda: True)
    monkeypatch.setitem(sys.modules, "brotli", SimpleNamespace(Decompressor=lambda: finished))
    assert unpacked((("content-encoding", "br"),), b"ab" * 100) == b"AB" * 100
    finished.is_finished = lambda: False
    assert unpacked((("content-encoding", "br"),), b"ab" * 100) == b"ab" * 100


@pytest.mark.parametrize(
    ("plain", "read"),
    [
        ("12:30", "12:30"),
        ("1:30:59", "1:30:59"),
        ("yes", "yes"),
        ("2024-06-01", "2024-06-01"),
        ("2024-06-01 10:00:00", "2024-06-01 10:00:00"),
        ("017", "017"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("=", "="),
        ("7" * 300, "7" * 300),
    ],
)
def test_plain_texts_stay_texts(tmp_path: Path, plain: str, read: str) -> None:
    """What YAML 1.1 takes for a time, a date, a boolean or a number of another base is what the recorder wrote."""
    path = tmp_path / "c.yaml"
    path.write_text(GOOD.replace("headers: {}", f"headers: {{x-value: {plain}}}"))
    assert load(path)[0].request_headers == (("x-value", read),)


@pytest.mark.parametrize("number", ["1" + ":59" * 200_000, "9" * 500_000, "!!int '" + "9" * 500_000 + "'", "!!float 1:30"])
def test_endless_numbers_are_refused(tmp_path: Path, number: str) -> None:
    """A status of half a million digits, sexagesimal or not, is not computed: it is no status."""
    path = tmp_path / "c.yaml"
    path.write_text(GOOD.replace("code: 200", f"code: {number}"))
    with pytest.raises(CassetteError, match=r"c\.yaml:\d+: "):
        load(path)


def test_numbers_are_numbers(tmp_path: Path) -> None:
    """What PyYAML and others write of numbers is read as such; what JSON cannot hold is refused."""
    body = "\n".join("      " + line for line in ("a: 1.5e-07", "b: -0.0", "e: !!float 2.0", "f: !!int 3"))
    text = GOOD.replace('    body:\n      string: \'{"id": "thread_1"}\'\n', f"    parsed_body:\n{body}\n")
    (tmp_path / "c.yaml").write_text(text)
    assert json.loads(load(tmp_path / "c.yaml")[0].body or b"") == {"a": 1.5e-07, "b": 0.0, "e": 2.0, "f": 3}
    (tmp_path / "c.yaml").write_text(text.replace("-0.0", "-.inf"))
    with pytest.raises(CassetteError, match="not JSON compliant"):
        load(tmp_path / "c.yaml")


@pytest.mark.parametrize(
    "aliases",
    [
        "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
        "a: &a [*a]\n",
    ],
)
def test_aliases_are_bounded(tmp_path: Path, aliases: str) -> None:
    """Aliases of aliases, or of themselves, are refused: a body that holds them would be written out."""
    text = GOOD.replace('    body:\n      string: \'{"id": "thread_1"}\'\n', "    parsed_body: 1\n")
    (tmp_path / "c.yaml").write_text(aliases + text)
    with pytest.raises(CassetteError, match=r"(?:written out|contains itself)"):
        load(tmp_path / "c.yaml")
