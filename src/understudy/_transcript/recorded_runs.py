"""The turns that recorded runs made.

From what the app sent, and from every view of a run, its steps and its messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._apis import faces
from understudy._cassettes import Interaction
from understudy._reconstruct.session_facts import Facts, RunFacts
from understudy._transcript import messages
from understudy._transcript.entries import HOSTED, SeenMessage, Turn
from understudy._transcript.normal_forms import Files, assistants_settings, assistants_tools, joined_instructions
from understudy._transcript.turns import WAITING, Action, TurnBuilder
from understudy._transcript.unknown import UNKNOWN, Unknown, plain

Json = dict[str, Any]
_OF_THE_RUN_ALONE = ("additional_instructions", "tools")
_WROTE_NOTHING = ("failed", "cancelled", "expired")  # assumed, where no list shows their messages
_UNKNOWN_FILES = dict.fromkeys(HOSTED, UNKNOWN)


def recorded_runs(session: Sequence[Interaction], name_of: Files) -> list[Turn]:
    """Return the turn of each run that a recording shows, oldest first."""
    reading = RunReading(session, name_of)
    shown = [run for run in reading.facts.runs.values() if run.views or run.created is not None]
    runs = sorted(shown, key=lambda run: (_place(run), reading.facts.age(run.id)))
    return [reading.turn(number, run) for number, run in enumerate(runs, 1)]


def _place(run: RunFacts) -> int:
    if run.created is not None:
        return run.created
    return run.views[0][0] if run.views else 0


@dataclass
class _ThreadLog:
    """What was put into a thread, in order.

    Messages with their ids ("" if unknown), and the ids of runs.

    Attributes:
        deleted: the ids of messages that were deleted, each with the length of the log then.
        is_whole: whether the thread was empty before the log begins.
    """

    entries: list[tuple[str, SeenMessage] | str] = field(default_factory=list)
    deleted: list[tuple[int, str]] = field(default_factory=list)
    is_whole: bool = False


class RunReading:
    """Read one recording."""

    def __init__(self, session: Sequence[Interaction], name_of: Files) -> None:
        self.facts = Facts(session)
        self._session = session
        self._name_of = name_of
        self._threads: dict[str, _ThreadLog] = {}
        self._before: dict[str, int] = {}  # by run: the length of the log then
        self._sent: dict[str, Json] = {}
        self._outputs: dict[str, Any] = {}  # by call id
        self._listed: dict[str, list[tuple[int, Json]]] = {}  # lists of messages, by thread
        for exchange in session:
            if exchange.status < 400:
                self._read(exchange)
        self._add_foreign()

    # -- what was sent ------------------------------------------------------------

    def _read(self, exchange: Interaction) -> None:
        operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
        name = operation.name if operation else ""
        body: Any = exchange.request_json if isinstance(exchange.request_json, dict) else {}
        if name == "threads.create" and isinstance(exchange.json, dict):
            self._begin(exchange.json["id"], body)
        elif name == "threads.create_and_run":
            run = self._run_made_by(exchange)
            if run is not None:
                self._begin(run.thread_id, body.get("thread") or {})
                self._run(run, body)
        elif name == "messages.create":
            self._message(ids["thread_id"], exchange, body)
        elif name == "messages.delete":
            log = self._log(ids["thread_id"])
            log.deleted.append((len(log.entries), ids["message_id"]))
        elif name == "runs.create":
            run = self._run_made_by(exchange)
            if run is not None:
                self._put(ids["thread_id"], body.get("additional_messages") or ())
                self._run(run, body)
        elif name == "runs.submit_tool_outputs":
            for output in body.get("tool_outputs") or ():
                self._outputs[output["tool_call_id"]] = messages.output(output.get("output") or "")
        elif name == "messages.list" and isinstance(exchange.json, dict) and not dict(exchange.query).get("run_id"):
            self._listed.setdefault(ids["thread_id"], []).append((exchange.index, exchange.json))

    def _run_made_by(self, exchange: Interaction) -> RunFacts | None:
        return next((run for run in self.facts.runs.values() if run.created == exchange.index), None)

    def _log(self, thread_id: str) -> _ThreadLog:
        return self._threads.setdefault(thread_id, _ThreadLog())

    def _begin(self, thread_id: str, body: Json) -> None:
        self._log(thread_id).is_whole = True
        self._put(thread_id, body.get("messages") or ())

    def _put(self, thread_id: str, bodies: Sequence[Json]) -> None:
        log = self._log(thread_id).entries
        log += [("", messages.thread_message(body, self._name_of)) for body in bodies]

    def _message(self, thread_id: str, exchange: Interaction, body: Json) -> None:
        shown = exchange.json if isinstance(exchange.json, dict) else body
        read = messages.thread_message(shown, self._name_of) if shown else SeenMessage(role="user", text=UNKNOWN)
        self._log(thread_id).entries.append((shown.get("id", "") if shown else "", read))

    def _run(self, run: RunFacts, body: Json) -> None:
        log = self._log(run.thread_id).entries
        self._before[run.id] = len(log)
        self._sent[run.id] = {name: body[name] for name in _OF_THE_RUN_ALONE if body.get(name)}
        log.append(run.id)

    def _add_foreign(self) -> None:
        """Put messages that are only listed in front.

        They were there before, or came with the thread.
        """
        for thread_id, lists in self._listed.items():
            log = self._log(thread_id)
            known = {entry[0] for entry in log.entries if isinstance(entry, tuple)}
            unnamed = [entry[1] for entry in log.entries if isinstance(entry, tuple) and not entry[0]]
            foreign: dict[str, tuple[str, SeenMessage]] = {}
            for _, page in lists:
                for shown in page.get("data") or ():
                    if shown["id"] in known or shown["id"] in foreign or shown.get("run_id"):
                        continue
                    read = messages.thread_message(shown, self._name_of)
                    if read in unnamed:
                        unnamed.remove(read)
                        log.entries[log.entries.index(("", read))] = (shown["id"], read)
                        known.add(shown["id"])  # a later list shows it again
                    else:
                        foreign[shown["id"]] = (shown["id"], read)
                log.is_whole = log.is_whole or page.get("has_more") is False
            if foreign:
                ordered = [foreign[one] for one in sorted(foreign, key=self.facts.age)]
                log.entries[:0] = ordered
                log.deleted = [(count + len(ordered), gone) for count, gone in log.deleted]
                for run_id, count in self._before.items():
                    if self.facts.runs[run_id].thread_id == thread_id:
                        self._before[run_id] = count + len(ordered)

    # -- one run ------------------------------------------------------------------

    def turn(self, number: int, run: RunFacts) -> Turn:
        """Return the turn that a run made."""
        builder = TurnBuilder(number, self._visible(run), self._sent.get(run.id))
        if not self._knows_context(run):
            builder.context = UNKNOWN
        builder.give(*self._given(run))
        builder.act(self._actions(run))
        builder.outcome = self._outcome(run)
        builder.model = run.views[-1][1].get("model", "") if run.views else ""
        tools = {tool["type"] for _, view in run.views[:1] for tool in view.get("tools") or ()}
        builder.knows_calls = run.created is not None or bool(run.steps)
        builder.knows_hosted = bool(run.steps) or not tools & {*HOSTED, "retrieval"}
        builder.knows_replies = self._knows_replies(run)
        return builder.built()

    def _knows_context(self, run: RunFacts) -> bool:
        log = self._log(run.thread_id)
        earlier = [entry for entry in log.entries[: self._before.get(run.id, 0)] if isinstance(entry, str)]
        return run.id in self._before and log.is_whole and all(self._knows_replies(self.facts.runs[one]) for one in earlier)

    def _visible(self, run: RunFacts) -> list[SeenMessage] | Unknown:
        if run.id not in self._before:
            return UNKNOWN
        log = self._log(run.thread_id)
        if not log.is_whole and not self._before[run.id]:
            return UNKNOWN  # what this run answers was said before the recording
        gone = {message_id for count, message_id in log.deleted if count <= self._before[run.id]}
        visible: list[SeenMessage] = []
        for entry in log.entries[: self._before[run.id]]:
            if isinstance(entry, tuple):
                visible += [entry[1]] if entry[0] not in gone else []
            else:
                earlier = self.facts.runs[entry]
                left = [shown for message_id, shown in earlier.messages.items() if message_id not in gone]
                visible += [messages.thread_message(shown, self._name_of) for shown in left]
                if not earlier.messages and earlier.status not in _WROTE_NOTHING and not self._knows_replies(earlier):
                    visible.append(SeenMessage(role="assistant", text=UNKNOWN))
        strategy = (run.views[0][1].get("truncation_strategy") if run.views else None) or {}
        most = strategy.get("last_messages")
        return visible[-most:] if most else visible

    def _given(self, run: RunFacts) -> tuple[Any, Any, Any]:
        if not run.views:
            return UNKNOWN, UNKNOWN, UNKNOWN
        view = run.views[-1][1]
        additional = self._sent.get(run.id, {}).get("additional_instructions")
        own = view.get("instructions")
        is_in = additional and plain(additional) in plain(own or "")
        instructions = joined_instructions([own] if is_in else [own, additional])
        return instructions, assistants_tools(view.get("tools") or [], _UNKNOWN_FILES), assistants_settings(view)

    def _knows_replies(self, run: RunFacts) -> bool:
        """Return True if every message of a run is shown.

        Named by its steps, or in a list that goes back before it.
        """
        if run.steps:
            details = [step["step_details"] for step in run.steps.values()]
            created = [one["message_creation"]["message_id"] for one in details if one["type"] == "message_creation"]
            return all(message_id in run.messages for message_id in created)
        if any(exchange.is_stream for exchange in self._session if exchange.index == run.created):
            return True
        pages = [page for index, page in self._listed.get(run.thread_id, ()) if index > _place(run)]
        return any(page.get("has_more") is False or self._goes_back_before(run, page.get("data") or ()) for page in pages)

    def _goes_back_before(self, run: RunFacts, listed: Sequence[Json]) -> bool:
        """Return True if a list, newest first, reaches back before a run.

        A list of the newest messages may show those of later runs alone.
        """
        if not listed or listed[0]["created_at"] < listed[-1]["created_at"]:
            return False
        writer = self.facts.runs.get(listed[-1].get("run_id") or "")
        if writer is not None:
            return _place(writer) < _place(run)
        return bool(run.views) and bool(listed[-1]["created_at"] <= run.views[0][1]["created_at"])

    def _outcome(self, run: RunFacts) -> Any:
        if not run.views:
            return UNKNOWN
        index, view = run.views[-1]
        status = view["status"]
        if status == "requires_action":
            answered = any(self._has_output(call["id"]) for waited in run.calls_waited_for()[-1:] for call in waited.calls)
            return UNKNOWN if answered or index == self._session[-1].index else WAITING
        if status == "failed":
            error = view.get("last_error") or {}
            return messages.failed(error.get("code"), error.get("message"))
        if status == "incomplete":
            return messages.incomplete((view.get("incomplete_details") or {}).get("reason"))
        return UNKNOWN if status in ("queued", "in_progress", "cancelling") else status

    def _has_output(self, call_id: str) -> bool:
        return call_id in self._outputs

    # -- what it did ----------------------------------------------------------------

    def _actions(self, run: RunFacts) -> list[Action]:
        written = dict(run.messages)
        waiting = run.calls_waited_for()
        found: list[tuple[float, int, list[Action]]] = []
        for step in run.steps.values():
            details, at = step["step_details"], step["created_at"]
            if details["type"] == "message_creation":
                shown = written.pop(details["message_creation"]["message_id"], None)
                found.append((at, 0, messages.thread_reply(shown or {}, self._name_of)))
                continue
            calls = details["tool_calls"] or (waiting and waiting.pop(0).calls) or []
            ids = {call["id"] for call in calls}
            waiting = [waited for waited in waiting if not ids & {call["id"] for call in waited.calls}]
            found.append((at, 0, list(self._calls(run, calls))))
        found += [(shown["created_at"], 2, messages.thread_reply(shown, self._name_of)) for shown in written.values()]
        found += [(_resumed_at(run, waited.at), -1, list(self._calls(run, waited.calls))) for waited in waiting]
        return [action for _, _, actions in sorted(found, key=lambda one: one[:2]) for action in actions]

    def _calls(self, run: RunFacts, calls: Sequence[Json]) -> Iterator[Action]:
        """Yield the calls of one step, each hosted one with its output.

        Then the app's outputs.
        """
        outputs: list[Action] = []
        unseen = {call_id for ids in run.only_answered() for call_id in ids}
        for call in calls:
            details = call.get(call["type"]) or {}
            if call["id"] in unseen:
                yield "call", UNKNOWN
                outputs += self._output(run, call["id"], {})
            elif call["type"] == "function":
                yield messages.call(details["name"], details.get("arguments") or "")
                outputs += self._output(run, call["id"], details)
            elif call["type"] == "code_interpreter":
                yield messages.hosted_call(call["type"], details.get("input", UNKNOWN))
                logs = [one["logs"] for one in details.get("outputs") or () if one["type"] == "logs"]
                if details.get("outputs"):
                    yield messages.hosted_output(call["type"], "\n".join(logs))
            else:
                yield messages.hosted_call("file_search", UNKNOWN)
                results = details.get("results")
                names = [one.get("file_name", UNKNOWN) for one in results] if results is not None else UNKNOWN
                yield messages.search_output(names, [_passage(one) for one in results or ()])
        yield from outputs

    def _output(self, run: RunFacts, call_id: str, details: Json) -> Iterator[Action]:
        if call_id in self._outputs:
            yield "output", self._outputs[call_id]
        elif details.get("output") is not None:
            yield "output", messages.output(details["output"])
        elif run.status != "requires_action" and run.status in ("completed", "incomplete"):
            yield "output", UNKNOWN  # it went on, so it was answered


def _resumed_at(run: RunFacts, started_at: float) -> float:
    """Return when a run went on after the calls of a stretch, in unix seconds.

    What it wrote from `started_at` until then, it wrote before these calls: they end the stretch. A run that goes on gets
    another `started_at`. [REC]
    """
    return min((at for _, view in run.views if (at := view.get("started_at") or 0) > started_at), default=float("inf"))


def _passage(result: Json) -> str | None:
    """Return what a search found in a file; None if the list left it out."""
    parts = result.get("content")
    return None if parts is None else "".join(part.get("text") or "" for part in parts)
