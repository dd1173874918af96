"""Runs the benchmarks in an environment of their own, with the peers beside. Needs only Python and pip.

Run without arguments, it runs every part and writes what it measured to docs/performance.md.
"""

from __future__ import annotations

import ast
import datetime
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parent / ".venv-bench"
PEERS = ("openai-responses==0.13.1", "openai<3", "vcrpy", "pytest-recording")  # the peer does not work on openai 3.x
PARTS = ("simulate", "runs", "properties", "memory", "lists", "conversations", "stream", "replay", "start", "load")
PAGE = HERE.parent / "docs" / "performance.md"
HEAD = """\
# What it costs

Written by `python3 benchmarks/run.py` on {day}, on a machine of {cores} cores:
{versions}.

Every comparison was made in one run, taking turns; the ratios are what holds on another machine, the microseconds are this
one's. *The floor* is the same SDK before a canned transport that answers the same bytes.
[How it is measured](../benchmarks/README.md).

| what | ours | goal | beside it |
| --- | --- | --- | --- |
"""


def main() -> int:
    wanted = sys.argv[1:] or list(PARTS)
    unknown = set(wanted) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    python = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", f"{HERE.parent}[serve]", *PEERS], check=True)
    with tempfile.TemporaryDirectory() as directory:
        summary = Path(directory) / "summary"
        tables = {part: measured(python, part, summary) for part in wanted}
        lines = [json.loads(line) for line in summary.read_text(encoding="utf-8").splitlines()]
    short = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    print("\n" + short)
    if not sys.argv[1:]:
        PAGE.write_text(page(versions(python), short, tables), encoding="utf-8")
    return 0


def measured(python: Path, part: str, summary: Path) -> str:
    """Run a part; gives the tables it printed, which are shown as they come. Its summary is added to a file."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "BENCHMARK_SUMMARY": str(summary)}
    printed = []
    with subprocess.Popen([python, HERE / f"{part}.py"], stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            printed.append(line)
    if process.returncode:
        raise SystemExit(f"the part {part} failed")
    return "".join(printed).strip() + "\n"


def versions(python: Path) -> str:
    """What was compared: the interpreter and the libraries."""
    names = ("openai", "httpx", "vcrpy", "openai-responses")
    program = (
        "import sys; from importlib.metadata import version; print(f'Python {sys.version.split()[0]}', "
        f"*(f'{{name}} {{version(name)}}' for name in {names}), sep=', ')"
    )
    return subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def page(compared: str, short: str, tables: dict[str, str]) -> str:
    day = datetime.datetime.now(tz=datetime.UTC).date()
    text = HEAD.format(day=day, cores=os.cpu_count(), versions=compared) + short
    for part, table in tables.items():
        about = ast.get_docstring(ast.parse((HERE / f"{part}.py").read_text(encoding="utf-8")))
        text += f"\n## {part}\n\n{about}\n\n{table}"
    return text


if __name__ == "__main__":
    sys.exit(main())
