"""How many mistakes the tests notice: `python -m tests.mutants [NUMBER] [SEED]`, 400 mutants and seed 20261127 by default.

mutmut (`pip install mutmut==3.8.1`) makes every mutant of the packages that `[tool.mutmut]` names, one small mistake
each; so many of them are drawn, and tried in the order in which they were drawn. It works on a copy in
`../understudy-mutants`. Each mutant's outcome is a line of `results.jsonl` there, written when it is known: a run that was
stopped goes on with `--resume`, and `--report` prints the table of what is known so far.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from . import copying

ROOT = Path(__file__).parents[2]
COPY = ROOT.parent / "understudy-mutants"
RESULTS = COPY / "results.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("number", type=int, nargs="?", default=400)
    parser.add_argument("seed", type=int, nargs="?", default=20261127)
    parser.add_argument("--resume", action="store_true", help="go on with the copy and the results that are there")
    parser.add_argument("--report", action="store_true", help="only print what is known so far")
    options = parser.parse_args()
    if not options.report:
        if not options.resume:
            copying.copied(ROOT, COPY)
            copying.mutated(COPY)
        if not (COPY / "calls.json").exists():
            in_copy("calls", str(COPY / "calls.json"))
        names = sorted(copying.mutants(COPY))
        random.Random(options.seed).shuffle(names)
        (COPY / "sample.json").write_text(json.dumps(names[: options.number]), encoding="utf-8")
        in_copy("trying", str(COPY / "sample.json"), str(COPY / "calls.json"), str(RESULTS))
    tell(len(json.loads((COPY / "sample.json").read_text(encoding="utf-8"))), len(copying.mutants(COPY)))


def in_copy(module: str, *arguments: str) -> None:
    """Run a module of this package where the tests find the mutated sources."""
    there = COPY / "mutants"
    path = os.pathsep.join([str(there / "src"), str(there)])
    command = [sys.executable, "-m", f"tests.mutants.{module}", *arguments]
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # without bytecode each mutant would compile all mutated sources again
    subprocess.run(command, cwd=there, check=True, env=environment)


def tell(sample: int, of: int) -> None:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for line in RESULTS.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        table[folder(found["mutant"])][found["outcome"]] += 1
        if found["outcome"] == "survived":
            print(found["mutant"])
    tried = sum(map(Counter.total, table.values()))
    print(f"\n{tried} of a sample of {sample} were tried, of {of:,} mutants")
    for name, counts in sorted(table.items()):
        others = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        print(f"{name}: {counts['killed'] / counts.total():.0%} noticed of {counts.total()} ({others})")
    killed = sum(counts["killed"] for counts in table.values())
    print(f"all: {killed / tried:.0%} noticed ({killed} of {tried})")


def folder(mutant: str) -> str:
    """The package that a mutant belongs to, as the configuration names it."""
    parts = mutant.split(".")
    return "/".join(parts[1:3]) if parts[1] == "_apis" else parts[1]


if __name__ == "__main__":
    main()
