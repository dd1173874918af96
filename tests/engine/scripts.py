"""Hypothesis strategies over scripts that the tests' assistant can perform."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from understudy import (
    CodeInterpreter,
    Expire,
    Fail,
    FileSearch,
    FunctionCall,
    Hang,
    Incomplete,
    Reply,
    SearchResult,
    Wait,
)
from understudy.scripts import INCOMPLETE_REASONS

FILE = "file-understudyTestsNotes000"
texts = st.text(alphabet=st.sampled_from("ab Zé漢🎭\n.,"), max_size=20)
replies = st.one_of(
    st.builds(Reply, texts),
    st.lists(texts, min_size=1, max_size=4).map(lambda pieces: Reply(chunks=pieces)),
    st.lists(texts, min_size=1, max_size=3).map(lambda parts: Reply(parts=parts)),
    st.builds(lambda text: Reply(f"{text}【4:0†notes.txt】 and 【4:1†notes.txt】.", citations=[FILE, FILE]), texts),
    st.builds(lambda text: Reply(text, citations=[FILE], chunks=[text]), texts),
)
functions = st.builds(
    FunctionCall,
    st.sampled_from(["get_weather", "get_time"]),
    st.one_of(st.dictionaries(texts, texts, max_size=2), st.just("{not json")),
)
hosted = st.one_of(
    st.builds(CodeInterpreter, texts, logs=st.none() | texts),
    st.builds(FileSearch, st.lists(st.builds(SearchResult, st.just(FILE), st.just(0.5), texts), max_size=2)),
)
steps = st.one_of(
    replies,
    functions,
    hosted,
    st.lists(functions | hosted, min_size=1, max_size=3).map(tuple),
    st.builds(Wait, st.integers(0, 90)),
)
endings = st.one_of(
    st.builds(Fail, st.sampled_from(["server_error", "rate_limit_exceeded", "invalid_prompt"]), texts),
    st.builds(Incomplete, st.sampled_from(INCOMPLETE_REASONS), cut=st.sampled_from([None, True, False])),
    st.just(Expire()),
    st.builds(Hang, on_cancel=st.sampled_from(["cancelled", "completes"])),
)


def scripts(*, most: int = 4) -> st.SearchStrategy[tuple[Any, ...]]:
    """Legal scripts of up to so many moves, and perhaps an ending."""
    return st.tuples(st.lists(steps, min_size=1, max_size=most), endings | st.none()).map(
        lambda drawn: (*drawn[0], *([drawn[1]] if drawn[1] is not None else []))
    )
