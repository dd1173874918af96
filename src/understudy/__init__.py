"""understudy: records, replays and simulates the OpenAI Assistants API in tests.

    with understudy.simulate() as backend:
        backend.next_run(understudy.Reply("x = 1"))
        ...  # every OpenAI client in here talks to the simulated service

Names are imported when first used, so that `import understudy` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy.api_machine import ApiMachine
    from understudy.backend import Backend
    from understudy.cassettes import use_cassette
    from understudy.errors import UnderstudyError
    from understudy.faults import (
        BadJSON,
        ConnectionReset,
        DuplicateEvents,
        Fault,
        HTMLBody,
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
    from understudy.promote import from_cassette
    from understudy.properties.explorer import every_lifecycle
    from understudy.properties.trajectory import Trajectory
    from understudy.session import simulate
    from understudy.simulation.script import (
        AnyFunctionCall,
        CodeInterpreter,
        Expire,
        Fail,
        FileSearch,
        FunctionCall,
        Hang,
        Incomplete,
        Reply,
        SearchResult,
        Wait,
    )
    from understudy.virtual_time.trio_clock import trio_clock

_HOMES = {
    "understudy.api_machine": ("ApiMachine",),
    "understudy.backend": ("Backend",),
    "understudy.cassettes": ("use_cassette",),
    "understudy.errors": ("UnderstudyError",),
    "understudy.faults": (
        "BadJSON",
        "ConnectionReset",
        "DuplicateEvents",
        "Fault",
        "HTMLBody",
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
    "understudy.promote": ("from_cassette",),
    "understudy.properties.explorer": ("every_lifecycle",),
    "understudy.properties.trajectory": ("Trajectory",),
    "understudy.session": ("simulate",),
    "understudy.simulation.script": (
        "AnyFunctionCall",
        "CodeInterpreter",
        "Expire",
        "Fail",
        "FileSearch",
        "FunctionCall",
        "Hang",
        "Incomplete",
        "Reply",
        "SearchResult",
        "Wait",
    ),
    "understudy.virtual_time.trio_clock": ("trio_clock",),
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
    "Overloaded",
    "RateLimited",
    "ReorderedEvents",
    "Reply",
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
    "simulate",
    "trio_clock",
    "use_cassette",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("pytest-understudy")
    home = _HOME_OF.get(name)
    if home is None:
        from understudy.errors import nearest

        close = nearest(name, __all__)
        hint = f"; did you mean {close[0]!r}?" if close and not name.startswith("_") else ""
        raise AttributeError(f"module 'understudy' has no attribute {name!r}{hint}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
