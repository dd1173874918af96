"""What makes long texts cheap cannot be seen: pieces recorded together, and states that share what was sent."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from understudy._engine.event_log import EventLog, PlannedPieces, spread_at
from understudy._engine.events import ItemDelta, ItemOpened, Started
from understudy._engine.fold import START, apply, apply_pieces
from understudy._engine.items import MessageDelta, MessageState, Text, cut, joined
from understudy._engine.prefix import Prefix

TEXTS = st.lists(st.text(max_size=3), min_size=1, max_size=6)


def packed(texts: list[str], start: float = 10.0) -> PlannedPieces:
    """Pieces of one text, sent over two seconds."""
    pieces = [MessageDelta(0, Text(text), number == 0) for number, text in enumerate(texts)]
    return PlannedPieces(spread_at(start, 2, 1, len(pieces)), start, 2, "msg_1", cut(pieces))


@given(entries=st.lists(TEXTS | st.none(), max_size=6), reads=st.lists(st.booleans(), min_size=6, max_size=6))
@settings(examples(60))
def test_pieces_recorded_together_are_read_as_events(entries, reads):
    """Whenever the log is read, it is the list of single events, in order and at their times; so is reading by number."""
    log, expected, read = EventLog(), [], 0
    for texts, is_read in zip(entries, reads, strict=False):
        if texts is None:
            log.append(Started(1.0))
            expected.append(Started(1.0))
        else:
            pieces = packed(texts)
            log.append_pieces(pieces)
            expected += [
                ItemDelta(10.0 + 2 * number / (len(texts) + 1), "msg_1", piece)
                for number, piece in enumerate(pieces.pieces, 1)
            ]
        assert log.last_at == expected[-1].at
        while is_read and (event := log.get(read)) is not None:
            assert event == expected[read]
            read += 1
        if is_read:
            assert read == len(expected)
    assert log.all() == expected
    assert log.get(len(expected)) is None


@given(texts=TEXTS)
@settings(examples(60))
def test_pieces_applied_together_are_pieces_applied_one_by_one(texts):
    """The state after all pieces at once equals the state after each, and joins to the same text."""
    pieces = packed(texts)
    opened = apply(START, ItemOpened(10.0, MessageState(id="msg_1")))
    state = opened
    for event in pieces.deltas():
        state = apply(state, event)
    at_once = apply_pieces(opened, "msg_1", pieces.pieces)
    assert (at_once, hash(at_once), repr(at_once)) == (state, hash(state), repr(state))
    assert joined(pieces.pieces) == joined(state.items[0].sent) == joined(tuple(pieces.pieces))


@given(steps=st.lists(st.tuples(st.integers(0, 5), st.integers()), max_size=12))
@settings(examples(60))
def test_a_prefix_is_a_value(steps):
    """However its values are continued, each stays equal to the tuple that it was made as."""
    made: list[tuple[Prefix, tuple[Any, ...]]] = [(Prefix([], 0), ())]
    for place, item in steps:
        value, same = made[place % len(made)]
        made.append((value.plus(item), (*same, item)))
    for value, same in made:
        assert (value, len(value), [*value], hash(value), repr(value)) == (same, len(same), [*same], hash(same), repr(same))
        assert value[:1] == same[:1]
        assert value != (*same, 0)
