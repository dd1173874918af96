"""Cassettes that something went wrong with, and what must hold of them.

By hand: `python -m tests.cassettes.fuzzing [NUMBER]`, 20,000 by default, of the repository's cassettes and the real ones.
"""

from __future__ import annotations

import copy
import json
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.cassettes.driving import recordings
from understudy._cassettes import CassetteSession, load
from understudy._cassettes.secrets import Scrubber
from understudy._common.messages import Request, Response
from understudy._inspect.findings import findings
from understudy._inspect.html import as_html
from understudy._inspect.text import as_text
from understudy._inspect.view import view_of
from understudy.errors import CassetteError, InternalError

HERE = Path(__file__).parent
CASSETTES = [HERE.parents[1] / "cassettes" / "tutorial.yaml", *sorted((HERE / "data").iterdir())]
LONGEST = 10  # seconds of computing; the slowest unharmed one takes a tenth of one

# What a text can hold that a parser may choke on.
SNIPPETS = (
    b"!!python/object/apply:os.system ['echo']",
    b"!!python/object/new:_io.BytesIO {state: [[1]]}",
    b"!!python/object/apply:builtins.iter {args: [[1, 2]]}",
    b"!!binary '%%%'",
    b"!!timestamp nine",
    b"!!int ''",
    b"!!bool perhaps",
    b"&a [*a, *a]",
    b"&a {string: *a}",
    b"*nowhere",
    b"<<: {a: b}",
    b"<<<<<<< HEAD\n",
    b"\xff\xfe",
    b"\x00",
    b"\t",
    b"---\n",
    b"...\n",
    b"%YAML 9.9\n",
    b'"',
    b"'",
    b"{",
    b"[" * 300,
    b"[" * 100_000,
    b"- " * 5_000,
    b"{a: " * 20_000,
    b"9" * 5_000,
    b"1e999",
    b"\\ud800",
    b"\xf0\x9f\x8e\xad",
    b"version: 2\n",
    b"interactions: []\n",
)
_LAUGH = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1 << 70,
    1.5,
    float("inf"),
    float("nan"),
    "",
    "x",
    b"\xff",
    [],
    {},
    [[]],
    {"a": {}},
)


def cut(data: bytes, chance: random.Random) -> bytes:
    """The beginning of it."""
    return data[: chance.randrange(len(data))]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """With some bits turned over."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def lost(data: bytes, chance: random.Random) -> bytes:
    """Without a piece, or some lines, from its middle."""
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.choice((1, 3, 40, 400, 4000)) :]


def doubled(data: bytes, chance: random.Random) -> bytes:
    """With some lines twice: keys, too."""
    lines = data.splitlines(keepends=True)
    start = chance.randrange(len(lines))
    end = start + chance.choice((1, 2, 10))
    return b"".join(lines[:end] + lines[start:end] + lines[end:])


def planted(data: bytes, chance: random.Random) -> bytes:
    """With something in it that a parser may choke on, anywhere or as a value."""
    snippet = chance.choice(SNIPPETS)
    at = chance.randrange(len(data))
    if chance.random() < 0.5:
        at = data.find(b": ", at) + 2
    return data[:at] + snippet + data[at:]


def laughing(data: bytes, chance: random.Random) -> bytes:
    """With anchors that stand for more than any memory holds, used as a value."""
    at = data.find(b": ", chance.randrange(len(data))) + 2
    return _LAUGH.encode() + data[:at] + b"*a39 #" + data[at:]


def swapped(data: bytes, chance: random.Random) -> bytes:
    """With values of other types in places of its structure, keys lost, or parts at other places; JSON bodies included."""
    text = data.decode()
    root = json.loads(text) if text.lstrip()[:1] == "{" else yaml.load(text, Loader=yaml.CSafeLoader)
    for _ in range(chance.choice((1, 1, 2, 4))):
        _swap(root, chance)
    if chance.random() < 0.3:
        return json.dumps(root, default=str).encode()
    return str(yaml.dump(root, Dumper=yaml.CSafeDumper, allow_unicode=True)).encode("utf-8", "surrogateescape")


def _swap(root: Any, chance: random.Random) -> None:
    places = list(_places(root))
    if not places:
        return
    holder, key = chance.choice(places)
    if isinstance(holder[key], str) and holder[key][:1] == "{" and chance.random() < 0.8:
        try:
            body = json.loads(holder[key])
        except ValueError:
            body = {}
        if body:
            _swap(body, chance)
            holder[key] = json.dumps(body, default=str)
            return
    if chance.random() < 0.2:
        del holder[key]
    elif chance.random() < 0.3:
        other, place = chance.choice(places)
        holder[key] = copy.deepcopy(other[place])
    else:
        holder[key] = chance.choice(VALUES)


def _places(value: Any, depth: int = 0) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        if depth < 8:
            yield from _places(inner, depth + 1)


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    cut,
    flipped,
    lost,
    doubled,
    planted,
    laughing,
    swapped,
    swapped,
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A harmed cassette."""
    return chance.choice(WAYS)(data, chance) or b" "


def check(path: Path, data: bytes) -> str:
    """What a file of these bytes comes to: `refused` by name and line, or `loaded`, and then all can be done with it."""
    path.write_bytes(data)
    refusal = refused(path)
    if refusal is None:
        play(path)
        interactions = load(path)
        list(findings(path, interactions, Scrubber()))
        view = view_of(path, interactions, 0.0)
        as_text(view)
        as_html(view)
    else:
        assert str(path) in refusal, refusal
        assert any(mark in refusal for mark in (f"{path}:", "number ")), f"no line: {refusal}"
        for record in ("none", "once", "all"):
            assert refused(path, record) is not None, f"record={record!r} opens what cannot be loaded"
    assert path.read_bytes() == data
    return "loaded" if refusal is None else "refused"


def refused(path: Path, record: Any = None) -> str | None:
    """What is said against a file: when it is loaded, or when a session is to begin with it; None for a good one."""
    try:
        load(path) if record is None else CassetteSession(path, record=record).__enter__()
    except CassetteError as error:
        return str(error)
    return None


def play(path: Path) -> None:
    """Everything that the cassette holds is asked for; each answer can be read, and none is a defect of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with CassetteSession(path) as session:
            for one in load(path):
                answer = session.handle(Request(one.method, one.url, one.request_headers, one.request_body or b""))
                if isinstance(answer, Response):
                    _ = [name.encode("ascii") + value.encode("ascii") for name, value in answer.headers]
                    list(answer.stream or ())
            for problem in session.finish():
                assert not isinstance(problem, InternalError), repr(problem.__cause__)


def campaign(number: int) -> None:
    """So many harmed cassettes, each from a seed of its own, with a limit of time and memory for each."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    signal.signal(signal.SIGPROF, lambda *_: (_ for _ in ()).throw(AssertionError("it hangs")))
    originals = [path.read_bytes() for path in (*CASSETTES, *recordings()) if path.stat().st_size < 100_000]
    seen: Counter[str] = Counter()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(number):
            chance = random.Random(seed)
            data = mutated(chance.choice(originals), chance)
            path = Path(folder) / chance.choice(("c.yaml", "c.json") if data[:1] == b"{" else ("c.yaml",))
            signal.setitimer(signal.ITIMER_PROF, LONGEST)
            try:
                seen[check(path, data)] += 1
            except BaseException:
                kept = Path(tempfile.gettempdir()) / f"harmed-{seed}{path.suffix}"
                kept.write_bytes(data)
                print(f"seed {seed}: {kept}", file=sys.stderr)
                raise
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in seen.most_common())
    print(f"{number:,} harmed cassettes of {len(originals)} in {time.monotonic() - start:.0f} s: {told}")


if __name__ == "__main__":
    campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
