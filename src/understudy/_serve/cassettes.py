"""Cassettes over HTTP: a server that replays one, and a proxy that records one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from understudy._cassettes import CassetteSession
from understudy._common.messages import Headers, Request, Response
from understudy._serve import advice
from understudy._serve.asgi import LiveResponse, ServedAnswer
from understudy._serve.hosts import json_response
from understudy.errors import CassetteError, nearest

TIMEOUT_SECONDS = 600
_VERBS = ("check", "reset", "state")
# Headers of a single connection, never forwarded. [RFC 9110, section 7.6.1]
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class ServedCassette:
    """A cassette in place of a simulation: replayed from its beginning.

    Args:
        path: of the cassette.

    Raises:
        CassetteError: the cassette cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session = CassetteSession(path).__enter__()

    async def handle(self, request: Request) -> ServedAnswer:
        """Respond from the recording; a miss is a 501, and reported by `check`."""
        return advice.reword_answer(self._session.handle(request))

    async def admin(self, request: Request, verb: str) -> ServedAnswer:  # noqa: ARG002
        """Respond to the verbs that a recording has."""
        if verb not in _VERBS:
            close = nearest(verb, _VERBS) or _VERBS
            text = f"no admin verb {verb!r} while a cassette is served; nearest: {', '.join(close)}"
            return json_response(404, {"error": text})
        return getattr(self, f"_{verb}")()  # type: ignore[no-any-return]

    def close(self) -> None:
        """Stop the replay."""
        self._session.__exit__(None, None, None)

    def _check(self) -> Response:
        problems = [advice.worded(str(problem)) for problem in self._session.finish()]
        if problems:
            return json_response(409, {"error": "\n\n".join(problems), "problems": problems})
        return json_response(200, {"ok": True})

    def _reset(self) -> Response:
        self.close()
        self._session = CassetteSession(self._path).__enter__()
        return json_response(200, {"ok": True})

    def _state(self) -> Response:
        session = self._session
        shown = {
            "played": [str(one) for one in session.played()],
            "unplayed": [str(one) for one in session.unplayed()],
            "problems": [advice.worded(str(problem)) for problem in session.problems],
        }
        return json_response(200, {"ok": True, "cassette": str(self._path), **shown})


class RecordingProxy:
    """Forwards requests to another server, and records them with their responses.

    Args:
        path: of the cassette to write; the file cannot exist yet.
        to: the URL of the other server, with or without `/v1`.

    Raises:
        CassetteError: the file exists.
        ValueError: `to` is not the URL of a server.
    """

    def __init__(self, path: Path, to: str) -> None:
        if path.exists():
            raise CassetteError(
                f"{path} exists, and a recording is never replaced by accident. Serve it with --cassette {path}, or "
                "choose another file"
            )
        self._base = to.rstrip("/")
        self._session = CassetteSession(path, record="all", hosts=[_host_of(to)]).__enter__()
        self._client: Any = None
        self.path = path

    async def handle(self, request: Request) -> ServedAnswer:
        """Forward a request; the response is returned piece by piece, as it arrives."""
        import httpx

        if self._client is None:  # its connections belong to the event loop of the server
            self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        sent = self._client.build_request(
            request.method, self._url(request), headers=_forwarded_headers(request.headers), content=request.body
        )
        try:
            answer = await self._client.send(sent, stream=True)
        except httpx.TransportError as error:
            text = f"{self._base} did not respond: {type(error).__name__}: {error}"
            return json_response(502, {"error": {"message": text, "type": "understudy_proxy", "code": None}})
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
        return LiveResponse(answer.status_code, _end_to_end(headers), _raw(answer))

    async def admin(self, request: Request, verb: str) -> ServedAnswer:  # noqa: ARG002
        """Refuse all verbs: only the other server decides what is recorded."""
        text = f"no admin verb {verb!r} while recording: {self._base} decides what runs do"
        return json_response(404, {"error": text})

    async def close(self) -> int:
        """Write the cassette; return the number of its exchanges.

        Raises:
            CassetteError: it could not be written; the recording stays in its journal.
        """
        if self._client is not None:
            with suppress(OSError):
                await self._client.aclose()
        count = len(self._session.played())
        self._session.__exit__(None, None, None)
        return count

    def _url(self, request: Request) -> str:
        _, _, tail = request.url.partition("://")
        rest = tail[tail.index("/") :] if "/" in tail else "/"
        if self._base.endswith("/v1") and rest.startswith("/v1/"):
            rest = rest.removeprefix("/v1")
        return self._base + rest


def _host_of(url: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.hostname
    raise ValueError(f"--to {url}: not a server URL; expected something like https://api.openai.com/v1")


def _end_to_end(headers: Headers) -> Headers:
    return tuple(pair for pair in headers if pair[0].lower() not in _HOP_BY_HOP)


def _forwarded_headers(headers: Headers) -> Headers:
    """Return the headers of a forwarded request.

    Without an encoding, unless the client accepts one.
    """
    kept = tuple(pair for pair in _end_to_end(headers) if pair[0].lower() != "content-length")
    if any(name.lower() == "accept-encoding" for name, _ in kept):
        return kept
    return (*kept, ("accept-encoding", "identity"))


async def _raw(answer: Any) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()
