"""Replays a recording run-aware.

However often the app asks, it gets what was recorded, and never an impossible history.

The rules (docs/replay.md explains them to users, `replay_cursor.py` defines the terms):

1. A write is answered by the first recorded one that equals it, was not played, and does not lie
   before a played write of the same thread. It ends the epochs of what it concerns.
2. A poll shows the next state of its object that was recorded in the epoch; at the last one it
   stays.
3. Any other read gets the answer recorded at the horizon, or latest before it; asked again there,
   the next distinct one. If there is none so far, the first one behind the horizon that is not
   later than what the app has seen.
4. An answer is brought up to date: whatever it shows in an earlier state than the app has seen is
   shown as last seen. If that leaves a step in progress in a run that the app has seen end, the
   answer is stale, and the next candidate is tried.
5. Otherwise the answer is made of other facts of the recording (`inferred_answers.py`), or it is a miss.

Rules 2 and 3 let the position move forward, rule 4 keeps it from ever seeming to move back.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from understudy._apis.common.routing import api_path
from understudy._cassettes import answers, response_streams
from understudy._cassettes.bodies import wants_stream
from understudy._cassettes.inferred_answers import STOPS, InferredAnswers
from understudy._cassettes.interaction import READS, Interaction
from understudy._cassettes.matching import Asked, Key
from understudy._cassettes.misses import miss
from understudy._cassettes.recording import JsonObject, Recording, State
from understudy._cassettes.replay_cursor import ReplayCursor
from understudy._cassettes.resources import history_path, object_path, pollable, run_path
from understudy._cassettes.response_streams import asks_for_events
from understudy._cassettes.timing import Timing
from understudy._common.messages import Answer, Request
from understudy.errors import Livelock

# A run that is polled so often without change: the app waits for what comes only after a write that it does not send.
MAX_UNCHANGED_POLLS = 500


class Replay:
    """Answers requests from a recording. Safe to call from several threads.

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
        self._facts: InferredAnswers | None = None
        self._lock = threading.RLock()
        self._first: dict[tuple[Key, object], int] = {}
        self._stays: defaultdict[str, int] = defaultdict(int)

    def answer(self, request: Request) -> Answer:
        """Return the recorded answer.

        Raises:
            ReplayMiss: there is none; the message says why and what to do.
            Livelock: the same poll again and again while nothing recorded can change.
        """
        with self._lock:
            answer = self._answer(request)
            if self._timing is not None:
                self.position.report(self._timing.shown)
            return answer

    def _answer(self, request: Request) -> Answer:
        asked = self.recording.matching.asked(request)
        if request.method not in READS:
            return self._write(request, asked)
        self.asked_keys.add(asked.key)
        path = api_path(request.path)
        if asks_for_events(request):
            return self._resumed(request, asked, path)
        if pollable(path) and self.recording.states.get(path):
            return self._poll(request, path)
        return self._read(request, asked, path)

    def unplayed(self) -> list[Interaction]:
        """Return the recorded requests that the app has not sent.

        Writes not consumed, and reads never requested.
        """
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
        return answers.recorded(write, self.name, speed=self.speed, on_event=self._event_shower(write))

    def _next_write(self, request: Request, asked: Asked) -> Interaction | None:
        """Return the first recorded write that matches and may still be played."""
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
        rest = (writes[place] for place in range(first, len(writes)))
        playable = (one for one in rest if self.position.may_play(one) and self.recording.matching.agree(one, request))
        found = next(playable, None)
        streamed = wants_stream(request.json)
        if found is None or found.path != "/responses" or found.is_stream == streamed:
            return found
        return next((one for one in playable if one.is_stream == streamed), found)  # the one recorded as it is asked for

    def _event_shower(self, write: Interaction) -> Callable[[int], None]:
        def show(number: int) -> None:
            with self._lock:
                self.position.show_all(write, number)

        return show

    def _stream_as_plain(self, write: Interaction, request: Request) -> Answer:
        found = self.facts.first_run(write) or response_streams.last_response(write)
        if found is None:
            raise miss(request, self.name, self.position, "it was recorded as a stream in which no run is shown")
        self.position.play(write)
        self.position.show_all(write, found[0])
        return answers.json_answer(found[1])

    def _plain_as_stream(self, write: Interaction, request: Request) -> Answer:
        if response_streams.is_whole(write.json):
            self.position.play(write)
            self.position.show_all(write)
            return answers.stream_answer(response_streams.events_of(write.json), ends_with_done=False)
        path = object_path(write.json)
        self.position.play(write)
        events = path and self.facts.as_stream(write, path, lambda where: self.position.epoch(where)[1])
        if not path or not events:
            reason = (
                f"{write} was recorded polled, and the recording does not hold how that run went to its end (its last "
                "status and its messages), so it cannot be replayed as a stream"
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
    def facts(self) -> InferredAnswers:
        if self._facts is None:
            self._facts = InferredAnswers(self.recording)
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

    def _resumed(self, request: Request, asked: Asked, path: str) -> Answer:
        """Return the events of a response from a number on.

        As recorded, else cut out of a recorded stream of it.
        """
        start, end = self.position.epoch(path)
        recorded = [one for one in self.recording.reads.get(asked.key, ()) if start < one.index < end]
        if recorded:
            own = next((one for one in recorded if one.index not in self.position.played), recorded[-1])
            self.position.play(own)
            return answers.recorded(own, self.name, speed=self.speed, on_event=self._event_shower(own))
        source = response_streams.source_of(self.recording, path, request, self.position.played)
        if source is None:
            reason = "no stream of this response was recorded that holds the events from there on"
            raise miss(request, self.name, self.position, reason)
        self.position.show_all(source)
        return response_streams.from_number(source, response_streams.starting_after(request))

    def _is_due(self, path: str, now: int, number: int) -> bool:
        if self._timing is None or now < 0:
            return True
        states = self.recording.states[path]
        return self._timing.is_due(path, states[now], states[number])

    def _stay(self, request: Request, path: str, state: State, end: int) -> None:
        self._stays[path] += 1
        status = state.value.get("status") if state.value else None
        interactions = self.recording.interactions
        ends = end >= len(interactions)
        if self._stays[path] < MAX_UNCHANGED_POLLS or status in STOPS - {"requires_action"}:
            return
        if ends and (status is None or status in STOPS):
            return
        goes_on = "ends there" if ends else f"goes on only after {interactions[end]}, which the app has not sent"
        raise Livelock(
            f"{self.name}: {request.method} {path} was asked {MAX_UNCHANGED_POLLS} times, and stays {status!r}: "
            f"the recording {goes_on}."
        )

    def _state(self, path: str, state: State) -> Answer:
        source = state.interaction
        self.position.played.add(source.index)
        if state.value is None or (source.path == path and source.is_read and not source.is_stream):
            return answers.recorded(source, self.name, polled=True, speed=self.speed)
        return answers.json_answer(state.value, polled=not self.speed)

    def _read(self, request: Request, asked: Asked, path: str) -> Answer:
        stale = None
        for interaction in self._candidates(request, asked, path):
            answer = self._up_to_date(interaction)
            if answer is not None:
                self.position.given[asked.key] = interaction.index
                self.position.show_all(interaction)
                return answer
            stale = stale or interaction
        known = self.facts.read(path, request.query, self.position)
        if known is not None:
            return answers.json_answer(self._known_up_to_date(known))
        if stale is not None:
            reason = (
                f"the app has seen this run end, and the last answer recorded up to there ({stale}) shows a step of it in "
                "progress; no later state of that step was recorded"
            )
            raise miss(request, self.name, self.position, reason)
        raise miss(request, self.name, self.position, self._why_not(request, asked, path))

    def _candidates(self, request: Request, asked: Asked, path: str) -> Iterator[Interaction]:
        """Yield the recorded answers that may be given to a read, best first."""
        recorded = self.recording.reads.get(asked.key)
        if not recorded:
            return
        start, end = self.position.epoch(path)
        since = bisect_right(recorded, start, key=_index)
        epoch = recorded[since : bisect_right(recorded, end - 1, key=_index)]
        if self.recording.matching.custom:
            epoch = [other for other in epoch if self.recording.matching.agree(other, request)]
        here, beyond = self.position.horizon(path)
        reached = bisect_right(epoch, beyond[0] - 1, key=_index)
        last = self.position.given.get(asked.key, -1)
        if reached:
            yield self._walk(epoch, reached, max(bisect_right(epoch, here[0] - 1, key=_index), 0), last, beyond[0])
        for place in range(reached, len(epoch)):
            other = epoch[place]
            # What comes next may be first seen by this very read: it shows no more than the next poll would.
            if other.index >= last and (other.index == beyond[0] or not self.position.is_later(other)):
                yield other

    def _walk(self, epoch: list[Interaction], reached: int, first: int, last: int, beyond: int) -> Interaction:
        """Return the answer at this position; if read again, the next distinct one.

        `epoch[:reached]` lies before what was not shown yet, `epoch[first:reached]` at this very
        position.
        """
        here = epoch[min(first, reached - 1)]
        if last < here.index:
            return here
        given = bisect_right(epoch, last, key=_index)
        now = epoch[given - 1]
        for other in epoch[given:reached]:
            if other.status != now.status or other.body != now.body:
                return other
        # The next state was seen by this very read: repeating it is how the app moves on.
        if reached < len(epoch) and epoch[reached].index == beyond:
            return epoch[reached]
        return epoch[reached - 1] if given < reached else now

    def _up_to_date(self, interaction: Interaction) -> Answer | None:
        """Return an answer with everything at least as far as the app has seen it.

        None if it is stale beyond repair.
        """
        changed: dict[str, JsonObject] = {}
        for path, number in self.recording.shows.get(interaction.index, ()):
            own = self.recording.states[path][number].value
            now = self.position.now(path, number, interaction)
            if _is_live_step(now or own) and self._has_ended_since(run_path(own), interaction):
                now = self.position.last_recorded(path, number, interaction)
                if _is_live_step(now or own):
                    return None
            if own is not None and now is not None:
                changed[own["id"]] = now
        value = interaction.json
        if not changed or not isinstance(value, dict):
            return answers.recorded(interaction, self.name, speed=self.speed)
        if value.get("object") != "list":
            return answers.json_answer(_overlay(value, changed))
        return answers.json_answer({**value, "data": [_overlay(member, changed) for member in value["data"]]})

    def _known_up_to_date(self, value: JsonObject) -> JsonObject:
        """Return an inferred answer, everything in it as far as the app has seen it."""
        is_list = value.get("object") == "list"
        changed: dict[str, JsonObject] = {}
        for member in value["data"] if is_list else [value]:
            path = history_path(member) or ""
            number = self.recording.number_of(path, member)
            if number is not None:
                source = self.recording.states[path][number].interaction
                now = self.position.now(path, number, source)
                changed |= {member["id"]: now} if now is not None else {}
        if not is_list:
            return changed.get(value["id"], value)
        return {**value, "data": [changed.get(member["id"], member) for member in value["data"]]}

    def _has_ended_since(self, path: str, interaction: Interaction) -> bool:
        """Return True if the app has seen a run end that was live when this was recorded."""
        state = self.position.state(path)
        over = state is not None and self.position.status(path) in STOPS - {"requires_action"}
        return over and state is not None and interaction.index < state.moment[0]

    def _why_not(self, request: Request, asked: Asked, path: str) -> str | None:
        start, end = self.position.epoch(path)
        recorded = [
            other for other in self.recording.reads.get(asked.key, ()) if self.recording.matching.agree(other, request)
        ]
        later = [other for other in recorded if start < other.index < end]
        if later:
            return (
                f"the answer recorded in this epoch ({later[0]}) shows a later state than the app has seen; poll the run "
                "first, as the recorded app did"
            )
        return "it was recorded, but not in this epoch: a write in between may have changed it" if recorded else None


def _is_live_step(value: JsonObject | None) -> bool:
    return value is not None and value.get("object") == "thread.run.step" and value.get("status") == "in_progress"


def _overlay(member: Any, changed: dict[str, JsonObject]) -> Any:
    """Return a member of an answer in its later state.

    A file in a list of a vector store's keeps to the few keys it has there.
    """
    now = changed.get(str(member.get("id"))) if isinstance(member, dict) else None
    if now is None:
        return member
    abridged = member.get("object") == "vector_store.file"
    return {key: now.get(key, value) for key, value in member.items()} if abridged else now


def _index(interaction: Interaction) -> int:
    return interaction.index
