"""One exchange with its headers and bodies, on the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from understudy._cassettes import Interaction
from understudy._common.messages import Headers
from understudy._inspect.conversation_entry import compact
from understudy._inspect.terminal import Row, Styled, plain, wrapped
from understudy._inspect.view import operation_of

EMPTY = "(empty)"


def exchange_rows(interaction: Interaction, width: int | None) -> Iterator[Row]:
    """Yield request and answer, each with its headers and its body.

    JSON is indented, a stream's events are listed.
    """
    yield (Styled(f"#{interaction.index} {interaction.method} {interaction.url}", "bold"),)
    yield plain(f"  {operation_of(interaction)}")
    yield plain("")
    yield (Styled("request", "bold"),)
    yield from _headers(interaction.request_headers, width)
    yield from _body(interaction.request_body, interaction.request_json, width)
    yield plain("")
    yield (Styled("answer ", "bold"), Styled(str(interaction.status), "red" if interaction.status >= 400 else "green"))
    yield from _headers(interaction.headers, width)
    if interaction.is_stream:
        yield from _events(interaction, width)
    else:
        yield from _body(interaction.body, interaction.json, width)
    if interaction.broken is not None:
        yield (Styled(f"  it broke off: {interaction.broken[0]}: {interaction.broken[1]}", "red"),)


def _headers(headers: Headers, width: int | None) -> Iterator[Row]:
    for name, value in headers:
        yield from wrapped(f"  {name}: ", value, width, "dim", indent=4)


def _body(body: bytes | None, value: Any, width: int | None) -> Iterator[Row]:
    yield plain("")
    yield from wrapped("  ", body_text(body, value), width)


def _events(interaction: Interaction, width: int | None) -> Iterator[Row]:
    yield plain("")
    for number, (name, data) in enumerate(interaction.events):
        yield (Styled(f"  {number:>3} "), Styled(name or "(no name)", "cyan"))
        yield from wrapped("      ", compact(data), width)


def body_text(body: bytes | None, value: Any) -> str:
    """Return a body for people.

    JSON is indented by two spaces, other text is left as it is; of anything else, the size is
    given.

    Args:
        body: as recorded; None for one that is lost.
        value: the same as JSON; None if it is not JSON.
    """
    if body is None:
        return "(lost: the recorder did not keep it)"
    if not body:
        return EMPTY
    if value is not None:
        return json.dumps(value, indent=2, ensure_ascii=False)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return f"({len(body)} bytes that are not text)"


def answer_text(interaction: Interaction) -> str:
    """Return the body of an answer for people.

    Of a stream, each event has its data in one line.
    """
    if not interaction.is_stream:
        return body_text(interaction.body, interaction.json)
    return "\n".join(f"{name or '(no name)'}\n  {compact(data)}" for name, data in interaction.events)
