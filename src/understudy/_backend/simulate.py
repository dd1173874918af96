"""A simulated service for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from understudy._backend.backend import Backend
from understudy._common.block import block
from understudy._engine.clock import TimeMode
from understudy._engine.script import Script
from understudy._http import activate
from understudy.errors import NoFunction, raise_all

_hints: dict[str, None] = {}  # of closed simulations: each once, until they are shown


@block
def simulate(
    *,
    script: Script | None = None,
    seed: int = 0,
    time: TimeMode = "poll",
    strict: bool | None = None,
    start: float = 1_700_000_000,
    hosts: Sequence[str] = (),
) -> Iterator[Backend]:
    """Answer every OpenAI client in the block from a simulated service.

    It covers the clients of this context: this thread or task, and those started from it.

    Args:
        script: the script of every run; see `Backend.every_run`.
        seed: what every id is derived from; the same seed gives the same ids.
        time: what moves the clock: `"poll"` (default), `"manual"`, `"sleep"`, `"real"`; see `Clock`.
        strict: True refuses runs without a script; False allows unused scripts and faults; None (default) does neither.
        start: the clock's first time, in unix seconds.
        hosts: further host names whose requests are answered here.

    Raises:
        UnderstudyError: at the end, for mistakes in the test, even if the app swallowed them. An exception that leaves the
            block takes precedence.
    """
    backend = Backend(script=script, seed=seed, time=time, strict=strict, start=start, hosts=hosts)
    settings = _non_default(seed=seed, time=time, strict=strict, start=start, hosts=hosts)
    if script is not None and not callable(script):
        backend.generated(f"with simulate({', '.join(['script={}', *settings])}) as backend:", script)
    try:
        try:
            with active(backend):
                yield backend
        finally:
            _hints.update(dict.fromkeys(backend.hints))
        raise_all(backend.close())
    except Exception as error:
        no_test = next((problem for problem in backend.problems if isinstance(problem, NoFunction)), None)
        if no_test is not None:  # a generated script that does not suit this app says nothing about it
            raise no_test from error
        if not isinstance(error, NoFunction):
            backend.explain(error, opening=f"with simulate({', '.join(settings)}) as backend:")
        raise


def take_hints() -> list[str]:
    """Return the hints of simulations that have ended since the last call.

    The pytest plugin shows them.
    """
    hints = list(_hints)
    _hints.clear()
    return hints


def _non_default(**settings: Any) -> list[str]:
    """Return the settings that differ from the defaults, as code."""
    default = {"seed": 0, "time": "poll", "strict": None, "start": 1_700_000_000, "hosts": ()}
    return [f"{name}={value!r}" for name, value in settings.items() if value != default[name]]


@contextmanager
def active(backend: Backend) -> Iterator[None]:
    """Answer every client of this context with a backend.

    With `time="sleep"`, sleeping moves its clock.
    """
    with activate(backend):
        if backend.clock.mode != "sleep":
            yield
            return
        from understudy._virtual_time import sleeping

        with sleeping(backend, backend.clock, backend.note_real_wait):
            yield
