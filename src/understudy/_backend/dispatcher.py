"""Find who answers a request, and turn mistakes into answers.

A request is logged, met by a fault if one is set, and answered by the service or a respx route,
let out, or refused by name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.common import sse
from understudy._apis.common.json_encoding import pretty
from understudy._apis.common.paths import api_path
from understudy._apis.dialect import is_azure
from understudy._apis.error_texts import refusal_response
from understudy._apis.operations import OPERATIONS, find, is_of_another_api
from understudy._apis.responses.objects import ResponsesObjects
from understudy._backend.service import Service
from understudy._common.messages import Abort, Answer, Chunk, Forward, Request, Response
from understudy._common.observers import Watch, observer_of
from understudy._diagnostics.request_log import Logged
from understudy._engine.engine import Engine
from understudy.errors import InternalError, NotSimulated, UnderstudyError, envelope, nearest

if TYPE_CHECKING:
    from understudy._faulting import Faults

REQUESTS_KEPT = 1000


class Dispatcher:
    """Answer every request to one simulated service.

    Attributes:
        log: the last 1,000 requests and how they ended.
        problems: the test's mistakes and our own, as they were met.
        faults: None until one is set: no fault, no cost.
        respx: asked for what is not simulated; None until a test uses it.
        witness: told of every request and its answer; None unless a trajectory is performed whose cases are compared.
        passed: API paths that begin with one of these are let out.
        is_served: it answers over HTTP, where a path of no API is the service's 404.
    """

    def __init__(self, engine: Engine) -> None:
        self.service = Service(engine)
        self.log: deque[Logged] = deque(maxlen=REQUESTS_KEPT)
        self.problems: list[UnderstudyError] = []
        self.faults: Faults | None = None
        self.respx: Any = None
        self.witness: Any = None
        self.passed: list[str] = []
        self.is_served = False
        self._world = engine
        looks_on = observer_of()
        self._watch: Watch | None = (
            looks_on.simulation(engine.part(AssistantsObjects).run_of_id) if looks_on is not None else None
        )

    def handle(self, request: Request) -> Answer:
        """Answer a request. Never raises: a mistake of the test, or of ours, is answered 501 and kept in `problems`."""
        with self._world.lock:
            path = api_path(request.path)
            now = self._world.clock.now()
            logged = Logged(request.method, path, request.body, request.sent_headers, now, monotonic())
            self.log.append(logged)
            try:
                answer = self._answer(request, path, logged)
            except UnderstudyError as error:
                answer = self._failed(error)
            except Exception as error:  # ours: never dressed up as the service's
                answer = self._failed(_internal(error, f"{request.method} {path}"))
            if isinstance(answer, Response) and answer.stream is not None:
                answer.stream = self._guarded(answer.stream, path)
            logged.answered(answer)
            if self._watch is not None:
                self._watch.answered(request.method, path, answer)
            if self.witness is not None:
                self.witness.saw(request, path, answer)
        return answer

    def _answer(self, request: Request, path: str, logged: Logged) -> Answer:
        operation, ids, allowed = find(request.method, path)
        if operation is not None and path.endswith("/"):
            return self.service.redirected(request)
        if operation is not None:
            if operation.name == "responses.create":
                self._world.part(ResponsesObjects).retries.arrived(request)
            faults = self.faults
            entry = faults.find(operation, ids, request) if faults is not None else None
            if entry is None or faults is None:
                return self.service.answer(operation, ids, request)
            logged.fault = entry.fault
            if self._watch is not None:
                self._watch.strikes(entry)
            return faults.strike(
                entry, operation, request, lambda: _as_response(self.service.answer(operation, ids, request))
            )
        if self.respx is not None:
            mocked: Answer | None = self.respx.answer(request)
            if mocked is not None:
                return mocked
        if any(path.startswith(prefix) for prefix in self.passed):
            return Forward()
        if allowed:
            return _method_not_allowed(request.method, request.path, allowed)
        if self.is_served and not is_of_another_api(path):
            return _unknown_url(request)
        raise NotSimulated(_not_simulated(request.method, path))

    def _failed(self, error: UnderstudyError) -> Response:
        self._keep(error)
        return envelope(error)

    def _keep(self, error: UnderstudyError) -> None:
        from understudy._cassettes.secrets import Scrubber, clean_chain  # here: most tests make no mistake

        clean_chain(error, Scrubber().text)  # it may quote what the app sent
        self.problems.append(error)

    def _guarded(self, stream: Iterator[Chunk], path: str) -> Iterator[Chunk]:
        """A stream in which what goes wrong reaches the app as an `error` event that every SDK raises, and is kept."""
        try:
            yield from stream
        except UnderstudyError as error:
            self._keep(error)
            yield _error_event(error)
        except Exception as cause:
            defect = _internal(cause, f"the stream of {path}")
            self._keep(defect)
            yield _error_event(defect)


def _as_response(answer: Response | Abort) -> Response:
    """Give what a fault works on: no answer at all is one whose body never comes."""
    return answer if isinstance(answer, Response) else Response(200, stream=iter([answer]))


def _internal(cause: Exception, where: str) -> InternalError:
    error = InternalError(f"understudy failed at {where}: {cause!r}. This is a defect of understudy; please report it.")
    error.__cause__ = cause
    return error


def _error_event(error: UnderstudyError) -> bytes:
    return sse.render(
        "error",
        {"error": {"message": f"understudy: {error}", "type": "understudy_error", "param": None, "code": error.code}},
    )


def _method_not_allowed(method: str, path: str, allowed: list[str]) -> Response:
    """The app's mistake. The text is a guess. [INF]"""
    message = f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)"
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    headers = (("content-type", "application/json"), ("allow", ", ".join(sorted(set(allowed)))))
    return Response(405, headers, pretty({"error": error}))


def _unknown_url(request: Request) -> Response:
    """What the service says to a path that it does not have. [REP]"""
    facts = {"method": request.method, "path": request.path}
    response = refusal_response("url.unknown", facts, on_azure=is_azure(request))
    response.headers = (("content-type", "application/json"), *response.headers)
    return response


def _not_simulated(method: str, path: str) -> str:
    root = path.lstrip("/").partition("/")[0]
    routes = [f"{operation.method} {operation.path}" for operation in OPERATIONS]
    routes = [route for route in routes if nearest(route.split("/")[1], [root])]  # another API's paths are like none of ours
    close = nearest(f"{method} {path}", routes) or routes
    near = f" Nearest: {', '.join(close[:3])}." if close else ""
    return (
        f"{method} {path} is not simulated.{near} Answer it yourself with "
        f"understudy.respx.{method.lower()}(path='/v1{path}').respond(json={{...}}), or let it out with "
        f"understudy.pass_through({path!r})."
    )
