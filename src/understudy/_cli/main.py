"""The command `understudy`.

Each subcommand is a module of `understudy._cli` with a function `add(subparsers)`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from understudy._cli.parsing import NearestParser

COMMANDS = ("demo", "show", "check", "diff", "scrub", "import", "promote", "parity", "serve", "conform", "coverage")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 fine, 1 a finding, 2 wrong use."""
    try:
        return _main(argv)
    finally:
        _flush()


def _main(argv: Sequence[str] | None) -> int:
    parser = NearestParser(
        prog="understudy",
        description="Records, replays and simulates the OpenAI Assistants and Responses APIs in tests.",
        epilog="Start with `understudy demo`; see `understudy COMMAND --help` for details. Exit "
        "status: 0 fine, 1 a finding, 2 wrong use.",
    )
    parser.add_argument("--version", action="version", version=f"understudy {_version()}", help="show the version and exit")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"understudy._cli.{name}").add(subparsers)
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return 2
    return _run(arguments)


def _run(arguments: Any) -> int:
    """Run the command; report what the system refuses in one line.

    Such as a directory where a file is expected, or a full disk.
    """
    from understudy.errors import CassetteError

    try:
        status: int = arguments.run(arguments)
    except BrokenPipeError:  # the reader has read enough, as `head` does
        return 0
    except KeyboardInterrupt:
        return 130
    except CassetteError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        print(f"understudy {arguments.command}: {place}{_why(error)}", file=sys.stderr)
        return 2
    return status


def _flush() -> None:
    """Write what is buffered.

    Here, not when the interpreter ends, which would complain of a reader that has gone.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_REMEDIES: dict[type[OSError], str] = {
    IsADirectoryError: "this is a folder; expected a file",
    NotADirectoryError: "the part before the last / is a file, not a folder",
    FileNotFoundError: "create the folder first, or choose another location",
    FileExistsError: "there is a file where a folder is expected",
    PermissionError: "not readable or not writable: choose another location, or change its permissions",
}


def _why(error: OSError) -> str:
    said = error.strerror or str(error)
    remedy = next((text for kind, text in _REMEDIES.items() if isinstance(error, kind)), "")
    return f"{said}: {remedy}" if remedy else said


def _version() -> str:
    import understudy

    return str(understudy.__version__)
