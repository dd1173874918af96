"""How many mistakes the tests notice: `python -m tests.mutants [NUMBER] [SEED]`, 400 mutants and seed 20261122 by default.

mutmut (`pip install mutmut==3.8.1`) makes every mutant of `_engine/` and `_cassettes/`, one small mistake each; so many
are drawn and tried. It works on a copy in `../understudy-mutants`, made anew each time, with two processes. A mutant meets
the tests that call its function: at first some of each kind, together 12 seconds; if it survives, more, 25 seconds.
Property tests draw fewer examples than in the suite, and what runs in other processes does not take part: the score is a
lower bound.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COPY = ROOT.parent / "understudy-mutants"
STATS = COPY / "mutants" / "mutmut-stats.json"
ROUNDS = (12.0, 25.0)  # seconds of tests
KILLED, TIMEOUTS = {1, 3}, {-24, 24, 36, 152, 255}
_PLAIN = re.compile(r"[\w./:@\-\[\] ,=+#']*")  # ids that a command line takes


def copied() -> None:
    """Make the copy: what git holds; the real recordings stay beside it."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, COPY / name)
    recordings = ROOT.parent / "shared"
    if recordings.exists():
        (COPY / "shared").symlink_to(recordings)  # beside the folder in which mutmut runs


def mutmut(names: Iterable[str]) -> None:
    subprocess.run(["mutmut", "run", "--max-children", "2", *names], cwd=COPY, check=False, stdout=subprocess.DEVNULL)


def outcomes() -> dict[str, int | None]:
    """The exit status of each mutant's tests; None where none were run."""
    found: dict[str, int | None] = {}
    for path in sorted((COPY / "mutants").rglob("*.meta")):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def chosen(tests: Iterable[str], seconds: dict[str, float], limit: float) -> list[str]:
    """Of these tests one of each function, the quickest first, then a second of each, until so many seconds are full."""
    families = defaultdict(list)
    for test in sorted(filter(_PLAIN.fullmatch, tests), key=seconds.__getitem__):
        families[test.partition("[")[0]].append(test)
    taken, total = [], 0.0
    for test in (test for rank in zip_longest(*families.values()) for test in rank if test is not None):
        if total + seconds[test] <= limit:
            taken.append(test)
            total += seconds[test]
    return taken


def tried(names: list[str], all_stats: dict[str, Any], limit: float) -> dict[str, int | None]:
    by_function = all_stats["tests_by_mangled_function_name"]
    few = {function: chosen(tests, all_stats["duration_by_test"], limit) for function, tests in by_function.items()}
    STATS.write_text(json.dumps({**all_stats, "tests_by_mangled_function_name": few}), encoding="utf-8")
    mutmut(names)
    found = outcomes()
    if any(found[name] is None for name in names):
        raise SystemExit(f"mutmut did not try them all: see what `mutmut run` says in {COPY}")
    return {name: found[name] for name in names}


def main() -> None:
    number, seed = (int(given) for given in (sys.argv[1:] + ["400", "20261122"][len(sys.argv) - 1 :]))
    copied()
    mutmut(["no mutant of this name"])  # makes them all, and looks which tests call which function
    names = sorted(outcomes())
    random.Random(seed).shuffle(names)
    sample = names[:number]
    all_stats = json.loads(STATS.read_text(encoding="utf-8"))
    found = tried(sample, all_stats, ROUNDS[0])
    left = [name for name, status in found.items() if status not in KILLED | TIMEOUTS]
    found |= tried(left, all_stats, ROUNDS[1])
    tell(found, len(names))


def tell(found: dict[str, int | None], of: int) -> None:
    table = defaultdict(Counter)
    for name, status in found.items():
        outcome = "killed" if status in KILLED else "timeout" if status in TIMEOUTS else "survived"
        table[name.split(".")[1]][outcome] += 1
        if outcome == "survived":
            print(name)
    print(f"\n{len(found)} of {of:,} mutants")
    for folder, counts in sorted(table.items()):
        total = sum(counts.values())
        killed, late = counts["killed"], counts["timeout"]
        print(f"{folder}: {killed / total:.0%} noticed ({killed} of {total}; {late} out of time)")


if __name__ == "__main__":
    main()
