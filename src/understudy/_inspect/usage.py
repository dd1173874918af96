"""Which cassettes a project's tests play.

Found from the files alone: no test is imported, collected or run.

A cassette counts as played if one of these holds, and as unplayed if none does:

1. its place is the one that the plugin gives to a test which exists: `<cassettes>/<test file less .py>/<Class.>test[param]`
   below the root (whether that parameter exists is not looked at), or pytest-recording's: `cassettes/<test module>/<test>`
   beside the test's file;
2. its file name (`tutorial.yaml`) is written in a Python file of the project;
3. it is the cassette of a fixture (`tid.fixture.yaml`), and a Python file of the project defines a function of that name.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

_INI_FILES = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
_HASHED = re.compile(r"(.+)-[0-9a-f]{12}")
_SKIPPED = frozenset({"node_modules", "build", "dist", "__pycache__", "site-packages"})


def root_above(folder: Path) -> Path:
    """Return the nearest folder that configures pytest, from this one upwards.

    This folder itself, if there is none.
    """
    candidates = (folder, *folder.parents)
    return next((each for each in candidates if any((each / name).is_file() for name in _INI_FILES)), folder)


class Project:
    """A project's tests, as far as their files show.

    Args:
        root: of the project, pytest's rootdir.
        cassettes: the folder of cassettes below it; see the ini option `understudy_cassettes`.
    """

    def __init__(self, root: Path, cassettes: str = "cassettes") -> None:
        self.root = root.resolve()
        self.cassettes = self.root / cassettes
        self._tests: dict[Path, frozenset[str]] = {}

    def plays(self, cassette: Path) -> bool:
        """Return True if some test plays a cassette, by the rules above."""
        cassette = cassette.resolve()
        return self._has_its_test(cassette) or cassette.name in self._named or self._has_its_fixture(cassette)

    def _has_its_fixture(self, cassette: Path) -> bool:
        name, dot, kind = cassette.stem.rpartition(".")
        fixture = name.partition("[")[0].rpartition(".")[2]
        return bool(dot) and kind == "fixture" and f"def {fixture}(" in self._named

    def _has_its_test(self, cassette: Path) -> bool:
        test = cassette.stem.partition("[")[0]
        hashed = _HASHED.fullmatch(test)  # the plugin hashes a name that is too long, or clashes with another
        for module in self._modules_of(cassette):
            tests = self._tests_in(module)
            if test in tests or (hashed and any(name.startswith(hashed[1]) for name in tests)):
                return True
        return False

    def _modules_of(self, cassette: Path) -> Iterator[Path]:
        """Yield the test files that a cassette's place may belong to."""
        if cassette.is_relative_to(self.cassettes):
            place = cassette.relative_to(self.cassettes).parent
            if place.parts:
                yield (self.root / place).with_name(f"{place.name}.py")
        if cassette.parent.parent.name == "cassettes":
            yield cassette.parent.parent.parent / f"{cassette.parent.name}.py"

    def _tests_in(self, module: Path) -> frozenset[str]:
        """Return the tests of a file, as `test` or `Class.test`.

        Empty if the file does not exist.
        """
        if module not in self._tests:
            try:
                tree = ast.parse(module.read_bytes())
            except (OSError, SyntaxError):
                tree = ast.Module([], [])
            self._tests[module] = frozenset(_tests(tree))
        return self._tests[module]

    @cached_property
    def _named(self) -> _Names:
        return _Names(self.root)


class _Names:
    """The text of a project's Python files."""

    def __init__(self, root: Path) -> None:
        self._texts = [path.read_text(encoding="utf-8", errors="replace") for path in _python_files(root)]

    def __contains__(self, name: str) -> bool:
        return any(name in text for text in self._texts)


def _python_files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED and not (here / name / "pyvenv.cfg").exists()
        ]
        yield from (here / name for name in names if name.endswith(".py"))


def _tests(tree: ast.Module) -> Iterator[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in ast.walk(tree) if isinstance(node, functions)}
    for node in tree.body:
        if isinstance(node, functions):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            own = {inner.name for inner in node.body if isinstance(inner, functions)}
            # A class with bases may inherit its tests; only an import would show from where.
            yield from (f"{node.name}.{name}" for name in (names if node.bases else own))
