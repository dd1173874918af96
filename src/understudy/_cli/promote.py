"""`understudy promote`: turn a recording into code that sets up the simulator."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "promote",
        help="turn a recording into a scenario that the simulated service goes on from, or into a test",
        description="Writes a Python module with a function set_up(backend): the objects that "
        "were there before the recording, a script for each recorded run, and the recorded ids. "
        "Paste it into a test, or give it to `understudy serve --script FILE`. With --test, a "
        "test comes with it that expects what was recorded: statuses, outputs, messages; fill "
        "in one line of it, the call of your app. What cannot be carried over is in it as "
        "comments. Without code, in a test: understudy.from_cassette(path).",
    )
    parser.add_argument("cassette", metavar="CASSETTE", type=Path, help="the recording, *.yaml or *.json")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write to this file instead of the terminal")
    parser.add_argument("--test", action="store_true", help="write a test as well, with one line to fill in")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Promote; return 0, 1 for an unreadable cassette, 2 for one that does not exist."""
    from understudy._promote import code_of, code_of_test
    from understudy.errors import CassetteError

    try:
        code = (code_of_test if arguments.test else code_of)(arguments.cassette)
    except CassetteError as error:
        print(error, file=sys.stderr)
        return 1 if arguments.cassette.exists() else 2
    if arguments.test and arguments.output is not None and arguments.output.exists():
        print(
            f"{arguments.output}: this file already exists, perhaps with your line filled in: choose another name.",
            file=sys.stderr,
        )
        return 2
    if arguments.output is None:
        print(code, end="")
    else:
        arguments.output.write_text(code, encoding="utf-8")
    return 0
