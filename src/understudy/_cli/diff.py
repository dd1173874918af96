"""`understudy diff`: what differs between two cassettes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from understudy._cli.output import print_json, print_rows


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "diff",
        help="compare two cassettes, such as an old one and its new recording",
        description="Compares two cassettes of any recorder exchange by exchange, aligned by "
        "method and path: requests, statuses, answers, events of streams. Ids and times, which "
        "every recording draws anew, are not differences, as long as each id corresponds to one other "
        "throughout; nor are headers, polls that showed nothing new, or the pieces in which a "
        "text was streamed. Exit status 0: no difference; 1: differences; 2: a cassette does not "
        "exist or cannot be read.",
    )
    parser.add_argument("old", metavar="OLD", type=Path, help="the first cassette")
    parser.add_argument("new", metavar="NEW", type=Path, help="the second one")
    parser.add_argument("--json", action="store_true", help="print JSON instead")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from understudy._cassettes import load
    from understudy._cassettes.secrets import Scrubber, without_secrets
    from understudy._inspect.as_data import diff_data
    from understudy._inspect.cassette_diff import cassette_differences
    from understudy._inspect.diff_text import diff_rows
    from understudy.errors import CassetteError

    scrubber = Scrubber()
    try:
        old, new = ([without_secrets(one, scrubber) for one in load(path)] for path in (arguments.old, arguments.new))
    except CassetteError as error:
        print(scrubber.text(str(error)), file=sys.stderr)
        return 2
    found = cassette_differences(old, new)
    names = str(arguments.old), str(arguments.new)
    if arguments.json:
        print_json(diff_data(*names, found))
    else:
        print_rows(lambda width: diff_rows(*names, found, width))
    return 1 if found else 0
