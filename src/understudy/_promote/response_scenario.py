"""The scripts of a session's responses, and the ids of what each create made.

Ids are in the order in which the service draws them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from understudy._cassettes import Interaction
from understudy._reconstruct.moves import NOT_SHOWN
from understudy._reconstruct.response_moves import TERMINAL, ResponseFacts, beyond_moves
from understudy.scripts import Reply, Step

# By the type of an item: the kind of its id, where such an id can be chosen.
_CHOSEN = {"message": "message", "function_call": "function_item", "reasoning": "reasoning"}


class ResponseScenario:
    """The responses of a session as the simulated service should perform them.

    Attributes:
        scripts: by the exchange that takes it: the response's id and the script.
        left_out: what no script can express, and why; each a sentence.
    """

    def __init__(self, session: Sequence[Interaction]) -> None:
        self.facts = ResponseFacts(session)
        self.scripts: dict[int, tuple[str, tuple[Step, ...]]] = {}
        self.left_out: list[str] = []
        self._brought: dict[str, list[tuple[str, str]]] = {}
        for exchange in session:
            self._note_input(exchange)
        for index, chain in self.facts.chains().items():
            creates = [self.facts.creates[one] for one in chain]
            reasons = [f"{exchange}: {reason}" for exchange in creates if (reason := beyond_moves(exchange))]
            self.left_out += reasons
            if not reasons:
                self.scripts[index] = (self.facts.made_by(index), self._script(chain))

    def _note_input(self, exchange: Interaction) -> None:
        """Note the input items of a response that a list shows.

        Within a chain the list does not say which turn brought an item.
        """
        match exchange.path.strip("/").split("/"):
            case ["responses", response_id, "input_items"] if exchange.status == 200:
                pass
            case _:
                return
        if self.facts.last.get(response_id, {}).get("previous_response_id"):
            return
        page = exchange.json if isinstance(exchange.json, dict) else {}
        items = [item for item in page.get("data") or () if isinstance(item, dict) and item.get("type") in _CHOSEN]
        is_oldest_first = ("order", "asc") in exchange.query
        pairs = [(_CHOSEN[item["type"]], str(item.get("id") or "")) for item in items]
        known = self._brought.setdefault(response_id, [])
        new = [pair for pair in pairs if pair not in known]
        if is_oldest_first:
            known += new
        else:
            known[:0] = reversed(new)

    def _script(self, chain: Sequence[int]) -> tuple[Step, ...]:
        """Return the script of a chain of responses.

        For a response that was never seen to end, its reply is that the recording does not show it.
        """
        if self.facts.response(chain[-1]).get("status") in TERMINAL:
            return self.facts.script(chain)
        return (*self.facts.script(chain[:-1]), Reply(NOT_SHOWN))

    def made_by(self, exchange: Interaction) -> Iterator[tuple[str, str]]:
        """Yield the (kind, id) of the items that a create made beside the response.

        The id is "" where no answer shows it.
        """
        if exchange.index not in self.facts.creates:
            return
        kinds = [_CHOSEN.get(str(item.get("type", "message"))) for item in _given(exchange)]
        wanted = [kind for kind in kinds if kind is not None]
        shown = self._brought.get(self.facts.made_by(exchange.index), [])
        yield from shown if [kind for kind, _ in shown] == wanted else ((kind, "") for kind in wanted)
        for item in self.facts.response(exchange.index).get("output") or ():
            kind = _CHOSEN.get(item.get("type", ""))
            if kind is not None:
                yield kind, str(item.get("id") or "")


def items_put(exchange: Interaction) -> Iterator[tuple[str, str]]:
    """Yield the (kind, id) of the messages that a write to a conversation added."""
    answer = exchange.json if isinstance(exchange.json, dict) else {}
    if exchange.path == "/conversations":
        body = exchange.request_json if isinstance(exchange.request_json, dict) else {}
        messages = [item for item in body.get("items") or () if item.get("type", "message") == "message"]
        yield from (("message", "") for _ in messages)
    elif exchange.path.endswith("/items"):
        added = [item for item in answer.get("data") or () if item.get("type") == "message"]
        yield from (("message", str(item.get("id") or "")) for item in added)


def _given(exchange: Interaction) -> list[dict[str, Any]]:
    body = exchange.request_json if isinstance(exchange.request_json, dict) else {}
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message"}]
    return [item for item in given or () if isinstance(item, dict)]
