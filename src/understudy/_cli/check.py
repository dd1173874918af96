"""`understudy check`: unreadable or unplayed cassettes, secrets, broken answers."""

from __future__ import annotations

import argparse
import configparser
import sys
import tomllib
from pathlib import Path
from typing import Any

from understudy._cli.parsing import add_scrub

_SECTIONS = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "check",
        help="validate cassettes, find secrets in them, find those that no test plays",
        description="Looks for cassettes that cannot be read, secrets, answers that break the "
        "observed spec of the API, recordings that were interrupted, and cassettes that no test "
        "plays. The last is found from files alone: a cassette is played if it lies where the "
        "plugin (or pytest-recording) looks for the cassette of a test that exists, or if its "
        "file name is written in a Python file of the project. Each finding says what to do. Exit "
        "status 0: nothing found, or nothing to check; 1: findings; 2: wrong use.",
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
    add_scrub(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="how findings are printed; github: as annotations of a workflow (default: text)",
    )
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from understudy._inspect.check import cassettes_in
    from understudy._inspect.usage import Project, root_above

    root: Path = arguments.root or root_above(Path.cwd())
    try:
        project = Project(root, _cassettes_folder(root))
    except (ValueError, configparser.Error) as error:  # of TOML, of UTF-8, of ini
        print(f"{root}: its pytest settings cannot be read: {error}. Correct the file, or pass --root.", file=sys.stderr)
        return 2
    missing = [path for path in arguments.cassettes if not path.exists()]
    if missing:
        from understudy._common.nearest_file import did_you_mean_file

        print(f"{missing[0]}: no such file or folder.{did_you_mean_file(missing[0])}", file=sys.stderr)
        return 2
    given: list[Path] = arguments.cassettes or [project.cassettes]
    return _checked(cassettes_in(path for path in given if path.exists()), project, arguments, given)


def _checked(cassettes: list[Path], project: Any, arguments: argparse.Namespace, given: list[Path]) -> int:
    from understudy._cli.output import print_json, print_rows
    from understudy._cli.progress import progress
    from understudy._inspect.as_data import check_data
    from understudy._inspect.check import check
    from understudy._inspect.check_text import annotation_rows, check_rows

    project = None if arguments.unplayed == "ignore" else project
    found = list(check(progress(cassettes, "checking"), project, arguments.scrub))
    if arguments.format == "json":
        print_json(check_data(len(cassettes), found), arguments.scrub)
    elif arguments.format == "github":
        print_rows(lambda _: annotation_rows(found, Path.cwd()), arguments.scrub, wide=True)
    else:
        places = ", ".join(map(str, given))
        print_rows(lambda width: check_rows(len(cassettes), found, places, width), arguments.scrub)
    return 1 if found else 0


def _cassettes_folder(root: Path) -> str:
    """Return the folder of cassettes relative to the project's root.

    It is the ini option `understudy_cassettes`, read as pytest reads it; `cassettes` where it is
    not set.
    """
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
