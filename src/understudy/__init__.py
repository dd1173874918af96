"""Record, replay and simulate the OpenAI Assistants and Responses APIs in tests.

    with understudy.simulate() as backend:
        backend.next_run(understudy.Reply("x = 1"))
        ...  # the simulated service answers every OpenAI client in here

Names are imported when first used, so that `import understudy` takes almost no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from understudy._api_machine import ApiMachine
    from understudy._backend.backend import Backend
    from understudy._backend.simulate import simulate
    from understudy._cassettes import use_cassette
    from understudy._parity.parity import parity
    from understudy._promote import from_cassette
    from understudy._properties.explorer import every_lifecycle
    from understudy._properties.trajectory import Trajectory
    from understudy._transcript.recorded import transcript
    from understudy._virtual_time.trio_clock import trio_clock
    from understudy.errors import UnderstudyError
    from understudy.faults import (
        BadJSON,
        ConnectionReset,
        DuplicateEvents,
        Fault,
        HTMLBody,
        NotFound,
        Overloaded,
        RateLimited,
        ReorderedEvents,
        ServerError,
        Slow,
        StreamCut,
        StreamError,
        Sunset,
        Timeout,
    )
    from understudy.scripts import (
        AnyFunctionCall,
        CodeInterpreter,
        Expire,
        Fail,
        FileSearch,
        FunctionCall,
        Hang,
        Incomplete,
        Reason,
        Reply,
        ResponseItem,
        SearchResult,
        Wait,
    )

_HOMES = {
    "understudy._api_machine": ("ApiMachine",),
    "understudy._backend.backend": ("Backend",),
    "understudy._cassettes": ("use_cassette",),
    "understudy.errors": ("UnderstudyError",),
    "understudy.faults": (
        "BadJSON",
        "ConnectionReset",
        "DuplicateEvents",
        "Fault",
        "HTMLBody",
        "NotFound",
        "Overloaded",
        "RateLimited",
        "ReorderedEvents",
        "ServerError",
        "Slow",
        "StreamCut",
        "StreamError",
        "Sunset",
        "Timeout",
    ),
    "understudy._parity.parity": ("parity",),
    "understudy._promote": ("from_cassette",),
    "understudy._properties.explorer": ("every_lifecycle",),
    "understudy._properties.trajectory": ("Trajectory",),
    "understudy._backend.simulate": ("simulate",),
    "understudy.scripts": (
        "AnyFunctionCall",
        "CodeInterpreter",
        "Expire",
        "Fail",
        "FileSearch",
        "FunctionCall",
        "Hang",
        "Incomplete",
        "Reason",
        "Reply",
        "ResponseItem",
        "SearchResult",
        "Wait",
    ),
    "understudy._transcript.recorded": ("transcript",),
    "understudy._virtual_time.trio_clock": ("trio_clock",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AnyFunctionCall",
    "ApiMachine",
    "Backend",
    "BadJSON",
    "CodeInterpreter",
    "ConnectionReset",
    "DuplicateEvents",
    "Expire",
    "Fail",
    "Fault",
    "FileSearch",
    "FunctionCall",
    "HTMLBody",
    "Hang",
    "Incomplete",
    "NotFound",
    "Overloaded",
    "RateLimited",
    "Reason",
    "ReorderedEvents",
    "Reply",
    "ResponseItem",
    "SearchResult",
    "ServerError",
    "Slow",
    "StreamCut",
    "StreamError",
    "Sunset",
    "Timeout",
    "Trajectory",
    "UnderstudyError",
    "Wait",
    "every_lifecycle",
    "from_cassette",
    "parity",
    "simulate",
    "transcript",
    "trio_clock",
    "use_cassette",
]


_PUBLIC_MODULES = ("errors", "faults", "scripts", "strategies", "types")

if not TYPE_CHECKING:  # otherwise type checkers would accept every name

    def _loaded(module: str) -> Any:
        from understudy._common.uncollected import uncollected

        with uncollected():
            return import_module(module)

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version("pytest-understudy")
        if name in _PUBLIC_MODULES:
            return _loaded(f"understudy.{name}")
        home = _HOME_OF.get(name)
        if home is None:
            from understudy.errors import nearest

            close = nearest(name, __all__)
            hint = f"; did you mean {close[0]!r}?" if close and not name.startswith("_") else ""
            raise AttributeError(f"module 'understudy' has no attribute {name!r}{hint}")
        value = getattr(_loaded(home), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
