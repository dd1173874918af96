"""The reference is what the docstrings say, and nothing that a user can set goes unexplained. (docs/reference, `--help`)"""

from __future__ import annotations

import argparse
import runpy
from importlib import import_module
from typing import Any

import pytest

import understudy
from tests.docs.page import ROOT
from understudy import errors
from understudy._cli import main
from understudy.pytest_plugin import hooks

REFERENCE = ROOT / "docs" / "reference"
GENERATOR = runpy.run_path(str(ROOT / "tools" / "reference.py"))


@pytest.mark.parametrize("name", GENERATOR["PAGES"])
def test_the_reference_is_up_to_date(name: str) -> None:
    """Each page is what `python tools/reference.py` writes now."""
    assert (REFERENCE / name).read_text(encoding="utf-8") == GENERATOR["PAGES"][name](), "run tools/reference.py"


def test_no_page_is_left_over() -> None:
    """There is no page in the folder that the generator does not write."""
    assert {path.name for path in REFERENCE.glob("*.md")} == set(GENERATOR["PAGES"])


def test_every_public_name_is_in_the_reference() -> None:
    """Each name of the front door has a heading of its own."""
    headings = {
        line.lstrip("# ") for path in REFERENCE.glob("*.md") for line in path.read_text().splitlines() if line[:1] == "#"
    }
    assert {f"`{name}`" for name in understudy.__all__} <= headings


def test_every_error_has_a_remedy() -> None:
    """docs/how-to/troubleshooting.md has a word for each error that a test can fail with."""
    text = (ROOT / "docs" / "how-to" / "troubleshooting.md").read_text(encoding="utf-8")
    names = [
        one.__name__ for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.UnderstudyError)
    ]
    assert len(names) > 10
    assert [name for name in names if name not in text and name != "UnderstudyError"] == []


def parsers() -> list[Any]:
    parser = argparse.ArgumentParser(prog="understudy")
    subparsers = parser.add_subparsers()
    for name in main.COMMANDS:
        import_module(f"understudy._cli.{name}").add(subparsers)
    return [pytest.param(one, id=name) for name, one in subparsers.choices.items()]


@pytest.mark.parametrize("parser", parsers())
def test_every_option_of_the_command_has_a_help(parser: argparse.ArgumentParser) -> None:
    """A subcommand says what it does, and each of its options what it is for."""
    assert parser.description
    assert parser.description.endswith(".")
    assert [action.dest for action in parser._actions if not action.help] == []


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_is_listed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`understudy --help` names each command with a line of help, and says what the exit status means."""
    with pytest.raises(SystemExit):
        main.main(["--help"])
    printed = capsys.readouterr().out
    assert any(line.split()[:1] == [name] and len(line.split()) > 3 for line in printed.splitlines())
    assert "Exit status" in " ".join(printed.split())


def test_pytest_explains_the_plugin(pytester: pytest.Pytester) -> None:
    """`--help`, `--markers` and `--fixtures` have a text for everything that the plugin adds."""
    said = GENERATOR["_Recorded"]()
    hooks.pytest_addoption(said)
    assert said.options
    assert all(len(settings["help"]) > 20 for _, settings in said.options)
    assert all(len(text) > 20 for _, text, _ in said.ini)
    printed = " ".join(pytester.runpytest_inprocess("--help", "-p", "no:asyncio").stdout.str().split())
    for name, settings in said.options:
        assert f"{name}" in printed
        assert settings["help"][:20] in printed
    for name, text, _ in said.ini:
        assert f"{name} (" in printed
        assert text[:20] in printed


def test_markers_and_fixtures_are_explained(pytester: pytest.Pytester) -> None:
    """The markers' settings and the fixtures' docstrings are what pytest shows."""
    markers = pytester.runpytest_inprocess("--markers", "-p", "no:asyncio").stdout.str()
    for text in hooks.MARKERS:
        assert f"@pytest.mark.{text}" in markers
        assert text.endswith(".")
    fixtures = pytester.runpytest_inprocess("--fixtures", "-v", "-p", "no:asyncio").stdout.str()
    for sentence in ("Provide a simulated service that answers", "Provide the cassette that this test plays or records"):
        assert sentence in fixtures
