"""The differences between two cassettes, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from understudy._common.short_text import counted
from understudy._inspect.cassette_diff import ExchangeDifference
from understudy._inspect.identity import shown
from understudy._inspect.terminal import Row, Styled, plain, wrapped

_LONGEST_VALUE = 400  # characters of a value that differs
_COLOURS = {"removed": "red", "added": "green"}


def diff_rows(old: str, new: str, differences: Sequence[ExchangeDifference], width: int | None) -> Iterator[Row]:
    """Yield the differences exchange by exchange, then how many there are.

    `old`, `new`: the names of the cassettes.
    """
    for _, group in groupby(differences, key=lambda each: (each.old, each.new)):
        members = list(group)
        yield from _exchange(members[0], (old, new))
        for each in members:
            if each.kind == "changed":
                yield from _change(each, width)
    yield from wrapped("", _summary(old, new, differences), width)


def _exchange(each: ExchangeDifference, names: tuple[str, str]) -> Iterator[Row]:
    asked = f"{each.exchange.method} {each.exchange.path}"
    if each.old is not None and each.new is not None:
        yield (Styled(f"#{each.old.index} and #{each.new.index} {asked}", "bold"),)
    else:
        name = names[0 if each.old is not None else 1]
        yield (Styled(f"#{each.exchange.index} only in {name}: ", _COLOURS[each.kind]), Styled(asked, "bold"))


def _change(each: ExchangeDifference, width: int | None) -> Iterator[Row]:
    where = f"{each.part} {each.key}".strip()
    yield plain(f"    {where}")
    for sign, value, style in (("-", each.before, "red"), ("+", each.after, "green")):
        text = shown(value)
        text = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
        yield from wrapped(f"      {sign} ", text, width, style)


def _summary(old: str, new: str, differences: Sequence[ExchangeDifference]) -> str:
    if not differences:
        return "No differences except ids and times."
    changed = len({(each.old, each.new) for each in differences if each.kind == "changed"})
    counts = [len([each for each in differences if each.kind == kind]) for kind in ("removed", "added")]
    differ = f"{counted(changed, 'exchange')} {'differs' if changed == 1 else 'differ'}"
    return f"{differ}, {counts[0]} only in {old}, {counts[1]} only in {new}"
