"""What `show --json`, `check --json` and `diff --json` print.

Keys are only ever added within one `format`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy._cassettes import Interaction
from understudy._common.messages import Headers
from understudy._inspect.cassette_diff import ExchangeDifference
from understudy._inspect.conversation_entry import ConversationEntry
from understudy._inspect.findings import CassetteFinding
from understudy._inspect.identity import MISSING
from understudy._inspect.view import CassetteView, operation_of, what_of

FORMAT = 1  # increased when a key is renamed, removed, or changes its meaning

_Json = dict[str, Any]


def view_data(view: CassetteView) -> _Json:
    """Return a cassette as data.

    Where it comes from, its exchanges, conversation and runs, and what is wrong with it.
    """
    return {
        "format": FORMAT,
        "path": str(view.path),
        "recorder": view.recorder,
        "recorded": None if view.recorded is None else {"first": view.recorded[0], "last": view.recorded[1]},
        "clients": list(view.clients),
        "servers": list(view.servers),
        "exchanges": [_summary(one) for one in view.exchanges],
        "conversation": [_entry(entry) for entry in view.conversation],
        "runs": [
            {
                "id": run.run_id,
                "status": run.status,
                "moments": [
                    {"at": moment.at, "what": moment.what, "name": moment.name, "note": moment.note}
                    for moment in run.moments
                ],
            }
            for run in view.runs
        ],
        "unreadable": [*view.unreadable, *dict.fromkeys(filter(None, (view.no_runs, view.no_conversation)))],
        "findings": [finding_data(finding) for finding in view.findings],
    }


def exchange_data(interaction: Interaction) -> _Json:
    """Return one exchange with its headers and bodies.

    A stream has `events` in place of a `body`.
    """
    answer: _Json = {"status": interaction.status, "headers": _headers(interaction.headers)}
    if interaction.is_stream:
        answer["events"] = [{"name": name, "data": data} for name, data in interaction.events]
    else:
        answer["body"] = _body(interaction.body, interaction.json)
    if interaction.broken is not None:
        answer["broken"] = {"kind": interaction.broken[0], "message": interaction.broken[1]}
    return {
        "format": FORMAT,
        "number": interaction.index,
        "method": interaction.method,
        "url": interaction.url,
        "operation": operation_of(interaction),
        "request": {
            "headers": _headers(interaction.request_headers),
            "body": _body(interaction.request_body, interaction.request_json),
        },
        "answer": answer,
    }


def finding_data(finding: CassetteFinding) -> _Json:
    """Return one finding, with the line of the file it is about."""
    return {
        "path": str(finding.path),
        "line": finding.line,
        "kind": finding.kind,
        "exchange": None if finding.interaction is None else finding.interaction.index,
        "problem": finding.problem,
        "remedy": finding.remedy,
    }


def check_data(cassettes: int, findings: Sequence[CassetteFinding]) -> _Json:
    """Return the result of a check."""
    return {"format": FORMAT, "cassettes": cassettes, "findings": [finding_data(finding) for finding in findings]}


def diff_data(old: str, new: str, differences: Sequence[ExchangeDifference]) -> _Json:
    """Return what differs between two cassettes.

    A key that is missing on one side has no `before`, or no `after`.
    """
    return {
        "format": FORMAT,
        "old": old,
        "new": new,
        "same": not differences,
        "differences": [_difference(one) for one in differences],
    }


def _difference(one: ExchangeDifference) -> _Json:
    data: _Json = {
        "kind": one.kind,
        "old": None if one.old is None else one.old.index,
        "new": None if one.new is None else one.new.index,
        "method": one.exchange.method,
        "path": one.exchange.path,
    }
    if one.kind == "changed":
        data |= {"part": one.part, "key": one.key}
        values = {"before": one.before, "after": one.after}
        data |= {name: value for name, value in values.items() if value is not MISSING}
    return data


def _summary(interaction: Interaction) -> _Json:
    return {
        "number": interaction.index,
        "method": interaction.method,
        "path": interaction.path,
        "query": [list(pair) for pair in interaction.query],
        "operation": operation_of(interaction),
        "status": interaction.status,
        "summary": what_of(interaction),
    }


def _entry(entry: ConversationEntry) -> _Json:
    tokens = None if entry.tokens is None else {"input": entry.tokens[0], "output": entry.tokens[1]}
    return {
        "kind": entry.kind,
        "conversation": entry.conversation,
        "exchange": entry.exchange,
        "name": entry.name,
        "call_id": entry.call_id,
        "text": entry.text,
        "tokens": tokens,
    }


def _headers(headers: Headers) -> list[list[str]]:
    return [[name, value] for name, value in headers]


def _body(body: bytes | None, value: Any) -> Any:
    """Return JSON as its value, other text as a string.

    None for a body that is lost or empty.
    """
    if value is not None or not body:
        return value
    return body.decode("utf-8", "replace")
