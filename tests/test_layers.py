"""The house rules that a machine can hold: imports point down, no cycles, heavy libraries only where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy

SRC = Path(understudy.__file__).parent

# From the bottom to the top: a module may import from rows above its own in this list, and from its own package.
LAYERS = (
    ("_common",),
    ("errors",),
    ("_http",),
    ("_engine",),
    ("scripts",),
    ("_apis", "_virtual_time"),
    ("_cassettes", "faults"),
    ("_faulting", "_reconstruct"),
    ("_diagnostics",),
    ("_inspect", "_transcript"),
    ("_backend", "_coverage"),
    ("_promote", "_properties", "_fidelity"),
    ("_parity",),
    ("strategies",),
    ("types",),
    ("_api_machine", "_serve"),
    ("_cli", "pytest_plugin"),
    ("__main__",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
FORBIDDEN = {("_engine", "_apis"), ("_cassettes", "_engine"), ("_apis", "_cassettes"), ("_http", "_apis")}

# Each of these is imported at module level only in the files that exist for it.
HEAVY = {
    "aiohttp": {"aiohttp_stack.py", "aiohttp_source.py"},
    "h11": {"http1.py"},
    "openai": set(),
    "httpx": {"respx_routes.py"},
    "httpx2": set(),
    "respx": {"respx_routes.py"},
    "vcr": set(),
    "yaml": set(),
    "hypothesis": {"strategies.py", "json_schema.py", "_api_machine.py"},
    "uvicorn": set(),
    "pytest": {
        "across_workers.py",
        "failure_reports.py",
        "fixtures.py",
        "guard.py",
        "hooks.py",
        "lifecycle_coverage.py",
        "phases.py",
        "settings.py",
        "summary.py",
        "wide_fixtures.py",
    },
}


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def imported(path: Path, *, at_module_level: bool = False) -> Iterator[tuple[str, bool]]:
    """The full names a module imports; those under `if TYPE_CHECKING:` are marked True."""
    tree = ast.parse(path.read_text())
    only_typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in tree.body if at_module_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in only_typing
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", id(node) in only_typing


def package_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SRC)))
def test_imports_point_down(path: Path) -> None:
    """A module imports only from layers below its own, or from its own package."""
    own = package_of(path)
    if own == "__init__":
        return
    for name, only_typing in imported(path):
        if not name.startswith("understudy.") or only_typing:
            continue
        other = name.split(".")[1]
        if other == own or other == "__version__" or other not in RANK:
            continue
        assert RANK[other] < RANK[own], f"{own} imports {name}: that is not below it"
        assert (own, other) not in FORBIDDEN, f"{own} must not know {other}"


def test_every_module_has_its_layer() -> None:
    """A new top-level module is given a place in the list of layers."""
    assert {package_of(path) for path in modules()} - {"__init__"} <= set(RANK)


def test_no_cycles() -> None:
    """No two modules import each other, directly or around corners, whatever they do it for."""
    names = {str(path.relative_to(SRC.parent).with_suffix("")).replace("/", "."): path for path in modules()}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    graph = {}
    for name, path in names.items():
        targets = set()
        for full, only_typing in imported(path):
            if only_typing or name == "understudy":
                continue
            target = full if full in names else full.rpartition(".")[0]
            if target in names and target != name:
                targets.add(target)
        graph[name] = targets
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in done:
            for target in graph[name]:
                visit(target, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SRC)))
def test_heavy_libraries_stand_where_they_belong(path: Path) -> None:
    """A library that takes long to import is imported inside a function, or in the one file that exists for it."""
    for name, only_typing in imported(path, at_module_level=True):
        root = name.split(".")[0]
        if root in HEAVY and not only_typing:
            assert path.name in HEAVY[root], f"{name} at module level"


def test_pytest_starts_without_anything_heavy() -> None:
    """Loading the plugin imports none of the libraries that only tests in need of them should pay for."""
    code = (
        "import sys, pytest; before = set(sys.modules); import understudy.pytest_plugin as plugin; import importlib;"
        "[importlib.import_module(name) for name in plugin.pytest_plugins];"
        "print(sorted(name for name in set(sys.modules) - before))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = ast.literal_eval(output)
    assert not {name.split(".")[0] for name in loaded} & (set(HEAVY) - {"pytest"})
    assert {name for name in loaded if name.startswith("understudy")} == {
        "understudy",
        "understudy._common",
        "understudy._common.uncollected",
        "understudy.pytest_plugin",
        "understudy.pytest_plugin.fixtures",
        "understudy.pytest_plugin.hooks",
        "understudy.pytest_plugin.phases",
        "understudy.pytest_plugin.summary",
    }


def test_statuses_change_in_one_place() -> None:
    """Nothing but the lifecycle's one function gives a run, a step or a message a new status."""
    setters = [
        f"{path.relative_to(SRC)}:{node.lineno}"
        for path in modules()
        if package_of(path) in ("_engine", "_apis")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(("replace", "changed"))
        and "status=" in ast.unparse(node)
    ]
    assert len(setters) == 1
    assert setters[0].startswith("_engine/lifecycle.py:")


def test_a_class_name_is_defined_once() -> None:
    """No two modules define a class of one name, so that a name leads to one place."""
    homes: dict[str, list[str]] = {}
    for path in modules():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(str(path.relative_to(SRC)))
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
