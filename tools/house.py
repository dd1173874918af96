"""Print measures of the source: packages, cycles, repeated names, functions, journeys.

    python -m tools.house

A journey is what one request costs a reader: the calls of functions of `understudy`, and the
files they stand in, from the HTTP client's transport to the answer.
"""

from __future__ import annotations

import ast
import statistics
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from openai import OpenAI

import understudy

SRC = Path(__file__).resolve().parents[1] / "src"
ROOT = SRC / "understudy"


def modules() -> dict[str, ast.Module]:
    """Parse every module of the package, by dotted name."""
    names = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        names[name] = ast.parse(path.read_text(encoding="utf-8"))
    return names


def lines_by_package() -> dict[str, tuple[int, int]]:
    """Count the modules and lines of each top-level package."""
    counts: dict[str, tuple[int, int]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        room = path.relative_to(ROOT).parts[0]
        files, lines = counts.get(room, (0, 0))
        counts[room] = (files + 1, lines + len(path.read_text(encoding="utf-8").splitlines()))
    return counts


def _imported(tree: ast.Module, known: dict[str, ast.Module]) -> set[str]:
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing_only or not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        for alias in node.names:
            full = f"{node.module}.{alias.name}"
            found.add(full if full in known else node.module)
    return found & set(known)


def cycles(trees: dict[str, ast.Module]) -> list[tuple[str, ...]]:
    """Find the import cycles; those for type checkers only do not count."""
    graph = {name: _imported(tree, trees) - {name} for name, tree in trees.items() if name != "understudy"}
    found, done = [], set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            found.append((*path[path.index(name) :], name))
        elif name not in done:
            for target in sorted(graph.get(name, ())):
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    return found


def defined_twice(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Return the class names that more than one module defines."""
    homes: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(module)
    return {name: places for name, places in homes.items() if len(places) > 1}


def functions(trees: dict[str, ast.Module]) -> list[tuple[int, str]]:
    """List the functions with their lengths, docstrings aside, longest first."""
    found = []
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body:
                    found.append(((body[-1].end_lineno or 0) - body[0].lineno + 1, f"{module}.{node.name}"))
    return sorted(found, reverse=True)


def traced(act: Callable[[], Any]) -> tuple[int, int]:
    """Call something; return the calls of our own functions, and their files."""
    calls: Counter[str] = Counter()

    def profile(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(ROOT)):
            calls[frame.f_code.co_filename] += 1

    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(None)
    return sum(calls.values()), len(calls)


def journeys() -> Iterator[tuple[str, int, int]]:
    """Trace a simulated POST of a run, a GET of it that moves it, and a replayed GET."""
    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's, of the whole Assistants API

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.yaml"
        with understudy.simulate() as backend:
            script = (understudy.FunctionCall("get_weather", {"city": "Paris"}), understudy.Reply("Sunny."))
            tool: Any = {"type": "function", "function": {"name": "get_weather"}}
            posts, gets = [], []
            for _ in range(4):  # the first time imports and fills caches; a loaded machine may add a look at what it slept
                backend.next_run(*script)
                assistant, thread = backend.add_assistant(tools=[tool]), backend.add_thread(messages=["Hi"])
                runs = OpenAI().beta.threads.runs
                thread_id, assistant_id, run = thread.id, assistant.id, list[Any]()
                posts.append(traced(lambda: run.append(runs.create(thread_id, assistant_id=assistant_id))))  # noqa: B023
                gets.append(traced(lambda: runs.retrieve(run[0].id, thread_id=thread_id)))  # noqa: B023
        yield "simulated POST run", *min(posts)
        yield "simulated GET run", *min(gets)
        path.write_text(RECORDED, encoding="utf-8")
        with understudy.use_cassette(path, unplayed="ignore"):
            runs = OpenAI().beta.threads.runs
            for _ in range(2):
                replayed = traced(lambda: runs.retrieve("run_1", thread_id="thread_1"))
        yield "replayed GET run", *replayed


RECORDED = """\
version: 1
interactions:
- request:
    method: GET
    uri: https://api.openai.com/v1/threads/thread_1/runs/run_1
    body: null
    headers: {}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json]}
    body:
      string: '{"id": "run_1", "object": "thread.run", "thread_id": "thread_1", "status": "completed"}'
"""


def main() -> None:
    """Print all of it."""
    trees = modules()
    print("package                      modules   lines")
    for room, (files, lines) in lines_by_package().items():
        print(f"{room:<28} {files:>7} {lines:>7}")
    files, lines = (sum(column) for column in zip(*lines_by_package().values(), strict=True))
    print(f"{'all':<28} {files:>7} {lines:>7}\n")
    print(f"import cycles: {len(cycles(trees))}", *(" -> ".join(cycle) for cycle in cycles(trees)), sep="\n  ")
    repeated = defined_twice(trees)
    print(
        f"class names defined twice: {len(repeated)}",
        *(f"{name}: {', '.join(at)}" for name, at in repeated.items()),
        sep="\n  ",
    )
    lengths = [length for length, _ in functions(trees)]
    p90 = statistics.quantiles(lengths, n=10)[-1]
    print(
        f"functions: {len(lengths)}, lines p50/p90/max {statistics.median(lengths):.0f}/{p90:.0f}/{lengths[0]}; the longest:"
    )
    for length, name in functions(trees)[:5]:
        print(f"  {length:>3} {name}")
    for name, calls, touched in journeys():
        print(f"{name}: {calls} own calls in {touched} files")


if __name__ == "__main__":
    main()
