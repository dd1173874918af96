"""Compare the turns of two transcripts; each difference is named by its kind.

Turns are aligned first, then the calls, outputs and replies within each pair of turns. What a recording does not show is
never a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal, TypeAlias, get_args

from understudy._common.code_repr import CodeRepr, first
from understudy._transcript.alignment import aligned
from understudy._transcript.counterparts import fate, lost_parameters
from understudy._transcript.entries import HOSTED, Description, SeenMessage, TranscriptEntry, Turn, in_words
from understudy._transcript.normal_forms import said
from understudy._transcript.unknown import Unknown, same

DifferenceKind = Literal[
    "user", "instructions", "tools", "call", "output", "reply", "citation", "outcome", "result", "parameter"
]
DIFFERENCE_KINDS: tuple[DifferenceKind, ...] = get_args(DifferenceKind)
Words: TypeAlias = Literal["exact", "ignore"] | Callable[[str, str], bool]
TurnPair: TypeAlias = tuple[Turn | None, Turn | None]
_ACTIONS = ("call", "output", "reply", "citation")


@dataclass(frozen=True, slots=True, repr=False)
class Difference(CodeRepr):
    """One difference between the two sides.

    Attributes:
        kind: `user`, `instructions`, `tools`, `call`, `output`, `reply`, `citation`, `outcome`, `result` (what the callables
            returned or raised), `parameter` (sent by one side, without a counterpart on the other).
        turn: the turn, from 1, as the old side counts, or as the new one if only it has the turn; None for a result.
        old, new: what each side has, as an entry of the transcript has it; None where one has nothing.
        note: what it means, where that is not obvious.
    """

    kind: DifferenceKind = first()
    turn: int | None = first()
    old: Any = first(hash=False)
    new: Any = first(hash=False)
    note: str = ""

    def __str__(self) -> str:
        where = f"turn {self.turn}, " if self.turn is not None else ""
        old, new = (_side(self.kind, value) for value in (self.old, self.new))
        return f"{where}{self.kind}: old {old}, new {new}" + (f" ({self.note})" if self.note else "")


def check_words(words: Any) -> None:
    """Refuse what is not a way to compare words."""
    if words not in ("exact", "ignore") and not callable(words):
        raise ValueError(f"words={words!r}: expected 'exact', 'ignore', or a function of the old and the new text")


def _side(kind: str, value: Any) -> str:
    if value is None:
        return "has nothing"
    return in_words(kind, value, quotes=True)


def differences(old: Sequence[Turn], new: Sequence[Turn], words: Words = "exact") -> list[Difference]:
    """Return what differs, in the order of the turns. `words`: as in `parity`."""
    found: list[Difference] = []
    is_same_so_far = True
    for row in rows_of(old, new, words):
        turns = [turn for turn in row if turn is not None]
        if len(turns) == 1:
            found.append(_alone(*row))
            is_same_so_far = False
            continue
        before = len(found)
        found += _within(turns[0], turns[1], words, compares_context=is_same_so_far)
        is_same_so_far = is_same_so_far and not any(entry.kind in ("user", "reply") for entry in found[before:])
    return found


def rows_of(old: Sequence[Turn], new: Sequence[Turn], words: Words = "exact") -> list[TurnPair]:
    """Return the turns of two transcripts side by side."""
    return aligned(old, new, lambda one, other: _distance(one, other, words))


def _distance(old: Turn, new: Turn, words: Words) -> float:
    """Return how unlike two turns are.

    From 0 to just under what leaving both alone costs.
    """
    unlike = 0.0 if _same_said(old.said, new.said) else 0.9
    paired = actions_of(old, new, words)
    wrong = sum(one is None or other is None for one, other in paired)
    return unlike + (0.9 * wrong / len(paired) if paired else 0.0)


def _alone(old: Turn | None, new: Turn | None) -> Difference:
    turn, side = (old, "old") if old is not None else (new, "new")
    assert turn is not None
    value = turn.said if turn.said is not None else Description("a run without a new message")
    number = turn.entries[0].turn if turn.entries else None
    note = f"only the {side} side has this turn"
    return Difference("user", number, value if old else None, value if new else None, note)


# -- one turn ---------------------------------------------------------------------


def _within(old: Turn, new: Turn, words: Words, *, compares_context: bool) -> Iterator[Difference]:
    number = old.entries[0].turn if old.entries else 1
    yield from _user(number, old, new, compares_context=compares_context)
    changed: list[Difference] = []
    for kind in ("instructions", "tools"):
        changed += _in_force(kind, number, old, new)
    yield from changed
    yield from _parameters(number, old, new)
    yield from lost_parameters_of(number, old, new, {difference.kind for difference in changed})
    for one, other in actions_of(old, new, words):
        difference = _action(number, one, other, old, new, words)
        if difference is not None:
            yield difference
    ends = [turn.of("outcome") for turn in (old, new)]
    if ends[0] and ends[1] and not same(ends[0][-1].value, ends[1][-1].value):
        yield Difference("outcome", number, ends[0][-1].value, ends[1][-1].value)


def _same_said(old: Any, new: Any) -> bool:
    """Return True if the user said the same.

    Files apart, which may be attached or searched.
    """
    one, other = _without_files(old), _without_files(new)
    return same(one, other)


def _without_files(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    rest = {name: given for name, given in value.items() if name != "files"}
    return rest["text"] if set(rest) == {"text"} else rest


def _user(number: int, old: Turn, new: Turn, *, compares_context: bool) -> Iterator[Difference]:
    if not _same_said(old.said, new.said):
        yield Difference("user", number, old.said, new.said)
        return
    contexts = [turn.context for turn in (old, new) if not isinstance(turn.context, Unknown)]
    if not compares_context or len(contexts) < 2:
        return
    seen = [[(message.role, message.text) for message in context] for context in contexts]
    if not same(seen[0], seen[1]):
        before, after = map(_context, contexts)
        yield Difference("user", number, before, after, "what the model sees of the conversation before this")


def _context(context: Sequence[SeenMessage]) -> Description:
    if not context:
        return Description("no earlier messages")
    texts = ", ".join(f"{message.role}: {in_words(message.role, message.text, quotes=True)}" for message in context)
    return Description(f"{len(context)} earlier message{'s' if len(context) > 1 else ''} ({texts})")


def _in_force(kind: Any, number: int, old: Turn, new: Turn) -> Iterator[Difference]:
    """Yield the differences in what was given at each request of a turn.

    A run has it once, a chain of responses at every one.
    """
    empty: Any = "" if kind == "instructions" else {}
    sides = [[entry.value for entry in turn.of(kind)] or [empty] for turn in (old, new)]
    for count, (one, other) in enumerate(zip_longest(*sides)):
        before = sides[0][-1] if count >= len(sides[0]) else one
        after = sides[1][-1] if count >= len(sides[1]) else other
        if not same(before, after):
            note = "from the second request of this turn on" if count else ""
            yield Difference(kind, number, before or None, after or None, note)


def _parameters(number: int, old: Turn, new: Turn) -> Iterator[Difference]:
    sides = [[entry.value for entry in turn.of("parameter")] or [{}] for turn in (old, new)]
    named: set[str] = set()
    for one, other in zip_longest(*sides):
        before, after = sides[0][-1] if one is None else one, sides[1][-1] if other is None else other
        if isinstance(before, Unknown) or isinstance(after, Unknown):
            continue
        for name in dict.fromkeys([*before, *after]):
            if name in named or same(before.get(name), after.get(name)) or not fate(name, old, new):
                continue
            named.add(name)
            given = [{name: side[name]} if name in side else None for side in (before, after)]
            yield Difference("parameter", number, given[0], given[1], fate(name, old, new))


def lost_parameters_of(number: int, old: Turn, new: Turn, changed: set[Any]) -> Iterator[Difference]:
    """Yield what only a run can be created with, and whose effect is lost.

    It has no place in the other API.
    """
    for name, value, note in lost_parameters(old, new, changed):
        yield Difference("parameter", number, {name: value}, None, note)
    for name, value, note in lost_parameters(new, old, changed):
        yield Difference("parameter", number, None, {name: value}, note)


# -- calls, outputs, replies -------------------------------------------------------


def actions_of(old: Turn, new: Turn, words: Words) -> list[tuple[TranscriptEntry | None, TranscriptEntry | None]]:
    """Return the calls, outputs, replies and citations of two turns side by side."""
    return aligned(old.of(*_ACTIONS), new.of(*_ACTIONS), lambda one, other: _cost(one, other, words))


def _cost(old: TranscriptEntry, new: TranscriptEntry, words: Words) -> float | None:
    if old.kind != new.kind:
        return None
    if same_action(old, new, words):
        return 0.0
    if old.kind == "call" and old.value["name"] != new.value["name"]:
        return 1.8
    return 1.1


def same_action(old: TranscriptEntry, new: TranscriptEntry, words: Words) -> bool:
    """Return True if two calls, outputs, replies or citations are the same."""
    if old.kind == "reply":
        return _same_words(old.value, new.value, words)
    return same(*_as_far_as_shown(old.value, new.value))


def _as_far_as_shown(old: Any, new: Any) -> tuple[Any, Any]:
    """Return two values without the passages that only one side shows."""
    sides = [isinstance(value, dict) and value.get("name") == "file_search" and "passages" in value for value in (old, new)]
    if sides[0] == sides[1]:
        return old, new
    shown = [
        {name: part for name, part in value.items() if name != "passages"} if has else value
        for has, value in zip(sides, (old, new), strict=True)
    ]
    return shown[0], shown[1]


def _same_words(old: Any, new: Any, words: Words) -> bool:
    if words == "exact" or same(old, new):
        return same(old, new)
    if words == "ignore":
        return True
    return bool(words(*(said(_reply_text(value)) for value in (old, new))))


def _reply_text(value: Any) -> str:
    return str(value["text"] if isinstance(value, dict) else value)


def _action(
    number: int, one: TranscriptEntry | None, other: TranscriptEntry | None, old: Turn, new: Turn, words: Words
) -> Difference | None:
    if one is not None and other is not None:
        if same_action(one, other, words):
            return None
        return Difference(one.kind, number, one.value, other.value)
    entry, unseen_by = (one, new) if one is not None else (other, old)
    assert entry is not None
    if _may_be_unseen(entry, unseen_by):
        return None
    side = "old" if one is not None else "new"
    before, after = (entry.value, None) if one is not None else (None, entry.value)
    return Difference(entry.kind, number, before, after, f"only the {side} side has it")


def _may_be_unseen(entry: TranscriptEntry, other: Turn) -> bool:
    """Return True if a recording could have missed what only the other side shows."""
    if not other.is_whole:
        return True
    if entry.kind in ("reply", "citation"):
        return not other.knows_replies
    if not other.knows_calls:
        return True
    name = entry.value.get("name") if isinstance(entry.value, dict) else None
    return name in HOSTED and not (other.knows_hosted and (entry.kind == "call" or other.knows_found))
