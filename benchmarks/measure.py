"""What the benchmarks share: rounds in turn, medians, ratios."""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path


def cpu_each(work: Callable[[int], None], count: int) -> float:
    """CPU microseconds of one unit of work; `work(n)` does n of them."""
    gc.collect()
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


def in_turn(works: dict[str, Callable[[int], None]], *, count: int, rounds: int = 9) -> dict[str, float]:
    """The median CPU microseconds of each, measured in turns so that a change of the machine's speed hits all alike."""
    for work in works.values():
        work(max(2, count // 10))
    samples: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            samples[name].append(cpu_each(work, count))
    return {name: statistics.median(values) for name, values in samples.items()}


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
