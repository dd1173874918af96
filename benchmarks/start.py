"""CPU that an installed plugin adds to `pytest --version`-like starts: an empty collection, with and without it.

Then the first test of a process (the one of the part `suite`), simulated and replayed, over a hand-written fake. Each start
is a fork of a process that has imported pytest already, and for the first test what the injected fake needs: the SDK.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import suite
from measure import heading, in_short, low, row, turns

ROUNDS = 14
FORKS = Path(__file__).parent / "forks.py"


def in_forks(cases: dict[str, list[str]], *preloaded: Path) -> dict[str, float]:
    """CPU milliseconds of pytest with the arguments of each case, in turn."""
    order = list(turns(list(cases), ROUNDS))
    arguments = json.dumps([["-q", "-p", "no:cacheprovider", *cases[name]] for name in order])
    command: Sequence[str | Path] = [sys.executable, FORKS, arguments, *preloaded]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for name, took in zip(order, json.loads(printed), strict=True):
        samples[name].append(took)
    return {name: low(values) for name, values in samples.items()}


def plugin() -> None:
    """CPU of a start of pytest with one empty test, with and without a plugin."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "test_nothing.py").write_text("def test_nothing(): pass\n")
        others = ["-p", "no:recording", "-p", "no:hypothesispytest", directory]
        cases = {
            "neither": ["-p", "no:understudy", "-p", "no:openai_responses", *others],
            "ours": ["-p", "no:openai_responses", *others],
            "openai-responses": ["-p", "no:understudy", *others],
        }
        found = in_forks(cases)
    heading("pytest start", "CPU ms, pytest imported", "added ms")
    for name, value in found.items():
        row(name, value, value - found["neither"])
    added = {name: f"{value - found['neither']:,.0f} ms" for name, value in found.items()}
    beside = f"openai-responses {added['openai-responses']}"
    in_short("CPU added to pytest's start, no test using the plugin", added["ours"], goal="15 ms", beside=beside)


def first_test() -> None:
    """CPU of a pytest with one test, over the same test on a fake that is injected."""
    with tempfile.TemporaryDirectory() as directory:
        files = suite.write(Path(directory), tests=1)
        kinds = (suite.FLOOR, suite.OWN, "ours", "ours, replayed")
        cases = {name: [*suite.options(name), str(files[name])] for name in kinds}
        found = in_forks(cases, files[suite.FLOOR])
    heading("the first test of a process", "CPU ms, pytest and the SDK imported", "over the injected fake, ms")
    for name, value in found.items():
        row(name, value, value - found[suite.FLOOR])
    over = [f"{found[name] - found[suite.FLOOR]:,.0f} ms" for name in ("ours", "ours, replayed", suite.OWN)]
    what = "the first test of a process over an injected fake: simulated / replayed"
    in_short(what, " / ".join(over[:2]), goal="150 ms", beside=f"{suite.OWN} {over[2]}")


def main() -> None:
    plugin()
    first_test()


if __name__ == "__main__":
    main()
