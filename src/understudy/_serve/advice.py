"""Our messages, reworded for callers over HTTP.

They are written for tests in Python. A caller that speaks JSON has no source line that set a script, only a
request, and cannot follow advice such as `understudy.next_run(...)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from understudy._common.messages import Answer, Chunk, Response

_ROUTE = "POST /_understudy/"
_ERROR_EVENT = re.compile(rb"^event: error\ndata: (.*)\n\n$", re.DOTALL)
WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bset at (request \d+)"), r"set by \1"),
    (re.compile(r"understudy\.next_run\(Reply\('\.\.\.'\)\)"), _ROUTE + 'next_run {"moves": ["..."]}'),
    (re.compile(r"understudy\.clock\.advance\(seconds\)"), _ROUTE + 'clock {"advance": SECONDS}'),
    (re.compile(r"from another task or thread"), "on another connection"),
    (re.compile(r"or use time='poll'"), 'or set {"mode": "poll"} there'),
    (re.compile(r"\btime='(\w+)'"), r'mode "\1"'),
    (re.compile(r"add it with add_file\(\)"), f"add it with {_ROUTE}add_file"),
    (
        re.compile(r"Answer it yourself with understudy\.respx\..*?understudy\.pass_through\([^)]*\)\."),
        "A served simulator answers only what its API has: send this request to another server.",
    ),
    (
        re.compile(r"\(--understudy-record=(?:new|all)\b[^)]*\) against a server that still speaks the API"),
        "with `understudy serve --record FILE --to URL`",
    ),
    (re.compile(r"with record='once' [^.,]*,"), "with `understudy serve --record FILE --to URL`,"),
    (re.compile(r"; if only this value varies, leave it out of the comparison: ignore=.*?match_on=\[\.\.\.\]"), ""),
)


def worded(text: str) -> str:
    """Reword a message for a caller over HTTP."""
    for pattern, words in WORDS:
        text = pattern.sub(words, text)
    return text


def reword_answer(answer: Answer) -> Answer:
    """Reword our own errors in an answer for a caller over HTTP."""
    if not isinstance(answer, Response):
        return answer
    if answer.stream is not None:
        answer.stream = _stream(answer.stream)
    elif answer.status == 501:
        answer.body = _reword_error(answer.body)
    return answer


def _stream(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    for chunk in chunks:
        found = _ERROR_EVENT.match(chunk) if isinstance(chunk, bytes) else None
        yield chunk if found is None else b"event: error\ndata: " + _reword_error(found[1]) + b"\n\n"


def _reword_error(body: bytes) -> bytes:
    """Reword the message of our own error envelope; leave other bodies alone."""
    try:
        value = json.loads(body)
        error = value["error"]
        if error["type"] != "understudy_error":
            return body
    except (ValueError, KeyError, TypeError):  # not our own answer, but a mocked 501, for example
        return body
    error["message"] = worded(error["message"])
    return json.dumps(value).encode()
