"""What the app did wrong to the API: mistakes that a service answers without a word, or that only cost money."""

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
    """One thing the app did wrong.

    `kind` is the name of the rule, `text` says what happened and what to do.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class ClientMisuse(tuple[Finding, ...]):
    """The findings: empty when the app did nothing wrong.

    `check()` fails the test if it did.
    """

    __slots__ = ()

    def check(self, *, allow: Iterable[str] = ()) -> None:
        """Fail with what was found, in words.

        Args:
            allow: kinds of findings that are all right here.

        Raises:
            AssertionError: something else was found.
        """
        allowed = set(allow)
        found = [finding for finding in self if finding.kind not in allowed]
        assert not found, "the app misbehaved towards the API:\n" + "\n".join(f"  {finding}" for finding in found)

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "nothing wrong"


def find_misuse(log: Sequence[Logged], runs: Sequence[Run]) -> ClientMisuse:
    """Judge what was sent, and what was left behind.

    Rules:
        late_outputs: outputs were submitted for a run that did not wait for any (any more).
        duplicate: a message or run was made a second time after the answer to the first was lost.
        impatient: a request came before the `retry-after` of a 429 was over. The SDK's own retries are never that.
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
                f"outputs for {run_id} were refused at {logged.at:.0f}: it did not wait for them. Has it expired, ended, or "
                "got them already? Look at its status before submitting.",
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
                    f"POST {lost.path} was sent again after its answer was lost, and the {made} is there twice. List "
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
                f"{what.retry_after:g}. Wait as long as it says.",
            )


def _abandoned(log: Sequence[Logged]) -> Iterator[Finding]:
    for logged in log:
        if logged.stream == "open":
            yield Finding(
                "abandoned_stream",
                f"the stream of POST {logged.path} was not read to its end. The run goes on all the same: read it to "
                "the end, or cancel the run.",
            )


def _active(runs: Sequence[Run]) -> Iterator[Finding]:
    for run in runs:
        if not run.is_over:
            status = run_status(run.execution.status)
            yield Finding(
                "active_run",
                f"{run.id} was left {status!r}: {run.thread_id} takes no message and no other run until it is "
                "over. Wait for it, submit what it asks for, or cancel it.",
            )
