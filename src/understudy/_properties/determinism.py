"""Check that an app behaves identically for identical service responses.

Over all cases of one test, for which trajectories form a tree.

Two cases whose trajectories begin alike get the same answers until these part, so until then the app must send the same
requests. What was sent and answered so far (a *history*) is kept as one number; to each belongs the request that came next.
A case that sends another one after the same history shows that the app is not deterministic.

Compared are method and path, in which all ids are the service's own. Not compared is what may differ with good reason: the
query, headers, bodies. Query and bodies belong to the history, though: after a time of day or a random number in a body
nothing is compared any more, rather than compared wrongly. The same after a request that was let out: its answer is not seen
here. A form's body is left out: its boundary is random.
"""

from __future__ import annotations

from collections.abc import Iterator

from understudy._common.messages import Abort, Answer, Chunk, Forward, Request
from understudy.errors import Nondeterministic

_END = "nothing more"


class Histories:
    """The request after each history, in all cases of a test, and its case."""

    def __init__(self) -> None:
        self.next: dict[int, tuple[str, str]] = {}


class Witness:
    """Follows one case.

    It has a history for each backend that performs the case's trajectory, in the order they are
    made.
    """

    def __init__(self, histories: Histories, case: str) -> None:
        self.histories = histories
        self.case = case
        self.backends: list[WitnessedBackend] = []

    def backend(self) -> WitnessedBackend:
        self.backends.append(WitnessedBackend(self, len(self.backends)))
        return self.backends[-1]

    def problems(self, *, passed: bool) -> list[Nondeterministic]:
        """Return the proofs of this case that the app is not deterministic.

        `passed`: the case ended without a failure or a skip.
        """
        if passed:
            for backend in self.backends:
                backend.compare(_END)
        return [backend.problem for backend in self.backends if backend.problem is not None]


class WitnessedBackend:
    """The history of one backend. The dispatcher calls it under the backend's lock."""

    def __init__(self, witness: Witness, number: int) -> None:
        self.problem: Nondeterministic | None = None
        self._witness = witness
        self._history = hash(("world", number))
        self._requests = 0

    def saw(self, request: Request, path: str, answer: Answer) -> None:
        """Add a request and its answer to the history."""
        self.compare(f"{request.method} {path}")
        self._requests += 1
        is_form = (request.header("content-type") or "").startswith("multipart/")
        self._add(request.method, request.url, b"" if is_form else request.body)
        if isinstance(answer, Forward):
            self._add(self._witness.case)  # a value of this case alone
        elif isinstance(answer, Abort):
            self._add(answer.kind)
        else:
            self._add(answer.status, answer.body)
            if answer.stream is not None:
                answer.stream = self._listened(answer.stream)

    def compare(self, what: str) -> None:
        """Compare the next request with that after the same history in other cases."""
        before, case = self._witness.histories.next.setdefault(self._history, (what, self._witness.case))
        if before == what or self.problem is not None:
            return
        self.problem = Nondeterministic(
            f"the app is not deterministic: after the same {self._requests} request(s) and the same answers, it sent\n"
            f"  {before}  in [{case}]\n"
            f"  {what}  in [{self._witness.case}]\n"
            "A case covers every run of its kind only if the app does the same whenever it gets the same answers. Look for "
            "randomness, real time, threads, state that outlives a case; or set every_lifecycle(..., deterministic=False)."
        )

    def _add(self, *what: object) -> None:
        self._history = hash((self._history, *what))

    def _listened(self, stream: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in stream:
            self._add(chunk)
            yield chunk
