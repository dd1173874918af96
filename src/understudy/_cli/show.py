"""`understudy show`: what is in a cassette, as text, JSON or a page."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from understudy._cli.output import print_json, print_rows


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "show",
        help="show what is in a cassette: exchanges, conversation, runs as timelines, secrets, answers that break the spec",
        description="Shows a cassette (vcrpy's, pytest-recording's, ours, or another recorder's): "
        "when it was recorded, by which SDK and from which server, its exchanges, the "
        "conversation (who said, called and returned what), its runs as timelines, what is lost, "
        "secrets, and answers that break the observed spec of the API. With a number, one "
        "exchange with its headers and bodies. Secrets are never shown. Colour follows NO_COLOR "
        "and FORCE_COLOR, the width the terminal or COLUMNS. Exit status 0; 1 for a file that "
        "cannot be read, 2 for one that does not exist, or has no exchange of that number.",
    )
    parser.add_argument("cassette", metavar="CASSETTE", type=Path, help="the recording")
    parser.add_argument("number", metavar="NUMBER", type=_number, nargs="?", help="show this exchange, such as 4, in full")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print JSON instead")
    output.add_argument("--html", metavar="FILE", type=Path, help="write a self-contained page instead")
    parser.set_defaults(run=run)


def _number(text: str) -> int:
    digits = text.removeprefix("#")
    if not digits.isascii() or not digits.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of an exchange; expected something like 4")
    return int(digits)


def run(arguments: argparse.Namespace) -> int:
    from understudy._cassettes.load import contents_of
    from understudy._cassettes.secrets import Scrubber
    from understudy._inspect.view import view_of
    from understudy.errors import CassetteError

    path: Path = arguments.cassette
    try:
        contents = contents_of(path)
    except CassetteError as error:
        print(Scrubber().text(str(error)), file=sys.stderr)  # it may quote what it could not read
        return 1 if path.exists() else 2
    view = view_of(path, contents.interactions, time.time(), contents)
    if arguments.number is not None:
        return _show_exchange(arguments, view)
    if arguments.html is not None:
        from understudy._inspect.html import as_html

        arguments.html.write_text(Scrubber().text(as_html(view)), encoding="utf-8", errors="backslashreplace")
    elif arguments.json:
        from understudy._inspect.as_data import view_data

        print_json(view_data(view))
    else:
        from understudy._inspect.text import rows

        print_rows(lambda width: rows(view, width))
    return 0


def _show_exchange(arguments: argparse.Namespace, view: Any) -> int:
    from understudy._inspect.as_data import exchange_data
    from understudy._inspect.exchange_text import exchange_rows

    if arguments.html is not None:
        print("--html writes a page of the whole cassette: omit either the number or --html.", file=sys.stderr)
        return 2
    found = [one for one in view.exchanges if one.index == arguments.number]
    if not found:
        known = f"#0 to #{len(view.exchanges) - 1}" if view.exchanges else "none"
        print(f"{view.path}: no exchange #{arguments.number}; it has {known}.", file=sys.stderr)
        return 2
    if arguments.json:
        print_json(exchange_data(found[0]))
    else:
        print_rows(lambda width: exchange_rows(found[0], width))
    return 0
