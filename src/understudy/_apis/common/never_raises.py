"""The guard of every handler: record an error, and answer with it.

The SDKs would retry an exception raised into an HTTP library, and rename it to "Connection error.".
A 501 marked as not to be retried, or an `error` event in a stream, they raise unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from understudy._apis.common import sse
from understudy._common.messages import Abort, Chunk, Headers, Response
from understudy.errors import InternalError, UnderstudyError, envelope

BROKEN_OFF = "RemoteProtocolError"


class NeverRaises:
    """Turns errors into responses.

    Args:
        keep: records an error for the end of the test, and returns the one that the app may see.
    """

    def __init__(self, keep: Callable[[UnderstudyError], UnderstudyError]) -> None:
        self._keep = keep

    def answered(self, error: Exception, where: str) -> Response:
        """Record an error, and return the response that reports it.

        Args:
            error: a mistake of the test; anything else is a defect of understudy, and is never presented as
                an error of the service.
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
        """Pass a stream on, recording an error in it.

        The status has been sent by then, so the app sees the error as the end of the stream.
        """
        try:
            yield from stream
        except Exception as error:
            said = json.loads(self.answered(error, f"at the stream of {where}").body)
            if sse.is_of_events(headers):
                yield sse.render("error", said)
            else:
                yield Abort(BROKEN_OFF, said["error"]["message"].removeprefix("understudy: "))
