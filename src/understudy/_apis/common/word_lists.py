"""Words in refusals: those allowed, and those that a misspelt one is near."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST_WORD = 12  # characters of a word that is quoted whole where a type is wrong; longer ones are shortened [REP]
MOST_EDITS = 2  # two were measured to be close, three not [REP: kangminlee-maker/local-OAuth-CLI-API-adapter]


def one_of(allowed: tuple[str, ...]) -> str:
    quoted = [f"'{value}'" for value in allowed]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"


def any_of(allowed: tuple[str, ...]) -> str:
    """Return how a wrong type names the words that were expected [REP].

    Long words are shortened. Quoted in github/gh-aw (`'all...ols'`) and, for eight fields of one request, in
    kangminlee-maker/local-OAuth-CLI-API-adapter.
    """
    if len(allowed) == 1:
        return f"'{allowed[0]}'"
    quoted = [f"'{word if len(word) <= _LONGEST_WORD else f'{word[:3]}...{word[-3:]}'}'" for word in allowed]
    return f"one of {listed_or(quoted)}"


def listed_or(quoted: list[str]) -> str:
    """Return alternatives as the service lists them [REP].

    `'a' or 'b'`, and `'a', 'b', or 'c'`.
    """
    return f"{', '.join(quoted[:-1])}{',' if len(quoted) > 2 else ''} or {quoted[-1]}" if quoted[1:] else quoted[0]


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that are few edits away, the nearest first [REP].

    Args:
        name: as given.
        known: the names that may have been meant.
    """
    # Names of other lengths are further away, whatever is in them; a name may be a megabyte.
    candidates = [one for one in known if abs(len(one) - len(name)) <= MOST_EDITS]
    distances = [(edits(name, one), one) for one in candidates]
    return [one for distance, one in sorted(distances, key=lambda pair: pair[0]) if distance <= MOST_EDITS]


def edits(one: str, other: str) -> int:
    """Return how many characters to change to turn one text into the other.

    A change inserts, removes or replaces one.
    """
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, start=1):
        previous, row = row, [number]
        for place, wanted in enumerate(other, start=1):
            replaced = previous[place - 1] + (character != wanted)
            row.append(min(replaced, previous[place] + 1, row[-1] + 1))
    return row[-1]
