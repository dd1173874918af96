"""`understudy parity`: how a new app differs from an old one, by two recordings."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "parity",
        help="compare two recordings: an old one of Assistants, a new one of Responses",
        description="Puts two recordings side by side, turn by turn, whatever API each is of: "
        "what the user said, which instructions and tools the model was given, what it called and "
        "got back, what it replied, how it ended. Ids, polling, timing and how state was kept do "
        "not count; what a recording does not show is unknown, and not a difference. Colour "
        "follows NO_COLOR and FORCE_COLOR. Exit status 0: "
        "nothing differs; 1: something does; 2: wrong use.",
    )
    parser.add_argument("old", metavar="OLD", type=Path, help="the recording of the old app")
    parser.add_argument("new", metavar="NEW", type=Path, help="the recording of the new app")
    parser.add_argument(
        "--words",
        metavar="HOW",
        type=_words,
        default="exact",
        help="how the model's replies are compared: exact (default), ignore, or MODULE:FUNCTION, "
        "a function of the old and the new text that returns whether they mean the same",
    )
    parser.add_argument(
        "--ignore",
        metavar="KIND",
        action="append",
        default=[],
        help="a kind of difference that does not matter, such as citation; may be repeated",
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="also write the report as a self-contained page")
    parser.add_argument("--json", action="store_true", help="print JSON instead")
    parser.set_defaults(run=run)


def _words(text: str) -> Any:
    if text in ("exact", "ignore"):
        return text
    module, colon, name = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r}: expected exact, ignore, or MODULE:FUNCTION")
    sys.path.insert(0, str(Path.cwd()))
    try:
        function: Callable[[str, str], bool] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"{text!r}: cannot import that function: {error}") from None
    finally:
        sys.path.remove(str(Path.cwd()))
    return function


def run(arguments: argparse.Namespace) -> int:
    from understudy._common.nearest_file import did_you_mean_file
    from understudy._parity.parity import parity

    missing = [path for path in (arguments.old, arguments.new) if not path.exists()]
    for path in missing:
        print(f"{path}: no such file.{did_you_mean_file(path)}", file=sys.stderr)
    if missing:
        return 2
    report = parity(arguments.old, arguments.new, words=arguments.words)
    try:
        report = report.without(arguments.ignore)
    except ValueError as error:
        print(f"understudy parity: {error}", file=sys.stderr)
        return 2
    _show(arguments, report)
    return 0 if report.same else 1


def _show(arguments: argparse.Namespace, report: Any) -> None:
    from understudy._cassettes.secrets import Scrubber
    from understudy._inspect.terminal import Styled, Terminal
    from understudy._parity.report import report_data

    clean = Scrubber().text
    if arguments.html is not None:
        arguments.html.write_text(clean(report.html()), encoding="utf-8", errors="backslashreplace")
    if arguments.json:
        print(clean(json.dumps(report_data(report), indent=2)))
    else:
        terminal = Terminal.of(sys.stdout)
        lines = report.text(terminal.width).splitlines()
        rows = [(Styled(line, _style(line, same=report.same)),) for line in lines]
        print(replace(terminal, width=None).text(rows, clean), end="")  # what cannot be wrapped is not cut


def _style(line: str, *, same: bool) -> str:
    if line.startswith("parity: "):
        return "green" if same else "red"
    return "red" if line.startswith("!") else "bold" if line.startswith(("turn ", "results")) else ""
