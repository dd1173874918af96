"""What a test talks to: scripts, faults, the clock, what the service holds.

Requests are answered by the dispatcher.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from understudy._apis import faces
from understudy._apis.assistants import render
from understudy._apis.assistants.create_fields import AssistantFields, Content, Role, ThreadFields, VectorStoreFields
from understudy._apis.assistants.lifecycle import run_status
from understudy._apis.assistants.object_views import AssistantView, MessageView, RunView, ThreadView
from understudy._apis.assistants.objects import AssistantsObjects, Run
from understudy._apis.assistants.views import to_rest
from understudy._apis.common import render_files
from understudy._apis.common.face import Faces
from understudy._apis.common.object_view import FileView, ObjectView, VectorStoreView
from understudy._apis.names import EventName, OperationName
from understudy._apis.responses import render as render_responses
from understudy._apis.responses.objects import ResponsesObjects
from understudy._backend import preload
from understudy._backend.dispatcher import Dispatcher
from understudy._backend.preload import FileErrorCode, FilePurpose
from understudy._common.call_site import caller
from understudy._common.ids import HasId, id_of
from understudy._common.keyword_hints import hinting
from understudy._common.messages import Answer, HostRules, Request, SentRequest, host_names
from understudy._common.printable import printable
from understudy._engine.clock import Clock, TimeMode
from understudy._engine.engine import Engine
from understudy._engine.script import Script, ScriptFunction, Step
from understudy._engine.script_queue import QueuedScript, When
from understudy._http.hosts import own_base_url
from understudy.errors import RealTimeWait, UnderstudyError, nearest

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from understudy._diagnostics.client_misuse import ClientMisuse
    from understudy._diagnostics.timeline import Timeline
    from understudy._transcript.transcript import Transcript
    from understudy.faults import Fault, Phase, What


class Backend:
    """A simulated Assistants API: in memory, deterministic, offline.

    In a test it is the fixture `understudy`; elsewhere `understudy.simulate()` gives one.

    Args:
        script: moves that every run takes.
        seed: every id is derived from it.
        time: who moves the clock: `"poll"` (asking for a live run does), `"manual"` (only `clock.advance`), `"sleep"` (the
            app's own sleeping; needs `simulate` or the fixture, which see to that), `"real"`.
        strict: True refuses runs without a script; False lets scripts go unused; None (default) does neither.
        start: what the clock shows at first, in unix seconds.
        hosts: more host names whose requests are answered here.
        pass_hosts: host names whose requests are let out, whatever SDK sends them.
    """

    _faces: ClassVar[Faces] = faces.ALL  # the APIs that it has

    def __init__(
        self,
        *,
        script: Script | None = None,
        seed: int = 0,
        time: TimeMode = "poll",
        strict: bool | None = None,
        start: float = 1_700_000_000,
        hosts: Sequence[str] = (),
        pass_hosts: Sequence[str] = (),
    ) -> None:
        self._engine = Engine(seed=seed, time=time, start=start, strict=strict)
        self._dispatcher = Dispatcher(self._engine, self._faces)
        self._strict = strict
        self._start = start
        self._generated: tuple[str, Any] | None = None
        self.rules = HostRules(hosts=(*HostRules().hosts, *own_base_url(), *host_names(hosts)), pass_hosts=tuple(pass_hosts))
        if script is not None:
            self.perform(script)

    if not TYPE_CHECKING:  # a checker that saw it would take every name for known

        def __getattr__(self, name: str) -> Any:
            from understudy import __all__ as names_of_the_module

            if name in names_of_the_module:
                raise AttributeError(
                    f"`understudy` is the test's Backend here, and {name!r} belongs to the module of the same name: "
                    f"`import understudy as us` and write `us.{name}`"
                )
            close = nearest(name, [known for known in dir(type(self)) if not known.startswith("_")])
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise AttributeError(f"a Backend has no {name!r}{hint}")

    def __repr__(self) -> str:
        with self._engine.lock:
            runs = Counter(run_status(run.execution.status) for run in self._all_runs())
            passed = self.clock.now() - self._start
            parts = [
                f"time={self.clock.mode!r}" + (f", {passed:g} s after its start" if self.clock.virtual else ""),
                f"{len(self._dispatcher.log)} requests",
                f"{sum(runs.values())} runs" + (f" ({_counts(runs)})" if runs else ""),
                f"{len(self._engine.scripts.queue)} scripts queued",
            ]
            problems = len(self._dispatcher.problems)
            return f"<Backend {', '.join(parts)}{f', {problems} problems' if problems else ''}>"

    # -- requests -------------------------------------------------------------

    def handle(self, request: Request) -> Answer:
        """Answer a request.

        Never raises: a mistake of the test, or of ours, is answered 501 and kept in `problems`.
        """
        return self._dispatcher.handle(request)

    def over_http(self) -> None:
        """Answer as a server does: a path of no API is the service's 404, and no mistake of a test."""
        self._dispatcher.is_served = True

    @property
    def problems(self) -> list[UnderstudyError]:
        """Return what went wrong on the test's side so far."""
        return self._dispatcher.problems

    @property
    def hints(self) -> list[str]:
        """Return what would make the test better, each once; hints fail nothing."""
        return self._dispatcher.hints

    @property
    def strict(self) -> bool | None:
        """Return whether runs need a script, see above; may be set while the service runs."""
        return self._strict

    @strict.setter
    def strict(self, strict: bool | None) -> None:
        self._strict = self._engine.scripts.strict = strict

    # -- scripts --------------------------------------------------------------

    @hinting(when="what is queued goes to the next run, whatever was said; by what was said: every_run(..., when=...)")
    def next_run(
        self, *moves: Step | ScriptFunction, assistant: str | HasId | None = None, thread: str | HasId | None = None
    ) -> None:
        """Say what the next run does. Calls queue up: first in, first out.

        Args:
            moves: `Reply(...)`, `FunctionCall(...)`, ...; a list is one step of parallel calls; or one callable or
                generator function that takes the run.
            assistant, thread: only a run of this assistant, on this thread, takes it: an id, or an object that has one.

        Raises:
            ImpossibleScript: the real service could not do that.
        """
        with self._engine.lock:
            self._engine.scripts.next_run(moves, assistant=_id_or_none(assistant), thread=_id_or_none(thread))

    @hinting()
    def every_run(
        self,
        *moves: Step | ScriptFunction,
        when: When | None = None,
        assistant: str | HasId | None = None,
        thread: str | HasId | None = None,
    ) -> None:
        """Say what runs do that find nothing queued; of several that fit, the latest.

        Args:
            when: only if the last user message holds this text, matches this pattern, or makes this callable true.
        """
        with self._engine.lock:
            ids = {"assistant": _id_or_none(assistant), "thread": _id_or_none(thread)}
            self._engine.scripts.every_run(moves, when=when, **ids)

    def perform(self, script: Script) -> None:
        """Let every run take a script, with the faults that it brings.

        Args:
            script: a tuple of moves, one move, a function, or a trajectory that a strategy or `every_lifecycle` gave. Its
                faults need not happen: that the app gives one of them no occasion is not a mistake.
        """
        self.every_run(*(script if isinstance(script, tuple | list) else (script,)))
        self.perform_faults(getattr(script, "faults", ()))
        if (witness := getattr(script, "witness", None)) is not None:
            self._dispatcher.witness = witness.backend()
        if not callable(script):  # a function has no repr that is code
            self.generated("backend.perform({})", script)

    def perform_faults(self, faults: Sequence[Fault]) -> None:
        """Set faults that were generated: those that the app gives no occasion for are no mistake."""
        for fault in faults:
            self._set_fault(fault, is_optional=True)

    @property
    def scripts_left(self) -> list[QueuedScript]:
        """Return the queued scripts that no run has taken.

        Left over at the end, they fail the test (unless `strict=False`).
        """
        return list(self._engine.scripts.queue)

    # -- faults ---------------------------------------------------------------

    @hinting()
    def fault(
        self,
        what: What | Fault,
        *,
        on: OperationName | None = None,
        nth: int = 1,
        times: int | None = 1,
        run: str | HasId | None = None,
        event: EventName | int | None = None,
        phase: Phase | None = None,
    ) -> None:
        """Say what goes wrong, and where; see `understudy.faults`.

        One call meets at most one fault, the first that fits.

        Args:
            what: `RateLimited(retry_after=2)`, `StreamCut()`, ...; or a whole `Fault`, which brings the rest with it.
            on: the operation, named as in the SDK (`runs.retrieve`); None for any.
            nth, times: from the nth call on (counted from 1), so many calls; `times=None` for every one.
            run: only calls about this run.
            event: where in a stream, by the event's name or number.
            phase: `"before"` the service acts, `"after"` it did (the answer is lost), `"during"` the answer.

        Raises:
            ValueError: an unknown operation, event or phase, or what cannot happen there.
        """
        from understudy.faults import Fault

        if not isinstance(what, Fault):
            run_id = None if run is None else id_of(run, "fault", "run")
            what = Fault(what, on=on, nth=nth, times=times, run=run_id, event=event, phase=phase)
        self._set_fault(what)

    def _set_fault(self, fault: Fault, *, is_optional: bool = False) -> None:
        from understudy._faulting import Faults

        with self._engine.lock:
            self._dispatcher.faults = self._dispatcher.faults or Faults(self._engine, self.hints)
            self._dispatcher.faults.add(fault, caller(), is_optional=is_optional)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return the faults set so far, in order: a schedule that can be printed, pasted and set again, one by one."""
        return self._dispatcher.faults.schedule if self._dispatcher.faults is not None else ()

    # -- what was there before the app came ------------------------------------

    def add_assistant(
        self,
        *,
        id: str | None = None,  # noqa: A002
        model: str = "gpt-4o",
        created_at: float | None = None,
        **fields: Unpack[AssistantFields],
    ) -> AssistantView:
        """Make an assistant that the app did not: by `id`, with the fields of the create request."""
        return preload.add_assistant(self._engine, id, created_at, {"model": model, **fields})

    def add_thread(
        self,
        *,
        id: str | None = None,  # noqa: A002
        messages: Sequence[str | Mapping[str, Any]] = (),
        created_at: float | None = None,
        **fields: Unpack[ThreadFields],
    ) -> ThreadView:
        """Make a thread. `messages`: texts of user messages, or message create bodies."""
        return preload.add_thread(self._engine, id, created_at, messages, {**fields})

    def add_message(
        self,
        thread_id: str | HasId,
        content: Content,
        *,
        role: Role = "user",
        id: str | None = None,  # noqa: A002
        created_at: float | None = None,
        attachments: Sequence[Mapping[str, Any]] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> MessageView:
        """Add a message to a thread that exists: by its id, or by the thread itself."""
        body = {"role": role, "content": content, "attachments": list(attachments), "metadata": metadata}
        return preload.add_message(self._engine, id_of(thread_id, "add_message", "thread"), id, created_at, body)

    def add_conversation(
        self,
        *,
        id: str | None = None,  # noqa: A002
        items: Sequence[Any] = (),
        created_at: float | None = None,
        **fields: Any,
    ) -> ObjectView:
        """Make a conversation.

        `items`: texts of user messages, or items as the API takes them.
        """
        return preload.add_conversation(self._engine, id, created_at, items, fields)

    def add_file(
        self,
        *,
        id: str | None = None,  # noqa: A002
        filename: str = "file.txt",
        content: bytes | str = b"",
        purpose: FilePurpose = "assistants",
        created_at: float | None = None,
    ) -> FileView:
        """Make a file. A `str` as content is kept as UTF-8."""
        return preload.add_file(self._engine, id, created_at, filename, content, purpose)

    def add_vector_store(
        self,
        *,
        id: str | None = None,  # noqa: A002
        file_ids: Sequence[str | HasId] = (),
        created_at: float | None = None,
        **fields: Unpack[VectorStoreFields],
    ) -> VectorStoreView:
        """Make a vector store, with files that exist; they are indexed already.

        Fields are those of the create request.
        """
        files = [id_of(file, "add_vector_store", "file") for file in file_ids]
        return preload.add_vector_store(self._engine, id, created_at, files, {**fields})

    def fail_file(self, file: str | HasId, code: FileErrorCode = "server_error", *, message: str | None = None) -> None:
        """Say that a file cannot be indexed: in every vector store it ends `failed`, with this last_error.

        Args:
            file: it, its id, or its file name (for one that is still to be uploaded).
            code: `server_error`, `unsupported_file` or `invalid_file`. [SPEC]
            message: the error's text; None for one that fits the code.
        """
        preload.fail_file(self._engine, id_of(file, "fail_file", "file"), code, message)

    def next_ids(self, *ids: str) -> None:
        """The next object made of each id's prefix gets that id; several of one prefix are used in order."""
        with self._engine.lock:
            self._engine.ids.pin(*ids)

    # -- what is seen ----------------------------------------------------------

    @property
    def clock(self) -> Clock:
        """Return the clock: `now()` in unix seconds, `advance(seconds)`."""
        return self._engine.clock

    @property
    def requests(self) -> list[SentRequest]:
        """Return what the app sent, oldest first: method, path, json, headers.

        The last 1,000 are kept.
        """
        return [logged.sent for logged in self._dispatcher.log]

    @property
    def assistants(self) -> list[AssistantView]:
        """Return every assistant there is, oldest first, as REST shows it."""
        with self._engine.lock:
            return [
                AssistantView(render.assistant(assistant)) for assistant in self._engine.part(AssistantsObjects).assistants
            ]

    @property
    def threads(self) -> list[ThreadView]:
        """Return every thread there is, oldest first, as REST shows it."""
        with self._engine.lock:
            return [ThreadView(render.thread(thread)) for thread in self._engine.part(AssistantsObjects).threads]

    @property
    def runs(self) -> list[RunView]:
        """Return every run there is, oldest first, as REST would show it now.

        Looking moves nothing.
        """
        with self._engine.lock:
            return [RunView(to_rest(render.run(run))) for run in self._all_runs()]

    @property
    def responses(self) -> list[ObjectView]:
        """Return every stored response there is, oldest first, as REST would show it now.

        Looking moves nothing.
        """
        with self._engine.lock:
            self._engine.settle()
            objects = self._engine.part(ResponsesObjects)
            objects.forget_old()
            held = objects.responses.values()
            return [ObjectView(render_responses.response(response)) for response in held]

    @property
    def conversations(self) -> list[ObjectView]:
        """Return every conversation there is, oldest first, as REST shows it."""
        with self._engine.lock:
            held = self._engine.part(ResponsesObjects).conversations
            return [ObjectView(render_responses.conversation(one)) for one in held]

    def items(self, conversation_id: str | HasId) -> list[ObjectView]:
        """Return the items of a conversation, by its id or by itself, oldest first, as REST would show them now."""
        conversation_id = id_of(conversation_id, "items", "conversation")
        with self._engine.lock:
            self._engine.settle()
            objects = self._engine.part(ResponsesObjects)
            held = preload.existing(objects.conversations, conversation_id, "conversation")
            return [ObjectView(render_responses.listed_item(objects, item)) for item in held.items]

    @property
    def files(self) -> list[FileView]:
        """Return every file there is, oldest first, as REST shows it."""
        with self._engine.lock:
            return [FileView(render_files.file(file)) for file in self._engine.files.listing]

    @property
    def vector_stores(self) -> list[VectorStoreView]:
        """Return every vector store there is, oldest first, as REST would show it now.

        Looking moves nothing.
        """
        with self._engine.lock:
            return [VectorStoreView(render_files.vector_store(store)) for store in self._engine.stores.listing]

    def messages(self, thread_id: str | HasId) -> list[MessageView]:
        """Return the messages of a thread, by its id or by itself, oldest first, as REST would show them now.

        `text` of each is its texts, joined.
        """
        thread_id = id_of(thread_id, "messages", "thread")
        with self._engine.lock:
            self._engine.settle()
            thread = preload.existing(self._engine.part(AssistantsObjects).threads, thread_id, "thread")
            return [MessageView(to_rest(render.message(message))) for message in thread.messages()]

    def timeline(self, run_id: str | HasId) -> Timeline:
        """Return what happened to a run or a response and when: print it, show it in a notebook, or `write()` it as an SVG.

        Takes the object itself, too.

        Raises:
            KeyError: there is no such run; the nearest are named.
        """
        from understudy._diagnostics.timeline import response_timeline, run_timeline

        run_id = id_of(run_id, "timeline", "run")
        with self._engine.lock:
            if run_id.startswith("resp_"):
                self._engine.settle()
                held = self._engine.part(ResponsesObjects).responses
                return response_timeline(preload.existing(list(held.values()), run_id, "response"))
            return run_timeline(preload.existing(self._all_runs(), run_id, "run"))

    def transcript(self) -> Transcript:
        """Return what was said, called and returned so far, whatever the API.

        Equal to the transcript of another app that did the same.

        Of the last 1,000 runs and responses, those that were deleted included. See `Transcript`.
        """
        from understudy._transcript.simulated import simulated_transcript

        with self._engine.lock:
            return simulated_transcript(self._engine)

    def client_misuse(self) -> ClientMisuse:
        """Return the app's misuse of the API, as far as its requests show it.

        Empty, and false, when there is none. See `ClientMisuse`.
        """
        from understudy._diagnostics.client_misuse import find_misuse

        with self._engine.lock:
            return find_misuse(list(self._dispatcher.log), self._all_runs())

    def conduct(self) -> ClientMisuse:
        """Return `client_misuse()`: the name of version 0.1, deprecated."""
        warnings.warn("conduct() is deprecated: call client_misuse()", DeprecationWarning, stacklevel=2)
        return self.client_misuse()

    def _all_runs(self) -> list[Run]:
        return self._engine.part(AssistantsObjects).runs()

    # -- clients and neighbours ------------------------------------------------

    def client(self, **options: Any) -> OpenAI:
        """Return an `openai.OpenAI` whose only way leads here; nothing is patched.

        Options are the client's own.
        """
        from understudy._http.clients import client

        return client(self, asynchronous=False, options=options)  # type: ignore[no-any-return]

    def async_client(self, **options: Any) -> AsyncOpenAI:
        """Return an `openai.AsyncOpenAI` whose only way leads here; nothing is patched.

        Options are the client's own.
        """
        from understudy._http.clients import client

        return client(self, asynchronous=True, options=options)  # type: ignore[no-any-return]

    def pass_through(self, *paths: str) -> None:
        """Requests to API paths that begin with one of these are none of our business: let them out."""
        self._dispatcher.passed += paths

    @property
    def respx(self) -> Any:
        """Return a respx router for what is not simulated.

        For example: `understudy.respx.post(path="/v1/chat/completions").respond(...)`.
        """
        if self._dispatcher.respx is None:
            from understudy._http.respx_routes import RespxRoutes

            self._dispatcher.respx = RespxRoutes()
        return self._dispatcher.respx.router

    # -- the end ---------------------------------------------------------------

    def generated(self, code: str, value: Any) -> None:
        """Note that a value that stands in no test was set up by this code, `{}` in it for the value; for `explain`."""
        self._generated = (code, value)

    def explain(self, error: BaseException, *, opening: str = "") -> None:
        """Add a note to an exception: what was generated, as code to paste, and what the app did.

        Nothing is added where nothing was generated.

        Args:
            opening: the line that makes this simulation, if what was generated is not an argument in it.
        """
        if self._generated is None:
            return
        from understudy._diagnostics.trace import explanation

        with self._engine.lock:
            log = list(self._dispatcher.log)
        start = self._start if self.clock.virtual or not log else log[0].at
        error.add_note(printable(explanation(*self._generated, opening, log, start)))

    def note_real_wait(self, text: str) -> None:
        """With `time="sleep"`, something waited in earnest: a hint; under `strict=True`, a mistake of the test."""
        if text in self.hints:
            return
        self.hints.append(text)
        if self._strict:
            self.problems.append(RealTimeWait(text))

    def close(self) -> list[UnderstudyError]:
        """Return what went wrong on the test's side, what was left over included.

        Asked again, it says nothing twice.
        """
        from understudy._diagnostics.unused_setup import unused_faults, unused_scripts

        problems, self._dispatcher.problems = self._dispatcher.problems, []
        scripts = self._engine.scripts.take_left()
        faults = self._dispatcher.faults.take_left() if self._dispatcher.faults is not None else []
        if self._strict is not False:
            problems += unused_scripts(scripts, self._all_runs(), list(self._dispatcher.log)) if scripts else []
            problems += unused_faults(faults) if faults else []
        return problems


def _counts(statuses: Counter[str]) -> str:
    return ", ".join(f"{number} {status}" for status, number in statuses.items())


def _id_or_none(given: str | HasId | None) -> str | None:
    """Return the id of an object; what has none is refused, and named, where the script is set."""
    found: Any = given if given is None or isinstance(given, str) else getattr(given, "id", given)
    return found  # type: ignore[no-any-return]  # a `QueuedScript` checks it
