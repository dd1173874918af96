"""CPU that an installed plugin adds to `pytest --version`-like starts: an empty collection, with and without it."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import heading, in_short, row

ROUNDS = 11


def cpu_of(arguments: list[str], directory: str) -> float:
    """CPU milliseconds (user and system) of one pytest start that collects one empty test."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)  # os.times() counts in ticks of 10 ms
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, directory],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "test_nothing.py").write_text("def test_nothing(): pass\n")
        others = ["-p", "no:recording", "-p", "no:hypothesispytest"]
        cases = {
            "neither": [*others, "-p", "no:understudy", "-p", "no:openai_responses"],
            "ours": [*others, "-p", "no:openai_responses"],
            "openai-responses": [*others, "-p", "no:understudy"],
        }
        samples: dict[str, list[float]] = {name: [] for name in cases}
        for turn in range(ROUNDS):
            for name in sorted(cases, reverse=turn % 2 == 1):  # neither always first nor always last
                samples[name].append(cpu_of(cases[name], directory))
    found = {name: statistics.median(values) for name, values in samples.items()}
    heading("pytest start", "CPU ms", "added ms", "ratio")
    for name, value in found.items():
        row(name, value, value - found["neither"], f"{value / found['neither']:.2f}")
    added = {name: f"{value - found['neither']:,.0f} ms" for name, value in found.items()}
    beside = f"openai-responses {added['openai-responses']}"
    in_short("CPU added to pytest's start, no test using the plugin", added["ours"], goal="15 ms", beside=beside)


if __name__ == "__main__":
    main()
