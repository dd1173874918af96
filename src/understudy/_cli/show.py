"""`understudy show`: what is in a cassette, on the terminal or as a page."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "show",
        help="what is in a cassette: exchanges, runs as timelines, secrets, answers that break the spec",
        description="Shows a cassette (vcrpy's, pytest-recording's, ours, or another recorder's): when it was recorded, by "
        "which SDK and from which server, its exchanges, its runs as timelines, what is lost, secrets, and answers that "
        "break the observed spec of the API. Exit status 0; 1 for a file that cannot be read, 2 for one that is not there.",
    )
    parser.add_argument("cassette", metavar="CASSETTE", type=Path, help="the recording")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page, complete in one file, instead")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from understudy._cassettes.load import contents_of
    from understudy._cassettes.secrets import Scrubber
    from understudy._common.printable import printable
    from understudy._inspect.view import view_of
    from understudy.errors import CassetteError

    path: Path = arguments.cassette
    try:
        contents = contents_of(path)
    except CassetteError as error:
        print(Scrubber().text(str(error)), file=sys.stderr)  # it may quote what it could not read
        return 1 if path.exists() else 2
    view = view_of(path, contents.interactions, time.time(), contents)
    if arguments.html is not None:
        from understudy._inspect.html import as_html

        arguments.html.write_text(Scrubber().text(as_html(view)), encoding="utf-8")
        return 0
    from understudy._inspect.text import as_text

    encoding = sys.stdout.encoding or "utf-8"  # a terminal that lacks a character gets a question mark
    print(printable(Scrubber().text(as_text(view))).encode(encoding, "replace").decode(encoding), end="")
    return 0
