"""Answers that were not recorded as such but follow from what was recorded.

Such as a run that was recorded as a stream and is polled now, or the other way round.

Only whole objects count as facts. Where the recording does not hold one, the answer is None, and the replay refuses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from understudy._apis.assistants import views
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.recording import Moment, Recording
from understudy._cassettes.replay_cursor import ReplayCursor
from understudy._cassettes.resources import segments

JsonObject = dict[str, Any]
Events = list[tuple[str, Any]]

STOPS = frozenset({"requires_action", "completed", "incomplete", "failed", "cancelled", "expired"})
_FOLDED = ("thread.message", "thread.run.step")


class InferredAnswers:
    """Messages and steps that a recording shows outside of reads of their own.

    In streams, and in the answers of writes.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.seen: defaultdict[str, list[tuple[Moment, JsonObject]]] = defaultdict(list)  # path to its versions
        self.members: defaultdict[str, dict[str, None]] = defaultdict(dict)  # list's path to its members' paths, in order
        self.whole: set[str] = set()  # lists all of whose members are known
        for interaction in recording.interactions:
            if not interaction.is_read and interaction.status < 400:
                self._add(interaction)

    def _add(self, write: Interaction) -> None:
        for number, (_, data) in enumerate(write.events, 1):
            self._see((write.index, number), data)
        answer = write.json if isinstance(write.json, dict) else {}
        parts = segments(write.path)
        if answer.get("object") == "thread.run":  # polled: only reads of the recording show which messages it made
            self.whole.discard(f"/threads/{answer.get('thread_id')}/messages")
        elif parts == ["threads"] and not (write.request_json or {}).get("messages"):
            self.whole.add(f"/threads/{answer.get('id')}/messages")
        elif parts[0] == "threads" and parts[2:3] == ["messages"]:
            if write.method == "DELETE":
                self.whole.discard("/" + "/".join(parts[:3]))
            self._see((write.index, 0), answer)

    def _see(self, moment: Moment, data: Any) -> None:
        if not isinstance(data, dict) or data.get("object") not in _FOLDED:
            return
        thread = f"/threads/{data.get('thread_id')}"
        steps = data["object"] == "thread.run.step"
        collection = f"{thread}/runs/{data.get('run_id')}/steps" if steps else f"{thread}/messages"
        path = f"{collection}/{data.get('id')}"
        self.seen[path].append((moment, views.to_rest(dict(data))))
        self.members[collection][path] = None
        if steps:
            self.whole.add(collection)

    def read(self, path: str, query: Iterable[tuple[str, str]], position: ReplayCursor) -> JsonObject | None:
        """Return the object or list at this path, as it is at this position.

        None if the recording does not show it.
        """
        if path in self.seen and not any(True for _ in query):
            return self._latest(path, position)
        if path in self.whole:
            return self._list(path, dict(query), position)
        return None

    def _latest(self, path: str, position: ReplayCursor) -> JsonObject | None:
        _, end = position.horizon(path)
        start, until = position.epoch(path)
        value = None
        for moment, version in self.seen[path]:
            if moment < end and moment[0] < until and (moment[0] <= start or moment[0] in position.played):
                value = version
        return value

    def _list(self, path: str, query: dict[str, str], position: ReplayCursor) -> JsonObject | None:
        if not query.keys() <= {"order", "limit", "run_id"} or not query.get("limit", "20").isdigit():
            return None
        known = [value for member in self.members[path] if (value := self._latest(member, position)) is not None]
        if "run_id" in query:
            known = [value for value in known if value.get("run_id") == query["run_id"]]
        if query.get("order", "desc") == "desc":
            known.reverse()
        limit = int(query.get("limit", "20"))
        page = known[:limit]
        ends = (page[0]["id"], page[-1]["id"]) if page else (None, None)
        more = len(known) > limit
        return {"object": "list", "data": page, "first_id": ends[0], "last_id": ends[1], "has_more": more}

    def first_run(self, write: Interaction) -> tuple[int, JsonObject] | None:
        """Return the run of a streamed write as a plain answer would have shown it.

        With the number of its event; None if the stream shows no run.
        """
        for number, (_, data) in enumerate(write.events, 1):
            if isinstance(data, dict) and data.get("object") == "thread.run":
                return number, views.to_rest(dict(data))
        return None

    def as_stream(self, write: Interaction, path: str, epoch_end: Callable[[str], int]) -> Events | None:
        """Return the events that a stream would have sent for a write answered by a run.

        None if they are not all known.

        Args:
            write: the one that was answered by a run.
            path: the run's.
            epoch_end: returns the index of the write that ends the epoch in which a path is read.
        """
        end = epoch_end(path)
        states = [state for state in self.recording.states[path] if write.index <= state.moment[0] < end and state.value]
        if not states or states[-1].value is None or states[-1].value.get("status") not in STOPS:
            return None
        messages = self._messages(states[-1].value, write.index, end)
        if states[-1].value["status"] == "completed" and not messages:
            return None
        created = [] if write.path.endswith("/submit_tool_outputs") else [_run_event("created", states[0].value or {})]
        runs = [_run_event(state.value["status"], state.value) for state in states if state.value]
        if not created and runs[0][0] != "thread.run.queued":
            return None
        written = [event for message in messages for event in _message_events(message)]
        return created + runs[:-1] + written + runs[-1:]

    def _messages(self, run: JsonObject, start: int, end: int) -> list[JsonObject]:
        """Return the messages of a run, as the reads of its epoch show them.

        Oldest first.
        """
        found: dict[str, JsonObject] = {}
        for interaction in self.recording.interactions[start:end]:
            value = interaction.json
            if interaction.is_read and isinstance(value, dict) and interaction.status < 400:
                for member in value.get("data") or () if value.get("object") == "list" else (value,):
                    if member.get("object") == "thread.message" and member.get("run_id") == run["id"]:
                        found[member["id"]] = member
        return sorted(found.values(), key=lambda message: int(message["created_at"]))


def _run_event(status: str, run: JsonObject) -> tuple[str, Any]:
    return f"thread.run.{status}", views.to_stream(dict(run))


def _message_events(message: JsonObject) -> Events:
    """Return the events of a message whose text arrives in one piece.

    Where it was cut into pieces is not known.
    """
    over = views.to_stream(dict(message))
    begun = {**over, "status": "in_progress", "completed_at": None, "content": []}
    parts = [_delta_part(index, part) for index, part in enumerate(message["content"])]
    delta = {"id": message["id"], "object": "thread.message.delta", "delta": {"content": parts}}
    return [
        ("thread.message.created", begun),
        ("thread.message.in_progress", begun),
        *([("thread.message.delta", delta)] if parts else []),
        ("thread.message.completed", over),
    ]


def _delta_part(index: int, part: JsonObject) -> JsonObject:
    if part.get("type") != "text":
        return {"index": index, **part}
    notes = [{"index": number, **note} for number, note in enumerate(part["text"].get("annotations", ()))]
    return {"index": index, **part, "text": {**part["text"], "annotations": notes}}
