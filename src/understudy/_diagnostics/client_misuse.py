"""The app's misuse of the API: mistakes that the service does not report.

It answers them as if nothing were wrong, or they only cost money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from understudy._apis.assistants.lifecycle import run_status
from understudy._apis.assistants.objects import Run
from understudy._diagnostics.request_log import Logged
from understudy.faults import RateLimited

SUBMIT = "/submit_tool_outputs"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake of the app.

    Attributes:
        kind: the name of the rule.
        text: what happened, and what to do.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class ClientMisuse(tuple[Finding, ...]):
    """The app's mistakes: a tuple, empty if there are none.

    `check()` fails the test if there are any.
    """

    __slots__ = ()

    def check(self, *, allow: Iterable[str] = ()) -> None:
        """Fail the test if there are findings.

        Args:
            allow: kinds of findings that are acceptable here.

        Raises:
            AssertionError: there are others; it lists them.
        """
        allowed = set(allow)
        found = [finding for finding in self if finding.kind not in allowed]
        assert not found, "the app misused the API:\n" + "\n".join(f"  {finding}" for finding in found)

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no misuse"


def find_misuse(log: Sequence[Logged], runs: Sequence[Run]) -> ClientMisuse:
    """Return the misuse in a request log, and in the runs left behind.

    Rules:
        late_outputs: outputs were submitted for a run that was not (or no longer) waiting for any.
        duplicate: a message or run was created a second time after the answer to the first request was lost.
        impatient: a request was sent before the `retry-after` of a 429 was over. The SDK's own retries do not count.
        abandoned_stream: a streamed answer was not read to its end.
        active_run: a run was left active; its thread stays locked until it expires.
    """
    return ClientMisuse([*_late_outputs(log), *_duplicates(log), *_impatient(log), *_abandoned(log), *_active(runs)])


def _late_outputs(log: Sequence[Logged]) -> Iterator[Finding]:
    for logged in log:
        if logged.path.endswith(SUBMIT) and logged.status == 400 and logged.fault is None:
            run_id = logged.path.split("/")[-2]
            yield Finding(
                "late_outputs",
                f"outputs for {run_id} were refused at {logged.at:.0f}: it was not waiting for them. Has it expired, ended "
                "or received them already? Check its status before submitting.",
            )


def _duplicates(log: Sequence[Logged]) -> Iterator[Finding]:
    for number, lost in enumerate(log):
        if lost.fault is None or lost.fault.phase_of == "before" or lost.method != "POST":
            continue
        if not lost.path.endswith(("/messages", "/runs")):
            continue
        for again in log[number + 1 :]:
            if (again.path, again.body) == (lost.path, lost.body) and again.status == 200:
                made = "message" if lost.path.endswith("/messages") else "run"
                yield Finding(
                    "duplicate",
                    f"POST {lost.path} was sent again after its answer was lost, and the {made} now exists twice. List "
                    f"the thread's {made}s before sending again, or use max_retries=0.",
                )
                break


def _impatient(log: Sequence[Logged]) -> Iterator[Finding]:
    for number, limited in enumerate(log[:-1]):
        what = limited.fault.what if limited.fault is not None else None
        if not isinstance(what, RateLimited) or what.retry_after is None:
            continue
        following = log[number + 1]
        waited = max(following.at - limited.at, following.wall - limited.wall)
        is_sdk_retry = following.sent.headers.get("x-stainless-retry-count", "0") != "0"
        if waited < what.retry_after and not is_sdk_retry:
            yield Finding(
                "impatient",
                f"{following.method} {following.path} came {waited:.1f} s after a 429 that said retry-after: "
                f"{what.retry_after:g}. Wait that long before the next request.",
            )


def _abandoned(log: Sequence[Logged]) -> Iterator[Finding]:
    for logged in log:
        if logged.stream == "open":
            yield Finding(
                "abandoned_stream",
                f"the stream of POST {logged.path} was not read to its end. The run continues regardless: read it to "
                "the end, or cancel the run.",
            )


def _active(runs: Sequence[Run]) -> Iterator[Finding]:
    for run in runs:
        if not run.is_over:
            status = run_status(run.execution.status)
            yield Finding(
                "active_run",
                f"{run.id} was left {status!r}: {run.thread_id} accepts no message and no other run until it is "
                "over. Wait for it, submit the outputs it needs, or cancel it.",
            )
