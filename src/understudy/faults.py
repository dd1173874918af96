"""Faults: what goes wrong between an app and the service.

A fault says *what* happens, *where*, and in which *phase*.

    understudy.fault(RateLimited(retry_after=2), on="runs.retrieve")
    understudy.fault(ConnectionReset(), on="messages.create", phase="after")   # it is stored, but the app never learns that
    understudy.fault(StreamCut(), event="thread.run.completed")

Everything here is a frozen value: it compares by value, its repr is code, and a schedule of faults is a tuple of `Fault`s
that can be printed and set again. `understudy._faulting` implements their effects.

Phases: `before` the service acts (so it does not act); `after` it acted (its answer is lost); `during` the answer.

**Retries and time.** The SDKs retry 408, 409, 429 and 5xx. They sleep for `retry-after-ms` or else `retry-after`, if that is
more than 0 and at most 60 s (openai 1.x) or 120 s (2.x, 3.x; they do not retry after a longer wait), else for 0.5 s, 1 s,
2 s, ... less up to a quarter. With `time="poll"` and `"manual"` a fault's answer carries `retry-after-ms: 0.001`, which all
of them prefer, so that no one waits; a `retry-after` that the test asked for is sent, too, for the app to read. An exception
has no headers: before they retry one, the SDKs really sleep about 0.5 s, unless `max_retries=0`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, get_args

from understudy._apis import faces
from understudy._apis.names import EventName, OperationName
from understudy._common.code_repr import CodeRepr, first
from understudy.errors import nearest

__all__ = [
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
]

Phase = Literal["before", "after", "during"]
PHASES: tuple[Phase, ...] = get_args(Phase)
ResetKind = Literal["ConnectError", "ReadError", "WriteError", "RemoteProtocolError"]
RESET_KINDS: tuple[ResetKind, ...] = get_args(ResetKind)
RATE_LIMIT_TEXT = "You've exceeded the rate limit, please slow down and try again later."  # [REP, contract 1]
OVERLOADED_TEXT = "The engine is currently overloaded, please try again later."  # [DOCS, error codes]


class What(CodeRepr):
    """Base of the kinds of fault. `phases`: those possible, the default first."""

    __slots__ = ()
    phases: ClassVar[tuple[Phase, ...]] = ("before", "after")
    is_for_streams: ClassVar[bool] = False
    event: ClassVar[str | int | None] = None  # the default place in a stream

    def __post_init__(self) -> None:
        check_types(self)


_TYPES: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "bool": bool, "None": type(None)}


def check_types(value: Any) -> None:
    """Check the fields of a dataclass that are of the types of JSON.

    Raises:
        TypeError: one of them has a value of another type.
    """
    for one in fields(value):
        wanted = str(one.type).split(" | ")
        given = getattr(value, one.name)
        if all(name in _TYPES for name in wanted) and not any(_is_a(given, name) for name in wanted):
            raise TypeError(f"{type(value).__name__}({one.name}={given!r}): expected {' or '.join(wanted)}")


def _is_a(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "bool" or not isinstance(value, bool))


def _check_seconds(fault: str, seconds: float) -> None:
    if not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise ValueError(f"{fault}({seconds!r}): expected a number of seconds, at least 0")


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class RateLimited(What):
    """429, as users quoted it [REP].

    Which retry headers the service sent is unknown, so there are none by default.

    Args:
        retry_after: seconds, sent unchanged as `retry-after`. With `time="poll"` and `"manual"` the SDK's own retry does not
            wait for it (see above) if it is at most 60; the app can read it from the exception's response.
        retry_after_ms: milliseconds, sent unchanged as `retry-after-ms`: the SDK does wait, even in virtual time.
        message: the error's text.
    """

    retry_after: float | None = None
    retry_after_ms: float | None = None
    message: str = RATE_LIMIT_TEXT

    def __post_init__(self) -> None:
        check_types(self)
        for seconds in (self.retry_after, self.retry_after_ms):
            _check_seconds("RateLimited", seconds or 0)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class ServerError(What):
    """A 5xx with the body recorded for 500 [REC]. `message`: a different text."""

    status: int = 500
    message: str | None = None

    def __post_init__(self) -> None:
        check_types(self)
        if not 500 <= self.status <= 599:
            raise ValueError(f"ServerError(status={self.status!r}): expected 500 to 599")


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Overloaded(What):
    """503: the engine is overloaded [DOCS for the text, INF for the rest]."""

    message: str = OVERLOADED_TEXT


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Timeout(What):
    """The client's library times out: ReadTimeout, or ConnectTimeout.

    Args:
        seconds: how long that takes; a virtual clock moves by as much, after the service acted (if it does).
        connect: ConnectTimeout: no connection is made, so it is only possible before the service acts.
    """

    phases: ClassVar[tuple[Phase, ...]] = PHASES
    event: ClassVar[str | int | None] = 4
    seconds: float = 0
    connect: bool = False

    def __post_init__(self) -> None:
        _check_seconds("Timeout", self.seconds)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class ConnectionReset(What):
    """The connection breaks.

    `kind`: the library's exception; by default ConnectError before, ReadError later.
    """

    phases: ClassVar[tuple[Phase, ...]] = PHASES
    event: ClassVar[str | int | None] = 4
    kind: ResetKind | None = None

    def __post_init__(self) -> None:
        check_types(self)
        if self.kind is not None and self.kind not in RESET_KINDS:
            raise ValueError(f"ConnectionReset(kind={self.kind!r}): expected one of {', '.join(map(repr, RESET_KINDS))}")


@dataclass(frozen=True, slots=True, repr=False)
class NotFound(What):
    """404, as if the object that the path names did not exist.

    A new object may not be found for a while: since October 2025, a file just added to a vector store was not, for some
    seconds. [REP: mkdev-me/terraform-provider-openai#35, #37] Calls that name no object (create, list) do not meet it.
    """

    phases: ClassVar[tuple[Phase, ...]] = ("before",)


@dataclass(frozen=True, slots=True, repr=False)
class BadJSON(What):
    """The service acts, and only half of its JSON arrives, as if that were all."""

    phases: ClassVar[tuple[Phase, ...]] = ("after",)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class HTMLBody(What):
    """An HTML page from something between the app and the service.

    With `status=200`, it is the login of a captive portal or a proxy.
    """

    status: int = 502
    html: str = "<html><head><title>502 Bad Gateway</title></head><body><center>502 Bad Gateway</center></body></html>\n"


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class StreamCut(What):
    """A stream ends early, right before the event named.

    By default, that is `done`, or the last event of a response.

    Args:
        reset: the connection breaks (RemoteProtocolError); by default the stream just ends.
        at_byte: cut after this many bytes of the stream instead, possibly inside an event.
    """

    phases: ClassVar[tuple[Phase, ...]] = ("during",)
    is_for_streams: ClassVar[bool] = True
    event: ClassVar[str | int | None] = "done"
    reset: bool = False
    at_byte: int | None = None


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class StreamError(What):
    """A stream ends with an `error` event in place of the event named.

    By default that is the fourth event. The real body of such an event is unknown. [SPEC]

    Args:
        message: the error's text.
        code: the error's code.
        nested: send `{"error": {...}}`, which the SDKs raise; False for the error object itself, which they pass on as an
            event.
    """

    phases: ClassVar[tuple[Phase, ...]] = ("during",)
    is_for_streams: ClassVar[bool] = True
    event: ClassVar[str | int | None] = 4
    message: str = "The server had an error while processing your request. Sorry about that!"
    code: str | None = "server_error"
    nested: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Slow(What):
    """The answer, or the event named, takes this many seconds.

    A virtual clock moves by as much, without any wait. In real time the service acts at once, and its answer is delayed.
    """

    phases: ClassVar[tuple[Phase, ...]] = PHASES
    seconds: float = first()

    def __post_init__(self) -> None:
        _check_seconds("Slow", self.seconds)


@dataclass(frozen=True, slots=True, repr=False)
class DuplicateEvents(What):
    """Events of a stream arrive twice: the one named, by default all except `done`."""

    phases: ClassVar[tuple[Phase, ...]] = ("during",)
    is_for_streams: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, repr=False)
class ReorderedEvents(What):
    """Events of a stream change places with their successors.

    That is the event named, by default the first of every two.
    """

    phases: ClassVar[tuple[Phase, ...]] = ("during",)
    is_for_streams: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Sunset(What):
    """Every endpoint of the Assistants API answers 404, as since 2026-08-26.

    [REP for 404; the text is a guess, INF]

    It affects every operation (or only `on`), from the `nth` call on, for ever: `times` has no effect. Files and vector
    stores are not part of that API, and continue to work.

    Args:
        message: the error's text; `{method}` and `{path}` are the request's.
    """

    phases: ClassVar[tuple[Phase, ...]] = ("before",)
    message: str = "Invalid URL ({method} {path})"


@dataclass(frozen=True, slots=True, repr=False)
class Fault(CodeRepr):
    """What goes wrong, and where.

    Args:
        what: `RateLimited()`, `StreamCut()`, ...
        on: the operation, named as in the SDK: `runs.retrieve`; None (default) for any.
        nth: the first call of it that is affected, counted from 1.
        times: how many consecutive calls are affected; None for all.
        run: only calls about this run.
        event: the place in a stream: before the first event of this name, or the event of this number, counted from 1.
        phase: `before`, `after` or `during`; by default `during` if an event is given, else the first possible for `what`.

    Raises:
        ValueError: an unknown operation, event or phase, the nearest being named; or a fault that cannot happen there.
    """

    what: What = first()
    on: OperationName | None = field(default=None, kw_only=True)
    nth: int = field(default=1, kw_only=True)
    times: int | None = field(default=1, kw_only=True)
    run: str | None = field(default=None, kw_only=True)
    event: EventName | int | None = field(default=None, kw_only=True)
    phase: Phase | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.what, What):
            raise TypeError(f"{self.what!r} is not a fault; expected RateLimited(), Timeout(), StreamCut(), ...")
        check_types(self)
        if self.on is not None:
            _known("operation", self.on, faces.ALL.by_name)
        if isinstance(self.event, str):
            _known("stream event", self.event, get_args(EventName))
        if self.nth < 1 or (self.times is not None and self.times < 1):
            raise ValueError(f"{self!r}: nth and times must be at least 1")
        if self.phase is not None:
            _known("phase", self.phase, PHASES)
        if self.phase_of not in self.what.phases:
            raise ValueError(f"{self.what!r} cannot happen in phase {self.phase_of!r}, only in {self.what.phases}")
        if self.event is not None and self.phase_of != "during":
            raise ValueError(f"{self!r}: an event is a place in a stream, so the phase must be 'during'")
        if isinstance(self.what, NotFound) and self.on is not None and "{" not in faces.ALL.by_name[self.on].path:
            raise ValueError(f"{self!r}: {self.on} names no object that could be missing")
        if isinstance(self.what, Timeout) and self.what.connect and self.phase_of != "before":
            raise ValueError(f"{self!r}: without a connection the service does not act, so the phase must be 'before'")

    @property
    def phase_of(self) -> Phase:
        """The phase it happens in, the default filled in."""
        return self.phase or ("during" if self.event is not None else self.what.phases[0])

    @property
    def most(self) -> int | None:
        """How many calls it affects; None for all."""
        return None if isinstance(self.what, Sunset) else self.times

    @property
    def place(self) -> str | int | None:
        """The event it happens at, the default filled in."""
        return self.what.event if self.event is None else self.event

    @property
    def needs_stream(self) -> bool:
        """Whether it affects only streamed answers."""
        return self.what.is_for_streams or self.event is not None


def _known(what: str, name: str, names: Any) -> None:
    if name not in names:
        close = nearest(name, names)
        hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else f"There are {', '.join(names)}."
        article = "an" if what[0] in "aeiou" else "a"
        raise ValueError(f"{name!r} is not {article} {what}. {hint}")
