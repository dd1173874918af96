"""Set a backend up statement by statement, keeping each so it can become code."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._backend.backend import Backend
from understudy._cassettes import Interaction
from understudy._engine.ids import OLDER_PREFIXES, SHAPES
from understudy._engine.planning import files_named
from understudy._promote.response_scenario import ResponseScenario
from understudy._promote.scenario import RunScript, ids_made
from understudy._reconstruct.moves import NOT_SHOWN
from understudy._reconstruct.preconditions import Seed, Seeds
from understudy._reconstruct.session_facts import Facts, is_v1

_PREFIXES = (*filter(None, (prefix for prefix, _, _ in SHAPES.values())), *OLDER_PREFIXES)
_HALF_SECOND = 0.5
_LIFETIME_SECONDS = 600  # of a run


@dataclass(frozen=True)
class Statement:
    """One line of a set-up.

    `target` is what is called, starting from `backend` or `client`; `comment` is written before it.
    """

    target: str
    args: tuple[Any, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)
    comment: str = ""


class ScenarioSetup:
    """Puts a session's scenario into a backend.

    Args:
        session: the recording.
        backend: to set up; None makes one whose clock shows the recording's time. `settings` are that one's.

    Attributes:
        backend: the one that is set up.
        statements: what was done, in order.
        left_out: what could not be carried over, and why; each a sentence.
    """

    def __init__(self, session: Sequence[Interaction], backend: Backend | None = None, **settings: Any) -> None:
        self._session = [exchange for exchange in session if not is_v1(exchange)]
        self._facts = Facts(self._session)
        self._responses = ResponseScenario(self._session)
        needed = Seeds(self._session, self._facts)
        self._start, self._seeds = needed.start, needed.in_order()
        performed = [seed.created_at for seed in self._seeds if seed.run is not None]
        self._first = min([self._start, *performed])
        self.backend = backend or Backend(strict=False, start=self._first, **settings)
        self._client: Any = None
        self.statements: list[Statement] = []
        self.left_out: list[str] = []
        if len(self._session) < len(session):
            self.left_out.append(
                f"{len(session) - len(self._session)} exchanges recorded with the v1 header, which is not what v2 did"
            )

    def carry_out(self) -> None:
        """Carry out every statement."""
        facts, session = self._facts, self._session
        scripts = {run_id: RunScript(run) for run_id, run in facts.runs.items() if run.created is not None}
        self._move_to(self._first, "when the recording began")
        for seed in self._seeds:
            self._seed(seed)
        if self._first < self._start:
            self._move_to(self._start, "")
        self._seed_files_of([move for script in scripts.values() for move in script.moves])
        made = ids_made(session, facts, scripts, self._responses)
        self._pin(made, "the ids of what the app makes, in the order in which it does")
        taken = [(script.facts.created or 0, run_id, script.moves) for run_id, script in scripts.items()]
        taken += [(index, response_id, moves) for index, (response_id, moves) in self._responses.scripts.items()]
        for _, object_id, moves in sorted(taken, key=lambda each: each[0]):
            self._try(object_id, Statement("backend.next_run", moves, comment=object_id))
        self.left_out += self._responses.left_out
        self._note_faults()

    # -- what was there before ---------------------------------------------------

    def _seed(self, seed: Seed) -> None:
        if seed.kind == "vector_store":
            self._seed_store(seed)
        elif seed.kind == "conversation":
            given = {"id": seed.id, **seed.given}
            self._pin(given.pop("item_ids"), "")
            self._try(seed.id, Statement("backend.add_conversation", given=given))
        elif seed.kind == "response":
            script = self._responses.facts.script_of(seed.id)
            self._try(seed.id, Statement("backend.next_run", script, comment=f"{seed.id} was there before"))
            self._request(seed.id, "responses.create", (), seed.given["body"])
        elif seed.verb != "request":
            self._try(seed.id, Statement(f"backend.{seed.verb}", given={"id": seed.id or None} | seed.given))
        elif seed.run is not None:
            self._perform(seed, RunScript(seed.run))
        elif seed.kind == "file_batch":
            store_id = seed.given["path"].split("/")[2]
            file_ids = [*seed.given["file_ids"], *self._further_files(seed.given["further_files"])]
            self._request(seed.id, "vector_stores.file_batches.create", (store_id,), {"file_ids": file_ids})
        else:
            self._request(seed.id, "uploads.create", (), seed.given["body"])

    def _seed_store(self, seed: Seed) -> None:
        given = dict(seed.given)
        further = self._further_files(given.pop("further_files"))
        for file_id in further[: given.pop("failed_files")]:
            self._try(file_id, Statement("backend.fail_file", (file_id,)))
        self._try(seed.id, Statement("backend.add_vector_store", given=given | {"file_ids": [*given["file_ids"], *further]}))

    def _further_files(self, count: int) -> list[str]:
        """Make the files that the recording counts but does not show."""
        made = sum(statement.target == "backend.add_file" for statement in self.statements)
        ids = [f"file-further{made + number:015d}" for number in range(count)]
        for file_id in ids:
            self._try(file_id, Statement("backend.add_file", given={"id": file_id, "content": NOT_SHOWN.encode()}))
        return ids

    def _perform(self, seed: Seed, script: RunScript) -> None:
        """Perform an earlier run up to where it stops by itself or was first seen."""
        [first, *_] = script.segments()
        self._pin([seed.id, *(object_id for _, object_id in first if object_id)], "")
        self._try(seed.id, Statement("backend.next_run", script.moves, comment=f"{seed.id} was there before"))
        body = dict(seed.given["body"])
        thread_id = seed.given["path"].split("/")[2]
        self._request("", "beta.threads.runs.create", (thread_id,), body)
        views = script.facts.views
        seen = views[0][1]["status"] if views else None
        seconds = 0.0
        before = self.backend.clock.now()
        while seconds < _LIFETIME_SECONDS and self._status(seed.id) not in (seen, "requires_action", *_OVER):
            seconds += _HALF_SECOND
            self.backend.clock.move_to(before + seconds)
        if seconds:
            self.statements.append(Statement("backend.clock.advance", (seconds,)))

    def _status(self, run_id: str) -> str:
        return next((run.status for run in self.backend.runs if run.id == run_id), "failed")

    def _seed_files_of(self, moves: list[Any]) -> None:
        """Add the files that scripts name and no request creates.

        These are images that the model drew, and files that are only cited.
        """
        shown = (view for view in self._facts.first_views.values() if view["object"] in ("file", "vector_store.file"))
        known = {*(seed.id for seed in self._seeds), *(view["id"] for view in shown)}
        flat = [call for move in moves for call in (move if isinstance(move, tuple) else (move,))]
        for file_id in dict.fromkeys(file_id for call in flat for file_id in files_named(call)):
            if isinstance(file_id, str) and file_id not in known:
                given = {"id": file_id, "filename": f"{file_id}.png", "purpose": "assistants_output"}
                self._try(file_id, Statement("backend.add_file", given=given))

    # -- statements ----------------------------------------------------------------

    def _move_to(self, moment: float, comment: str) -> None:
        self.backend.clock.move_to(moment)
        self.statements.append(Statement("backend.clock.move_to", (moment,), comment=comment))

    def _pin(self, ids: list[str], comment: str) -> None:
        pinned = [object_id for object_id in ids if object_id.startswith(_PREFIXES)]
        if len(pinned) < len(ids):
            strange = next(object_id for object_id in ids if object_id not in pinned)
            self.left_out.append(f"ids that are not shaped like the API's, such as {strange!r}")
        if pinned:
            self._try(pinned[0], Statement("backend.next_ids", tuple(pinned), comment=comment))

    def _request(self, pinned: str, target: str, args: tuple[Any, ...], given: dict[str, Any]) -> None:
        """Create through a client what no `add_...` method creates."""
        if pinned:
            self._pin([pinned], "")
        if self._client is None:
            self._client = self.backend.client()
            self.statements.append(Statement("client = backend.client"))
        self._try(pinned, Statement(f"client.{target}", args, given))

    def _try(self, object_id: str, statement: Statement) -> None:
        """Carry a statement out; leave out, with the reason, what the service refuses."""
        called: Any = self._client if statement.target.startswith("client.") else self.backend
        for name in statement.target.split(".")[1:]:
            called = getattr(called, name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's, about the API this is for
                called(*statement.args, **statement.given)
        except Exception as error:  # whatever an odd recording raises: report it and continue
            self.left_out.append(f"{object_id or statement.target}: {error}")
            return
        self.statements.append(statement)

    def _note_faults(self) -> None:
        """Report transient errors (429, 5xx): a test asks for them with `backend.fault`."""
        self.left_out += [
            f"{exchange} was answered {exchange.status}: for that, set a fault"
            for exchange in self._session
            if exchange.is_transient
        ]


_OVER = ("completed", "failed", "cancelled", "expired", "incomplete")
