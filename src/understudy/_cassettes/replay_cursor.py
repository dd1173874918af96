"""Where a replay stands in its recording: which writes were played, and which state each object was last shown in.

The only place where a replay's state lives. It moves forward, never back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from understudy._cassettes.interaction import Interaction
from understudy._cassettes.recording import Moment, Recording, State
from understudy._cassettes.resources import Topic, scope, topics

END: Moment = (1 << 60, 0)


class ReplayCursor:
    """A moving place in a recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.played: set[int] = set()
        self._last_cut: dict[Topic, int] = {}
        self._last_write: dict[Topic, int] = {}
        self._shown: dict[str, int] = {}
        self._passed: dict[Topic, int] = {}

    # writes

    def may_play(self, write: Interaction) -> bool:
        """Whether a write has not been played, and playing it now would not turn the history of its object back.

        Requests that make members of one collection, one right after the other in the recording, may come in any order:
        an app that sends them at once has no say in it.
        """
        if write.index in self.played:
            return False
        where = self.recording.scope_of.get(write.index)
        last = self._last_write.get(where, -1) if where else -1
        if where is None or last < write.index:
            return True
        between = [other for other in self.recording.scoped[where] if write.index < other.index <= last]
        return all(other.path == write.path and other.method == "POST" for other in between)

    def play(self, write: Interaction) -> None:
        """A write is played: the epochs it cuts are over."""
        self.played.add(write.index)
        for topic in self.recording.cuts.get(write.index, ()):
            self._last_cut[topic] = max(write.index, self._last_cut.get(topic, -1))
        where = self.recording.scope_of.get(write.index)
        if where:
            self._last_write[where] = max(write.index, self._last_write.get(where, -1))

    # epochs

    def epoch(self, path: str) -> tuple[int, int]:
        """The epoch that a read of this path is asked in: after the write of this index, before the one of that."""
        about = topics(path)
        start = max(self._last_cut.get(topic, -1) for topic in about)
        end = END[0]
        for topic in about:
            indices = self.recording.cut_at.get(topic, ())
            later = bisect_right(indices, start)
            if later < len(indices):
                end = min(end, indices[later])
        return start, end

    def own_cut(self, path: str) -> int:
        """The last played write to this very object; -1 if there was none."""
        return self._last_cut.get(topics(path)[0], -1)

    # states

    def shown(self, path: str) -> int:
        """The number of the state that an object was last shown in; -1 if it was not shown."""
        return self._shown.get(path, -1)

    def state(self, path: str) -> State | None:
        number = self.shown(path)
        return self.recording.states[path][number] if number >= 0 else None

    def show(self, path: str, number: int) -> None:
        self._shown[path] = max(number, self._shown.get(path, -1))

    def tell(self, shown: Callable[[str, int], None]) -> None:
        """Tell which state each object was last shown in."""
        for path, number in self._shown.items():
            shown(path, number)

    def show_all(self, interaction: Interaction, event: int | None = None) -> None:
        """The app sees an answer, or of a streamed one the event of this number."""
        self.played.add(interaction.index)
        for path, number in self.recording.shows.get(interaction.index, ()):
            moment = self.recording.states[path][number].moment
            if event is None or moment[0] < interaction.index or moment[1] <= event:
                self.show(path, number)
        if interaction.is_read:
            self._pass_repeats(interaction)

    def _pass_repeats(self, read: Interaction) -> None:
        """The polls before a read that repeated what the app knows already: it need not ask for them again."""
        where = scope(read.path)
        marks = self.recording.marks.get(where, ()) if where else ()
        for place in range(self._passed.get(where, 0), len(marks)):
            moment, path, number = marks[place]
            states = self.recording.states[path]
            if moment[0] > read.index or number != self.shown(path) + 1 or number == 0:
                break
            if states[number].value != states[number - 1].value:
                break
            self.show(path, number)

    def horizon(self, path: str) -> tuple[Moment, Moment]:
        """The moments between which everything around this path stands: shown up to the first, not yet at the second."""
        where = scope(path)
        marks = self.recording.marks.get(where, ()) if where else ()
        passed, last = self._passed.get(where, 0), self._last_write.get(where, -1)
        while passed < len(marks):
            moment, owner, number = marks[passed]
            if number > self.shown(owner) and moment[0] >= last:
                break
            passed += 1
        self._passed[where] = passed
        before = marks[passed - 1][0] if passed else (-1, 0)
        return max(before, (last, 0)), marks[passed][0] if passed < len(marks) else END

    def is_later(self, interaction: Interaction) -> bool:
        """Whether an answer shows an object in a later state than the app has seen it in.

        A message or a step of a run shows that the run had begun.
        """
        for path, number in self.recording.shows.get(interaction.index, ()):
            if 0 <= self.shown(path) < number:
                return True
        for path in self.recording.began(interaction):
            state = self.state(path)
            if state is not None and state.value is not None and state.value.get("status") == "queued":
                return True
        return False
