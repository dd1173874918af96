"""What a served simulator says of mistakes: each sentence that is reworded still exists, and what is left is for HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy as us
from understudy import FileSearch, Reply, SearchResult, Wait
from understudy._apis import faces
from understudy._apis.assistants import streaming
from understudy._apis.responses import streaming as response_streaming
from understudy._backend.unrouted import not_simulated
from understudy._cassettes import load, misses
from understudy._common.call_site import set_by
from understudy._common.messages import Response
from understudy._serve import advice
from understudy.errors import CassetteError

ONLY_IN_PYTHON = re.compile(r"understudy\.\w+\(|--understudy-|record='|with_file\(|add_file\(\)|time='|match_on=")


def problems(backend: us.Backend) -> list[str]:
    """What is wrong with a run of an assistant that searches files, whatever the app sees of it."""
    assistant = backend.add_assistant(tools=[{"type": "file_search"}])
    thread = backend.add_thread(messages=["Hi"])
    api = backend.client().beta.threads.runs
    with pytest.raises(Exception, match="understudy"):
        list(api.create(thread.id, assistant_id=assistant.id, stream=True))
    return [str(problem) for problem in backend.problems]


def said(tmp_path: Path) -> Iterator[str]:
    """The messages of other packages that are reworded, as they are today."""
    yield from problems(us.Backend(strict=True))
    backend = us.Backend(time="manual")
    backend.next_run(Wait(60), Reply("Late."))
    yield from problems(backend)
    token = set_by.set("request 7")
    try:
        backend = us.Backend()
        backend.next_run(FileSearch([SearchResult(file_id="file-none", score=0.9)]), Reply("See 【4:0†a】."))
        yield from problems(backend)
    finally:
        set_by.reset(token)
    backend = us.Backend(time="manual")
    backend.next_run(Wait(60), Reply("Late."))
    with pytest.raises(Exception, match="understudy"):
        list(backend.client().responses.create(model="gpt-4o", input="Hi", stream=True, background=True))
    yield from (str(problem) for problem in backend.problems)
    yield str(not_simulated("POST", "/embeddings", faces.ALL))
    yield from (misses.TO_DO, misses.TO_DO_ON_A_CUT)
    with pytest.raises(CassetteError) as missing:
        load(tmp_path / "none.yaml")
    yield str(missing.value)


@pytest.fixture
def messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for module in (streaming, response_streaming):
        monkeypatch.setattr(module, "PATIENCE_TURNS", 0)
    return list(said(tmp_path))


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in advice.WORDS], ids=lambda pattern: pattern.pattern[:40])
def test_each_sentence_that_is_reworded_is_said(pattern: re.Pattern[str], messages: list[str]) -> None:
    """A message that changes takes its rewording along: each expression matches one of today's messages."""
    assert any(pattern.search(message) for message in messages)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": "no"}', b'{"error": {"type": "server_error"}}'])
def test_other_errors_are_left_alone(body: bytes) -> None:
    """A 501 that is not understudy's own, such as one that a test answers or a cassette plays, stays as it is."""
    answer = advice.reword_answer(Response(501, (), body))
    assert isinstance(answer, Response)
    assert answer.body == body


def test_what_is_said_over_http_can_be_followed_there(messages: list[str]) -> None:
    """No reworded message advises what only a test in Python can do."""
    for message in messages:
        assert ONLY_IN_PYTHON.search(message) or "request 7" in message  # else it would not need to be reworded
        assert ONLY_IN_PYTHON.search(advice.worded(message)) is None, advice.worded(message)
