"""The admin route of the served simulator: what a Python test says to a `Backend`, said in JSON from any language.

`POST /_understudy/<verb>` with a JSON body; answers `{"ok": true, ...}`, or 400 with `{"error": ...}` that names what is
wrong. The verbs are the methods of `Verbs`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from understudy import faults, scripts
from understudy._backend.backend import Backend
from understudy._common.messages import Request, Response
from understudy.errors import ImpossibleScript, nearest

Json = dict[str, Any]
_KINDS = (getattr(scripts, name) for name in scripts.__all__)
_MOVES = {
    kind.__name__: kind
    for kind in _KINDS
    if isinstance(kind, type) and issubclass(kind, scripts.Move) and kind not in (scripts.Move, scripts.CallMove)
}


class Verbs:
    """What can be said.

    * `next_run`, `every_run`: `{"moves": [{"Reply": {"text": "Hi"}}, [{"FunctionCall": {"name": "f"}}]], "assistant": ...,
      "thread": ...}`; a move is an object with its name as the only key, a plain string is a `Reply`; `every_run` also
      takes `when`
    * `add_assistant`, `add_thread`, `add_message`, `add_file`, `add_vector_store`: the arguments of the methods of
      `Backend`; a file's content is text
    * `fail_file`: `{"file": "file-...", "code": "unsupported_file"}`
    * `next_ids`: `{"ids": ["thread_..."]}`
    * `clock`: `{"advance": 60}` or `{}`; answers `now`; `{"mode": "poll"}` or `{"mode": "manual"}` changes who moves it
    * `fault`: `{"fault": {"RateLimited": {"retry_after": 2}}, "on": "runs.retrieve", "times": 1}`
    * `state`: what the service holds, and what went wrong
    * `reset`: everything as it was when the server started
    """

    def __init__(self, make: Callable[[], Backend]) -> None:
        self._make = make
        self.backend = make()

    def next_run(self, moves: Any, assistant: str | None = None, thread: str | None = None) -> Json:
        self.backend.next_run(*_moves(moves), assistant=assistant, thread=thread)
        return {}

    def every_run(
        self, moves: Any, when: str | None = None, assistant: str | None = None, thread: str | None = None
    ) -> Json:
        self.backend.every_run(*_moves(moves), when=when, assistant=assistant, thread=thread)
        return {}

    def add_assistant(self, **given: Any) -> Json:
        return self.backend.add_assistant(**given).to_dict()

    def add_thread(self, **given: Any) -> Json:
        return self.backend.add_thread(**given).to_dict()

    def add_message(self, **given: Any) -> Json:
        return self.backend.add_message(**given).to_dict()

    def add_file(self, content: Any = "", **given: Any) -> Json:
        if not isinstance(content, str):
            raise TypeError(f"content: expected a text, got {content!r}")
        return self.backend.add_file(content=content.encode(), **given).to_dict()

    def add_vector_store(self, **given: Any) -> Json:
        return self.backend.add_vector_store(**given).to_dict()

    def fail_file(self, file: str, code: str = "server_error", message: str | None = None) -> Json:
        self.backend.fail_file(file, code, message=message)
        return {}

    def next_ids(self, ids: list[str]) -> Json:
        self.backend.next_ids(*ids)
        return {}

    def clock(self, advance: float = 0, mode: str | None = None) -> Json:
        clock = self.backend.clock
        if mode is not None:
            if not (clock.virtual and mode in ("poll", "manual")):
                raise ValueError(f"from {clock.mode!r} to {mode!r}: only poll and manual change places")
            clock.mode = mode
        clock.advance(advance)
        return {"now": clock.now()}

    def fault(self, fault: Any, **given: Any) -> Json:
        self.backend.fault(_value(fault, "fault", _FAULTS), **given)
        return {}

    def state(self) -> Json:
        backend = self.backend
        return {
            "now": backend.clock.now(),
            "runs": [run.to_dict() for run in backend.runs],
            "threads": [thread.to_dict() for thread in backend.threads],
            "scripts_left": [str(left) for left in backend.scripts_left],
            "problems": [str(problem) for problem in backend.problems],
        }

    def reset(self) -> Json:
        self.backend = self._make()
        return {}


_FAULTS = {kind.__name__: kind for kind in faults.What.__subclasses__()}


def answer(verbs: Verbs, request: Request) -> Response:
    """Carry out one admin request."""
    name = request.path.rstrip("/").rpartition("/")[2]
    known = [verb for verb in vars(Verbs) if not verb.startswith("_")]
    if name not in known:
        close = nearest(name, known) or known
        return _json(404, {"error": f"no admin verb {name!r}; nearest: {', '.join(close)}"})
    try:
        given = json.loads(request.body) if request.body.strip() else {}
        if not isinstance(given, dict):
            raise TypeError(f"expected an object, got {given!r}")  # noqa: TRY301 - told as every other mistake is
        result: Json = getattr(verbs, name)(**given)
    except (TypeError, ValueError, KeyError, RuntimeError) as error:  # what the caller got wrong, in our own words
        said = error.args[0] if isinstance(error, KeyError) else error  # whose text else stands in quotes
        return _json(400, {"error": f"{name}: {said}"})
    return _json(200, {"ok": True, **result})


def _json(status: int, value: Json) -> Response:
    return Response(status, (("content-type", "application/json"),), json.dumps(value).encode())


def _moves(given: Any) -> list[Any]:
    return [[_move(call) for call in move] if isinstance(move, list) else _move(move) for move in _list("moves", given)]


def _move(given: Any) -> Any:
    return scripts.Reply(given) if isinstance(given, str) else _value(given, "move", _MOVES)


def _list(name: str, given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise ImpossibleScript(f"{name}: expected a list, got {given!r}")
    return given


def _value(given: Any, what: str, kinds: dict[str, Any]) -> Any:
    """`{"Name": {"field": ...}}` as the value of that name."""
    if not isinstance(given, dict) or len(given) != 1:
        raise ImpossibleScript(f'{what}: expected one name with its fields, {{"Name": {{...}}}}, got {given!r}')
    [(name, arguments)] = given.items()
    kind = kinds.get(name)
    if kind is None:
        close = nearest(name, kinds) or sorted(kinds)
        raise ImpossibleScript(f"{what}: there is no {name!r}; nearest: {', '.join(close)}")
    return _made(kind, arguments)


def _made(kind: Any, given: Any) -> Any:
    """A value from its fields; the results of a file search likewise."""
    name, known = kind.__name__, [spec.name for spec in fields(kind)]
    if not isinstance(given, dict):
        raise ImpossibleScript(f"{name}: expected an object with its fields ({', '.join(known)}), got {given!r}")
    for key in given:
        if key not in known:
            raise ImpossibleScript(f"{name} has no {key!r}; it has {', '.join(known)}")
    if kind is scripts.FileSearch and given.get("results") is not None:
        given = given | {"results": [_made(scripts.SearchResult, result) for result in _list("results", given["results"])]}
    return kind(**given)
