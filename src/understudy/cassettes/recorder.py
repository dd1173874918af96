"""Records exchanges as they go by, streams chunk by chunk, on the app's own thread."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from understudy.cassettes.encoding import uncompressed
from understudy.cassettes.interaction import Interaction
from understudy.exchange import Headers, Request

if TYPE_CHECKING:
    from understudy.cassettes.storage import Storage

# The names under which both HTTP libraries can raise an error again on replay. [httpx, httpx2: their exceptions]
_RAISABLE = frozenset(
    [
        "ConnectError",
        "ConnectTimeout",
        "ReadError",
        "ReadTimeout",
        "WriteError",
        "WriteTimeout",
        "PoolTimeout",
        "CloseError",
        "RemoteProtocolError",
        "LocalProtocolError",
        "ProxyError",
        "UnsupportedProtocol",
    ]
)
# An answer that never came has no status; plain vcrpy needs one, and a client tries again after this one too.
NO_ANSWER = 502
CLOSED = ("RemoteProtocolError", "the recording ends here: the app closed this stream early")


class Recorder:
    """Collects what goes by, in the order in which the requests were sent."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._slots: list[Interaction | None] = []
        self._open: dict[int, Tap] = {}
        self._lock = threading.Lock()

    def observe(self, request: Request) -> Tap:
        """A tap for the answer to this request."""
        with self._lock:
            index = len(self._slots)
            self._slots.append(None)
            tap = Tap(self, index, request)
            self._open[index] = tap
        return tap

    def keep(self, index: int, interaction: Interaction) -> None:
        """An exchange is complete. It is in the journal before the app goes on."""
        with self._lock:
            self._slots[index] = interaction
            self._open.pop(index, None)
            self._storage.journal(interaction)

    def interactions(self) -> list[Interaction]:
        """What is complete so far."""
        with self._lock:
            return [interaction for interaction in self._slots if interaction is not None]

    def close(self) -> list[Interaction]:
        """Everything; a stream that is still open counts as closed early."""
        for tap in list(self._open.values()):
            tap.broken(None)
        return self.interactions()


class Tap:
    """Observes the answer to one request."""

    def __init__(self, recorder: Recorder, index: int, request: Request) -> None:
        self._recorder = recorder
        self._index = index
        self._request = request
        self._began = time.monotonic()
        self._recorded_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._status = NO_ANSWER
        self._headers: Headers = ()
        self._chunks: list[bytes] = []
        self._timings: list[tuple[float, int]] = []
        self._size = 0

    def started(self, status: int, headers: Headers) -> None:
        self._status = status
        self._headers = headers

    def chunk(self, data: bytes) -> None:
        self._chunks.append(data)
        self._size += len(data)
        self._timings.append((round(time.monotonic() - self._began, 3), self._size))

    def ended(self) -> None:
        self._keep(None)

    def broken(self, error: BaseException | None) -> None:
        if error is None and self._status == NO_ANSWER and not self._headers:
            return  # still waiting for its answer when the recording ended: nothing is known
        self._keep(CLOSED if error is None else _reason(error))

    def _keep(self, broken: tuple[str, str] | None) -> None:
        request = self._request
        raw = b"".join(self._chunks)
        body = uncompressed(self._headers, raw)
        streamed = any(
            name.lower() == "content-type" and value.startswith("text/event-stream") for name, value in self._headers
        )
        self._recorder.keep(
            self._index,
            Interaction(
                index=self._index,
                method=request.method,
                url=request.url,
                request_headers=request.headers,
                request_body=uncompressed(request.headers, request.body),
                status=self._status,
                headers=self._headers,
                body=body,
                recorded_at=self._recorded_at,
                timings=tuple(self._timings) if streamed and body is raw else (),
                broken=broken,
                test=current_test(),
            ),
        )


def current_test() -> str | None:
    """The test that runs, as pytest names it; None outside of one."""
    name = os.environ.get("PYTEST_CURRENT_TEST", "")
    return name.rpartition(" (")[0] or None


def _reason(error: BaseException) -> tuple[str, str]:
    for kind in type(error).__mro__:
        if kind.__name__ in _RAISABLE:
            return kind.__name__, str(error)
    return "ReadError", f"{type(error).__name__}: {error}"
