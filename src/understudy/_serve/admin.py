"""The admin route: a `Backend` for tests in any language, with JSON.

`POST /_understudy/VERB` with a JSON body and `content-type: application/json`; the response is
`{"ok": true, ...}`, or 400 with `{"error": ...}` that names the mistake. The verbs are the methods of
`Verbs`; `GET /_understudy/openapi.json` describes them to machines, docs/serve.md to people.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from understudy._backend.backend import Backend
from understudy._common.call_site import set_by
from understudy._common.messages import Request, Response
from understudy._diagnostics.timeline import Timeline
from understudy._serve.admin_values import (
    Json,
    condition_from,
    content_from,
    fault_from,
    function_names,
    moves_from,
)
from understudy._serve.hosts import json_response
from understudy._serve.simulated import Simulation, timeline_json
from understudy._serve.transcript_json import transcript_json
from understudy.errors import UnderstudyError, nearest

if TYPE_CHECKING:
    from understudy._backend.preload import FileErrorCode
    from understudy._engine.clock import TimeMode

MODES = ("poll", "manual", "real")


class Failed(Exception):
    """An error of a verb, with the status and body of its response."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(body["error"])
        self.status = status
        self.body = body


class Verbs:
    """The verbs of a simulation: each method is one, its parameters the JSON body."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    @property
    def _backend(self) -> Backend:
        return self._simulation.backend

    # -- scripts and faults -----------------------------------------------------

    def next_run(self, moves: list[Any], assistant: str | None = None, thread: str | None = None) -> Json:
        """Set the script of the next run. Calls queue up: first in, first out.

        A move is an object with its name as the only key, a plain string is a `Reply`, a list is one
        step of parallel calls. Strings may use outputs submitted before: `{outputs[0]}`, `{outputs[NAME]}`.
        """
        self._backend.next_run(*moves_from(moves), assistant=assistant, thread=thread)
        return {}

    def every_run(
        self,
        moves: list[Any],
        when: str | dict[str, str] | None = None,
        assistant: str | None = None,
        thread: str | None = None,
    ) -> Json:
        """Set the script of all runs without a queued one; the latest that matches wins.

        `when`: a string that the last user message contains, or an object of `text`, `regex`, `function` (the
        run has a function of this name among its tools) and `assistant`, all of which must match.
        """
        wanted = condition_from(when)
        fits = self._condition(wanted) if {"text", "regex", "function"} & wanted.keys() else None
        assistant = wanted.get("assistant", assistant)
        self._backend.every_run(*moves_from(moves), when=fits, assistant=assistant, thread=thread)
        return {}

    def fault(
        self,
        fault: dict[str, Any],
        on: str | None = None,
        nth: int = 1,
        times: int | None = 1,
        run: str | None = None,
        event: str | int | None = None,
        phase: str | None = None,
    ) -> Json:
        """Inject a fault.

        `{"fault": {"RateLimited": {}}, "on": "runs.retrieve"}`: the next poll of a run is answered 429.
        """
        what = fault_from(fault)
        where: dict[str, Any] = {"on": on, "nth": nth, "times": times, "run": run, "event": event, "phase": phase}
        self._backend.fault(what, **where)  # checks the values
        return {}

    # -- objects that exist before the app starts ---------------------------------------

    def add_assistant(self, **given: Any) -> Json:
        """Create an assistant, as people do in OpenAI's playground; returns it."""
        return self._backend.add_assistant(**given).to_dict()

    def add_thread(self, **given: Any) -> Json:
        """Create a thread; returns it.

        `messages` are strings (user messages), or bodies as the API takes them.
        """
        return self._backend.add_thread(**given).to_dict()

    def add_message(self, **given: Any) -> Json:
        """Add a message to a thread; returns it."""
        return self._backend.add_message(**given).to_dict()

    def add_conversation(self, **given: Any) -> Json:
        """Create a conversation; returns it.

        `items` are strings (user messages), or items as the API takes them.
        """
        return self._backend.add_conversation(**given).to_dict()

    def add_file(self, content: str | dict[str, str] = "", **given: Any) -> Json:
        """Create a file; returns it. Its content is a string, or `{"base64": "..."}`."""
        return self._backend.add_file(content=content_from("content", content), **given).to_dict()

    def add_vector_store(self, **given: Any) -> Json:
        """Create a vector store of existing files; returns it."""
        return self._backend.add_vector_store(**given).to_dict()

    def fail_file(self, file: str, code: str = "server_error", message: str | None = None) -> Json:
        """Make a file, by id or name, fail to be indexed in every vector store."""
        self._backend.fail_file(file, cast("FileErrorCode", code), message=message)  # checks it
        return {}

    def next_ids(self, ids: list[str]) -> Json:
        """Set the ids of the next objects, each by its prefix."""
        self._backend.next_ids(*ids)
        return {}

    # -- time and settings --------------------------------------------------------

    def clock(self, advance: float = 0, mode: str | None = None) -> Json:
        """Advance the clock, or change its mode; returns `now` and `mode`.

        `mode`: `poll` (polling an active run advances it), `manual` (only this verb does), `real` (the wall clock).
        """
        clock = self._backend.clock
        if mode is not None:
            self._change_mode(mode)
        if advance:
            clock.advance(advance)
        return {"now": clock.now(), "mode": clock.mode}

    def strict(self, strict: bool | None) -> Json:
        """Set whether runs need a script.

        true; false, which also allows unused scripts; or null.
        """
        if strict not in (True, False, None):
            raise TypeError(f"strict: expected true, false or null, got {strict!r}")
        self._backend.strict = strict
        return {"strict": strict}

    # -- inspection --------------------------------------------------------------------

    def state(self) -> Json:
        """Return the objects of the service, and the problems so far."""
        backend, worded = self._backend, self._simulation.worded
        return {
            "now": backend.clock.now(),
            "mode": backend.clock.mode,
            "strict": backend.strict,
            "assistants": [assistant.to_dict() for assistant in backend.assistants],
            "runs": [run.to_dict() for run in backend.runs],
            "threads": [thread.to_dict() for thread in backend.threads],
            "responses": [response.to_dict() for response in backend.responses],
            "conversations": [conversation.to_dict() for conversation in backend.conversations],
            "scripts_left": [worded(str(left)) for left in backend.scripts_left],
            "problems": [worded(str(problem)) for problem in backend.problems],
            "hints": [worded(hint) for hint in backend.hints],
        }

    def requests(self, since: int = 0) -> Json:
        """Return the API requests after number `since`, with their responses.

        Credentials are left out. The last 500 are kept; `lost` is the number of the others.
        """
        if not isinstance(since, int):
            raise TypeError(f"since: expected the number of a request, got {since!r}")
        exchanges = self._simulation.exchanges
        shown = [entry.to_json() for entry in exchanges if entry.verb is None and entry.number > since]
        return {"requests": shown, "lost": exchanges.lost}

    def messages(self, thread_id: str) -> Json:
        """Return the messages of a thread, oldest first."""
        return {"messages": [message.to_dict() for message in self._backend.messages(thread_id)]}

    def items(self, conversation_id: str) -> Json:
        """Return the items of a conversation, oldest first."""
        return {"items": [item.to_dict() for item in self._backend.items(conversation_id)]}

    def transcript(self) -> Json:
        """Return the transcript, whatever the API: as `entries`, and as `text`.

        Two apps with the same behaviour have equal entries: these omit ids, times and polling.
        """
        return transcript_json(self._backend.transcript())

    def files(self) -> Json:
        """Return the files and vector stores."""
        backend = self._backend
        stores = [store.to_dict() for store in backend.vector_stores]
        return {"files": [file.to_dict() for file in backend.files], "vector_stores": stores}

    def timeline(self, run_id: str) -> Json:
        """Return the timeline of a run or a response: as moments, as text, as an SVG."""
        timeline: Timeline = self._backend.timeline(run_id)
        return {**timeline_json(timeline), "text": str(timeline), "svg": timeline.svg()}

    def export(self, form: str = "python") -> Json:
        """Return what was done here, as a test in `python` or as a `cassette`."""
        from understudy._serve.export import export

        return {"form": form, "text": export(self._simulation, form)}

    # -- the end --------------------------------------------------------------------

    def check(self) -> Json:
        """End a test: 409 with its problems, including unused scripts, else 200.

        Each problem is reported once.
        """
        problems = self._simulation.check()
        if problems:
            worded = [self._simulation.worded(str(problem)) for problem in problems]
            listed = [{"code": problem.code, "message": text} for problem, text in zip(problems, worded, strict=True)]
            raise Failed(409, {"error": "\n\n".join(worded), "problems": listed})
        return {}

    def reset(self, **settings: Any) -> Json:
        """Start anew, with other `time`, `seed`, `strict`, `start` if given."""
        if self._simulation.is_of_a_test:
            text = "this simulation belongs to a test in Python, and ends with it"
            raise Failed(409, {"error": f"{text}; only those of `understudy serve` can be reset"})
        for name in settings:
            if name not in ("time", "seed", "strict", "start"):
                raise TypeError(f"{name!r} is not a setting; expected time, seed, strict or start")
        if settings.get("time") is not None:
            _check_mode(settings["time"])
        self._simulation.reset(**settings)
        return {}

    # -- details ------------------------------------------------------------------------

    def _change_mode(self, mode: str) -> None:
        _check_mode(mode)
        clock = self._backend.clock
        now = clock.now()
        if mode == "real" and now > time.time():
            text = "mode: cannot be 'real', as the clock is ahead of the wall clock and never goes back"
            raise ValueError(f"{text}; use 'poll' or 'manual', or reset")
        clock.mode = cast("TimeMode", mode)
        if mode != "real":
            clock.move_to(now)

    def _condition(self, wanted: Json) -> Callable[[str], bool]:
        pattern = re.compile(wanted.get("regex", ""))

        def fits(text: str) -> bool:
            if wanted.get("text", "") not in text or pattern.search(text) is None:
                return False
            return "function" not in wanted or wanted["function"] in self._functions()

        return fits

    def _functions(self) -> list[str]:
        """Return the functions of the run about to start: its own, or its assistant's."""
        request = self._simulation.current_request
        body = request.json if request is not None else None
        if not isinstance(body, dict):
            return []
        if body.get("tools") is not None:
            return function_names(body["tools"])
        named = body.get("assistant_id")
        found = next((one.to_dict() for one in self._backend.assistants if one.id == named), {})
        return function_names(found.get("tools"))


_READING = ("state", "requests", "messages", "items", "transcript", "files", "timeline", "export")
KNOWN = tuple(name for name in vars(Verbs) if not name.startswith("_"))


def answer(simulation: Simulation, request: Request, name: str) -> Response:
    """Respond to a request to the admin route of a simulation."""
    if name not in KNOWN:
        close = nearest(name, KNOWN) or KNOWN
        return json_response(404, {"error": f"no admin verb {name!r}; nearest: {', '.join(close)}"})
    simulation.admin_requests += 1
    number = simulation.admin_requests
    token = set_by.set(f"request {number}")
    try:
        result = {"ok": True, "request": number, **_carry_out(Verbs(simulation), request, name)}
        response = json_response(200, result)
    except Failed as failure:
        response = json_response(failure.status, failure.body)
    except (TypeError, ValueError, KeyError, RuntimeError, UnderstudyError) as error:  # the caller's mistake
        text = error.args[0] if isinstance(error, KeyError) else error  # str() of a KeyError is quoted
        response = json_response(400, {"error": simulation.worded(f"{name}: {text}")})
    finally:
        set_by.reset(token)
    if response.status == 200 and name not in (*_READING, "check", "reset"):
        entry = simulation.exchanges.begin(request, simulation.backend.clock.now(), verb=name)
        simulation.exchanges.finish(entry, response)  # for exports: what was set up and created
    simulation.look()
    return response


def _carry_out(verbs: Verbs, request: Request, name: str) -> Json:
    given = json.loads(request.body) if request.body.strip() else {}
    if not isinstance(given, dict):
        raise TypeError(f"expected a JSON object, got {given!r}")
    verb: Callable[..., Json] = getattr(verbs, name)
    try:
        return verb(**given)
    except TypeError as error:
        raise TypeError(_as_body_error(str(error), name)) from error


def _as_body_error(text: str, name: str) -> str:
    """Translate an error about arguments into one about the members of a body."""
    text = text.replace(f"Verbs.{name}() ", "").replace(f"Backend.{name}() ", "")
    found = re.fullmatch(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)", text)
    if found is not None:
        return f"{found[1]} is missing in the body"
    found = re.fullmatch(r"got an unexpected keyword argument ('\w+')(.*)", text)
    return f"{found[1]} is not a member of its body{found[2]}" if found is not None else text


def _check_mode(mode: Any) -> None:
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {mode!r}")
