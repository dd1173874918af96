"""Building data from YAML's events gives what PyYAML's constructor gives, or leaves it to that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tests.effort import sampled
from understudy._cassettes.yaml_events import Unusual, data_of
from understudy._cassettes.yaml_reader import _plain, constructed, yaml_data

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "cassettes", ROOT / "tests" / "cassettes" / "data", *(ROOT.parent / "shared").glob("recordings*"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ODD = [
    "<<",
    "=",
    "~",
    "null",
    "yes",
    "12:30",
    "0x1F",
    "010",
    "1e5",
    ".inf",
    "-.INF",
    "+1",
    "1_000",
    "2020-10-01",
    "é",
    "&a",
    "*a",
    "!b",
    "'",
]
DATA = st.recursive(
    SCALARS | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SCALARS | st.sampled_from(ODD), inner, max_size=4),
    max_leaves=20,
)
PIECES = [
    *ODD,
    "a",
    "1",
    "true",
    ": ",
    "? ",
    "- ",
    "\n",
    "\n  ",
    "\n- ",
    "\na: ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    '"',
    "|\n ",
    ">-\n ",
    "# c",
]
PIECES += [
    "&a ",
    "*a",
    "!!str ",
    "!!int ",
    "!!set ",
    "! ",
    "!!binary aGk=",
    "--- ",
    "\n...\n",
    "%YAML 1.1\n---\n",
    "<<: ",
    "\t",
    "\\",
]


def outcome(read: Any, text: str) -> str:
    """What a reader makes of a text, with the types of all values, in a form that can be compared."""
    try:
        return repr(read(text))
    except (yaml.YAMLError, ValueError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


@given(
    data=DATA,
    flow=st.sampled_from([None, True, False]),
    style=st.sampled_from([None, '"', "'", "|"]),
    explicit=st.booleans(),
    width=st.sampled_from([20, 80]),
)
def test_what_a_dumper_writes_is_read_as_by_pyyaml(
    data: Any, flow: bool | None, style: str | None, explicit: bool, width: int
) -> None:
    """Any data, written in any style of PyYAML's, reads back as its constructor reads it."""
    text = yaml.safe_dump(
        data, default_flow_style=flow, default_style=style, explicit_start=explicit, width=width, allow_unicode=True
    )
    assert outcome(yaml_data, text) == outcome(constructed, text)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("a: &x [1]\nb: *x\n")
@example("a: {<<: {b: 1}}\n")
@example("? [1]\n: 2\n")
@example("? {}\n: 2\n")
@example("a: 1\na: 2\n")
@example("a: !!str 1\n")
@example("--- 1\n--- 2\n")
@example("")
@example("a:\n")
@example("- ''\n- \"\"\n- ~\n-\n")
def test_any_text_is_read_as_by_pyyaml(text: str) -> None:
    """Any text has the data, or the error, that PyYAML's constructor has for it."""
    assert outcome(yaml_data, text) == outcome(constructed, text)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda key: key != "<<"),
        SCALARS | st.lists(st.text(max_size=8), max_size=3),
        max_size=5,
    )
)
def test_usual_data_takes_the_short_cut(data: Any) -> None:
    """Mappings, sequences and scalars, as recorders write them, are built without the constructor."""
    text = yaml.safe_dump(data)
    if "!!" not in text and "<<" not in text:  # bytes, or text that YAML cannot hold as it is
        assert repr(data_of(text, _plain)) == repr(constructed(text))


@pytest.mark.parametrize(
    "text", ["&a 1", "[&a [], *a]", "!!str 1", "{<<: {}}", "{[]: 1}", "%YAML 1.1\n--- a", "1\n--- 2", "{", ""]
)
def test_what_is_unusual_is_left_to_the_constructor(text: str) -> None:
    """Anchors, tags, merge keys, keys that are collections, directives, several documents and mistakes are left alone."""
    with pytest.raises(Unusual):
        data_of(text, _plain)


@sampled(6)
def test_every_recording_is_read_as_by_pyyaml(every: int) -> None:
    """Every cassette of the repository, and every real recording that is there, reads the same in both ways."""
    files = sorted(file for folder in FOLDERS for file in folder.rglob("*.y*ml"))
    assert files
    for file in files[::every]:
        text = file.read_text(encoding="utf-8")
        assert outcome(yaml_data, text) == outcome(constructed, text), file
