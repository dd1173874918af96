"""Answer every request to one simulated service: route, fault, check, carry out, headers.

The dispatcher is given its faces, and knows of no API what they do not say. What none of them has is
answered by a respx route, let out, or refused by name.
"""

from __future__ import annotations

from collections import deque
from email.utils import formatdate
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.common.face import SERVICE_HEADERS, Face, Faces, Route
from understudy._apis.common.json_encoding import pretty
from understudy._apis.common.never_raises import NeverRaises
from understudy._apis.common.operation_call import Call, Operation
from understudy._apis.common.paths import api_path
from understudy._apis.common.request_checks import check_key, checked_body, checked_query
from understudy._apis.dialect import is_azure
from understudy._apis.error_texts import refusal_response
from understudy._backend.unrouted import method_not_allowed, not_simulated, unknown_url
from understudy._common.messages import Abort, Answer, Forward, Headers, Request, Response
from understudy._common.observers import Watch, observer_of
from understudy._diagnostics.request_log import Logged
from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.poll_clock import PollClock
from understudy.errors import UnderstudyError

if TYPE_CHECKING:
    from understudy._faulting import Faults

REQUESTS_KEPT = 1000
_date = lru_cache(maxsize=8)(lambda second: formatdate(second, usegmt=True))

_JSON: Headers = (("content-type", "application/json"),)
# Whose key it was; not said to one without a key. The recordings have them redacted, so the values are ours. [REC]
_ACCOUNT: Headers = (("openai-organization", "org-understudy"), ("openai-project", "proj_understudy"))
_POLL_AGAIN = ("openai-poll-after-ms", "0")


class Dispatcher:
    """Answer every request to one simulated service.

    Args:
        engine: the service.
        faces: the APIs that it has.

    Attributes:
        log: the last 1,000 requests and how they ended.
        problems: the test's mistakes and our own, as they were met.
        hints: what would make the test better, each once.
        faults: None until one is set: no fault, no cost.
        respx: asked for what is not simulated; None until a test uses it.
        witness: shown every request and its answer; None unless a trajectory is performed whose cases are compared.
        passed: API paths that begin with one of these are let out.
        is_served: it answers over HTTP, where a path of no API is the service's 404.
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
        self._never_raises = NeverRaises(self._keep)
        looks_on = observer_of()
        self._watch: Watch | None = (
            looks_on.simulation(engine.part(AssistantsObjects).run_of_id) if looks_on is not None else None
        )

    def handle(self, request: Request) -> Answer:
        """Answer a request.

        Never raises: a mistake of the test, or of ours, is answered 501 and kept in `problems`.
        """
        with self._engine.lock:
            path = api_path(request.path, self.faces.roots)
            now = self._engine.clock.now()
            logged = Logged(request.method, path, request.body, request.sent_headers, now, monotonic())
            self.log.append(logged)
            try:
                answer = self._routed(request, path, logged)
            except Exception as error:
                answer = self._never_raises.answered(error, f"at {request.method} {path}")
            if isinstance(answer, Response) and answer.stream is not None:
                answer.stream = self._never_raises.guarded(answer.stream, answer.headers, path)
            logged.answered(answer)
            if self._watch is not None:
                self._watch.answered(request.method, path, answer)
            if self.witness is not None:
                self.witness.saw(request, path, answer)
        return answer

    def _keep(self, error: UnderstudyError) -> UnderstudyError:
        from understudy._cassettes.secrets import Scrubber, clean_chain  # here: most tests make no mistake

        clean_chain(error, Scrubber().text)  # it may quote what the app sent
        self.problems.append(error)
        return error

    # -- who answers ------------------------------------------------------------

    def _routed(self, request: Request, path: str, logged: Logged) -> Answer:
        route = self.faces.find(request.method, path)
        operation, face = route.operation, route.face
        if operation is None or face is None:
            return self._unrouted(request, path, route)
        if path.endswith("/"):
            return self._redirected(request)
        if operation.arrives is not None:
            operation.arrives(self._engine, request)
        faults = self.faults
        entry = faults.find(route, request) if faults is not None else None
        if entry is None or faults is None:
            return self._served(operation, face, route.ids, request)
        logged.fault = entry.fault
        if self._watch is not None:
            self._watch.strikes(entry)
        return faults.strike(entry, route, request, lambda: _as_response(self._served(operation, face, route.ids, request)))

    def _unrouted(self, request: Request, path: str, route: Route) -> Answer:
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

    def _redirected(self, request: Request) -> Response:
        """Send a request whose path ends in a slash to the same path without it [REC].

        307, with no body and no content type; who does not follow gets nothing else.
        """
        before, mark, query = request.url.partition("?")
        headers: Headers = (
            ("date", _date(int(self._engine.clock.now()))),
            ("location", before.rstrip("/") + mark + query),
            *SERVICE_HEADERS,
            ("x-request-id", self._engine.ids.request()),
        )
        return Response(307, headers)

    # -- the service ------------------------------------------------------------

    def _served(self, operation: Operation, face: Face, ids: dict[str, str], request: Request) -> Response | Abort:
        """Check a request and carry it out.

        Raises:
            UnderstudyError: the test's mistake. The app's mistakes are answered.
        """
        try:
            if "%" in request.path:
                ids = {name: unquote(value) for name, value in ids.items()}
            check_key(request)
            face.check(request)
            answer = self._carried_out(operation, face, ids, request)
        except ApiError as refused:
            answer = refusal_response(*_refusal(refused, face, ids), face.refusals, on_azure=is_azure(request))
        if isinstance(answer, Abort):
            return answer
        if operation.polled:
            self._polls[face].count(f"{request.method} {request.url}", face.conversation(self._engine, ids))
        answer.headers = (*self._headers(operation, face, answer), *answer.headers)
        return answer

    def _carried_out(self, operation: Operation, face: Face, ids: dict[str, str], request: Request) -> Response | Abort:
        engine, polls = self._engine, self._polls[face]
        query = checked_query(operation, request) if "?" in request.url else {}
        body = checked_body(operation.body, request) if operation.body is not None else {}
        if engine.clock.mode == "real":
            engine.settle()
        if operation.method != "GET":
            engine.wrote()
        call = Call(engine=engine, polls=polls, shown=polls.shown, ids=ids, body=body, query=query, request=request)
        result = operation.run(call)
        return result if isinstance(result, Response | Abort) else Response(200, body=pretty(result))

    def _headers(self, operation: Operation, face: Face, response: Response) -> Headers:
        """Return the headers of an answer, as recorded.

        `openai-poll-after-ms` is our own: it makes the SDKs' polling instant.
        """
        engine = self._engine
        named = any(name == "content-type" for name, _ in response.headers) if response.headers else False
        headers: Headers = (
            ("date", _date(int(engine.clock.now()))),
            *(() if named else _JSON),
            *(() if response.status == 401 else _ACCOUNT),
            *face.headers,
            ("x-request-id", engine.ids.request()),
        )
        if operation.polled == "sdk" and engine.clock.mode in ("poll", "manual"):  # elsewhere sleeping is what moves
            return (*headers, _POLL_AGAIN)
        return headers


def _as_response(answer: Response | Abort) -> Response:
    """Return what a fault works on: no answer at all is one whose body never comes."""
    return answer if isinstance(answer, Response) else Response(200, stream=iter([answer]))


def _refusal(refused: ApiError, face: Face, ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Say how a refusal is put: of an id in the path that nothing has, its wrong beginning first."""
    if refused.name.endswith(".not_found"):
        wanted = refused.facts["id"]
        for name, prefix in face.id_prefixes.items():
            if ids.get(name) == wanted and not wanted.startswith(prefix):
                return "id", {"path": name, "value": wanted, "prefix": prefix}
    return refused.name, refused.facts
