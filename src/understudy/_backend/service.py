"""Carry out an operation, once the dispatcher has found it.

Headers, query and body are checked, the endpoint is called, and refusals get the service's words.
"""

from __future__ import annotations

import json
import math
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from understudy._apis.assistants.lifecycle import run_status
from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.common.forms import Form
from understudy._apis.common.json_encoding import pretty
from understudy._apis.common.operation_call import Call, Operation
from understudy._apis.common.schema import Fields
from understudy._apis.dialect import API_VERSION, is_azure
from understudy._apis.error_texts import REFUSALS, refusal_response
from understudy._apis.responses import error_texts as responses_texts
from understudy._apis.responses.lifecycle import response_status
from understudy._apis.responses.objects import ResponsesObjects
from understudy._common.messages import Abort, Headers, Request, Response
from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.items import Conversation
from understudy._engine.poll_clock import PollClock

MOST_DIGITS = 12  # of an interval in milliseconds: 30 years
POLLS_SLOWLY = (
    "the app polls with a poll_interval_ms of its own, so the SDK sleeps in earnest between polls: with time='sleep' its "
    "sleeping moves the clock instead, and nobody waits"
)
_TEXTS = {"assistants": REFUSALS, "responses": responses_texts.REFUSALS}
_date = lru_cache(maxsize=8)(lambda second: formatdate(second, usegmt=True))

_JSON: Headers = (("content-type", "application/json"),)
# Whose key it was; not said to one without a key. The recordings have them redacted, so the values are ours. [REC]
_ACCOUNT: Headers = (("openai-organization", "org-understudy"), ("openai-project", "proj_understudy"))
_VERSION: Headers = (("openai-version", "2020-10-01"), ("openai-processing-ms", "20"))
_FIXED: dict[tuple[bool, bool], Headers] = {  # by: the answer names its type; nobody is named
    (named, nameless): (*(() if named else _JSON), *(() if nameless else _ACCOUNT), *_VERSION)
    for named in (True, False)
    for nameless in (True, False)
}
_POLL_AGAIN = ("openai-poll-after-ms", "0")
_POLLED = frozenset({"run", "store", "store_file", "batch"})  # what the SDKs' own polling asks for


class Service:
    """Carry out the operations of one simulated service."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._objects = engine.part(AssistantsObjects)
        self.pacer = PollClock(engine, run_status)
        self._responses = engine.part(ResponsesObjects)
        self._pacers = {"assistants": self.pacer, "responses": PollClock(engine, response_status)}
        self.hints: list[str] = []

    def answer(self, operation: Operation, ids: dict[str, str], request: Request) -> Response | Abort:
        """Carry an operation out.

        Raises:
            UnderstudyError: the test's mistake. The app's mistakes are answered.
        """
        try:
            response = self._carry_out(operation, ids, request)
        except ApiError as refused:
            if refused.name == "conversation.locked":
                self._count_refusal(refused.facts["id"], request)
            response = refusal_response(*_told(refused, ids), _TEXTS[operation.face], on_azure=is_azure(request))
        if isinstance(response, Abort):
            return response
        if operation.method == "GET" and (operation.watches or operation.path.startswith("/threads/")):
            self._pacers[operation.face].count(f"{request.method} {request.url}", self._conversation(ids))
        response.headers = (*self._headers(operation, response), *response.headers)
        return response

    def _count_refusal(self, conversation_id: str, request: Request) -> None:
        """Ask whether an app that tries again as long as a conversation is locked is going anywhere."""
        conversation = self._responses.conversations.get(conversation_id)
        if conversation is not None:
            self._pacers["responses"].count_refusal(f"{request.method} {request.url}", request.body, conversation)

    def redirected(self, request: Request) -> Response:
        """Send a request whose path ends in a slash to the same path without it. [REC]

        307, with no body and no content type; who does not follow gets nothing else.
        """
        before, mark, query = request.url.partition("?")
        headers: Headers = (
            ("date", _date(int(self.engine.clock.now()))),
            ("location", before.rstrip("/") + mark + query),
            *_VERSION,
            ("x-request-id", self.engine.ids.request()),
        )
        return Response(307, headers)

    def _carry_out(self, operation: Operation, ids: dict[str, str], request: Request) -> Response | Abort:
        _check_auth(request)
        if "%" in request.path:
            ids = {name: unquote(value) for name, value in ids.items()}
        if operation.beta and not is_azure(request):  # Microsoft's examples send none [DOCS]
            _check_beta(request)
        query = _checked_query(operation, request)
        body = _checked_body(operation.body, request) if operation.body is not None else {}
        if self.engine.clock.mode == "real":
            self.engine.settle()
        call = Call(
            engine=self.engine, shown=self._pacers[operation.face].shown, ids=ids, body=body, query=query, request=request
        )
        self._pace(operation, call)
        result = operation.run(call)
        return result if isinstance(result, Response | Abort) else Response(200, body=pretty(result))

    def _pace(self, operation: Operation, call: Call) -> None:
        if operation.method != "GET":
            for pacer in self._pacers.values():
                pacer.wrote()
        elif operation.watches == "run":
            run = self._objects.run(**call.ids)
            self.pacer.asked_execution(run.execution, self._announced_interval(call.request))
        elif operation.watches == "response":
            response = self._responses.response(**call.ids)
            if call.query.get("stream") != "true" and not response.is_over:
                self._pacers["responses"].asked_execution(response.execution, None)
        elif operation.watches == "list":
            conversation = self._conversation(call.ids)
            if conversation is not None:
                self._pacers[operation.face].asked_list(conversation, call.request.url)
        elif operation.watches:
            self._pace_indexing(operation.watches, call.ids)

    def _conversation(self, ids: dict[str, str]) -> Conversation | None:
        thread_id, response = ids.get("thread_id"), self._responses.responses.get(ids.get("response_id", ""))
        if response is not None:
            return response.execution.conversation
        if "conversation_id" in ids:
            return self._responses.conversations.get(ids["conversation_id"])
        return self._objects.threads.get(thread_id) if thread_id is not None else None

    def _pace_indexing(self, watches: str, ids: dict[str, str]) -> None:
        stores, store_id = self.engine.stores, ids["vector_store_id"]
        if watches == "store":
            self.pacer.asked_indexing(stores.get(store_id))
        elif watches == "store_file":
            self.pacer.asked_indexing(stores.file(store_id, ids["file_id"]))
        elif watches == "batch":
            self.pacer.asked_indexing(stores.batch(store_id, ids["batch_id"]))
        elif watches == "store_files":
            self.pacer.asked_files(stores.get(store_id))
        else:
            self.pacer.asked_files(stores.batch(store_id, ids["batch_id"]))

    def _announced_interval(self, request: Request) -> float | None:
        """The interval in seconds that the SDK says it polls with, when the app chose one: then it really sleeps."""
        text = request.header("x-stainless-custom-poll-interval", "")
        if not text or not text.isdecimal() or len(text) > MOST_DIGITS:
            return None
        if text != "0" and self.engine.clock.mode in ("poll", "manual") and POLLS_SLOWLY not in self.hints:
            self.hints.append(POLLS_SLOWLY)
        return int(text) / 1000

    def _headers(self, operation: Operation, response: Response) -> Headers:
        """The headers of an answer, as recorded; `openai-poll-after-ms` is ours: it makes the SDKs' polling instant."""
        engine = self.engine
        named = bool(response.headers) and any(name == "content-type" for name, _ in response.headers)  # a stream, a file
        fixed = _FIXED[named, response.status == 401]
        headers: Headers = (("date", _date(int(engine.clock.now()))), *fixed, ("x-request-id", engine.ids.request()))
        if operation.watches in _POLLED and engine.clock.mode in ("poll", "manual"):  # elsewhere sleeping is what moves
            return (*headers, _POLL_AGAIN)
        return headers


# How the ids of a path begin; a file's and a model's are not checked. [REP for threads and assistants, INF for the others]
_PREFIXES = {
    "assistant_id": "asst",
    "thread_id": "thread",
    "message_id": "msg",
    "run_id": "run",
    "step_id": "step",
    "vector_store_id": "vs",
    "batch_id": "vsfb",
    "upload_id": "upload",
}


def _told(refused: ApiError, ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """How a refusal is told: of an id in the path that nothing has, its wrong beginning first."""
    if refused.name.endswith(".not_found"):
        wanted = refused.facts["id"]
        for name, prefix in _PREFIXES.items():
            if name in ids and unquote(ids[name]) == wanted and not wanted.startswith(prefix):
                return "id", {"path": name, "value": wanted, "prefix": prefix}
    return refused.name, refused.facts


def _check_auth(request: Request) -> None:
    """Any key will do, but there must be one: a bearer token, or Azure's `api-key`. [REP]"""
    kind, _, key = (request.header("authorization") or "").partition(" ")
    if not (kind.lower() in ("bearer", "basic") and key.strip()) and not (request.header("api-key") or "").strip():
        raise ApiError("auth.missing")


def _is_azure(request: Request) -> bool:
    """Azure asks for no `OpenAI-Beta` header. [DOCS: Microsoft's REST examples send api-key and content-type only]"""
    return (
        request.host.endswith(".services.ai.azure.com")
        or request.path.startswith("/openai/")
        or any(name == "api-version" for name, _ in request.query)
    )


def _check_beta(request: Request) -> None:
    beta = request.header("openai-beta")
    if beta is None or "assistants=" not in beta:
        raise ApiError("beta.missing")
    if "assistants=v2" not in beta:
        raise ApiError("beta.v1")


def _checked_query(operation: Operation, request: Request) -> dict[str, Any]:
    if not request.query:
        return {}
    query: dict[str, Any] = {}
    for name, text in request.query:
        if name == API_VERSION:
            continue
        if name not in operation.query:
            raise ApiError("unknown", path=name)
        if name.endswith("[]"):
            query.setdefault(name, []).append(text)
        else:
            query[name] = _number(text) if name == "limit" else text
    return {name: operation.query[name](value, name) for name, value in query.items()}


def _number(text: str) -> int | str:
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 20 else text


def _checked_body(takes: Fields | Form, request: Request) -> dict[str, Any]:
    if isinstance(takes, Form):
        return takes.read(request)
    content_type = request.header("content-type")
    if content_type and "json" not in content_type.lower() and request.body:
        raise ApiError("content_type", got=content_type)
    try:
        text = request.body.decode("utf-8")  # strictly: json.loads would let encoded halves of surrogate pairs pass
        body = _strict.decode(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise ApiError("body.not_json") from None
    if b"\\ud" in request.body or b"\\uD" in request.body:
        _check_surrogates(body)
    checked: dict[str, Any] = takes(body)
    return checked


def _check_surrogates(body: Any) -> None:
    """Half of a surrogate pair is no character: it could not be given back. [INF]"""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ApiError("body.not_json") from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # 1e999 is JSON, but no number that could be given back
        raise ValueError(text)
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_strict = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
