"""`understudy import`: other recorders' files become cassettes."""  # noqa: N999 - as the command

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from understudy._cli.parsing import add_scrub


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "import",
        help="convert other recorders' files to cassettes; the originals are left as they are",
        description="Writes a cassette for each file: of Ruby VCR, betamax, R's vcr, go-vcr, "
        "ExVCR, php-vcr, cassetter, nock, WireMock, Azure's test proxy, HAR (Polly.js, browsers, "
        "proxies), vcrpy with a serializer of its own; compressed or not. A file needs no import "
        "to be played, only to be recorded to. The new cassette is FILE's name with .yaml "
        "(.imported.yaml if that is FILE itself); an existing one is not replaced. Secrets are "
        "scrubbed, and the places listed. Exit status 0: all imported; 1: some were not, with the "
        "reason; 2: a file does not exist.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="the recordings")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help="where to write (default: beside each file)")
    add_scrub(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from understudy._cassettes.importing import import_cassette
    from understudy._cassettes.secrets import Scrubber
    from understudy._cli.files import missing_files
    from understudy._cli.progress import progress
    from understudy.errors import CassetteError

    scrubber = Scrubber(tuple(arguments.scrub))
    if missing_files(arguments.files):
        return 2
    status = 0
    for path in progress(arguments.files, "importing"):
        try:
            _say(import_cassette(path, arguments.output, scrubber))
        except CassetteError as error:
            print(error, file=sys.stderr)
            status = 1
    return status


def _say(imported: Any) -> None:
    from understudy._common.short_text import counted

    original = imported.original
    print(f"{original.path} ({original.recorder}): {counted(len(original.interactions), 'exchange')} -> {imported.path}")
    for line in original.omitted:
        print(f"  left out: {line}")
    for line in imported.cleanings:
        print(f"  scrubbed: {line}")
