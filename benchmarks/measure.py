"""What the benchmarks share: short rounds in turn, a low quantile of them, ratios."""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cpu_each(work: Callable[[int], None], count: int) -> float:
    """CPU microseconds of one unit of work; `work(n)` does n of them."""
    start = time.process_time()
    work(count)
    return (time.process_time() - start) / count * 1e6


def children_cpu(command: list[str], directory: Path | None = None) -> float:
    """CPU milliseconds (user and system) of a command, which must succeed, and of what it starts.

    Raises:
        subprocess.CalledProcessError: it failed; its output is in the error.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)  # os.times() counts in ticks of 10 ms
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def low(values: list[float]) -> float:
    """The tenth lowest of a hundred, the lowest of fewer than ten: what it costs while nothing else disturbs it.

    What disturbs only adds, in bursts, and moves a median; a minimum of hundreds would be the luck of one round.
    """
    return sorted(values)[len(values) // 10]


def turns(names: list[str], rounds: int) -> Iterator[str]:
    """The names, so many times each, every second time backwards: neither is always first nor always last."""
    for turn in range(rounds):
        yield from reversed(names) if turn % 2 else names


def in_turn(works: dict[str, Callable[[int], None]], *, count: int, rounds: int, warm_up: int = 20) -> dict[str, float]:
    """The CPU microseconds of a unit of each, from short rounds in turn: a change of the machine's speed hits all alike.

    Args:
        works: `work(n)` does n units.
        count: units of a round, best so few that it takes some milliseconds, and is rarely interrupted.
        rounds: of each.
        warm_up: units before the first.
    """
    for work in works.values():
        work(warm_up)
    with settled_memory():
        samples: dict[str, list[float]] = {name: [] for name in works}
        for name in turns(list(works), rounds):
            samples[name].append(cpu_each(works[name], count))
    return {name: low(values) for name, values in samples.items()}


@contextmanager
def settled_memory() -> Iterator[None]:
    """Leave out of garbage collections what is there now, so that none takes long in the midst of a round."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def retained(work: Callable[[int], object], count: int, *, warm_up: int = 0) -> float:
    """Return the bytes that each unit of work leaves behind, once collected; `warm_up` units go before."""
    if warm_up:
        work(warm_up)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    work(count)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / count


def row(*cells: object) -> None:
    print("| " + " | ".join(f"{cell:,.1f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True)


def heading(*cells: str) -> None:
    print()
    row(*cells)
    row(*("---" for _ in cells))


def in_short(what: str, ours: str, *, goal: str = "-", beside: str = "-") -> None:
    """One line of the summary that `run.py` puts before the tables: what was measured, the goal, and others beside it."""
    collected = os.environ.get("BENCHMARK_SUMMARY")
    if collected:
        with Path(collected).open("a", encoding="utf-8") as file:
            file.write(json.dumps([what, ours, goal, beside]) + "\n")
