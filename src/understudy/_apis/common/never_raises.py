"""What every handler does with what goes wrong: keep it for the end of the test, and say so to the app.

An exception that is raised into an HTTP library would be retried and renamed to "Connection error." by
the SDKs. A 501 that is not to be retried, or in a stream an `error` event, they raise as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from understudy._apis.common import sse
from understudy._common.messages import Abort, Chunk, Headers, Response
from understudy.errors import InternalError, UnderstudyError, envelope

BROKEN_OFF = "RemoteProtocolError"


class NeverRaises:
    """Turns errors into answers.

    Args:
        keep: keeps an error for the end of the test, and gives the one that may be shown to the app.
    """

    def __init__(self, keep: Callable[[UnderstudyError], UnderstudyError]) -> None:
        self._keep = keep

    def answered(self, error: Exception, where: str) -> Response:
        """Keep an error, and give the answer that says it.

        Args:
            error: a mistake of the test; anything else is a defect of ours, and never dressed up as the service's.
            where: what was being done: "on GET /v1/threads".
        """
        if not isinstance(error, UnderstudyError):
            defect = InternalError(
                f"understudy failed {where}: {error!r}. This is a defect of understudy; please report it."
            )
            defect.__cause__ = error
            error = defect
        return envelope(self._keep(error))

    def guarded(self, stream: Iterator[Chunk], headers: Headers, where: str) -> Iterator[Chunk]:
        """Pass a stream on; what goes wrong in it is kept, and reaches the app as its end: the status is sent by then."""
        try:
            yield from stream
        except Exception as error:
            said = json.loads(self.answered(error, f"at the stream of {where}").body)
            if any(name.lower() == "content-type" and value.startswith("text/event-stream") for name, value in headers):
                yield sse.render("error", said)
            else:
                yield Abort(BROKEN_OFF, said["error"]["message"].removeprefix("understudy: "))
