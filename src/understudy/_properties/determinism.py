"""Check that an app behaves identically for identical service responses.

Over all cases of one test, for which trajectories form a tree.

Two cases whose trajectories begin alike get the same answers until these part, so until then the app must send the same
requests. What was sent and answered so far (a *history*) is kept as one digest; to each belongs the request that came next.
A case that sends another one after the same history shows that the app is not deterministic.

Compared are method and path, in which all ids are the service's own. Not compared is what may differ with good reason: the
query, headers, bodies. Query and bodies belong to the history, though: after a time of day or a random number in a body
nothing is compared any more, rather than compared wrongly. The same after a request that was let out: its answer is not seen
here. A form's body is left out: its boundary is random.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import NamedTuple

from understudy._common.messages import Abort, Answer, Chunk, Forward, Request
from understudy.errors import Nondeterministic

_END = "nothing more"


class Next(NamedTuple):
    """The continuation of a history.

    The request, or its end; in which case; after how many requests.
    """

    what: str
    case: str
    requests: int


class Histories:
    """The continuation of each history, in all cases of one test so far.

    A history is a digest, the same in every process, so that those of pytest-xdist's workers can be compared.
    """

    def __init__(self, after: Mapping[str, Next] | None = None) -> None:
        self.after = dict(after or {})

    def compare(self, history: str, now: Next) -> Nondeterministic | None:
        """Compare a continuation with the earlier one of the same history.

        None if it is the same, or new.
        """
        before = self.after.setdefault(history, now)
        return None if before.what == now.what else _nondeterministic(before, now)

    def merge(self, other: Histories) -> Nondeterministic | None:
        """Add the histories of another process; return the first difference."""
        differences = [self.compare(history, now) for history, now in other.after.items()]
        return next(filter(None, differences), None)


def _nondeterministic(before: Next, now: Next) -> Nondeterministic:
    return Nondeterministic(
        f"the app is not deterministic: after the same {now.requests} request(s) and the same answers, it sent\n"
        f"  {before.what}  in [{before.case}]\n"
        f"  {now.what}  in [{now.case}]\n"
        "A case covers every run of its kind only if the app does the same whenever it gets the same answers. Look "
        "for randomness, real time, threads, state that outlives a case; or set every_lifecycle(..., deterministic=False)."
    )


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
        self._history = _digest(b"", number)
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
        now = Next(what, self._witness.case, self._requests)
        problem = self._witness.histories.compare(self._history.hex(), now)
        self.problem = self.problem or problem

    def _add(self, *what: object) -> None:
        self._history = _digest(self._history, *what)

    def _listened(self, stream: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in stream:
            self._add(chunk)
            yield chunk


def _digest(history: bytes, *what: object) -> bytes:
    """Go on from a history: a digest of its digest and of values, each told from its neighbours by its length."""
    digest = blake2b(history, digest_size=16)
    for value in what:
        part = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()
