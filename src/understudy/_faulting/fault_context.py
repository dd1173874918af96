"""A fault as it was set, and the call that meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from understudy._apis.common.face import Face
from understudy._apis.common.routing import Route
from understudy._common.messages import Chunk, Request, Response
from understudy._engine.engine import Engine
from understudy.faults import Fault, NotFound, Sunset


@dataclass(slots=True)
class ArmedFault:
    """A fault as it was set, and how often it has happened.

    Attributes:
        fault: what goes wrong, and where.
        where: the file and line that set it.
        seen: the number of calls so far that it fits.
        struck: the number of these that met it.
        is_optional: it belongs to a generated script, and need not happen.
    """

    fault: Fault
    where: str
    seen: int = 0
    struck: int = 0
    is_optional: bool = False

    def meets(self, route: Route, is_streamed: bool) -> bool:
        """Count a call, and return whether it meets the fault."""
        fault, (operation, ids, face, _) = self.fault, route
        if operation is None or face is None:
            return False
        if fault.on not in (None, operation.name) or fault.run not in (None, ids.get("run_id")):
            return False
        if (fault.needs_stream and not is_streamed) or (isinstance(fault.what, Sunset) and not face.is_switched_off):
            return False
        if isinstance(fault.what, NotFound) and not ids:
            return False
        self.seen += 1
        return self.seen >= fault.nth and (fault.most is None or self.struck < fault.most)

    @property
    def is_left(self) -> bool:
        return not self.is_optional and self.struck < (self.fault.most or 1)

    def __str__(self) -> str:
        often = f"happened {self.struck} of {self.fault.most or 1} times; {self.seen} call(s) matched it"
        return f"{self.fault!r}: {often}  (set at {self.where})"


@dataclass(frozen=True, slots=True)
class FaultContext:
    """A call that meets a fault.

    `serve()` lets the service act and returns its answer; to be called at most once.
    """

    entry: ArmedFault
    engine: Engine
    route: Route
    request: Request
    serve: Callable[[], Response]

    @property
    def fault(self) -> Fault:
        return self.entry.fault

    @property
    def face(self) -> Face:
        """The API that was called."""
        assert self.route.face is not None
        return self.route.face

    def serve_stream(self, change: Callable[[Iterator[Chunk]], Iterator[Chunk]]) -> Response:
        """Let the service act, and change the stream that it answers with.

        If it refuses the call, the fault does not count as having happened.
        """
        answer = self.serve()
        if answer.stream is None:
            self.entry.struck -= 1
        else:
            answer.stream = change(answer.stream)
        return answer

    def pass_time(self, seconds: float) -> None:
        """Move a virtual clock; the wall clock moves by itself."""
        if self.engine.clock.virtual and seconds:
            self.engine.clock.move_to(self.engine.clock.now() + seconds)
