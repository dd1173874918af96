"""Sends recorded requests to a simulated service, and gathers what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from understudy import Backend
from understudy._apis.common import sse
from understudy._cassettes import Interaction
from understudy._common.messages import Request, Response

KEY = ("authorization", "Bearer sk-understudy")
STOPS = ("completed", "requires_action", "failed", "cancelled", "expired", "incomplete")
PATIENCE = 40


def answered(backend: Backend, interaction: Interaction, body: bytes | None = None) -> tuple[int, Any]:
    """Status and content of the answer: JSON, a stream's events, or bytes."""
    sent = body if body is not None else interaction.request_body or b""
    answer = backend.handle(Request(interaction.method, interaction.url, (*interaction.request_headers, KEY), sent))
    assert isinstance(answer, Response)
    if answer.stream is not None:
        return answer.status, sse.parse(b"".join(chunk for chunk in answer.stream if isinstance(chunk, bytes)))
    try:
        return answer.status, json.loads(answer.body)
    except ValueError:
        return answer.status, answer.body


def recorded(interaction: Interaction) -> tuple[int, Any]:
    """The same of the recorded answer."""
    return interaction.status, interaction.events or interaction.json or interaction.body


def status_in(interaction: Interaction) -> str | None:
    """The status that a poll was answered with; None for anything else."""
    value = interaction.json if interaction.is_read else None
    return value.get("status") if isinstance(value, dict) else None


def as_an_app_polls(session: Sequence[Interaction]) -> Iterator[Interaction]:
    """A session less the polls that showed nothing new: how many there were was the recorded service's affair."""
    last: dict[str, str] = {}
    for interaction in session:
        status = status_in(interaction)
        if status is None or last.get(interaction.url) != status:
            yield interaction
        if status is not None:
            last[interaction.url] = status


def polled(backend: Backend, interaction: Interaction, body: bytes | None = None) -> tuple[int, Any]:
    """An answer; that of a poll which was answered with the end of something, asked for until it comes."""
    status, content = answered(backend, interaction, body)
    for _ in range(PATIENCE):
        if status != 200 or status_in(interaction) not in (*STOPS,) or content["status"] == status_in(interaction):
            break
        status, content = answered(backend, interaction, body)
    return status, content
