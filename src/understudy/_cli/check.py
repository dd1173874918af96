"""`understudy check`: cassettes that cannot be read, hold secrets, break the spec, or are played by no test."""

from __future__ import annotations

import argparse
import configparser
import sys
import tomllib
from pathlib import Path
from typing import Any

from understudy._cli.parsing import pattern

_SECTIONS = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "check",
        help="validate cassettes, find secrets in them, find those that no test plays",
        description="Looks for cassettes that cannot be read, secrets, answers that break the observed spec of the API, "
        "recordings that were interrupted, and cassettes that no test plays. The last is told from files alone: a cassette "
        "is played if it lies where the plugin (or pytest-recording) looks for the cassette of a test that exists, or if "
        "its file name stands in a Python file of the project. Each finding says what to do. Exit status 0: nothing found; "
        "1: findings; 2: wrong use.",
    )
    parser.add_argument(
        "cassettes",
        metavar="CASSETTES",
        nargs="*",
        type=Path,
        help="cassettes, and folders of them (default: the project's folder of cassettes)",
    )
    parser.add_argument(
        "--root", metavar="DIR", type=Path, help="the project, pytest's rootdir (default: the nearest with a pytest ini)"
    )
    parser.add_argument(
        "--unplayed",
        choices=("error", "ignore"),
        default="error",
        help="whether a cassette that no test plays is a finding (default: error)",
    )
    parser.add_argument(
        "--scrub",
        metavar="PATTERN",
        type=pattern,
        action="append",
        default=[],
        help="a pattern of your own secrets; may be repeated",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from understudy._cassettes.secrets import Scrubber
    from understudy._common.nearest_file import did_you_mean_file
    from understudy._common.printable import printable
    from understudy._inspect.check import cassettes_in, check
    from understudy._inspect.text import counted
    from understudy._inspect.usage import Project, root_above

    root: Path = arguments.root or root_above(Path.cwd())
    try:
        project = Project(root, _cassettes_folder(root))
    except (ValueError, configparser.Error) as error:  # of TOML, of UTF-8, of ini
        print(
            f"{root}: the pytest settings in it cannot be read: {error}. Correct the file, or name --root.", file=sys.stderr
        )
        return 2
    given: list[Path] = arguments.cassettes or [project.cassettes]
    missing = [path for path in given if not path.exists()]
    cassettes = cassettes_in(given)
    if missing or not cassettes:
        problem = "there is no such file or folder" if missing else "there are no cassettes in it"
        hint = did_you_mean_file(missing[0]) if missing else ""
        print(f"{(missing or given)[0]}: {problem}.{hint}", file=sys.stderr)
        return 2
    encoding = sys.stdout.encoding or "utf-8"  # a terminal that lacks a character gets a question mark
    found = 0
    clean = Scrubber(arguments.scrub).text
    for finding in check(cassettes, None if arguments.unplayed == "ignore" else project, arguments.scrub):
        found += 1
        shown = printable(clean(str(finding)))  # it names the exchange with its query, and quotes the server
        print(shown.encode(encoding, "replace").decode(encoding))
    print(f"{counted(len(cassettes), 'cassette')}, {counted(found, 'finding')}")
    return 1 if found else 0


def _cassettes_folder(root: Path) -> str:
    """The ini option `understudy_cassettes`, read as pytest reads it; `cassettes` where it is not set."""
    pyproject = root / "pyproject.toml"
    if pyproject.is_file():
        options = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
        options = options.get("ini_options", options)
        if "understudy_cassettes" in options:
            return str(options["understudy_cassettes"])
    for name, section in _SECTIONS.items():
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(root / name, encoding="utf-8")
        if parser.has_option(section, "understudy_cassettes"):
            return parser.get(section, "understudy_cassettes")
    return "cassettes"
