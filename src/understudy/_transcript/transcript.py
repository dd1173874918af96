"""A transcript: turn by turn, what an app and its model said to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from understudy._transcript.comparing import differences
from understudy._transcript.entries import TranscriptEntry, Turn


class Transcript(Sequence[TranscriptEntry]):
    """The conversation of a simulation or a recording, as entries in order.

    What was said, given, called and returned.

    Two are equal when they mean the same, whatever the API: ids, timing, polling, and how state was kept do not
    count. What a recording does not show is equal to anything.

    Attributes:
        api: `assistants`, `responses`, both joined by `+`, or "" for an empty one.
        turns: what each run did, or the chain of responses that a tool loop made.
        entries: what happened, in order, over all turns.
    """

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # equality is not transitive where something is unknown

    def __init__(self, turns: Sequence[Turn] = (), api: str = "") -> None:
        self.turns = tuple(turns)
        self.entries = tuple(entry for turn in self.turns for entry in turn.entries)
        self.api = api

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[TranscriptEntry]:
        return iter(self.entries)

    def __getitem__(self, index: Any) -> Any:
        return self.entries[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Transcript):
            return NotImplemented
        return not differences(self.turns, other.turns)

    def __repr__(self) -> str:
        return f"<Transcript of {self.api or 'nothing'}: {len(self.turns)} turns, {len(self)} entries>"

    def __str__(self) -> str:
        lines: list[str] = []
        for number, turn in enumerate(self.turns, 1):
            lines.append(f"turn {number}")
            lines += [f"  {entry}" for entry in turn.entries]
        return "\n".join(lines)
