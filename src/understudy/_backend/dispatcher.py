"""The dispatcher: routes, faults, checks and carries out every request.

It is given its faces, and knows no API by itself. A request that none of the faces has an operation for is answered by a
respx route, let out, or refused by name.

The order matters. A request is logged before anything can go wrong with it. A fault is looked up after routing, because it
names an operation, and before the checks, because a real outage does not validate requests. The livelock count comes last,
because it needs what the answer changed. And everything is inside one guard: an exception in here must reach the app as an
answer and the test as a failure, never the app as an exception.
"""

from __future__ import annotations

from collections import deque
from email.utils import formatdate
from functools import lru_cache
from math import inf
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.common.face import SERVICE_HEADERS, Face
from understudy._apis.common.json_encoding import pretty
from understudy._apis.common.never_raises import NeverRaises
from understudy._apis.common.operation_call import Call, Operation
from understudy._apis.common.request_checks import check_key, checked_query
from understudy._apis.common.routing import Faces, Route, api_path
from understudy._apis.dialect import is_azure
from understudy._apis.error_texts import refusal_response
from understudy._apis.responses.objects import ResponsesObjects
from understudy._backend.unrouted import method_not_allowed, not_simulated, unknown_url
from understudy._common.messages import Abort, Answer, Forward, Headers, Request, Response, text_headers
from understudy._common.observers import Watch, observer_of
from understudy._diagnostics import real_sleep
from understudy._diagnostics.request_log import SHOWN_BYTES, Logged
from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.poll_clock import PollClock
from understudy.errors import UnderstudyError

if TYPE_CHECKING:
    from understudy._faulting import Faults

REQUESTS_KEPT = 1000
_DAY_SECONDS = 86_400

_JSON: Headers = (("content-type", "application/json"),)
# The owner of the key; not sent without a valid key. The recordings have them redacted, so the values are ours. [REC]
_ACCOUNT: Headers = (("openai-organization", "org-understudy"), ("openai-project", "proj_understudy"))
_POLL_AGAIN = ("openai-poll-after-ms", "0")


class Dispatcher:
    """Answers every request to one simulated service.

    Args:
        engine: the service.
        faces: its APIs.

    Attributes:
        log: the last 1,000 requests and how they ended.
        problems: the mistakes in the test, and our own defects, in the order found.
        hints: suggestions for the test, each once.
        faults: None until one is set, so that a service without faults pays nothing.
        respx: the routes for what is not simulated; None until a test uses them.
        witness: sees every request and its answer; None unless the cases of a trajectory are compared.
        passed: requests to API paths that begin with one of these are let out.
        is_served: it answers over HTTP, where an unknown path is the service's 404.
    """

    def __init__(self, engine: Engine, faces: Faces) -> None:
        self.faces = faces
        self.log: deque[Logged] = deque(maxlen=REQUESTS_KEPT)
        self.problems: list[UnderstudyError] = []
        self.hints: list[str] = []
        self.faults: Faults | None = None
        self.respx: Any = None
        self.witness: Any = None
        self.passed: list[str] = []
        self.is_served = False
        self._engine = engine
        self._polls = {face: PollClock(engine, face.status_word, self.hints) for face in faces.faces}
        self._sleeps = real_sleep.RealSleepMeter()
        self._never_raises = NeverRaises(self._keep)
        observer = observer_of()
        self._watch: Watch | None = None
        if observer is not None:
            run_of, response_of = engine.part(AssistantsObjects).run_of_id, engine.part(ResponsesObjects).response_of_id
            self._watch = observer.simulation(run_of, response_of)

    def handle(self, request: Request) -> Answer:
        """Answer a request.

        Never raises: a mistake in the test, or a defect here, is answered 501 and kept in `problems`.
        """
        sleeps, thread = self._sleeps, get_ident()
        is_measured = self._engine.clock.mode in ("poll", "manual") and not self.is_served
        if is_measured:
            pause = real_sleep.elapsed() - sleeps.answered_at.get(thread, -inf)
            if pause >= real_sleep.PAUSE_SECONDS and (hint := sleeps.paused(request, pause)) is not None:
                self.hints.append(hint)
        with self._engine.lock:
            path = api_path(request.path, self.faces.roots)
            now = self._engine.clock.now()
            logged = Logged(request.method, path, request.body, request.sent_headers, now, monotonic())
            self.log.append(logged)
            try:
                answer = self._route(request, path, logged)
            except Exception as error:
                answer = self._never_raises.answered(error, f"at {request.method} {path}")
            if isinstance(answer, Response):
                logged.status = answer.status
                if answer.stream is None:
                    logged.shown = answer.body[:SHOWN_BYTES]
                else:
                    stream = self._never_raises.guarded(answer.stream, answer.headers, path)
                    answer.stream = logged.watched(stream, answer.headers)
            if self._watch is not None:
                self._watch.answered(request.method, path, answer)
            if self.witness is not None:
                self.witness.saw(request, path, answer)
        if is_measured:
            sleeps.answered_at[thread] = real_sleep.elapsed()
        return answer

    def _keep(self, error: UnderstudyError) -> UnderstudyError:
        from understudy._cassettes.secrets import Scrubber, clean_chain  # here, because most tests make no mistake

        scrubber = Scrubber()
        scrubber.learn_headers(text_headers(self.log[-1].headers))
        clean_chain(error, scrubber.text)  # it may quote a key that the app sent
        self.problems.append(error)
        return error

    # -- who answers ------------------------------------------------------------

    def _route(self, request: Request, path: str, logged: Logged) -> Answer:
        route = self.faces.find(request.method, path)
        operation, face = route.operation, route.face
        if operation is None or face is None:
            return self._answer_unrouted(request, path, route)
        if path.endswith("/"):
            return self._redirect(request)
        if operation.arrives is not None:
            operation.arrives(self._engine, request)
        faults = self.faults
        entry = faults.find(route, request) if faults is not None else None
        if entry is None or faults is None:
            return self._serve(operation, face, route.ids, request)
        logged.fault = entry.fault
        if self._watch is not None:
            self._watch.strikes(entry)
        return faults.answer(entry, route, request, lambda: _as_response(self._serve(operation, face, route.ids, request)))

    def _answer_unrouted(self, request: Request, path: str, route: Route) -> Answer:
        mocked: Answer | None = self.respx.answer(request) if self.respx is not None else None
        if mocked is not None:
            return mocked
        if any(path.startswith(prefix) for prefix in self.passed):
            return Forward()
        if route.allowed:
            return method_not_allowed(request, route.allowed)
        if self.is_served and not self.faces.is_of_another_api(path):
            return unknown_url(request)
        raise not_simulated(request.method, path, self.faces)

    def _redirect(self, request: Request) -> Response:
        """Redirect a path that ends in a slash to the same path without it [REC].

        With 307, and neither a body nor a content type.
        """
        before, mark, query = request.url.partition("?")
        headers: Headers = (
            ("date", _date(int(self._engine.clock.now()))),
            ("location", before.rstrip("/") + mark + query),
            *SERVICE_HEADERS,
            ("x-request-id", next(self._engine.ids.requests)),
        )
        return Response(307, headers)

    # -- the service ------------------------------------------------------------

    def _serve(self, operation: Operation, face: Face, ids: dict[str, str], request: Request) -> Response | Abort:
        """Check a request and carry it out.

        Raises:
            UnderstudyError: a mistake in the test. The app's mistakes are answered.
        """
        try:
            if "%" in request.path:
                ids = {name: unquote(value) for name, value in ids.items()}
            check_key(request.header("authorization"), request.header("api-key"))
            if face.version not in (request.header("openai-beta") or ""):
                face.check_version(request)
            answer = self._carry_out(operation, face, ids, request)
        except ApiError as refused:
            answer = refusal_response(*_refusal(refused, face, ids), face.refusals, on_azure=is_azure(request))
        if isinstance(answer, Abort):
            return answer
        if operation.polled:
            self._polls[face].count(f"{request.method} {request.url}", face.conversation(self._engine, ids))
        answer.headers = (*self._headers(operation, face, answer), *answer.headers)
        return answer

    def _carry_out(self, operation: Operation, face: Face, ids: dict[str, str], request: Request) -> Response | Abort:
        engine, polls = self._engine, self._polls[face]
        query = checked_query(operation, request) if "?" in request.url else {}
        body = operation.body.read(request) if operation.body is not None else {}
        if engine.clock.mode == "real":
            engine.settle()
        if operation.method != "GET":
            engine.wrote()
        call = Call(engine=engine, polls=polls, shown=polls.shown, ids=ids, body=body, query=query, request=request)
        result = operation.run(call)
        return result if isinstance(result, Response | Abort) else Response(200, body=pretty(result))

    def _headers(self, operation: Operation, face: Face, response: Response) -> Headers:
        """Return the headers of an answer, as recorded.

        `openai-poll-after-ms: 0` is our addition: it makes the SDKs' polling instant.
        """
        engine = self._engine
        has_type = any(name == "content-type" for name, _ in response.headers) if response.headers else False
        lasting = _lasting_headers(face, operation, response.status, has_type)
        date, request_id = ("date", _date(int(engine.clock.now()))), ("x-request-id", next(engine.ids.requests))
        # In the other modes, sleeping is what moves the clock.
        if operation.polled == "sdk" and engine.clock.mode in ("poll", "manual"):
            return (date, *lasting, request_id, _POLL_AGAIN)
        return (date, *lasting, request_id)


@lru_cache(maxsize=256)
def _lasting_headers(face: Face, operation: Operation, status: int, has_type: bool) -> Headers:
    """Return the headers that all answers of this kind have.

    `has_type`: whether the answer brings a content type.
    """
    return (
        *(() if has_type else _JSON),
        *(() if status == 401 else _ACCOUNT),
        *face.headers,
        *(operation.headers if status == 200 else ()),
    )


@lru_cache(maxsize=8)
def _day(number: int) -> str:
    """Return how a date header begins on a day, counted from 1970.

    Cached: `formatdate` costs more than the rest of the headers.
    """
    return formatdate(number * _DAY_SECONDS, usegmt=True).removesuffix("00:00:00 GMT")


@lru_cache(maxsize=8)
def _date(second: int) -> str:
    """Give a time in unix seconds as a date header has it.

    Cached, because the clock moves less often than requests are answered.
    """
    number, rest = divmod(second, _DAY_SECONDS)
    return f"{_day(number)}{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d} GMT"


def _as_response(answer: Response | Abort) -> Response:
    """Return a response for a fault to change: an abort becomes the body of one."""
    return answer if isinstance(answer, Response) else Response(200, stream=iter([answer]))


def _refusal(refused: ApiError, face: Face, ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the name and the facts of a refusal.

    For an unknown id in the path, a wrong prefix is reported first.
    """
    if refused.name.endswith(".not_found"):
        wanted = refused.facts["id"]
        for name, prefix in face.id_prefixes.items():
            if ids.get(name) == wanted and not wanted.startswith(prefix):
                return "id", {"path": name, "value": wanted, "prefix": prefix}
    return refused.name, refused.facts
