"""Replays a recording run-aware: however often the app asks, it gets what was recorded, and never an impossible history.

The rules (docs/replay.md explains them):

* writes are consumed in recorded order; each cuts an epoch for the reads it concerns;
* a poll moves its object to the next distinct state recorded in the epoch, and stays at the last;
* any other read gets the answer recorded at, or latest before, that position; else the first after it that shows no later
  state; else what follows from other facts of the recording; else it is a miss.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable

from understudy._apis.common.paths import api_path
from understudy._cassettes import answers
from understudy._cassettes.bodies import wants_stream
from understudy._cassettes.inferred_answers import STOPS, Facts
from understudy._cassettes.interaction import READS, Interaction
from understudy._cassettes.matching import Asked, Key
from understudy._cassettes.misses import miss
from understudy._cassettes.recording import Recording, State
from understudy._cassettes.replay_cursor import ReplayCursor
from understudy._cassettes.resources import object_path, pollable
from understudy._cassettes.timing import Timing
from understudy._common.messages import Answer, Request
from understudy.errors import Livelock

# So many polls of a run that stands still in mid-run: the app waits for what comes only after a write it does not send.
PATIENCE = 500


class Replay:
    """Answers requests from a recording. Safe to ask from several threads.

    Args:
        recording: what was recorded.
        name: of the cassette, for messages.
        speed: None answers at once; a number keeps the recorded timing, divided by it.
    """

    def __init__(self, recording: Recording, name: str, *, speed: float | None = None) -> None:
        self.recording = recording
        self.name = name
        self.speed = speed
        self._timing = Timing(speed) if speed else None
        self.position = ReplayCursor(recording)
        self.asked_keys: set[Key] = set()
        self._facts: Facts | None = None
        self._lock = threading.RLock()
        self._first: dict[tuple[Key, object], int] = {}
        self._cursor: dict[Key, int] = {}
        self._stays: defaultdict[str, int] = defaultdict(int)

    def answer(self, request: Request) -> Answer:
        """The recorded answer.

        Raises:
            ReplayMiss: there is none; the message says why and what to do.
            Livelock: the same poll again and again while nothing recorded can change.
        """
        with self._lock:
            answer = self._answer(request)
            if self._timing is not None:
                self.position.tell(self._timing.shown)
            return answer

    def _answer(self, request: Request) -> Answer:
        asked = self.recording.matching.asked(request)
        if request.method not in READS:
            return self._write(request, asked)
        self.asked_keys.add(asked.key)
        path = api_path(request.path)
        if pollable(path) and self.recording.states.get(path):
            return self._poll(request, path)
        return self._read(request, asked, path)

    def unplayed(self) -> list[Interaction]:
        """The recorded requests that the app has not sent: writes not consumed, and reads never asked."""
        return [
            interaction
            for interaction in self.recording.interactions
            if interaction.index not in self.position.played
            and not (interaction.is_read and self.recording.matching.recorded(interaction).key in self.asked_keys)
        ]

    # writes

    def _write(self, request: Request, asked: Asked) -> Answer:
        write = self._next_write(request, asked)
        if write is None:
            raise miss(request, self.name, self.position)
        streamed = wants_stream(request.json)
        as_asked = write.is_stream == streamed or wants_stream(write.request_json) == streamed
        if not as_asked and write.status < 400:
            return self._plain_as_stream(write, request) if streamed else self._stream_as_plain(write, request)
        self.position.play(write)
        if not write.is_stream:
            self.position.show_all(write)
        return answers.recorded(write, speed=self.speed, on_event=self._event_shower(write))

    def _next_write(self, request: Request, asked: Asked) -> Interaction | None:
        """The first recorded write that this is, and that may still be played."""
        bucket = self.recording.writes.get(asked.key)
        if bucket is None:
            return None
        lists = [("lost", bucket.lost)]
        if asked.body is None:
            lists += [("any", writes) for writes in bucket.by_body.values()]
        else:
            lists.append((asked.body, bucket.by_body.get(asked.body, [])))  # type: ignore[arg-type]
        found = [self._first_playable((asked.key, name), writes, request) for name, writes in lists if writes]
        playable = [write for write in found if write is not None]
        return min(playable, key=lambda write: write.index) if playable else None

    def _first_playable(self, slot: tuple[Key, object], writes: list[Interaction], request: Request) -> Interaction | None:
        first = self._first.get(slot, 0)
        while first < len(writes) and writes[first].index in self.position.played:
            first += 1
        self._first[slot] = first
        for place in range(first, len(writes)):
            write = writes[place]
            if self.position.may_play(write) and self.recording.matching.agree(write, request):
                return write
        return None

    def _event_shower(self, write: Interaction) -> Callable[[int], None]:
        def show(number: int) -> None:
            with self._lock:
                self.position.show_all(write, number)

        return show

    def _stream_as_plain(self, write: Interaction, request: Request) -> Answer:
        found = self.facts.first_run(write)
        if found is None:
            raise miss(request, self.name, self.position, "it was recorded as a stream in which no run is shown")
        self.position.play(write)
        self.position.show_all(write, found[0])
        return answers.json_answer(found[1])

    def _plain_as_stream(self, write: Interaction, request: Request) -> Answer:
        path = object_path(write.json)
        self.position.play(write)
        events = path and self.facts.as_stream(write, path, lambda where: self.position.epoch(where)[1])
        if not path or not events:
            reason = (
                f"{write} was recorded polled, and the recording does not hold how that run went to its end (its last "
                "status and its messages), so its stream cannot be told"
            )
            raise miss(request, self.name, self.position, reason)
        self.position.show_all(write)
        end = self.position.epoch(path)[1]
        last = [n for n, state in enumerate(self.recording.states[path]) if state.moment[0] < end][-1]
        total = len(events)

        def show(number: int) -> None:
            if number >= total:
                with self._lock:
                    self.position.show(path, last)

        return answers.stream_answer(events, show)

    @property
    def facts(self) -> Facts:
        if self._facts is None:
            self._facts = Facts(self.recording)
        return self._facts

    # reads

    def _poll(self, request: Request, path: str) -> Answer:
        states = self.recording.states[path]
        start, end = self.position.epoch(path)
        now = self.position.shown(path)
        number = now + 1
        while number < len(states) and states[number].moment[0] < start:
            number += 1
        if number < len(states) and states[number].moment[0] < end:
            if not self._is_due(path, now, number):
                return self._state(path, states[now])
            self._stays.pop(path, None)
        else:
            number = now
            if number < 0 or states[number].moment[0] < self.position.own_cut(path):
                raise miss(request, self.name, self.position, "no state of this object was recorded in this epoch")
            self._stay(request, path, states[number], end)
        self.position.show(path, number)
        return self._state(path, states[number])

    def _is_due(self, path: str, now: int, number: int) -> bool:
        if self._timing is None or now < 0:
            return True
        states = self.recording.states[path]
        return self._timing.is_due(path, states[now], states[number])

    def _stay(self, request: Request, path: str, state: State, end: int) -> None:
        self._stays[path] += 1
        status = state.value.get("status") if state.value else None
        if self._stays[path] < PATIENCE or status in STOPS - {"requires_action"} or end >= len(self.recording.interactions):
            return
        raise Livelock(
            f"{self.name}: {request.method} {path} was asked {PATIENCE} times, and stays {status!r}: the recording goes on "
            f"only after {self.recording.interactions[end]}, which the app has not sent."
        )

    def _state(self, path: str, state: State) -> Answer:
        source = state.interaction
        self.position.played.add(source.index)
        if state.value is None or (source.path == path and source.is_read):
            return answers.recorded(source, polled=True, speed=self.speed)
        return answers.json_answer(state.value, polled=not self.speed)

    def _read(self, request: Request, asked: Asked, path: str) -> Answer:
        interaction = self._choose(request, asked, path)
        if interaction is not None:
            self._cursor[asked.key] = interaction.index
            self.position.show_all(interaction)
            return self._up_to_date(interaction)
        known = self.facts.read(path, request.query, self.position)
        if known is not None:
            return answers.json_answer(known)
        raise miss(request, self.name, self.position, self._why_not(request, asked, path))

    def _choose(self, request: Request, asked: Asked, path: str) -> Interaction | None:
        recorded = self.recording.reads.get(asked.key)
        if not recorded:
            return None
        start, end = self.position.epoch(path)
        since = bisect_right(recorded, start, key=_index)
        epoch = recorded[since : bisect_right(recorded, end - 1, key=_index)]
        if self.recording.matching.custom:
            epoch = [other for other in epoch if self.recording.matching.agree(other, request)]
        if not epoch:
            return None
        here, beyond = self.position.horizon(path)
        reached = bisect_right(epoch, beyond[0] - 1, key=_index)
        last = self._cursor.get(asked.key, -1)
        if reached:
            return self._walk(epoch, reached, max(bisect_right(epoch, here[0] - 1, key=_index), 0), last, beyond[0])
        for other in epoch:
            # What comes next may be seen by this very question first: it tells no more than the next poll would.
            if other.index >= last and (other.index == beyond[0] or not self.position.is_later(other)):
                return other
        return None

    def _walk(self, epoch: list[Interaction], reached: int, first: int, last: int, beyond: int) -> Interaction:
        """The answer at this position; asked again at the same one, the next distinct answer recorded there.

        `epoch[:reached]` lies before what was not shown yet, `epoch[first:reached]` at this very position.
        """
        here = epoch[min(first, reached - 1)]
        if last < here.index:
            return here
        given = bisect_right(epoch, last, key=_index)
        now = epoch[given - 1]
        for other in epoch[given:reached]:
            if other.status != now.status or other.body != now.body:
                return other
        # The next state was seen by this very question: asking it again is how the app moves on.
        if reached < len(epoch) and epoch[reached].index == beyond:
            return epoch[reached]
        return epoch[reached - 1] if given < reached else now

    def _up_to_date(self, interaction: Interaction) -> Answer:
        """A list, with the members that the app has already seen in a later state shown in that state."""
        value = interaction.json
        behind = {}
        for path, number in self.recording.shows.get(interaction.index, ()):
            state = self.position.state(path)
            if state is not None and state.value is not None and self.position.shown(path) > number:
                behind[state.value["id"]] = state.value
        if not behind or value.get("object") != "list":
            return answers.recorded(interaction, speed=self.speed)
        return answers.json_answer({**value, "data": [behind.get(member["id"], member) for member in value["data"]]})

    def _why_not(self, request: Request, asked: Asked, path: str) -> str | None:
        start, end = self.position.epoch(path)
        recorded, agree = self.recording.reads.get(asked.key, ()), self.recording.matching.agree
        later = [other for other in recorded if start < other.index < end and agree(other, request)]
        if later:
            return (
                f"the answer recorded in this epoch ({later[0]}) shows a later state than the app has seen; poll the run "
                "first, as the recorded app did"
            )
        return None


def _index(interaction: Interaction) -> int:
    return interaction.index
