"""Where a replay is in its recording.

The only mutable thing in a replay, and it only moves forward.

Theory of operation. A replay has three parts. The *recording* (`recording.py`) is an index that
never changes. The *position* (this module) says how far the app has come. The *rules*
(`replay.py`) choose an answer from the two.

How far the app has come cannot be one number. An app asks in another order than the recorded one
did: it plays the writes of two conversations interleaved anew, polls one run to its end, and
leaves another queued. So the position holds, for each thing, the last of it that the app has
caused or seen:

* **Writes played.** A write is played once. A successful one ends an *epoch* for everything it
  may have changed: what was recorded before it says nothing about the time after it, and the
  other way round. An epoch is therefore what lies between two writes of the recording, as seen by
  one question: `epoch(path)` gives the last *played* write that concerns the path, and the first
  one after it that does. Each answer comes from inside its question's epoch. That alone excludes
  a run that is `completed` before its tool outputs were submitted.
* **States shown.** An object that changes by itself (a run, an upload, a vector store and what is
  in it) has a sequence of distinct recorded *states*, and so have run steps and messages.
  `shown(path)` is the number of the latest one that the app has seen, in whatever answer it came.
  It never decreases: what the app has seen once, it sees at least that far ever after.

Writes and states together define the *horizon* of a thread (or vector store): the stretch of the
recording in which the app's next read would have happened. It begins at the latest moment whose
states were all shown, and ends at the first moment that showed a state which the app has not
seen. An answer recorded before that end shows nothing new; one recorded behind it may.

Whether it does is decided by states, not by places. An answer is *later* if it shows an object in
a state that differs from the one the app has seen. A poll which only repeated `queued` is another
place, but an equal state, and an equal state is not later: to the app, the two places are the
same. Likewise a run that was `queued`, ran, and is `queued` again after a submit has begun, so
what it had done by then (the steps whose outputs were just submitted) is not later either; only
what it does afterwards is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from understudy._cassettes.interaction import Interaction
from understudy._cassettes.matching import Key
from understudy._cassettes.recording import JsonObject, Moment, Recording, State
from understudy._cassettes.resources import Topic, pollable, run_path, scope, topics

END: Moment = (1 << 60, 0)


class ReplayCursor:
    """A moving position in a recording.

    Attributes:
        played: indices of the interactions that the app was given.
        given: key of a read to the index of the interaction that answered it last.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.played: set[int] = set()
        self.given: dict[Key, int] = {}
        self._last_cut: dict[Topic, int] = {}
        self._last_write: dict[Topic, int] = {}
        self._shown: dict[str, int] = {}
        self._passed: dict[Topic, int] = {}

    # writes

    def may_play(self, write: Interaction) -> bool:
        """Return True if a write may be played now.

        It may if it has not been played, and playing it now would not turn the history of its
        object back. Requests that create members of one collection, one right after the other in
        the recording, may come in any order: an app that sends them at once does not control it.
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
        """Play a write: the epochs it cuts are over."""
        self.played.add(write.index)
        for topic in self.recording.cuts.get(write.index, ()):
            self._last_cut[topic] = max(write.index, self._last_cut.get(topic, -1))
        where = self.recording.scope_of.get(write.index)
        if where:
            self._last_write[where] = max(write.index, self._last_write.get(where, -1))

    # epochs

    def epoch(self, path: str) -> tuple[int, int]:
        """Return the epoch of a read of this path.

        As (index of the write it comes after, index of the write it comes before).
        """
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
        """Return the index of the last played write to this very object; -1 if none."""
        return self._last_cut.get(topics(path)[0], -1)

    # states

    def shown(self, path: str) -> int:
        """Return the number of an object's latest state that the app has seen, or -1."""
        return self._shown.get(path, -1)

    def state(self, path: str) -> State | None:
        """Return the latest state that the app has seen of an object; None if none."""
        number = self.shown(path)
        return self.recording.states[path][number] if number >= 0 else None

    def status(self, path: str) -> Any:
        """Return the status that the app has last seen an object in; None if none."""
        state = self.state(path)
        return state.value.get("status") if state is not None and state.value is not None else None

    def show(self, path: str, number: int) -> None:
        """Show a state to the app; one that it has passed already has no effect."""
        self._shown[path] = max(number, self._shown.get(path, -1))

    def report(self, shown: Callable[[str, int], None]) -> None:
        """Report which state each object was last shown in."""
        for path, number in self._shown.items():
            shown(path, number)

    def show_all(self, interaction: Interaction, event: int | None = None) -> None:
        """Show the app an answer, or the events of a streamed one up to a number."""
        self.played.add(interaction.index)
        for path, number in self.recording.shows.get(interaction.index, ()):
            moment = self.recording.states[path][number].moment
            if event is None or moment[0] < interaction.index or moment[1] <= event:
                self.show(path, number)
        if interaction.is_read:
            self._pass_repeats(interaction)

    def _pass_repeats(self, read: Interaction) -> None:
        """Pass the polls before a read that repeated what the app knows already.

        It need not send them again.
        """
        where = scope(read.path)
        marks = self.recording.marks.get(where, ()) if where else ()
        for place in range(self._passed.get(where, 0), len(marks)):
            moment, path, number = marks[place]
            states = self.recording.states[path]
            if moment[0] > read.index or number != self.shown(path) + 1 or number == 0:
                break
            if not states[number].equals(states[number - 1]):
                break
            self.show(path, number)

    def horizon(self, path: str) -> tuple[Moment, Moment]:
        """Return the moments between which a read of this path is.

        Everything up to the first is shown, nothing from the second on.
        """
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

    # what an answer would show

    def is_later(self, interaction: Interaction) -> bool:
        """Return True if an answer shows an object in a later state than already seen.

        A message or a step of a run that waits in the queue shows that the run has gone on, unless
        it was there before.
        """
        for path, number in self.recording.shows.get(interaction.index, ()):
            if pollable(path) and 0 <= self.shown(path) < number:
                states = self.recording.states[path]
                if not states[number].equals(states[self.shown(path)]):
                    return True
        if any(self.status(path) in (None, "queued", "in_progress") for path in self.recording.writers_of(interaction)):
            return True
        members = self.recording.members_of_runs(interaction)
        return any(self.status(run_path(member)) == "queued" and self._is_news(member) for member in members)

    def _is_news(self, member: JsonObject) -> bool:
        """Return True if a message or a step shows that a queued run has gone on.

        It was made only after the run left the queue.
        """
        path = run_path(member)
        queued = self.recording.states[path][self.shown(path)]
        if self.recording.first_seen(member) < queued.moment:
            return False
        if member.get("object") != "thread.run.step" or not self.recording.has_begun(path, self.shown(path)):
            return True
        # It waits in the queue again: its calls up to here are known, later ones are news.
        asked_later = self.recording.calls_asked_after(path, self.shown(path))
        return not _calls(member) or bool(_calls(member) & asked_later)

    def now(self, path: str, number: int, source: Interaction) -> JsonObject | None:
        """Return the value to show for an object of which an answer has state `number`.

        Returns:
            The latest state that the app has seen; None if that is not later than the answer's own.
        """
        seen = self.shown(path)
        if seen <= number:
            return None
        return self._in_place_of(path, number, seen, source)

    def last_recorded(self, path: str, number: int, source: Interaction) -> JsonObject | None:
        """Return the last state recorded before the horizon's end, seen or not.

        Otherwise like `now`.
        """
        _, beyond = self.horizon(path)
        states = self.recording.states[path]
        last = max((n for n, state in enumerate(states) if state.moment < beyond), default=-1)
        return self._in_place_of(path, number, last, source) if last > number else None

    def _in_place_of(self, path: str, number: int, later: int, source: Interaction) -> JsonObject | None:
        states = self.recording.states[path]
        own, seen, view = states[number], states[later], self.recording.view(source)
        if seen.value is None or seen.equals(own):
            return None
        if own.value is None or pollable(path) or self.recording.view(seen.interaction) == view:
            return seen.value
        # The two reads ask for different fields (`include=`): only a new status makes a difference between them.
        status = seen.value.get("status")
        if own.value.get("status") == status:
            return None
        alike = (state.value for state in states[later::-1] if self.recording.view(state.interaction) == view)
        return next((value for value in alike if value is not None and value.get("status") == status), seen.value)


def _calls(step: JsonObject) -> set[str]:
    """Return the ids of the calls in a step."""
    details = step.get("step_details")
    calls = details.get("tool_calls") if isinstance(details, dict) else None
    return {str(call.get("id")) for call in calls or () if isinstance(call, dict)}
