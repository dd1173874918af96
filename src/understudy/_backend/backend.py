"""The simulated service as a test sees it: scripts, faults, clients, its end.

The dispatcher answers requests; what there is, and what a test adds, is in `contents` and `preload`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from understudy._apis import faces
from understudy._apis.assistants.lifecycle import run_status
from understudy._apis.common.routing import Faces
from understudy._apis.names import EventName, OperationName
from understudy._apis.responses import render as render_responses
from understudy._apis.responses.objects import ResponsesObjects
from understudy._backend.contents import BackendContents
from understudy._backend.dispatcher import Dispatcher
from understudy._backend.preload import BackendPreload
from understudy._common.call_site import caller
from understudy._common.ids import HasId, id_of
from understudy._common.keyword_hints import hinting
from understudy._common.messages import Answer, HostRules, Request, host_names
from understudy._common.printable import printable
from understudy._common.short_text import counted
from understudy._engine.clock import TimeMode
from understudy._engine.engine import Engine
from understudy._engine.script import Script, ScriptFunction, Step
from understudy._engine.script_queue import QueuedScript, When
from understudy._http.hosts import own_base_url
from understudy.errors import RealTimeWait, UnderstudyError, nearest

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from understudy.faults import Fault, Phase, What


_HANDLE = """Answer a request: `handle(request: Request) -> Answer`.

Never raises: a mistake in the test, or a defect here, is answered 501 and kept in `problems`.
"""


class Backend(BackendPreload, BackendContents):
    """A simulated Assistants and Responses API: in memory, deterministic, offline.

    In a test it is the fixture `understudy`; elsewhere `understudy.simulate()` yields one.

    Args:
        script: the script of every run.
        seed: what every id is derived from.
        time: what moves the clock: `"poll"` (a request for a live run), `"manual"` (only `clock.advance`), `"sleep"` (the
            app's own sleeping, which `simulate` and the fixture intercept), `"real"` (the wall clock).
        strict: True refuses runs without a script; False allows unused scripts and faults; None (default) does neither.
        start: the clock's first time, in unix seconds.
        hosts: further host names whose requests are answered here.
        pass_hosts: host names whose requests go to the network, whichever SDK sends them.
    """

    _faces: ClassVar[Faces] = faces.ALL  # the APIs it has

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
        _check_settings(strict=strict, seed=seed)
        self._engine = Engine(seed=seed, time=time, start=start, strict=strict)
        self._dispatcher = Dispatcher(self._engine, self._faces)
        self._strict = strict
        self._start = start
        self._generated: tuple[str, Any] | None = None
        self.rules = HostRules(hosts=(*HostRules().hosts, *own_base_url(), *host_names(hosts)), pass_hosts=tuple(pass_hosts))
        if script is not None:
            self.perform(script)

    if not TYPE_CHECKING:  # otherwise type checkers would accept every name

        def __getattr__(self, name: str) -> Any:
            from understudy import __all__ as names_of_the_module

            if name in names_of_the_module:
                raise AttributeError(
                    f"`understudy` is the test's Backend here, and {name!r} belongs to the module of the same name: "
                    f"`import understudy as us` and write `us.{name}`"
                )
            close = nearest(name, [known for known in dir(type(self)) if not known.startswith("_")])
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise AttributeError(f"a Backend has no attribute {name!r}{hint}")

    def __repr__(self) -> str:
        with self._engine.lock:
            runs = Counter(run_status(run.execution.status) for run in self._all_runs())
            made = Counter(render_responses.status_of(one, one.execution.state) for one in self._all_responses())
            passed = self.clock.now() - self._start
            parts = [
                f"time={self.clock.mode!r}" + (f", {passed:g} s after its start" if self.clock.virtual else ""),
                counted(len(self._dispatcher.log), "request"),
                counted(sum(runs.values()), "run") + (f" ({_counts(runs)})" if runs else ""),
                *([f"{counted(sum(made.values()), 'response')} ({_counts(made)})"] if made else ()),
                f"{counted(len(self._engine.scripts.queue), 'script')} queued",
            ]
            problems = len(self._dispatcher.problems)
            return f"<Backend {', '.join([*parts, *([counted(problems, 'problem')] if problems else [])])}>"

    # -- requests -------------------------------------------------------------

    if TYPE_CHECKING:

        def handle(self, request: Request) -> Answer:
            """Answer a request.

            Never raises: a mistake in the test, or a defect here, is answered 501 and kept in `problems`.
            """

    else:  # the dispatcher's own method, a frame less in every request; subclasses may have one of their own
        handle = property(attrgetter("_dispatcher.handle"), doc=_HANDLE)

    def over_http(self) -> None:
        """Answer as a server: an unknown path is the service's 404, not a mistake."""
        self._dispatcher.is_served = True

    @property
    def problems(self) -> list[UnderstudyError]:
        """The mistakes in the test so far."""
        return self._dispatcher.problems

    @property
    def hints(self) -> list[str]:
        """Suggestions for the test, each once; they do not fail it."""
        return self._dispatcher.hints

    @property
    def strict(self) -> bool | None:
        """Whether runs need a script, see above; can be set at any time."""
        return self._strict

    @strict.setter
    def strict(self, strict: bool | None) -> None:
        _check_settings(strict=strict)
        self._strict = self._engine.scripts.strict = strict

    # -- scripts --------------------------------------------------------------

    @hinting(
        when="a queued script goes to the next run, whatever the message; to choose by message, use every_run(..., when=...)"
    )
    def next_run(
        self, *moves: Step | ScriptFunction, assistant: str | HasId | None = None, thread: str | HasId | None = None
    ) -> None:
        """Queue the script of the next run. Scripts are used first in, first out.

        Args:
            moves: `Reply(...)`, `FunctionCall(...)`, ...; a list is one step of parallel calls; or one callable or
                generator function that takes the run.
            assistant, thread: only for a run of this assistant, on this thread: an id, or an object that has one.

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
        """Set the script of runs for which none is queued.

        Of several that fit, a run takes the latest.

        Args:
            moves: see `next_run`.
            when: only if the last user message contains this text, matches this pattern, or makes this callable true.
            assistant, thread: see `next_run`.

        Raises:
            ImpossibleScript: the real service could not do that.
        """
        with self._engine.lock:
            ids = {"assistant": _id_or_none(assistant), "thread": _id_or_none(thread)}
            self._engine.scripts.every_run(moves, when=when, **ids)

    def perform(self, script: Script) -> None:
        """Set the script of every run, with the faults it contains.

        Args:
            script: a tuple of moves, one move, a function, or a trajectory from a strategy or `every_lifecycle`. Its faults
                are optional: it is not a mistake if the app never makes the call that one of them is for.
        """
        self.every_run(*(script if isinstance(script, tuple | list) else (script,)))
        self.perform_faults(getattr(script, "faults", ()))
        if (witness := getattr(script, "witness", None)) is not None:
            self._dispatcher.witness = witness.backend()
        if not callable(script):  # the repr of a function is not code
            self.generated("backend.perform({})", script)

    def perform_faults(self, faults: Sequence[Fault]) -> None:
        """Set generated faults, which do not fail the test if they never happen."""
        for fault in faults:
            self._set_fault(fault, is_optional=True)

    @property
    def scripts_left(self) -> list[QueuedScript]:
        """The queued scripts that no run has taken.

        Any left at the end fail the test, unless `strict=False`.
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
        """Set what goes wrong, and where; see `understudy.faults`.

        A call meets at most one fault, the first that fits.

        Args:
            what: `RateLimited(retry_after=2)`, `StreamCut()`, ...; or a whole `Fault`, which includes the other arguments.
            on: the operation, named as in the SDK (`runs.retrieve`); None for any.
            nth, times: the first call affected (counted from 1), and how many; `times=None` for all from there on.
            run: only calls about this run.
            event: the place in a stream, by the event's name or number (counted from 1).
            phase: `"before"` the service acts, `"after"` it acted (the answer is lost), `"during"` the answer.

        Raises:
            ValueError: an unknown operation, event or phase, or a fault that cannot happen there.
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
        """The faults set so far, in order.

        Each can be printed, pasted into a test and set again.
        """
        return self._dispatcher.faults.schedule if self._dispatcher.faults is not None else ()

    # -- clients, and requests to other APIs -------------------------------------

    def client(self, **options: Any) -> OpenAI:
        """Return an `openai.OpenAI` connected only to this backend; nothing is patched.

        Args:
            options: the client's own.
        """
        from understudy._http.clients import client

        return client(self, asynchronous=False, options=options)  # type: ignore[no-any-return]

    def async_client(self, **options: Any) -> AsyncOpenAI:
        """Return an `openai.AsyncOpenAI` connected only to this backend.

        Nothing is patched.

        Args:
            options: the client's own.
        """
        from understudy._http.clients import client

        return client(self, asynchronous=True, options=options)  # type: ignore[no-any-return]

    @property
    def background_appends(self) -> bool:
        """Whether a background response adds its items to its conversation; may be set.

        True by default [INF: what the service does today is unknown]. With False, it reads the conversation, but neither
        adds to it nor locks it, as users saw in September 2025 [REP].
        """
        return self._engine.part(ResponsesObjects).background_appends

    @background_appends.setter
    def background_appends(self, appends: bool) -> None:
        self._engine.part(ResponsesObjects).background_appends = appends

    def pass_through(self, *paths: str) -> None:
        """Let requests to API paths that begin with one of these go to the network."""
        self._dispatcher.passed += paths

    @property
    def respx(self) -> Any:
        """A respx router for what is not simulated.

        For example: `understudy.respx.post(path="/v1/chat/completions").respond(...)`.
        """
        if self._dispatcher.respx is None:
            from understudy._http.respx_routes import RespxRoutes

            self._dispatcher.respx = RespxRoutes()
        return self._dispatcher.respx.router

    # -- the end ---------------------------------------------------------------

    def generated(self, code: str, value: Any) -> None:
        """Record the code that set up a generated value, for `explain`.

        Args:
            code: the code, with `{}` for the value.
            value: a value that no test contains.
        """
        self._generated = (code, value)

    def explain(self, error: BaseException, *, opening: str = "") -> None:
        """Add a note to an exception: how to reproduce it, and what the app did.

        Nothing is added if nothing was generated.

        Args:
            error: the exception.
            opening: the line that opens this simulation, if the generated value is not an argument in it.
        """
        if self._generated is None:
            return
        from understudy._diagnostics.trace import explanation

        with self._engine.lock:
            log = list(self._dispatcher.log)
        start = self._start if self.clock.virtual or not log else log[0].at
        error.add_note(printable(explanation(*self._generated, opening, log, start)))

    def note_real_wait(self, text: str) -> None:
        """Report a real wait under `time="sleep"`: a hint; a mistake if `strict=True`."""
        if text in self.hints:
            return
        self.hints.append(text)
        if self._strict:
            self.problems.append(RealTimeWait(text))

    def close(self) -> list[UnderstudyError]:
        """Return the mistakes in the test, unused set-up included, each only once."""
        problems, self._dispatcher.problems = self._dispatcher.problems, []
        scripts = self._engine.scripts.take_left()
        faults = self._dispatcher.faults.take_left() if self._dispatcher.faults is not None else []
        if self._strict is not False and (scripts or faults):
            from understudy._diagnostics.unused_setup import unused_faults, unused_scripts

            log, runs, responses = list(self._dispatcher.log), self._all_runs(), self._all_responses()
            problems += unused_scripts(scripts, runs, responses, log) if scripts else []
            problems += unused_faults(faults) if faults else []
        return problems


def _counts(statuses: Counter[str]) -> str:
    return ", ".join(f"{number} {status}" for status, number in statuses.items())


def _id_or_none(given: str | HasId | None) -> str | None:
    """Return an id, or the id of an object.

    Anything else is returned as it is: `QueuedScript` refuses it by name.
    """
    found: Any = given if given is None or isinstance(given, str) else getattr(given, "id", given)
    return found  # type: ignore[no-any-return]


def _check_settings(*, strict: object, seed: object = 0) -> None:
    if strict is not None and not isinstance(strict, bool):
        raise TypeError(f"strict={strict!r}: expected True, False or None")
    if not isinstance(seed, int):
        raise TypeError(f"seed={seed!r}: expected an integer")
