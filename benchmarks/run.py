"""Runs the benchmarks in environments of their own, with the peers beside. Needs only Python and pip.

Run without arguments, it runs every part twice and writes what it measured to docs/performance.md and
docs/performance.svg: unless the machine was not the same in both runs, which the SDK's floor shows.
"""

from __future__ import annotations

import ast
import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from picture import picture

HERE = Path(__file__).resolve().parent
BESIDE_PEERS = ".venv-bench"
NEWEST = ".venv-bench-newest"
ENVIRONMENTS = {
    BESIDE_PEERS: ("openai-responses==0.13.1", "openai<3", "vcrpy", "pytest-recording", "uvicorn"),  # the first needs 2.x
    NEWEST: ("openai", "hypothesis", "uvicorn"),
}
PARTS = {  # and where each runs: on the newest SDK unless a peer needs an older one
    "simulate": BESIDE_PEERS,
    "suite": BESIDE_PEERS,
    "runs": NEWEST,
    "properties": NEWEST,
    "memory": BESIDE_PEERS,
    "lists": NEWEST,
    "conversations": NEWEST,
    "stream": NEWEST,
    "serve": NEWEST,
    "load": NEWEST,
    "replay": BESIDE_PEERS,
    "start": BESIDE_PEERS,
}
RUNS = 2
ONCE = {"memory"}  # measured in the first run only: bytes do not depend on what else the machine does
MOST_APART = 0.15  # by how much the floors of two runs may differ
RATIOS_APART = 0.10  # by how much a ratio may, before the page says so
RATIO = re.compile(r"(\d+(?:\.\d+)?)x")
NOT_FOR_PARTS = ("PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS", "PYTHONPATH")  # what would change what is measured
DOCS = HERE.parent / "docs"
HEAD = """\
# What it costs

Written by `python3 benchmarks/run.py` on {day}, on a machine of {cores} cores whose load average was {load}:
{versions}.
The parts {newest} ran on the newest SDK, the others on one that the peers support.

Whatever is compared took turns within one run, so the ratios hold on other machines; the microseconds are this machine's.
*The floor* is the same SDK in front of a canned transport that answers the same bytes. Everything but memory was measured
twice: the table shows the first run, and its last column the second. The floor took {floors}. {apart}
[How it is measured](../benchmarks/README.md).

![The ratios as bars](performance.svg)

| what | ours | goal | beside it | ours, second run |
| --- | --- | --- | --- | --- |
"""
REST = """
## Where the rest goes

Little of what a simulated request costs beyond the SDK's floor is work. Our handler answers a `threads.create` in 14 µs
when it is called in a loop; between two calls of the SDK, whose own work has by then displaced ours from the processor's
caches, it takes 43 µs. The rest, 20 to 25 µs, hands the request over as a plain value and the answer back. Of the work, a
quarter is the thread itself, a sixth reading its body, an eighth the JSON, a twelfth the headers; the rest is who asks,
who answers, and the log.

A `responses.create` takes 150 µs in a loop and 250 µs in between: it carries out a whole execution, which the Assistants
API spreads over several requests. A quarter are the events (seven, for a short reply), a fifth the plan, a fifth the input
and its ids, an eighth the JSON. Why there is no shorter way is [a decision](decisions/0007-one-way-to-answer-a-create.md).
"""

Rows = list[list[str]]


def main() -> int:
    wanted = sys.argv[1:] or list(PARTS)
    unknown = set(wanted) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for environment, needed in ENVIRONMENTS.items():
        if not python_of(environment).exists():
            venv.create(HERE.parent / environment, with_pip=True)
        install = [python_of(environment), "-m", "pip", "install", "-q", str(HERE.parent), *needed]
        subprocess.run(install, check=True)
    runs = [run(wanted)]
    if not sys.argv[1:]:
        again = [part for part in wanted if part not in ONCE]
        runs += [run(again) for _ in range(RUNS - 1)]
    for each in runs:
        print("\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in each.rows))
        print(f"load {each.load}; the floor: {each.floor:.0f} µs\n")
    if not sys.argv[1:]:
        refuse_another_machine([each.floor for each in runs])
        write(runs)
    return 0


@dataclass
class Run:
    """One run of some parts.

    Attributes:
        rows: of the summary.
        tables: what each part printed.
        floor: CPU microseconds of a request of the SDK's own, the median of one before each part and one at the end.
        load: the load average before and after.
    """

    rows: Rows
    tables: dict[str, str]
    floor: float
    load: str


def python_of(environment: str) -> Path:
    return HERE.parent / environment / ("Scripts" if os.name == "nt" else "bin") / "python"


def run(wanted: list[str]) -> Run:
    """Run parts, and look between them how fast the machine is."""
    load, floors, tables = [os.getloadavg()[0]], [], {}
    with tempfile.TemporaryDirectory() as directory:
        summary = Path(directory) / "summary"
        for part in wanted:
            floors.append(floor(summary))
            began = time.monotonic()
            tables[part] = printed(PARTS[part], part, summary)
            print(f"\n({part}: {time.monotonic() - began:.0f} s)", flush=True)
        floors.append(floor(summary))
        lines = summary.read_text(encoding="utf-8").splitlines()
    load.append(os.getloadavg()[0])
    rows: Rows = [json.loads(line) for line in lines]
    return Run(rows, tables, statistics.median(floors), " to ".join(f"{one:.1f}" for one in load))


def floor(summary: Path) -> float:
    """How fast the machine is right now, in CPU microseconds of a request of the SDK's own."""
    return float(printed(BESIDE_PEERS, "floor", summary, shown=False))


def refuse_another_machine(floors: list[float]) -> None:
    """End the program, with nothing written, if the machine was much slower in one run than in another."""
    apart = max(floors) / min(floors) - 1
    if apart > MOST_APART:
        shown = " and ".join(f"{floor:,.0f} µs" for floor in floors)
        raise SystemExit(
            f"the SDK's own floor was {shown} in the runs: {apart:.0%} apart, and at most {MOST_APART:.0%} is accepted. The "
            "machine was busy with something else; docs/performance.md was left as it is. Run this again when it is idle."
        )


def ratios_apart(first: Rows, second: Rows) -> str:
    """Say which of our ratios differ by more than a tenth between two runs, or that none does."""
    again = {row[0]: row[1] for row in second}
    found = []
    for what, ours, *_ in first:
        pairs = zip(RATIO.findall(ours), RATIO.findall(again.get(what, "")), strict=False)
        numbers = [sorted(map(float, pair)) for pair in pairs]
        if any(least == 0 or most / least - 1 > RATIOS_APART for least, most in numbers):
            found.append(f"{what}: {ours}, then {again[what]}")
    if not found:
        return f"No ratio of ours differed by more than {RATIOS_APART:.0%} between the two."
    return f"These ratios of ours differed by more than {RATIOS_APART:.0%} between the two. {'; '.join(found)}."


def write(runs: list[Run]) -> None:
    """Write the page and its picture."""
    (DOCS / "performance.svg").write_text(picture(runs[0].rows), encoding="utf-8")
    (DOCS / "performance.md").write_text(page(runs), encoding="utf-8")


def printed(where: str, part: str, summary: Path, *, shown: bool = True) -> str:
    """Run a part; gives the tables it printed, which are shown as they come. Its summary is added to a file."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_PARTS}
    environment |= {"PYTHONHASHSEED": "0", "BENCHMARK_SUMMARY": str(summary)}
    lines = []
    command = [python_of(where), HERE / f"{part}.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout or ():
            if shown:
                print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        raise SystemExit(f"the part {part} failed")
    return "".join(lines).strip() + "\n"


def versions() -> str:
    """What was compared: the interpreter, and the libraries of both environments."""
    beside = installed(BESIDE_PEERS, "openai", "httpx", "vcrpy", "openai-responses")
    return f"{installed(NEWEST, 'openai', 'httpx2')}; beside peers {beside.partition(', ')[2]}"


def installed(environment: str, *names: str) -> str:
    """The interpreter and the libraries of an environment, with their versions."""
    program = (
        "import sys; from importlib.metadata import version; print(f'Python {sys.version.split()[0]}', "
        f"*(f'{{name}} {{version(name)}}' for name in {names}), sep=', ')"
    )
    command = [python_of(environment), "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def page(runs: list[Run]) -> str:
    """The text of docs/performance.md."""
    day = datetime.datetime.now(tz=datetime.UTC).date()
    load = ", then ".join(each.load for each in runs)
    floors = " and ".join(f"{each.floor:,.0f} µs" for each in runs) + " of CPU a request"
    apart = ratios_apart(runs[0].rows, runs[-1].rows)
    newest = ", ".join(f"`{part}`" for part, where in PARTS.items() if where == NEWEST)
    text = HEAD.format(
        day=day, cores=os.cpu_count(), load=load, versions=versions(), newest=newest, floors=floors, apart=apart
    )
    again = {row[0]: row[1] for row in runs[-1].rows}
    text += "".join(f"| {' | '.join([*row, again.get(row[0], '-')])} |\n" for row in runs[0].rows) + REST
    for part, table in runs[0].tables.items():
        about = ast.get_docstring(ast.parse((HERE / f"{part}.py").read_text(encoding="utf-8")))
        text += f"\n## {part}\n\n{about}\n\n{table}"
    return text


if __name__ == "__main__":
    sys.exit(main())
