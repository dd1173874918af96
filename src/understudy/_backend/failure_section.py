"""The section on the simulator in the report of a failed test."""

from __future__ import annotations

import re
from collections.abc import Iterator

from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.responses.objects import ResponsesObjects
from understudy._backend.backend import Backend
from understudy._cassettes.secrets import Scrubber
from understudy._common.messages import text_headers
from understudy._diagnostics.failure_section import FailureSection
from understudy._diagnostics.request_log import Logged
from understudy._diagnostics.timeline import Timeline
from understudy.errors import nearest

_MOST_RUNS = 10
_UNKNOWN_ID = re.compile(rb"with id \\?'([\w-]+)\\?'")


def failure_section(backend: Backend) -> FailureSection:
    """Collect what a simulator knows about the test that failed."""
    with backend._engine.lock:  # noqa: SLF001 - one package, and not for users
        log = list(backend._dispatcher.log)  # noqa: SLF001
        start = backend._start if backend.clock.virtual or not log else log[0].at  # noqa: SLF001
        scrubber = Scrubber()
        for logged in log:  # the app's own key may have no known shape
            scrubber.learn_headers(text_headers(logged.headers))
        clean = scrubber.text
        ids = _run_ids(backend)
        timelines, not_shown = _timelines(backend, ids[-_MOST_RUNS:])
        return FailureSection(
            title=clean(f"{backend!r}"[1:-1]),
            log=log,
            start=start,
            timelines=timelines,
            clean=clean,
            advice=[clean(line) for line in (*advice(backend, log), *not_shown)],
            earlier=len(ids[:-_MOST_RUNS]),
        )


def _run_ids(backend: Backend) -> list[str]:
    """Return the ids of the runs, and of the responses after them."""
    ids = [run.id for run in backend._all_runs()]  # noqa: SLF001
    return [*ids, *backend._engine.part(ResponsesObjects).responses]  # noqa: SLF001


def _timelines(backend: Backend, ids: list[str]) -> tuple[list[Timeline], list[str]]:
    """Return the timelines of runs and responses.

    Also why some of them have none. Items of the test project's own show
    themselves: whatever they raise, the test's failure is reported.
    """
    shown, not_shown = [], []
    for run_id in ids:
        try:
            shown.append(backend.timeline(run_id))
        except Exception as error:
            not_shown.append(f"{run_id} has no timeline, since an item of it cannot be shown: {error!r}")
    return shown, not_shown


def advice(backend: Backend, log: list[Logged]) -> Iterator[str]:
    """Yield advice on the id that the last 404 did not find, if there was one."""
    refused = next((logged for logged in reversed(log) if logged.status == 404), None)
    found = _UNKNOWN_ID.search(refused.shown) if refused is not None else None
    if found is None:
        return
    wanted = found[1].decode()
    known = _ids_like(backend, wanted)
    close = nearest(wanted, known, 1)
    if close:
        yield f"no object has the id {wanted!r}. Did you mean {close[0]!r}?"
    elif known:
        yield f"no object has the id {wanted!r}; there {'is' if len(known) == 1 else 'are'} {', '.join(known[:5])}"
    else:
        yield f"no object has the id {wanted!r}, and there are none of its kind: add it first, as with add_assistant(id=...)"


def _ids_like(backend: Backend, wanted: str) -> list[str]:
    """Return the ids with the same prefix."""
    objects = backend._engine.part(AssistantsObjects)  # noqa: SLF001
    files, stores = backend._engine.files.listing, backend._engine.stores.listing  # noqa: SLF001
    ids = [
        *(assistant.id for assistant in objects.assistants),
        *(thread.id for thread in objects.threads),
        *(run.id for run in backend._all_runs()),  # noqa: SLF001
        *(file.id for file in files),
        *(store.id for store in stores),
    ]
    prefix = wanted.partition("_")[0]
    return [known for known in ids if known.partition("_")[0] == prefix]
