"""What a recording lets a test expect of an app on the Responses API.

How the responses ended, what was handed in, and what was said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from understudy._cassettes import Interaction
from understudy._promote.code import literal
from understudy._reconstruct.response_moves import CREATE, TERMINAL, ResponseFacts, beyond_moves, operation_of
from understudy._transcript.recorded import recorded_transcript
from understudy._transcript.unknown import Unknown

_SAID = ("user", "reply")
_OUTPUT = "function_call_output"


def response_expectations(session: Sequence[Interaction]) -> Iterator[str]:
    """Yield assertions: how responses ended, what was handed in, what was said.

    None where no response was created. What is left out of the scenario is not expected either.
    """
    session = [exchange for exchange in session if operation_of(exchange) != CREATE or not beyond_moves(exchange)]
    facts = ResponseFacts(session)
    if not facts.creates:
        return
    ended = _ended(facts, session)
    if ended:
        yield "ended = {response.id: response.status for response in understudy.responses}"
        yield from (f"assert ended[{response_id!r}] == {status!r}" for response_id, status in ended.items())
    outputs = {item["call_id"]: item["output"] for create in facts.creates.values() for item in _outputs(create)}
    if outputs:
        yield "creates = [each.json for each in understudy.requests if each.path.endswith('/responses')]"
        yield "items = [item for each in creates if isinstance(each['input'], list) for item in each['input']]"
        yield f"outputs = {{one['call_id']: one['output'] for one in items if one.get('type') == {_OUTPUT!r}}}"
        yield f"assert outputs == {literal(outputs)}"
    said = _said(session)
    if said:
        yield f"entries = [(entry.kind, entry.value) for entry in understudy.transcript() if entry.kind in {_SAID!r}]"
        yield f"for entry in {literal(said)}:\n    assert entry in entries"


def _ended(facts: ResponseFacts, session: Sequence[Interaction]) -> dict[str, str]:
    """Map the id of each response that ended and was kept to its last status."""
    deletes = [exchange for exchange in session if operation_of(exchange) == "responses.delete" and exchange.status == 200]
    deleted = {exchange.path.rpartition("/")[2] for exchange in deletes}
    views = [facts.response(index) for index in facts.creates]
    kept = [view for view in views if view.get("store") is not False and view["id"] not in deleted]
    return {view["id"]: view["status"] for view in kept if view.get("status") in TERMINAL}


def _outputs(create: Interaction) -> list[dict[str, Any]]:
    body = create.request_json if isinstance(create.request_json, dict) else {}
    items = body.get("input")
    if not isinstance(items, list):
        return []
    return [item for item in items if isinstance(item, dict) and item.get("type") == _OUTPUT]


def _said(session: Sequence[Interaction]) -> list[tuple[str, Any]]:
    entries = [entry for entry in recorded_transcript(session) if entry.kind in _SAID]
    return [(entry.kind, entry.value) for entry in entries if not isinstance(entry.value, Unknown)]
