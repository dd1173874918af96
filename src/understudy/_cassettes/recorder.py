"""Records exchanges as they pass, streams chunk by chunk, in the app's thread."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from understudy._cassettes.content_encoding import uncompressed
from understudy._cassettes.interaction import LEFT_EARLY, RAISABLE, Interaction
from understudy._common.call_site import current_test
from understudy._common.messages import Abort, Headers, Request
from understudy.errors import CassetteError

if TYPE_CHECKING:
    from understudy._cassettes.hooks import Hooks
    from understudy._cassettes.storage import Storage

# An answer that never came has no status; plain vcrpy needs one, and a client retries after this one, too.
NO_ANSWER = 502


class Recorder:
    """Collects exchanges in the order in which the requests were sent.

    Attributes:
        refusal: why the recording cannot be saved; None when it can. A user's hook that failed is a reason: what it
            should have taken out may still be there.
    """

    def __init__(self, storage: Storage, hooks: Hooks | None = None, *, names_tests: bool = True) -> None:
        self._storage = storage
        self.names_tests = names_tests  # whether an exchange belongs to the test that made it
        self._hooks = hooks
        self._slots: list[Interaction | None] = []
        self._open: dict[int, Tap] = {}
        self._lock = threading.Lock()
        self.refusal: CassetteError | None = None

    def observe(self, request: Request, shown: Request | None = None) -> Tap:
        """Return a tap for the answer to this request.

        `shown` is the request as the user's hooks want it recorded.
        """
        self._storage.learn(request.headers)
        with self._lock:
            index = len(self._slots)
            self._slots.append(None)
            tap = Tap(self, index, shown or request)
            self._open[index] = tap
        return tap

    def keep(self, index: int, interaction: Interaction) -> None:
        """Keep a complete exchange.

        It is in the journal before the app goes on; what comes after the end of the recording is
        not kept.
        """
        self._storage.learn(interaction.headers)
        hooked: Interaction | None = interaction
        if self._hooks is not None:
            try:
                hooked = self._hooks.recorded(interaction)
            except CassetteError as problem:
                self.refusal, hooked = self.refusal or problem, None
        with self._lock:
            if self._open.pop(index, None) is None:
                return  # the recording is over; a stream that was open then is recorded up to that point
            self._slots[index] = hooked
            if hooked is not None:
                self._storage.journal(hooked)

    def interactions(self) -> list[Interaction]:
        """Return what is complete so far."""
        with self._lock:
            return [interaction for interaction in self._slots if interaction is not None]

    def close(self) -> list[Interaction]:
        """End the recording and return all of it.

        A stream that is still open counts as closed early.
        """
        for tap in list(self._open.values()):
            tap.broken(None)
        with self._lock:
            self._open.clear()
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

    def broken(self, error: BaseException | Abort | None) -> None:
        if error is None and self._status == NO_ANSWER and not self._headers:
            return  # still waiting for its answer when the recording ended: nothing is known
        self._keep(LEFT_EARLY if error is None else _reason(error))

    def _keep(self, broken: tuple[str, str] | None) -> None:
        request = self._request
        raw = b"".join(self._chunks)
        body = uncompressed(self._headers, raw)
        if broken == LEFT_EARLY and body.rstrip().endswith(b"data: [DONE]"):
            broken = None  # the SDK's sync streams read no further than this
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
                test=current_test() if self._recorder.names_tests else None,
            ),
        )


def _reason(error: BaseException | Abort) -> tuple[str, str]:
    if isinstance(error, Abort):
        return error.kind, error.message
    for kind in type(error).__mro__:
        if kind.__name__ in RAISABLE:
            return kind.__name__, str(error)
    return "ReadError", f"{type(error).__name__}: {error}"
