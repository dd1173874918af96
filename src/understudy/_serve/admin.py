"""The admin route: what a Python test says to a `Backend`, said in JSON from any language.

`POST /_understudy/VERB` with a JSON body and `content-type: application/json`; answers
`{"ok": true, ...}`, or 400 with `{"error": ...}` that names what is wrong. The verbs are the methods of
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
from understudy._serve.simulated import SimulatedWorld, timeline_json
from understudy._serve.transcript_json import transcript_json
from understudy.errors import UnderstudyError, nearest

if TYPE_CHECKING:
    from understudy._backend.preload import FileErrorCode
    from understudy._engine.clock import TimeMode

MODES = ("poll", "manual", "real")


class Failed(Exception):
    """What a verb found wrong; answered with this status and body."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(body["error"])
        self.status = status
        self.body = body


class Verbs:
    """What can be said to a world: a method is a verb, its parameters the JSON body."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world

    @property
    def _backend(self) -> Backend:
        return self._world.backend

    # -- scripts and faults -----------------------------------------------------

    def next_run(self, moves: list[Any], assistant: str | None = None, thread: str | None = None) -> Json:
        """Say what the next run does. Calls queue up: first in, first out.

        A move is an object with its name as the only key, a plain text is a `Reply`, a list is one
        step of parallel calls. Texts may use the outputs submitted before: `{outputs[0]}`, `{outputs[NAME]}`.
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
        """Say what runs do that find nothing queued; of several that fit, the latest.

        `when`: a text that the last user message holds, or an object of `text`, `regex`, `function` (the
        run has a function of this name among its tools) and `assistant`, all of which must fit.
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
        """Say what goes wrong, and where.

        `{"fault": {"RateLimited": {}}, "on": "runs.retrieve"}`: the next poll of a run is answered 429.
        """
        what = fault_from(fault)
        where: dict[str, Any] = {"on": on, "nth": nth, "times": times, "run": run, "event": event, "phase": phase}
        self._backend.fault(what, **where)  # which checks what came over the wire
        return {}

    # -- what was there before the app came ---------------------------------------

    def add_assistant(self, **given: Any) -> Json:
        """Make an assistant, as a person does in OpenAI's playground; answers it."""
        return self._backend.add_assistant(**given).to_dict()

    def add_thread(self, **given: Any) -> Json:
        """Make a thread; answers it.

        `messages` are texts of user messages, or message create bodies.
        """
        return self._backend.add_thread(**given).to_dict()

    def add_message(self, **given: Any) -> Json:
        """Add a message to a thread; answers it."""
        return self._backend.add_message(**given).to_dict()

    def add_conversation(self, **given: Any) -> Json:
        """Make a conversation; answers it.

        `items` are texts of user messages, or items as the API takes them.
        """
        return self._backend.add_conversation(**given).to_dict()

    def add_file(self, content: str | dict[str, str] = "", **given: Any) -> Json:
        """Make a file; its content is a text, or `{"base64": "..."}`. Answers it."""
        return self._backend.add_file(content=content_from("content", content), **given).to_dict()

    def add_vector_store(self, **given: Any) -> Json:
        """Make a vector store of files that exist; answers it."""
        return self._backend.add_vector_store(**given).to_dict()

    def fail_file(self, file: str, code: str = "server_error", message: str | None = None) -> Json:
        """Let a file, by id or name, fail to be indexed in every vector store."""
        self._backend.fail_file(file, cast("FileErrorCode", code), message=message)  # which checks it
        return {}

    def next_ids(self, ids: list[str]) -> Json:
        """Let the next object made of each id's prefix get that id."""
        self._backend.next_ids(*ids)
        return {}

    # -- time and settings --------------------------------------------------------

    def clock(self, advance: float = 0, mode: str | None = None) -> Json:
        """Move the clock forward, or change who moves it; answers `now` and `mode`.

        `mode`: `poll` (asking for a live run does), `manual` (only this verb does), `real` (the wall clock).
        """
        clock = self._backend.clock
        if mode is not None:
            self._change_mode(mode)
        if advance:
            clock.advance(advance)
        return {"now": clock.now(), "mode": clock.mode}

    def strict(self, strict: bool | None) -> Json:
        """Say whether runs need a script: true, or false to let scripts go unused, or null."""
        if strict not in (True, False, None):
            raise TypeError(f"strict: expected true, false or null, got {strict!r}")
        self._backend.strict = strict
        return {"strict": strict}

    # -- looking --------------------------------------------------------------------

    def state(self) -> Json:
        """Tell what the service holds, and what went wrong so far."""
        backend, worded = self._backend, self._world.worded
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
        """Tell the requests to the API after number `since`, with their answers.

        Credentials are left out. The last 500 are kept; `lost` says how many are not.
        """
        if not isinstance(since, int):
            raise TypeError(f"since: expected the number of a request, got {since!r}")
        exchanges = self._world.exchanges
        shown = [entry.to_json() for entry in exchanges if entry.verb is None and entry.number > since]
        return {"requests": shown, "lost": exchanges.lost}

    def messages(self, thread_id: str) -> Json:
        """Tell the messages of a thread, oldest first."""
        return {"messages": [message.to_dict() for message in self._backend.messages(thread_id)]}

    def items(self, conversation_id: str) -> Json:
        """Give the items of a conversation, oldest first."""
        return {"items": [item.to_dict() for item in self._backend.items(conversation_id)]}

    def transcript(self) -> Json:
        """Give what was said, called and returned, whatever the API: as `entries`, and as `text`.

        Two apps that did the same have equal entries: ids, times and polling are not among them.
        """
        return transcript_json(self._backend.transcript())

    def files(self) -> Json:
        """Tell the files and vector stores there are."""
        backend = self._backend
        stores = [store.to_dict() for store in backend.vector_stores]
        return {"files": [file.to_dict() for file in backend.files], "vector_stores": stores}

    def timeline(self, run_id: str) -> Json:
        """Tell what happened to a run or a response and when: as moments, as text, as an SVG."""
        timeline: Timeline = self._backend.timeline(run_id)
        return {**timeline_json(timeline), "text": str(timeline), "svg": timeline.svg()}

    def export(self, form: str = "python") -> Json:
        """Give what was done in this world, as a test in `python` or as a `cassette`."""
        from understudy._serve.export import exported

        return {"form": form, "text": exported(self._world, form)}

    # -- the end --------------------------------------------------------------------

    def check(self) -> Json:
        """End a test: 409 with what is wrong, left-overs included, else 200.

        What it has told once it does not tell again.
        """
        problems = self._world.check()
        if problems:
            worded = [self._world.worded(str(problem)) for problem in problems]
            listed = [{"code": problem.code, "message": text} for problem, text in zip(problems, worded, strict=True)]
            raise Failed(409, {"error": "\n\n".join(worded), "problems": listed})
        return {}

    def reset(self, **settings: Any) -> Json:
        """Begin anew, with other `time`, `seed`, `strict`, `start` if they are given."""
        if self._world.is_of_a_test:
            raise Failed(409, {"error": "this world belongs to a test in Python, which gets a new one by itself"})
        for name in settings:
            if name not in ("time", "seed", "strict", "start"):
                raise TypeError(f"{name!r} is not a setting; there are time, seed, strict, start")
        if settings.get("time") is not None:
            _check_mode(settings["time"])
        self._world.reset(**settings)
        return {}

    # -- how ------------------------------------------------------------------------

    def _change_mode(self, mode: str) -> None:
        _check_mode(mode)
        clock = self._backend.clock
        now = clock.now()
        if mode == "real" and now > time.time():
            raise ValueError("mode: the clock is ahead of the wall clock, and time never goes back")
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
        """Give the functions of the run about to start: its own, or its assistant's."""
        asked = self._world.asked
        body = asked.json if asked is not None else None
        if not isinstance(body, dict):
            return []
        if body.get("tools") is not None:
            return function_names(body["tools"])
        named = body.get("assistant_id")
        found = next((one.to_dict() for one in self._backend.assistants if one.id == named), {})
        return function_names(found.get("tools"))


_LOOKING = ("state", "requests", "messages", "items", "transcript", "files", "timeline", "export")
KNOWN = tuple(name for name in vars(Verbs) if not name.startswith("_"))


def answer(world: SimulatedWorld, request: Request, name: str) -> Response:
    """Carry out one request to the admin route of a world."""
    if name not in KNOWN:
        close = nearest(name, KNOWN) or KNOWN
        return json_response(404, {"error": f"no admin verb {name!r}; nearest: {', '.join(close)}"})
    world.said += 1
    number = world.said
    token = set_by.set(f"request {number}")
    try:
        result = {"ok": True, "request": number, **_carried_out(Verbs(world), request, name)}
        response = json_response(200, result)
    except Failed as failure:
        response = json_response(failure.status, failure.body)
    except (TypeError, ValueError, KeyError, RuntimeError, UnderstudyError) as error:  # the caller's mistake
        said = error.args[0] if isinstance(error, KeyError) else error  # whose text else is quoted
        response = json_response(400, {"error": world.worded(f"{name}: {said}")})
    finally:
        set_by.reset(token)
    if response.status == 200 and name not in (*_LOOKING, "check", "reset"):
        entry = world.exchanges.begin(request, world.backend.clock.now(), verb=name)
        world.exchanges.finish(entry, response)  # an export needs to know what was said, and what was made
    world.look()
    return response


def _carried_out(verbs: Verbs, request: Request, name: str) -> Json:
    given = json.loads(request.body) if request.body.strip() else {}
    if not isinstance(given, dict):
        raise TypeError(f"expected an object, got {given!r}")
    verb: Callable[..., Json] = getattr(verbs, name)
    try:
        return verb(**given)
    except TypeError as error:
        raise TypeError(_of_the_body(str(error), name)) from error


def _of_the_body(text: str, name: str) -> str:
    """Say of the members of a body what Python says of arguments."""
    text = text.replace(f"Verbs.{name}() ", "").replace(f"Backend.{name}() ", "")
    found = re.fullmatch(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)", text)
    if found is not None:
        return f"{found[1]} is missing in the body"
    found = re.fullmatch(r"got an unexpected keyword argument ('\w+')(.*)", text)
    return f"there is no {found[1]} in its body{found[2]}" if found is not None else text


def _check_mode(mode: Any) -> None:
    if mode not in MODES:
        raise ValueError(f"mode: expected one of {', '.join(MODES)}, got {mode!r}")
