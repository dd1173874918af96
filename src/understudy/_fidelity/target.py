"""The service under test.

Our own in this process, our own over HTTP, or any other server.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import fields
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Protocol
from urllib.parse import urlsplit

from understudy._backend.backend import Backend
from understudy._common.messages import Headers, Request, Response
from understudy._fidelity.answers import Served
from understudy.errors import UnderstudyError
from understudy.scripts import Move, Step

TIMEOUT_SECONDS = 60
_JSON: Headers = (("content-type", "application/json"),)
_CONNECTION = frozenset(["host", "content-length", "connection", "accept-encoding", "transfer-encoding"])
_KINDS: dict[str, type[HTTPConnection]] = {"http": HTTPConnection, "https": HTTPSConnection}
_KEY = ("authorization", "Bearer sk-understudy")  # recordings do not have theirs


class Target(Protocol):
    """The service that a session is sent to.

    Attributes:
        is_controllable: whether scripts, objects and the time can be set on it.
    """

    is_controllable: bool

    def restart(self, at: float) -> None:
        """Forget everything; the clock shows `at` (unix seconds)."""

    def send(self, method: str, url: str, headers: Headers, body: bytes) -> Served:
        """Send a request; `url` is a path and query without the API's prefix."""

    def script(self, moves: tuple[Step, ...]) -> None:
        """Set what the next run does."""

    def seed(self, verb: str, **given: Any) -> None:
        """Make something that existed before, by a method of `Backend`."""

    def now(self) -> float:
        """Return the time of the service's clock, in unix seconds."""

    def advance(self, seconds: float) -> None:
        """Let time pass."""


class Simulated:
    """Our own service, in this process, on a clock that only we move."""

    is_controllable = True

    def __init__(self) -> None:
        self.restart(0)

    def restart(self, at: float) -> None:
        self.backend = Backend(time="manual", start=at, strict=False)

    def send(self, method: str, url: str, headers: Headers, body: bytes) -> Served:
        answer = self.backend.handle(Request(method, f"https://api.openai.com/v1{url}", (*headers, _KEY), body))
        if not isinstance(answer, Response):  # a create that never ends breaks off, and has no status
            return Served(0, (), str(answer).encode())
        if answer.stream is None:
            return Served(answer.status, answer.headers, answer.body)
        self.backend.clock.mode = "poll"  # a stream moves the clock while it is read
        try:
            whole = b"".join(chunk for chunk in answer.stream if isinstance(chunk, bytes))
        finally:
            self.backend.clock.mode = "manual"
        return Served(answer.status, answer.headers, whole)

    def script(self, moves: tuple[Step, ...]) -> None:
        self.backend.next_run(*moves)

    def seed(self, verb: str, **given: Any) -> None:
        if verb == "next_ids":
            self.backend.next_ids(*given["ids"])
        else:
            getattr(self.backend, verb)(**given)

    def now(self) -> float:
        return self.backend.clock.now()

    def advance(self, seconds: float) -> None:
        self.backend.clock.advance(seconds)


class Server:
    """A server over HTTP.

    One that has the admin route of `understudy serve` is controllable.

    Args:
        connection: to the server, see `connection_to`.
        path: of the base URL that an OpenAI client would be given, `/v1`.
        api_key: sent as the bearer token.

    Raises:
        OSError, HTTPException: the server does not answer, or not as HTTP servers do.
        UnderstudyError: the admin route refuses a command.
    """

    def __init__(self, connection: HTTPConnection, path: str, api_key: str = "sk-understudy") -> None:
        self._connection = connection
        self._prefix = path.rstrip("/")
        self._root = self._prefix.removesuffix("/v1")
        self._key = ("authorization", f"Bearer {api_key}")
        answer = self._admin("reset")
        self.is_controllable = answer.status == 200 and isinstance(answer.json, dict) and answer.json.get("ok") is True
        self.restart(0)

    def restart(self, at: float) -> None:
        if self.is_controllable:
            self._command("reset")
            self._command("clock", mode="manual")
            self.advance(max(0.0, at - self.now()))

    def send(self, method: str, url: str, headers: Headers, body: bytes) -> Served:
        streams = self.is_controllable and b'"stream"' in body
        if streams:
            self._command("clock", mode="poll")  # a stream moves the clock while it is read
        try:
            return self._fetch(method, self._prefix + url, (*headers, self._key), body)
        finally:
            if streams:
                self._command("clock", mode="manual")

    def script(self, moves: tuple[Step, ...]) -> None:
        if self.is_controllable:
            self._command("next_run", moves=[self._move_json(move) for move in moves])

    def seed(self, verb: str, **given: Any) -> None:
        if isinstance(given.get("content"), bytes):
            given["content"] = given["content"].decode("utf-8", "replace")
        self._command(verb, **given)

    def now(self) -> float:
        return float(self._command("clock")["now"]) if self.is_controllable else time.time()

    def advance(self, seconds: float) -> None:
        if self.is_controllable:
            self._command("clock", advance=seconds)
        else:
            time.sleep(seconds)

    def _move_json(self, move: Step) -> Any:
        """Return a move as the admin route takes it.

        An object with its name as the only key.
        """
        if not isinstance(move, Move):
            return [self._move_json(call) for call in move]
        given = {spec.name: getattr(move, spec.name) for spec in fields(move)}  # type: ignore[arg-type]
        if given.get("results") is not None:
            given["results"] = [{"file_id": hit.file_id, "score": hit.score, "text": hit.text} for hit in given["results"]]
        if given.get("images"):
            given["images"] = [self._file_of(image) for image in given["images"]]
        return {type(move).__name__: {key: value for key, value in given.items() if value not in (None, ())}}

    def _file_of(self, image: str | bytes) -> str:
        """Return the id of a file that holds an image: JSON takes no bytes."""
        assert isinstance(image, bytes), "moves derived from a recording make new images"
        content = image.decode("utf-8", "replace")
        made = self._command("add_file", filename="image.png", purpose="assistants_output", content=content)
        return str(made["id"])

    def _command(self, verb: str, **given: Any) -> Any:
        answer = self._admin(verb, **given)
        if answer.status != 200:
            raise UnderstudyError(answer.json["error"])
        return answer.json

    def _admin(self, verb: str, **given: Any) -> Served:
        """Send a request to the admin route, if the server has one."""
        return self._fetch("POST", f"{self._root}/_understudy/{verb}", _JSON, json.dumps(given).encode())

    def _fetch(self, method: str, url: str, headers: Headers, body: bytes) -> Served:
        kept = {name: value for name, value in headers if name.lower() not in _CONNECTION}
        try:
            self._connection.request(method, url, body or None, kept)
            response = self._connection.getresponse()
        except (ConnectionResetError, BrokenPipeError):  # the server closed an idle connection
            self._connection.close()
            self._connection.request(method, url, body or None, kept)
            response = self._connection.getresponse()
        return Served(response.status, tuple(response.getheaders()), response.read())


def connection_to(base_url: str) -> HTTPConnection:
    """Return a connection to a base URL; nothing is sent yet.

    Raises:
        UnderstudyError: it is not a server URL.
    """
    with suppress(KeyError, ValueError):  # unknown scheme; a port that is not a number; an open bracket
        parts = urlsplit(base_url)
        if parts.hostname:
            return _KINDS[parts.scheme](parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    raise UnderstudyError("not a server URL; expected something like http://127.0.0.1:8000/v1")
