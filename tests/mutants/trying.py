"""Try mutants, one after the other: `python -m tests.mutants.trying SAMPLE CALLS RESULTS`, in the mutated copy.

A mutant meets tests that call its function, one of each kind first, the quickest first: 6 seconds of CPU, out of 15 files;
and if none of them notices, a minute, out of 60. Its limit is CPU time, so that the machine's load decides nothing; the
limit of wall time is for what waits without end. A test that notices something is run without the mutant, too: only if it
passes there has it noticed the mutant.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from .calls import AT_IMPORT, configured

ROUNDS = ((6.0, 15), (60.0, 60))  # seconds of CPU, and how many files at most: each has to be collected
START_SECONDS, FACTOR, WALL_FACTOR = 20, 3, 12
_PLAIN = re.compile(r"[\w./:@\-\[\] ,=+#']*")  # ids that a command line takes


def chosen(tests: Iterable[str], seconds: dict[str, float], limit: float, most_files: int) -> list[str]:
    """Of these tests one of each function, the quickest first, then a second of each: so many seconds and files."""
    families = defaultdict(list)
    for test in sorted(filter(_PLAIN.fullmatch, tests), key=seconds.__getitem__):
        families[test.partition("[")[0]].append(test)
    taken, total, files = [], 0.0, set()
    for test in (test for rank in zip_longest(*families.values()) for test in rank if test is not None):
        file = test.partition("::")[0]
        if total + seconds[test] <= limit and (file in files or len(files) < most_files):
            taken.append(test)
            files.add(file)
            total += seconds[test]
    return taken


class Noticed:
    """A pytest plugin that sends the id of the test that failed to a pipe."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os.write(self.pipe, f"{report.nodeid}\n".encode())


def run(tests: list[str], mutant: str, cpu_limit: int) -> tuple[int, str | None]:
    """Run tests in a child process; gives its exit code (negative: the signal), and the test that failed, if one did."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.environ["MUTANT_UNDER_TEST"] = mutant
        limit = cpu_limit + int(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        signal.alarm(cpu_limit * WALL_FACTOR)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        options, _ = configured()
        early = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is imported once, for all children
        os._exit(int(pytest.main(["-x", "-q", "--tb=no", *early, *options, *tests], plugins=[Noticed(writer)])))
    os.close(writer)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with os.fdopen(reader, encoding="utf-8") as pipe:
        os.set_blocking(reader, False)  # what the test started may hold the other end open
        failed = pipe.readline().rstrip("\n") or None
    return code, failed


class Trial:
    """What is known of the tests: whom they call, how long they take, which of them pass on their own."""

    def __init__(self, calls: dict[str, Any]) -> None:
        self.callers: dict[str, list[str]] = calls["tests"]
        self.seconds: dict[str, float] = calls["seconds"]
        self.passes: dict[str, bool] = {}

    def tests_of(self, mutant: str, limit: float, most_files: int) -> list[str]:
        """The tests that a mutant meets; for what is called on import only, some of everything."""
        function = mutant.rpartition("__mutmut_")[0]
        callers = [test for test in self.callers.get(function, []) if test != AT_IMPORT]
        if not callers and function in self.callers:
            callers = list(self.seconds)
        return chosen((test for test in callers if self.passes.get(test, True)), self.seconds, limit, most_files)

    def outcome(self, mutant: str) -> tuple[str, str | None]:
        """killed, survived, out of time, no tests, or broken; and the test that noticed."""
        for limit, most_files in ROUNDS:
            outcome, test = self.outcome_of_round(mutant, limit, most_files)
            if outcome != "survived":
                break
        return outcome, test

    def outcome_of_round(self, mutant: str, limit: float, most_files: int) -> tuple[str, str | None]:
        while tests := self.tests_of(mutant, limit, most_files):
            cpu_limit = START_SECONDS + int(FACTOR * sum(self.seconds[test] for test in tests))
            code, failed = run(tests, mutant, cpu_limit)
            if code == 0:
                return "survived", None
            if code < 0:
                return "out of time" if -code in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL) else "killed", failed
            if failed is None:  # the tests could not even be collected
                return ("killed" if run([*tests, "--collect-only"], "", cpu_limit)[0] == 0 else "broken"), None
            if self.alone(failed):
                return "killed", failed
        return "no tests", None

    def alone(self, test: str) -> bool:
        """Whether a test passes without a mutant, and without the tests before it."""
        if test not in self.passes:
            self.passes[test] = run([test], "", START_SECONDS + 60)[0] == 0
        return self.passes[test]


def main() -> None:
    for library in ("openai", "openai.types.beta.threads", "hypothesis", "yaml", "vcr"):  # seconds that children save
        import_module(library)
    sample, calls, results = (Path(given) for given in sys.argv[1:])
    trial = Trial(json.loads(calls.read_text(encoding="utf-8")))
    known = {json.loads(line)["mutant"] for line in results.read_text("utf-8").splitlines()} if results.exists() else set()
    for mutant in json.loads(sample.read_text(encoding="utf-8")):
        if mutant not in known:
            start = time.monotonic()
            outcome, test = trial.outcome(mutant)
            wall = round(time.monotonic() - start, 1)
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"mutant": mutant, "outcome": outcome, "test": test, "wall_seconds": wall}) + "\n")


if __name__ == "__main__":
    main()
