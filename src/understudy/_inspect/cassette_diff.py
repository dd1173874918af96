"""The differences between two cassettes, such as an old one and its replacement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from understudy._apis import faces
from understudy._cassettes import Interaction
from understudy._cassettes.bodies import meaning
from understudy._inspect.identity import MISSING, Identities, Unequal, without_ids


@dataclass(frozen=True, kw_only=True)
class ExchangeDifference:
    """One difference between two cassettes.

    Attributes:
        kind: `changed`, `removed` (only in the old cassette) or `added` (only in the new one).
        old, new: the exchanges; None where there is none.
        part: of a change: `path`, `request`, `status`, `answer` or `events`.
        key: where in the part, such as `usage.total_tokens`; "" for all of it.
        before, after: the values; `identity.MISSING` for an absent key.
    """

    kind: str
    old: Interaction | None = None
    new: Interaction | None = None
    part: str = ""
    key: str = ""
    before: Any = None
    after: Any = None

    @property
    def exchange(self) -> Interaction:
        """The exchange; that of the old cassette where there are two."""
        found = self.old or self.new
        assert found is not None, "a difference is of an exchange"
        return found


def cassette_differences(old: Sequence[Interaction], new: Sequence[Interaction]) -> list[ExchangeDifference]:
    """Return every difference between two recordings.

    Exchanges are aligned by method and path. Polls that showed nothing new count once. Ids, times
    and headers, which every recording draws anew, are not differences, as long as each id
    corresponds to one other throughout.
    """
    old, new = _distinct(old), _distinct(new)
    matcher = SequenceMatcher(None, [_key(one) for one in old], [_key(one) for one in new], autojunk=False)
    identities = Identities()
    found: list[ExchangeDifference] = []
    for what, start, stop, new_start, new_stop in matcher.get_opcodes():
        if what == "equal":
            for one, other in zip(old[start:stop], new[new_start:new_stop], strict=True):
                found += _compared(one, other, identities)
            continue
        found += (ExchangeDifference(kind="removed", old=one) for one in old[start:stop])
        found += (ExchangeDifference(kind="added", new=one) for one in new[new_start:new_stop])
    return found


def _distinct(interactions: Sequence[Interaction]) -> list[Interaction]:
    """Return the exchanges without the reads that only repeat the one before them."""
    distinct: list[Interaction] = []
    for one in interactions:
        if not (distinct and one.is_read and _repeats(distinct[-1], one)):
            distinct.append(one)
    return distinct


def _repeats(before: Interaction, one: Interaction) -> bool:
    if (before.method, before.url, before.status) != (one.method, one.url, one.status):
        return False
    if before.body == one.body:
        return True
    return before.json is not None and not any(Identities().differences(before.json, one.json))


def _key(interaction: Interaction) -> tuple[str, str]:
    operation = faces.ALL.find(interaction.method, interaction.path)[0]
    return interaction.method, without_ids(interaction.path) if operation is None else operation.path


def _compared(old: Interaction, new: Interaction, identities: Identities) -> Iterator[ExchangeDifference]:
    for part, unequal in _unequal(old, new, identities):
        key, before, after = unequal
        yield ExchangeDifference(kind="changed", old=old, new=new, part=part, key=key, before=before, after=after)


def _unequal(old: Interaction, new: Interaction, identities: Identities) -> Iterator[tuple[str, Unequal]]:
    for unequal in identities.differences(_asked(old), _asked(new)):
        yield "path", unequal
    for unequal in identities.differences(_sent(old), _sent(new)):
        yield "request", unequal
    if old.status != new.status:
        yield "status", ("", old.status, new.status)
    if old.is_stream and new.is_stream:
        yield from (("events", unequal) for unequal in _of_streams(old, new, identities))
    else:
        for unequal in identities.differences(_body(old.body, old.json), _body(new.body, new.json)):
            yield "answer", unequal
    if (old.broken is None) != (new.broken is None):
        yield "answer", ("broke off", old.broken is not None, new.broken is not None)


def _asked(interaction: Interaction) -> dict[str, Any]:
    """Return the ids in a path, and the query."""
    operation, ids = faces.ALL.find(interaction.method, interaction.path)[:2]
    return {**({"path": interaction.path} if operation is None else ids), **dict(interaction.query)}


def _sent(interaction: Interaction) -> Any:
    """Return what was sent: JSON as a value, a form without its boundary.

    The boundary is drawn by the client.
    """
    if interaction.request_json is not None or interaction.request_body is None:
        return interaction.request_json
    said = meaning(interaction.path, interaction.request_body)
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _body(body: bytes | None, value: Any) -> Any:
    if value is not None:
        return value
    return MISSING if body is None else body.decode("utf-8", "replace")


def _of_streams(old: Interaction, new: Interaction, identities: Identities) -> Iterator[Unequal]:
    """Yield the differences between two streams of events.

    The pieces of texts are left out: how a text is cut is chance.
    """
    before, after = ([event for event in one.events if not event[0].endswith(".delta")] for one in (old, new))
    names = [name for name, _ in before], [name for name, _ in after]
    if names[0] != names[1]:
        yield "", names[0], names[1]
        return
    for number, ((name, one), (_, other)) in enumerate(zip(before, after, strict=True)):
        yield from identities.differences(one, other, f"{number} {name}")
