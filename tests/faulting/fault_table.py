"""How each fault surfaces in an app: a table in docs/faults.md, whose column for this openai generation this file makes.

`python -m tests.faulting.fault_table` writes the column; a test fails when the SDK does otherwise.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import openai

import understudy as us
from tests.engine.app import ASSISTANT, assistant

DOC = Path(__file__).parents[2] / "docs" / "faults.md"
BEGIN, END = "<!-- table of faults: begin -->\n", "<!-- table of faults: end -->\n"
GENERATIONS = ("1.x", "2.x", "3.x")
HERE = f"{openai.__version__.split('.', maxsplit=1)[0]}.x"

MESSAGE, STREAM = "messages.create", "runs.create"  # what meets the fault: one plain request, or one that streams

CASES: tuple[tuple[us.Fault, str], ...] = (
    (us.Fault(us.RateLimited()), MESSAGE),
    (us.Fault(us.RateLimited(retry_after=2)), MESSAGE),
    (us.Fault(us.ServerError()), MESSAGE),
    (us.Fault(us.ServerError(), phase="after"), MESSAGE),
    (us.Fault(us.Overloaded()), MESSAGE),
    (us.Fault(us.Timeout()), MESSAGE),
    (us.Fault(us.Timeout(connect=True)), MESSAGE),
    (us.Fault(us.Timeout(), phase="after"), MESSAGE),
    (us.Fault(us.Timeout(), phase="during"), MESSAGE),
    (us.Fault(us.Timeout(), phase="during"), STREAM),
    (us.Fault(us.ConnectionReset()), MESSAGE),
    (us.Fault(us.ConnectionReset(), phase="after"), MESSAGE),
    (us.Fault(us.ConnectionReset(kind="RemoteProtocolError"), phase="after"), MESSAGE),
    (us.Fault(us.ConnectionReset(), phase="during"), MESSAGE),
    (us.Fault(us.ConnectionReset(), phase="during"), STREAM),
    (us.Fault(us.BadJSON()), MESSAGE),
    (us.Fault(us.BadJSON()), STREAM),
    (us.Fault(us.HTMLBody()), MESSAGE),
    (us.Fault(us.HTMLBody(status=200)), MESSAGE),
    (us.Fault(us.StreamCut()), STREAM),
    (us.Fault(us.StreamCut(), event="thread.message.delta"), STREAM),
    (us.Fault(us.StreamCut(reset=True)), STREAM),
    (us.Fault(us.StreamCut(at_byte=100)), STREAM),
    (us.Fault(us.StreamError()), STREAM),
    (us.Fault(us.StreamError(nested=False)), STREAM),
    (us.Fault(us.Slow(30)), MESSAGE),
    (us.Fault(us.Slow(30), event="thread.run.in_progress"), STREAM),
    (us.Fault(us.DuplicateEvents(), event="thread.message.delta"), STREAM),
    (us.Fault(us.ReorderedEvents(), event="thread.message.created"), STREAM),
    (us.Fault(us.NotFound()), MESSAGE),
    (us.Fault(us.Sunset()), MESSAGE),
)


def prepared(backend: us.Backend, fault: us.Fault, on: str) -> str:
    assistant(backend)
    thread_id = backend.add_thread(messages=["Hello?"]).id
    backend.next_run(us.Reply("One two"))
    backend.fault(us.Fault(**{name: getattr(fault, name) for name in fault.__slots__} | {"on": on}))
    return thread_id


def request(threads: Any, thread_id: str, on: str) -> Any:
    if on == MESSAGE:
        return threads.messages.create(thread_id, role="user", content="Well?")
    return threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True)


def sync_outcomes(client: Any) -> list[str]:
    """What an app sees of each fault with this client, which does not retry."""
    return [sync_outcome(client.with_options(max_retries=0), fault, on) for fault, on in CASES]


def sync_outcome(client: Any, fault: us.Fault, on: str) -> str:
    events: list[Any] = []
    with us.simulate(strict=False) as backend:
        thread_id = prepared(backend, fault, on)
        try:
            answer = request(client.beta.threads, thread_id, on)
            if on == STREAM:
                for event in answer:
                    events.append(event)  # noqa: PERF402 - it may break off
        except Exception as error:
            return raised(error, events)
        return returned(answer, events, backend)


async def async_outcomes(client: Any) -> list[str]:
    """The same with an async client."""
    async with client:
        return [await async_outcome(client.with_options(max_retries=0), fault, on) for fault, on in CASES]


async def async_outcome(client: Any, fault: us.Fault, on: str) -> str:
    events: list[Any] = []
    with us.simulate(strict=False) as backend:
        thread_id = prepared(backend, fault, on)
        try:
            answer = await request(client.beta.threads, thread_id, on)
            if on == STREAM:
                async for event in answer:
                    events.append(event)  # noqa: PERF401
        except Exception as error:
            return raised(error, events)
        return returned(answer, events, backend)


def raised(error: Exception, events: list[Any]) -> str:
    name = type(error).__name__
    root = type(error).__module__.split(".")[0]
    shown = f"`openai.{name}`" if root == "openai" else f"`{'httpx' if root == 'httpx2' else root}.{name}`"
    after = f" after {len(events)} events" if events else ""
    return f"{shown}{after}"


def returned(answer: Any, events: list[Any], backend: us.Backend) -> str:
    if events:
        last = events[-1]
        return f"{len(events)} events, the last `{getattr(last, 'event', None) or 'unnamed'}`"
    if isinstance(answer, str):
        return "a `str`, the page, instead of the object"
    if not hasattr(answer, "id"):
        return "no events"
    moved = backend.clock.now() - 1_700_000_000
    return f"the object, {moved:g} s later" if moved else "the object"


def column() -> list[str]:
    """The cells of this generation, in the order of the cases: what the plain clients see, sync and async alike."""
    sync = sync_outcomes(openai.OpenAI(api_key="any"))
    asynchronous = asyncio.run(async_outcomes(openai.AsyncOpenAI(api_key="any")))
    return [one if one == other else f"{one}; async: {other}" for one, other in zip(sync, asynchronous, strict=True)]


def labels() -> list[str]:
    return [f"`{repr(fault)[6:-1]}` on `{on}`" for fault, on in CASES]


def table() -> dict[str, list[str]]:
    """The table as it stands in the docs: column by column."""
    text = DOC.read_text(encoding="utf-8")
    rows = text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip().splitlines()
    if len(rows) < 3:
        return {}
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {name: [row[number] for row in cells[2:]] for number, name in enumerate(cells[0])}


def main() -> None:
    text = DOC.read_text(encoding="utf-8")
    columns = table()
    kept = columns if columns.get("fault") == labels() else {}
    columns = {"fault": labels()} | {name: kept.get(name, ["?"] * len(CASES)) for name in GENERATIONS} | {HERE: column()}
    rows = [list(columns), ["---"] * len(columns), *map(list, zip(*columns.values(), strict=True))]
    drawn = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    DOC.write_text(text[: text.index(BEGIN) + len(BEGIN)] + drawn + text[text.index(END) :], encoding="utf-8")


if __name__ == "__main__":
    main()
