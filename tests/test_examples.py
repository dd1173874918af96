"""The example projects pass their own tests, each run in its own folder as its author would run it, warnings as errors."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PROJECTS = sorted(path.parent for path in EXAMPLES.glob("*/pyproject.toml"))

DEEP = ("document_qa", "port", "support_bot")  # run in the cell `deep`
NEEDS = {"autogen": ["autogen_ext"], "frameworks": ["agents", "langchain_openai", "pydantic_ai"]}  # by project: modules


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [mark for mark, names in ((pytest.mark.tools, NEEDS), (pytest.mark.deep, DEEP)) if name in names]


def settings(project: Path) -> dict[str, object]:
    configured: dict[str, object] = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return configured


def test_the_projects_are_all_there() -> None:
    """A sync app, an async one, one with files, one on a framework of each API, and ports of the first two."""
    assert [project.name for project in PROJECTS] == ["autogen", "document_qa", "frameworks", "port", "support_bot", "tutor"]


@pytest.mark.parametrize(
    "project",
    [pytest.param(project, marks=_marks(project.name), id=project.name) for project in PROJECTS],
)
def test_the_example_passes_its_own_tests(project: Path, tmp_path: Path) -> None:
    """Nothing is skipped, nothing warns, and nothing is left in the folder."""
    missing = [module for module in NEEDS.get(project.name, ()) if find_spec(module) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed here; .ci/run runs this example in an environment of its own")
    declared = " ".join(settings(project)["project"]["optional-dependencies"]["test"])  # type: ignore[index]
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:randomly"]
    if "pytest-asyncio" not in declared:  # its author has none: nothing of it may be needed
        options += ["-p", "no:asyncio"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "PYTEST_"))}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(tmp_path)
    before = set(project.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    assert " passed" in summary, summary
    assert not {"skipped", "warning", "failed", "error"} & set(summary.replace(",", "").split()), summary
    assert set(project.rglob("*")) == before


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_the_app_knows_nothing_of_the_tests(project: Path) -> None:
    """What is shipped neither imports understudy nor asks for it; only its tests do."""
    shipped = [path.read_text(encoding="utf-8") for path in project.glob("*.py")]
    assert shipped
    assert not any("understudy" in text for text in shipped)
    assert "understudy" not in str(settings(project)["project"]["dependencies"])  # type: ignore[index]
    assert any("understudy" in path.read_text(encoding="utf-8") for path in project.glob("tests/*.py"))
    assert (project / "README.md").exists()
