"""The command `understudy`. Each subcommand is a module of `understudy._cli` with a function `add(subparsers)`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = ("demo", "show", "check", "import", "promote", "serve", "conform")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives its exit status: 0 fine, 1 a finding, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog="understudy",
        description="Records, replays and simulates the OpenAI Assistants API in tests.",
        epilog="Begin with `understudy demo`; `understudy COMMAND --help` says more. Exit status: 0 fine, 1 a finding, "
        "2 wrong use.",
    )
    parser.add_argument("--version", action="version", version=f"understudy {_version()}", help="say which version this is")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"understudy._cli.{name}").add(subparsers)
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return 2
    status: int = arguments.run(arguments)
    return status


def _version() -> str:
    import understudy

    return str(understudy.__version__)
