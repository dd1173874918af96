"""Which tests call which function, and how long each takes: `python -m tests.mutants.calls FILE`, in the mutated copy.

Functions that are called while modules are imported are listed apart: any test may depend on what they made.
"""

from __future__ import annotations

import json
import os
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from mutmut.mutation import trampoline

AT_IMPORT = "at import"


class Calls:
    """A pytest plugin that notes the mutated functions each passing test calls."""

    def __init__(self) -> None:
        self.called: set[str] = set()
        self.tests: dict[str, set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self.enter(AT_IMPORT)  # what collecting, or the import of another test's modules, called
        start = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - start
            self.enter(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or report.skipped:
            self.failed.add(report.nodeid)

    def enter(self, name: str) -> None:
        for function in self.called:
            self.tests[function].add(name)
        self.called.clear()

    def write(self, path: Path) -> None:
        """Write what was seen; tests that fail without a mutant take no part."""
        tests = {function: sorted(names - self.failed) for function, names in self.tests.items()}
        seconds = {name: spent for name, spent in self.seconds.items() if name not in self.failed}
        path.write_text(json.dumps({"tests": tests, "seconds": seconds, "failed": sorted(self.failed)}), encoding="utf-8")


def configured() -> tuple[list[str], list[str]]:
    """Pytest's options and the tests, as `[tool.mutmut]` names them."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    return settings["pytest_add_cli_args"], settings["pytest_add_cli_args_test_selection"]


def main() -> None:
    calls = Calls()
    trampoline.record_trampoline_hit = lambda name, caller=None: calls.called.add(name)
    trampoline.set_mutant_under_test("stats")
    del os.environ["MUTANT_UNDER_TEST"]  # child processes run as they are
    options, selection = configured()
    status = pytest.main(["-q", "--tb=no", *options, *selection], plugins=[calls])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"the tests could not be run in {Path.cwd()}: {status!r}")
    calls.write(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
