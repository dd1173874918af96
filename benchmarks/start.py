"""CPU that an installed plugin adds to `pytest --version`-like starts: an empty collection, with and without it.

Then the first test of a process (the one of the part `suite`), simulated and replayed, over a hand-written fake.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import suite
from measure import children_cpu, heading, in_short, row

ROUNDS = 7


def cpu_of(arguments: list[str], directory: str) -> float:
    """CPU milliseconds (user and system) of one pytest start that collects one empty test."""
    return children_cpu([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, directory])


def first_test() -> None:
    """CPU of a pytest with one test, over the same test on a fake that is injected."""
    with tempfile.TemporaryDirectory() as directory:
        files = suite.write(Path(directory), tests=1)
        samples: dict[str, list[float]] = {name: [] for name in (suite.FLOOR, suite.OWN, "ours", "ours, replayed")}
        for turn in range(ROUNDS):
            for name in sorted(samples, reverse=turn % 2 == 1):
                took = suite.run(name, files[name])
                assert took is not None, f"{name} failed"
                samples[name].append(took)
    found = {name: statistics.median(values) for name, values in samples.items()}
    heading("the first test of a process", "CPU ms", "over the injected fake, ms")
    for name, value in found.items():
        row(name, value, value - found[suite.FLOOR])
    over = [f"{found[name] - found[suite.FLOOR]:,.0f} ms" for name in ("ours", "ours, replayed", suite.OWN)]
    what = "the first test of a process over an injected fake: simulated / replayed"
    in_short(what, " / ".join(over[:2]), goal="150 ms", beside=f"{suite.OWN} {over[2]}")


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
    first_test()


if __name__ == "__main__":
    main()
