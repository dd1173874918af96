"""Faults of whole answers: an error or an exception instead, half of it, a delay."""

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

AT_ONCE = ("retry-after-ms", "0.001")  # "retry now" for every SDK; 0 would mean "choose yourself"
MAX_WAIT_SECONDS = 60  # openai 1.x ignores a longer retry-after; over 120, 2.x and 3.x do not retry
CUT_AT_BYTE = 60  # of a stream: inside the JSON of its first event
SERVER_ERROR_TEXT = (  # [REC, contract 8]
    "The server had an error processing your request. Sorry about that! You can retry your request, or contact us through "
    "our help center at help.openai.com if you keep seeing this error. (Please include the request ID {id} in your email.)"
)


def skips_retry_waits(engine: Engine) -> bool:
    """Return whether retries should not wait: sleeping does not move the clock."""
    return engine.clock.mode in ("poll", "manual")


def _error(context: FaultContext, status: int, message: str, kind: str, code: str | None, extra: Headers = ()) -> Answer:
    """Return an error with the service's body.

    `{id}` in the message becomes the request's id.
    """
    request_id = next(context.engine.ids.requests)
    error = {"message": message.replace("{id}", request_id), "type": kind, "param": None, "code": code}
    headers = (("content-type", "application/json"), ("x-request-id", request_id), *extra)
    return _instead(context, Response(status, headers, pretty({"error": error})))


def _retry_at_once(context: FaultContext, asked_for: float | None = None) -> Headers:
    return (AT_ONCE,) if skips_retry_waits(context.engine) and (asked_for or 0) <= MAX_WAIT_SECONDS else ()


def _instead(context: FaultContext, answer: Answer) -> Answer:
    """Return this answer instead of the service's.

    In phase `after` the service acts first, and its own answer is lost.
    """
    if context.fault.phase_of == "after":
        context.serve()
    return answer


def rate_limited(context: FaultContext, what: RateLimited) -> Answer:
    headers: Headers = ()
    if what.retry_after is not None:
        headers += (("retry-after", f"{what.retry_after:g}"),)
    if what.retry_after_ms is not None:
        headers += (("retry-after-ms", f"{what.retry_after_ms:g}"),)
    else:
        headers += _retry_at_once(context, what.retry_after)
    return _error(context, 429, what.message, "invalid_request_error", "rate_limit_exceeded", headers)


def server_error(context: FaultContext, what: ServerError) -> Answer:
    message = SERVER_ERROR_TEXT if what.message is None else what.message
    return _error(context, what.status, message, "server_error", None, _retry_at_once(context))


def overloaded(context: FaultContext, what: Overloaded) -> Answer:
    return _error(context, 503, what.message, "server_error", None, _retry_at_once(context))


def not_found(context: FaultContext, what: NotFound) -> Answer:
    """Return the service's refusal of the object that the path names last."""
    ids = {name: unquote(value) for name, value in context.route.ids.items()}
    response = refusal_response(*missing_object(ids), context.face.refusals)
    response.headers = (
        ("content-type", "application/json"),
        ("x-request-id", next(context.engine.ids.requests)),
        *response.headers,
    )
    return response


def html(context: FaultContext, what: HTMLBody) -> Answer:
    headers = (("content-type", "text/html"), *_retry_at_once(context))
    return _instead(context, Response(what.status, headers, what.html.encode()))


def sunset(context: FaultContext, what: Sunset) -> Answer:
    request = context.request
    message = what.message.format(method=request.method, path=request.path)
    return _error(context, 404, message, "invalid_request_error", None)


def bad_json(context: FaultContext, what: BadJSON) -> Answer:
    answer = context.serve()
    if answer.stream is not None:  # the first event ends inside its JSON
        answer.stream = streams.first_bytes(answer.stream, CUT_AT_BYTE, [b"\n\n"])
        return answer
    return Response(answer.status, answer.headers, answer.body[: len(answer.body) // 2])


def timeout(context: FaultContext, what: Timeout) -> Answer:
    abort = Abort("ConnectTimeout", "timed out") if what.connect else Abort("ReadTimeout", "The read operation timed out")
    answer = _broken_off(context, abort)
    context.pass_time(what.seconds)
    return answer


def connection_reset(context: FaultContext, what: ConnectionReset) -> Answer:
    kind = what.kind or ("ConnectError" if context.fault.phase_of == "before" else "ReadError")
    return _broken_off(context, Abort(kind, "[Errno 104] Connection reset by peer"))


def _broken_off(context: FaultContext, abort: Abort) -> Answer:
    """Return an exception instead of the answer or, in phase `during`, inside it."""
    if context.fault.phase_of != "during":
        return _instead(context, abort)
    answer = context.serve()
    if answer.stream is not None:
        answer.stream = streams.until(context.entry, answer.stream, [abort])
        return answer
    half: list[Chunk] = [answer.body[: len(answer.body) // 2], abort]
    return Response(answer.status, answer.headers, stream=iter(half))


def slow(context: FaultContext, what: Slow) -> Answer:
    engine, phase = context.engine, context.fault.phase_of
    if phase == "before":
        context.pass_time(what.seconds)
    answer = context.serve()
    if phase == "during" and answer.stream is not None:
        answer.stream = streams.delay_event(context, answer.stream, what)
    elif not engine.clock.virtual:
        answer.stream = _after_pause(what.seconds, answer.stream or iter([answer.body]))
    elif phase != "before":
        context.pass_time(what.seconds)
    return answer


def _after_pause(seconds: float, stream: Iterator[Chunk]) -> Iterator[Chunk]:
    yield Pause(seconds)
    yield from stream
