"""An export of what was done in a simulation, as a test in Python or a cassette."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from understudy._cassettes import Interaction
from understudy._cassettes.secrets import Scrubber
from understudy._cassettes.storage import Storage
from understudy._serve.exchanges import ServedExchange
from understudy._serve.export_code import TestCode
from understudy._serve.simulated import Simulation

FORMS = ("python", "cassette")
_HOST = "https://api.openai.com"  # cassettes are matched by path, so any host would do


def export(simulation: Simulation, form: str) -> str:
    """Return what was done since the simulation began.

    Args:
        simulation: the simulation.
        form: `python` or `cassette`.

    Raises:
        ValueError: another form, nothing to export, or too much for all of it to be kept.
    """
    if form not in FORMS:
        raise ValueError(f"form: expected {' or '.join(FORMS)}, got {form!r}")
    exchanges = simulation.exchanges
    if exchanges.lost:
        text = f"the first {exchanges.lost} requests are no longer kept, so the export would be incomplete"
        raise ValueError(f"{text}: reset, and repeat it with fewer requests")
    done = list(exchanges)
    if not any(entry.verb is None for entry in done):
        raise ValueError("nothing was sent to the API so far; send a request first")
    if form == "cassette":
        return cassette([entry for entry in done if entry.verb is None])
    return TestCode(simulation.initial_mode).module(done)


def cassette(exchanges: list[ServedExchange]) -> str:
    """Return exchanges as the text of a cassette, without secrets."""
    recorded = [_interaction(number, entry) for number, entry in enumerate(exchanges)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "playground.yaml"
        storage = Storage(path, Scrubber(()), rename_ids=False, keep_polls=True, force=True)
        storage.save(recorded, replace=True, failed=False)
        return path.read_text(encoding="utf-8")


def _interaction(number: int, entry: ServedExchange) -> Interaction:
    query = f"?{entry.query}" if entry.query else ""
    at = datetime.fromtimestamp(entry.wall, UTC).isoformat(timespec="milliseconds")
    return Interaction(
        index=number,
        method=entry.method,
        url=f"{_HOST}{entry.path}{query}",
        request_headers=entry.headers,
        request_body=entry.request_body,
        status=entry.status or 502,
        headers=entry.answer_headers,
        body=entry.body,
        recorded_at=at,
        broken=("ReadError", entry.broken) if entry.broken else None,
    )
