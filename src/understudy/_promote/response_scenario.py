"""The scripts of a session's responses, and the ids of what each create made.

Ids are in the order in which the service draws them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from understudy._apis import faces
from understudy._cassettes import Interaction
from understudy._reconstruct.moves import NOT_SHOWN
from understudy._reconstruct.response_moves import TERMINAL, ResponseFacts, beyond_moves
from understudy.scripts import Reply, Step

_LISTS = ("responses.input_items.list", "conversations.items.list")
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
        self._listed: dict[str, list[tuple[str, str]]] = {}  # by the response or the conversation
        self._whole: set[str] = set()  # of these, the oldest items are among those listed
        for exchange in session:
            self._note_input(exchange)
        for index, chain in self.facts.chains().items():
            creates = [self.facts.creates[one] for one in chain]
            reasons = [f"{exchange}: {reason}" for exchange in creates if (reason := beyond_moves(exchange))]
            self.left_out += reasons
            if not reasons:
                self.scripts[index] = (self.facts.made_by(index), self._script(chain))

    def _note_input(self, exchange: Interaction) -> None:
        """Note the items of a response's input, or of a conversation, that a list shows.

        Oldest first. Within a chain the list does not say which turn brought an item.
        """
        operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
        owner = ids.get("response_id") or ids.get("conversation_id", "")
        if operation is None or operation.name not in _LISTS or exchange.status != 200:
            return
        if self.facts.last.get(owner, {}).get("previous_response_id"):
            return
        page = exchange.json if isinstance(exchange.json, dict) else {}
        items = [item for item in page.get("data") or () if isinstance(item, dict) and item.get("type") in _CHOSEN]
        pairs = [(_CHOSEN[item["type"]], str(item.get("id") or "")) for item in items]
        known = self._listed.setdefault(owner, [])
        new = [pair for pair in pairs if pair not in known]
        is_oldest_first = ("order", "asc") in exchange.query
        if is_oldest_first:
            known += new
        else:
            known[:0] = reversed(new)
        if "after" not in dict(exchange.query) if is_oldest_first else page.get("has_more") is False:
            self._whole.add(owner)

    def _script(self, chain: Sequence[int]) -> tuple[Step, ...]:
        """Return the script of a chain of responses.

        One that was never seen to end does what was seen; where that has no message, it replies that the recording does not
        show it.
        """
        last, moves = self.facts.response(chain[-1]), self.facts.script(chain)
        if last.get("status") in TERMINAL:
            return moves
        wrote = any(item.get("type") == "message" for item in last.get("output") or ())
        return moves[:-1] if wrote else (*moves[:-1], Reply(NOT_SHOWN))

    def made_by(self, exchange: Interaction) -> Iterator[tuple[str, str]]:
        """Yield the (kind, id) of the items that a create made beside the response.

        The id is "" where no answer shows it.
        """
        if exchange.index not in self.facts.creates:
            return
        kinds = [_CHOSEN.get(str(item.get("type", "message"))) for item in _given(exchange)]
        wanted = [kind for kind in kinds if kind is not None]
        shown = self._listed.get(self.facts.made_by(exchange.index), [])
        yield from shown if [kind for kind, _ in shown] == wanted else ((kind, "") for kind in wanted)
        for item in self.facts.response(exchange.index).get("output") or ():
            kind = _CHOSEN.get(item.get("type", ""))
            if kind is not None:
                yield kind, str(item.get("id") or "")

    def items_put(self, exchange: Interaction) -> Iterator[tuple[str, str]]:
        """Yield the (kind, id) of the messages that a write to a conversation added.

        Those that it began with are the oldest that lists show; the id is "" where none does.
        """
        answer = exchange.json if isinstance(exchange.json, dict) else {}
        if exchange.path == "/conversations":
            body = exchange.request_json if isinstance(exchange.request_json, dict) else {}
            count = sum(item.get("type", "message") == "message" for item in body.get("items") or ())
            listed = self._listed[answer["id"]] if answer.get("id") in self._whole else []
            shown = [pair for pair in listed if pair[0] == "message"]
            yield from [*shown, *[("message", "")] * count][:count]
        elif exchange.path.endswith("/items"):
            added = [item for item in answer.get("data") or () if item.get("type") == "message"]
            yield from (("message", str(item.get("id") or "")) for item in added)


def _given(exchange: Interaction) -> list[dict[str, Any]]:
    body = exchange.request_json if isinstance(exchange.request_json, dict) else {}
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message"}]
    return [item for item in given or () if isinstance(item, dict)]
