"""Faults of whole answers: an error instead, an exception instead, half of it, or late."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from understudy._apis.common.json_encoding import pretty
from understudy._apis.error_texts import missing_object, refusal_response
from understudy._common.messages import Abort, Answer, Chunk, Headers, Pause, Response
from understudy._engine.engine import Engine
from understudy._faulting import streams
from understudy._faulting.fault_context import FaultContext
from understudy.faults import (
    BadJSON,
    ConnectionReset,
    HTMLBody,
    NotFound,
    Overloaded,
    RateLimited,
    ServerError,
    Slow,
    Sunset,
    Timeout,
)

AT_ONCE = ("retry-after-ms", "0.001")  # what every SDK takes for "retry now"; 0 would mean "as you please"
LONGEST_WAIT = 60  # seconds; a longer retry-after is not obeyed by openai 1.x, and over 120 not retried by 2.x and 3.x
CUT_AT = 60  # bytes of a stream, which end inside the JSON of its first event
SERVER_ERROR_TEXT = (  # [REC, contract 8]
    "The server had an error processing your request. Sorry about that! You can retry your request, or contact us through "
    "our help center at help.openai.com if you keep seeing this error. (Please include the request ID {id} in your email.)"
)


def nobody_waits(engine: Engine) -> bool:
    """Return whether nobody is to wait for a retry: the clock is virtual, and does not move by the app's own sleeping."""
    return engine.clock.mode in ("poll", "manual")


def _error(struck: FaultContext, status: int, message: str, kind: str, code: str | None, extra: Headers = ()) -> Answer:
    """Return an error with the service's body.

    `{id}` in the message is the request's id.
    """
    request_id = struck.engine.ids.request()
    error = {"message": message.replace("{id}", request_id), "type": kind, "param": None, "code": code}
    headers = (("content-type", "application/json"), ("x-request-id", request_id), *extra)
    return _instead(struck, Response(status, headers, pretty({"error": error})))


def _retry_at_once(struck: FaultContext, asked_for: float | None = None) -> Headers:
    return (AT_ONCE,) if nobody_waits(struck.engine) and (asked_for or 0) <= LONGEST_WAIT else ()


def _instead(struck: FaultContext, answer: Answer) -> Answer:
    """Return this answer; in phase `after` the service acts first, and its own answer is lost."""
    if struck.fault.phase_of == "after":
        struck.serve()
    return answer


def rate_limited(struck: FaultContext, what: RateLimited) -> Answer:
    headers: Headers = ()
    if what.retry_after is not None:
        headers += (("retry-after", f"{what.retry_after:g}"),)
    if what.retry_after_ms is not None:
        headers += (("retry-after-ms", f"{what.retry_after_ms:g}"),)
    else:
        headers += _retry_at_once(struck, what.retry_after)
    return _error(struck, 429, what.message, "invalid_request_error", "rate_limit_exceeded", headers)


def server_error(struck: FaultContext, what: ServerError) -> Answer:
    message = SERVER_ERROR_TEXT if what.message is None else what.message
    return _error(struck, what.status, message, "server_error", None, _retry_at_once(struck))


def overloaded(struck: FaultContext, what: Overloaded) -> Answer:
    return _error(struck, 503, what.message, "server_error", None, _retry_at_once(struck))


def not_found(struck: FaultContext, what: NotFound) -> Answer:
    """Return the service's own refusal of the object that the path names last."""
    ids = {name: unquote(value) for name, value in struck.route.ids.items()}
    response = refusal_response(*missing_object(ids), struck.face.refusals)
    response.headers = (
        ("content-type", "application/json"),
        ("x-request-id", struck.engine.ids.request()),
        *response.headers,
    )
    return response


def html(struck: FaultContext, what: HTMLBody) -> Answer:
    headers = (("content-type", "text/html"), *_retry_at_once(struck))
    return _instead(struck, Response(what.status, headers, what.html.encode()))


def sunset(struck: FaultContext, what: Sunset) -> Answer:
    request = struck.request
    message = what.message.format(method=request.method, path=request.path)
    return _error(struck, 404, message, "invalid_request_error", None)


def bad_json(struck: FaultContext, what: BadJSON) -> Answer:
    answer = struck.serve()
    if answer.stream is not None:  # the first event breaks off inside its JSON
        answer.stream = streams.first_bytes(answer.stream, CUT_AT, [b"\n\n"])
        return answer
    return Response(answer.status, answer.headers, answer.body[: len(answer.body) // 2])


def timeout(struck: FaultContext, what: Timeout) -> Answer:
    abort = Abort("ConnectTimeout", "timed out") if what.connect else Abort("ReadTimeout", "The read operation timed out")
    answer = _broken_off(struck, abort)
    struck.pass_time(what.seconds)
    return answer


def connection_reset(struck: FaultContext, what: ConnectionReset) -> Answer:
    kind = what.kind or ("ConnectError" if struck.fault.phase_of == "before" else "ReadError")
    return _broken_off(struck, Abort(kind, "[Errno 104] Connection reset by peer"))


def _broken_off(struck: FaultContext, abort: Abort) -> Answer:
    """Return the exception instead of the answer or, in phase `during`, in the middle of it."""
    if struck.fault.phase_of != "during":
        return _instead(struck, abort)
    answer = struck.serve()
    if answer.stream is not None:
        answer.stream = streams.until(struck.entry, answer.stream, [abort])
        return answer
    half: list[Chunk] = [answer.body[: len(answer.body) // 2], abort]
    return Response(answer.status, answer.headers, stream=iter(half))


def slow(struck: FaultContext, what: Slow) -> Answer:
    engine, phase = struck.engine, struck.fault.phase_of
    if phase == "before":
        struck.pass_time(what.seconds)
    answer = struck.serve()
    if phase == "during" and answer.stream is not None:
        answer.stream = streams.held_back(struck, answer.stream, what)
    elif not engine.clock.virtual:
        answer.stream = _after_pause(what.seconds, answer.stream or iter([answer.body]))
    elif phase != "before":
        struck.pass_time(what.seconds)
    return answer


def _after_pause(seconds: float, stream: Iterator[Chunk]) -> Iterator[Chunk]:
    yield Pause(seconds)
    yield from stream
