"""The package as it is installed: its front door, its metadata, its declared versions."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, entry_points, metadata, version
from pathlib import Path

import pytest

import understudy

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("name", understudy.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of the front door can be imported, and says in a docstring what it is."""
    value = getattr(understudy, name)
    assert value.__doc__


def test_the_front_door() -> None:
    """The pinned names are all there, and `dir()` shows them."""
    pinned = {
        "Backend",
        "CodeInterpreter",
        "Expire",
        "Fail",
        "FileSearch",
        "FunctionCall",
        "Hang",
        "Incomplete",
        "RateLimited",
    }
    pinned |= {"Reply", "SearchResult", "UnderstudyError", "Wait", "simulate", "use_cassette"}
    assert pinned <= set(understudy.__all__) <= set(dir(understudy))
    assert sorted(understudy.__all__) == understudy.__all__
    with pytest.raises(AttributeError, match="has no attribute 'simulat'"):
        _ = understudy.simulat


@pytest.mark.parametrize("name", ["errors", "faults", "scripts", "strategies", "types"])
def test_public_modules_need_no_import_of_their_own(name: str) -> None:
    """`import understudy` is enough for `understudy.types` and the other public modules."""
    code = f"import understudy; print(understudy.{name}.__name__)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == f"understudy.{name}"


def test_importing_is_cheap() -> None:
    """`import understudy` imports nothing but itself."""
    code = "import sys; before = set(sys.modules); import understudy; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in loaded if name.startswith("understudy.")] == []
    assert not {"openai", "httpx", "vcr", "respx", "hypothesis", "pytest"} & set(loaded)


def test_metadata() -> None:
    """Name, version, classifiers, entry points are those of pyproject.toml."""
    assert version("pytest-understudy") == PROJECT["version"] == understudy.__version__
    assert "Framework :: Pytest" in metadata("pytest-understudy").get_all("Classifier", [])
    assert [point.value for point in entry_points(group="pytest11", name="understudy")] == ["understudy.pytest_plugin"]
    assert [point.value for point in entry_points(group="console_scripts", name="understudy")] == [
        "understudy._cli.main:main"
    ]


def test_nothing_stray_is_installed() -> None:
    """The wheel holds the package, each of its files, and the command; no tests, no tools of ours."""
    installed = distribution("pytest-understudy")
    if "editable" in (installed.read_text("direct_url.json") or ""):
        pytest.skip("installed in editable mode: there is no wheel to look at")
    paths = [path.as_posix() for path in installed.files or () if path.suffix != ".pyc"]
    assert {path.split("/")[0] for path in paths} == {
        "understudy",
        f"pytest_understudy-{PROJECT['version']}.dist-info",
        "..",
    }
    assert [path.rsplit("/")[-1] for path in paths if path.startswith("..")] == ["understudy"]
    ours = {path for path in paths if path.startswith("understudy/")}
    source = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*") if path.is_file()}
    tracked = {path for path in source if "__pycache__" not in path}
    assert ours == tracked | {"understudy/data/tutorial.yaml"}
    assert "understudy/py.typed" in ours
    assert Path(understudy.__file__).is_relative_to(Path(str(installed.locate_file("understudy"))))


@pytest.mark.parametrize("command", [["understudy"], [sys.executable, "-m", "understudy"]], ids=["command", "module"])
def test_the_command_says_its_version(command: list[str]) -> None:
    """`--version` is that of pyproject.toml; without arguments it says what there is, and where to begin."""
    path = Path(sys.executable).with_name(command[0]) if command[0] == "understudy" else command[0]
    said = subprocess.run([path, *command[1:], "--version"], capture_output=True, text=True, check=True).stdout
    assert said == f"understudy {PROJECT['version']}\n"
    alone = subprocess.run([path, *command[1:]], capture_output=True, text=True, check=False)
    assert alone.returncode == 2
    assert "Start with `understudy demo`" in alone.stderr


def test_lower_bounds_are_those_tested() -> None:
    """The versions of `.ci/lowest.txt` are the declared lower bounds, and no dependency has an upper one."""
    declared = dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", dependency).groups() for dependency in PROJECT["dependencies"])  # type: ignore[union-attr]
    tested = dict(re.findall(r"^([\w-]+)==([\d.]+)$", (ROOT / ".ci" / "lowest.txt").read_text(), re.MULTILINE))

    def numbers(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.split("."))

    assert set(declared) == set(tested)
    for name, bound in declared.items():
        assert numbers(tested[name])[: len(numbers(bound))] == numbers(bound), name


def test_the_changelog_knows_this_version() -> None:
    """CHANGELOG.md has a section for the version in pyproject.toml."""
    assert f"## {PROJECT['version']} " in (ROOT / "CHANGELOG.md").read_text()
