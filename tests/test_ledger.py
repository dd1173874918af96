"""COVERAGE.md is drawn from the code and the observed spec, and never out of date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.observed_spec import SPEC_FILE, spec
from tools.coverage_ledger import OPERATIONS, RESPONSES, ledger, main
from tools.evidence import EFFECTS, RECORDED
from understudy._apis import faces

LEDGER = Path(__file__).parents[1] / "COVERAGE.md"
COMMAND = [sys.executable, "-m", "tools.coverage_ledger"]
HOW = "run: python -m tools.coverage_ledger src/understudy/data/assistants-openapi.observed.json COVERAGE.md"


def test_the_ledger_is_up_to_date() -> None:
    """What COVERAGE.md says is what the code does."""
    assert LEDGER.read_text("utf-8") == ledger(spec()), HOW


def test_every_operation_of_the_spec_is_faked() -> None:
    """All 51 operations are in the table, and each has a path that the spec knows."""
    published = {
        (method.upper(), path)
        for path, methods in spec()["paths"].items()
        for method in methods
        if method in ("get", "post", "delete")
    }
    assert published == {(operation.method, operation.path) for operation in OPERATIONS}
    assert len(OPERATIONS) == 51
    assert len(RESPONSES) == 15


def test_what_is_not_faked_is_said() -> None:
    """An operation that a spec has and the table of operations has not is listed as not faked; other keys are none."""
    more = spec() | {"paths": {**spec()["paths"], "/batches": {"post": {}, "parameters": []}}}
    assert "## Not faked\n\n- `POST /batches`.\n" in ledger(more)


def test_every_parameter_of_the_spec_is_taken() -> None:
    """No parameter that the spec has is refused as unknown, or silently dropped."""
    assert "**not faked**" not in ledger(spec())


def test_the_evidence_is_about_what_there_is() -> None:
    """No operation or parameter stands in the evidence that the table of operations does not have."""
    for name, (_, parameters) in RECORDED.items():
        body = faces.ALL.by_name[name].body
        known = {*faces.ALL.by_name[name].query, *(body.known if body is not None else ())}
        assert set(parameters.split()) <= known, name
    for name, effects in EFFECTS.items():
        body = faces.ALL.by_name[name].body
        assert set(effects) <= {*faces.ALL.by_name[name].query, *(body.known if body is not None else ())}, name


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    """The module is the command that writes the ledger."""
    main([str(SPEC_FILE), str(tmp_path / "out.md")])
    assert (tmp_path / "out.md").read_text("utf-8") == ledger(spec())


def test_the_command_prints_it() -> None:
    """Without a file to write, the ledger is printed; without a spec, how the command is used is said."""
    done = subprocess.run([*COMMAND, str(SPEC_FILE)], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout == ledger(spec())
    wrong = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert "python -m tools.coverage_ledger SPEC [COVERAGE.md]" in wrong.stderr
