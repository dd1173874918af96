"""Send a recorded session to a service, and compare the answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction
from understudy._common.messages import Headers
from understudy._fidelity.answers import Served, compared
from understudy._fidelity.bindings import ID, Bindings
from understudy._fidelity.compare import Habits, Mismatch, is_cut_out
from understudy._fidelity.pinned_ids import ranked_ids
from understudy._fidelity.rebuild import body_of
from understudy._fidelity.recorded_states import wanted_before
from understudy._fidelity.target import Target
from understudy._reconstruct.field_dates import Eras
from understudy._reconstruct.moves import NOT_SHOWN, moves_of, steps_of
from understudy._reconstruct.preconditions import Seed, Seeds
from understudy._reconstruct.response_moves import ResponseFacts, beyond_moves
from understudy._reconstruct.session_facts import Facts, Json, RunFacts, dicts_in, is_v1, objects_in
from understudy._reconstruct.timestamps import moment_of, newest
from understudy.errors import UnderstudyError
from understudy.scripts import FunctionCall, Reply

STEP_SECONDS = 0.5  # moved when the service is behind the recording
MAX_POLLS = 1300  # enough for a run to expire
MAX_UNCHANGED_POLLS = 240  # where no expiry is waited for
MAX_FOREIGN_POLLS = 60  # of a server whose clock we do not move
ITEMS_AT_ONCE = 20  # the most that a conversation takes in one request [REC]
_TICK_SECONDS = 2.0**-20  # passes between two equal requests
_LIVE = frozenset(["queued", "in_progress", "requires_action", "cancelling", "pending"])
_BY_RUNS = ("msg_", "step_", "call_", "fc_", "rs_", "ws_", "fs_", "ci_", "ig_", "mcp", "ctc_")
_ABOUT_RUNS = ("runs.", "steps.", "threads.create_and_run", "messages.list", "responses.", "conversations.items.list")
_JSON = ("content-type", "application/json")
_BETA: Headers = (("openai-beta", "assistants=v2"),)


@dataclass
class Outcome:
    """The outcome of one exchange.

    `left_out`: why it was not sent; such an exchange is not judged.
    """

    exchange: Interaction
    operation: str
    served: Served | None = None
    differences: list[Mismatch] = field(default_factory=list)
    left_out: str = ""


class SessionRunner:
    """One session on one service."""

    def __init__(self, session: Sequence[Interaction], target: Target, eras: Eras | None = None) -> None:
        self._session = session
        self._target = target
        kept = [exchange for exchange in session if not is_v1(exchange)]
        self._eras = Eras([session]) if eras is None else eras
        self._kept = {is_stream: _kept(session, is_stream=is_stream) for is_stream in (False, True)}
        self._facts = Facts(kept)
        self._needed = Seeds(kept, self._facts)
        self._responses = ResponseFacts(kept)
        self._chains = self._responses.chains()
        self._ranked = ranked_ids(session) if target.is_controllable else {}
        self._bindings = Bindings()
        self._live: set[str] = set()
        self._moment: float = 0
        self._further = 0
        self._is_broken = False  # something could not be set up: waiting is useless
        self._last_sent = ("", "")

    def run(self) -> list[Outcome]:
        """Send everything, in order."""
        seeds = self._needed.in_order()
        self._target.restart(min([self._needed.start, *(seed.created_at for seed in seeds if seed.run is not None)]))
        outcomes = []
        for exchange in self._session:
            operation = faces.ALL.find(exchange.method, exchange.path).operation
            outcome = Outcome(exchange, operation.name if operation else f"{exchange.method} {exchange.path}")
            outcome.left_out = self._why_not(exchange, seeds)
            if not outcome.left_out:
                self._play(exchange, outcome, [seed for seed in seeds if seed.before == exchange.index])
            outcomes.append(outcome)
        return outcomes

    def _play(self, exchange: Interaction, outcome: Outcome, seeds: list[Seed]) -> None:
        try:
            for seed in seeds:
                self._seed(seed)
            self._exchange(exchange, outcome)
        except (UnderstudyError, TypeError, ValueError, KeyError) as error:  # what could not be seeded or scripted
            outcome.differences = [Mismatch("!set-up", "set-up", "", "", "what the recording shows", repr(error))]
            self._is_broken = True

    def _why_not(self, exchange: Interaction, seeds: list[Seed]) -> str:
        if is_v1(exchange):
            return "recorded with the v1 header, which is not what v2 did"
        route = faces.ALL.find(exchange.method, exchange.path)
        if route.operation is None and not route.allowed and exchange.status < 400:
            return "belongs to another API, which is not simulated"
        if exchange.index in self._responses.creates and (reason := beyond_moves(exchange)):
            return reason
        if exchange.is_stream and exchange.status == 200 and not exchange.events:
            return "the recorder kept nothing of the stream"
        if seeds and not self._target.is_controllable:
            return "needs objects that existed before, and this server has no way to set them up"
        if not self._target.is_controllable and exchange.status < 400 and self._names_unmade(exchange):
            return "names what the recorded run made, but this server's run did not make"
        return ""

    def _names_unmade(self, exchange: Interaction) -> bool:
        named = ID.findall(f"{exchange.url} {(exchange.request_body or b'').decode('utf-8', 'replace')}")
        return any(name.startswith(_BY_RUNS) and not self._bindings.knows(name) for name in named)

    # -- before a request --------------------------------------------------------

    def _seed(self, seed: Seed) -> None:
        if seed.kind == "vector_store":
            self._seed_store(seed)
            return
        if seed.kind == "conversation":
            self._seed_conversation(seed)
            return
        if seed.kind == "message":
            self._until_free(f"/threads/{seed.given['thread_id']}/runs")
        if seed.verb != "request":
            if seed.id in self._ranked:
                self._bindings.bind(seed.id, self._ranked[seed.id])
            self._target.seed(seed.verb, **self._bindings.value(seed.given))
            return
        path = seed.given["path"]
        if seed.kind == "file_batch":
            body: Json = {
                "file_ids": [*self._bindings.value(seed.given["file_ids"]), *self._fillers(seed.given["further_files"])]
            }
        else:
            body = self._bindings.value(seed.given["body"])
        ids = [seed.id]
        if seed.run is not None:
            self._until_free(path)
            self._to(seed.created_at)
            self._target.script(moves_of(seed.run, self._bindings.served))
            ids += _ids_of(seed.run)
        if seed.kind == "response":
            self._to(seed.created_at)
            self._target.script(self._responses.script_of(seed.id, self._bindings.value))
        self._target.seed("next_ids", ids=ids)
        answer = self._send("POST", path, (*_BETA, ("content-type", "application/json")), json.dumps(body).encode())
        if answer.status != 200:  # pragma: no cover - no recording at hand needs what the simulator refuses to be set up for
            raise UnderstudyError(f"{seed.kind} {seed.id}: {answer.body.decode('utf-8', 'replace')}")

    def _seed_store(self, seed: Seed) -> None:
        given = dict(seed.given)
        further = self._fillers(given.pop("further_files"))
        for file_id in further[: given.pop("failed_files")]:
            self._target.seed("fail_file", file=file_id, code="server_error")
        self._target.seed(seed.verb, **self._bindings.value(given | {"file_ids": [*given["file_ids"], *further]}))

    def _fillers(self, count: int) -> list[str]:
        """Make files that the recording only counts."""
        ids = [f"file-further{self._further + number:015d}" for number in range(count)]
        self._further += count
        for file_id in ids:
            self._target.seed("add_file", id=file_id, content=NOT_SHOWN.encode())
        return ids

    def _seed_conversation(self, seed: Seed) -> None:
        """Make a conversation as an app does: servers take it in no other way."""
        headers: Headers = (("content-type", "application/json"),)
        items: list[Json] = self._bindings.value(seed.given["items"])
        self._target.seed("next_ids", ids=[seed.id, *seed.given["item_ids"]])
        body = {"metadata": seed.given.get("metadata") or {}, "items": items[:ITEMS_AT_ONCE]}
        self._send("POST", "/conversations", headers, json.dumps(body).encode())
        for start in range(ITEMS_AT_ONCE, len(items), ITEMS_AT_ONCE):
            more = json.dumps({"items": items[start : start + ITEMS_AT_ONCE]}).encode()
            self._send("POST", f"/conversations/{seed.id}/items", headers, more)

    def _until_free(self, path: str) -> None:
        for _ in range(MAX_POLLS):  # pragma: no branch - if it never comes free, the next request shows it
            if all(run["status"] not in _LIVE for run in self._ask(f"{path}?limit=1").get("data", ())):
                return
            self._target.advance(STEP_SECONDS)  # pragma: no cover - no recording at hand has a seeded run that lasts

    def _to(self, moment: float) -> None:
        """Advance to a point in time, unless something under way would change meanwhile."""
        ahead = moment - self._target.now()
        if ahead > 0 and not self._live and self._target.is_controllable:
            self._target.advance(ahead)

    def _prepare(self, exchange: Interaction) -> None:
        """Bring the service to the state that the recorded answer was given in."""
        wanted = wanted_before(exchange)
        for _ in range(self._max_polls if wanted is not None else 0):
            assert wanted is not None
            path = self._bindings.url(f"?{wanted.path.partition('?')[2]}", wanted.path.partition("?")[0])
            view = self._ask(path)
            if not view.keys() & {"id", "data"} or wanted.is_met(view):
                break
            self._target.advance(STEP_SECONDS)
        if exchange.method == "POST" and not exchange.is_stream:
            self._to(newest(exchange.json))
        if exchange.path == "/files" and isinstance(exchange.json, dict) and exchange.json.get("id") in self._ranked:
            self._target.seed("next_ids", ids=[self._ranked[exchange.json["id"]]])
        for run in self._facts.runs.values():
            if run.created == exchange.index:
                self._target.script(moves_of(run, self._bindings.served))
        if exchange.index in self._chains:
            self._target.script(self._responses.script(self._chains[exchange.index], self._bindings.value))

    # -- a request -----------------------------------------------------------------

    def _exchange(self, exchange: Interaction, outcome: Outcome) -> None:
        if not exchange.is_read:
            self._prepare(exchange)
        self._moment = max(self._moment, moment_of(exchange))
        attempts: list[tuple[Served, list[Mismatch], Bindings]] = []
        for number in range(self._max_polls if exchange.is_read else 1):
            served = self._recorded_request(exchange)
            bindings = self._bindings.copy()
            found = self._compared(exchange, served, bindings, outcome.operation)
            if not attempts or served.body != attempts[-1][0].body:
                attempts.append((served, found, bindings))
                changed = number
            waits_for_expiry = b'"expired"' in (exchange.body or b"")
            if not any(difference.may_pass for difference in found) or (
                number - changed > MAX_UNCHANGED_POLLS and not waits_for_expiry
            ):
                break
            self._target.advance(STEP_SECONDS)
        outcome.served, outcome.differences, self._bindings = min(attempts, key=lambda attempt: len(attempt[1]))
        self._note(outcome.served)

    def _compared(self, exchange: Interaction, served: Served, bindings: Bindings, operation: str) -> list[Mismatch]:
        habits = Habits(self._eras, *self._kept[exchange.is_stream])
        shape = self._by_shape(operation)
        return compared(exchange, served, bindings, operation=operation, fallback=self._moment, shape=shape, habits=habits)

    def _recorded_request(self, exchange: Interaction) -> Served:
        body = self._bindings.body(body_of(exchange))
        headers = tuple((name, value) for name, value in exchange.request_headers if not is_cut_out(value))
        if body[:1] == b"{" and all(name.lower() != "content-type" for name, _ in headers):
            headers = (*headers, _JSON)  # a recorder left it out, or cut its value out
        return self._send(exchange.method, self._bindings.url(exchange.url, exchange.path), headers, body)

    def _send(self, method: str, url: str, headers: Headers, body: bytes) -> Served:
        if self._target.is_controllable and (method, url) == self._last_sent:
            self._target.advance(_TICK_SECONDS)
        self._last_sent = (method, url)
        return self._target.send(method, url, headers, body)

    def _ask(self, path: str) -> Json:
        value: Any = self._send("GET", path, _BETA, b"").json
        return value if isinstance(value, dict) else {}

    @property
    def _max_polls(self) -> int:
        if self._is_broken:
            return 1
        return MAX_POLLS if self._target.is_controllable else MAX_FOREIGN_POLLS

    def _by_shape(self, operation: str) -> bool:
        """Return True if only the shapes of an answer are compared.

        On a server that takes no scripts, the run alone decides what it does.
        """
        about_runs = operation.startswith(_ABOUT_RUNS)
        return about_runs and not self._target.is_controllable

    def _note(self, served: Served) -> None:
        """Note what is under way on the service."""
        for view in objects_in(served.json):
            if "status" in view:
                (self._live.add if view["status"] in _LIVE else self._live.discard)(view["id"])


def _ids_of(run: RunFacts) -> list[str]:
    """Return the ids that a run performed beforehand makes.

    Up to the first call it waits for. The session may use them.
    """
    ids = []
    for number, performed in enumerate(steps_of(run, str)):
        ids.append(performed.step_id or f"step_{number:024d}")
        if isinstance(performed.move, Reply):
            ids.append(performed.message_id or f"msg_{number:024d}")
        calls = performed.move if isinstance(performed.move, tuple) else (performed.move,)
        if any(isinstance(call, FunctionCall) for call in calls):
            break  # pragma: no cover - no recording at hand has a seeded run that called a function
    return ids


def _kept(session: Sequence[Interaction], *, is_stream: bool) -> tuple[bool, bool]:
    """Return whether a recording keeps the order of keys, and whole floats.

    Of its streams, or of its other answers.
    """
    answers = [exchange for exchange in session if exchange.is_stream == is_stream]
    values = [value for exchange in answers for value in ([data for _, data in exchange.events] or [exchange.json])]
    objects = [found for value in values for found in dicts_in(value)]
    in_order = [list(found) == sorted(found) for found in objects if len(found) > 1]
    numbers = [item for found in objects for item in found.values() if isinstance(item, float)]
    return not in_order or not all(in_order), any(number.is_integer() for number in numbers)


def replay(session: Sequence[Interaction], target: Target, eras: Eras | None = None) -> list[Outcome]:
    """Send a recorded session to a service; compare its answers with the recorded.

    `eras`: when keys appeared, as more recordings than this one show it; None for what this one and the table show.
    """
    return SessionRunner(session, target, eras).run()
