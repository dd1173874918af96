"""`understudy scrub`: take secrets out of existing cassettes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from understudy._cli.parsing import add_scrub


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "scrub",
        help="take secrets out of existing cassettes",
        description="Takes secrets out of cassettes by the same rules as recording: headers by "
        "their name, keys and tokens by their shape, names that suggest a secret, the environment, your own "
        "patterns. Exchanges without a secret stay as they were written. The file is replaced, "
        "and the original kept beside it as FILE.bak; with -o the result goes elsewhere. What "
        "cannot be read whole, or is another recorder's, is not rewritten. A key that was in a "
        "file has to be revoked all the same: version control remembers it. Exit status 0: no "
        "secret is left; 1: a file was not scrubbed, or, with --dry-run, holds a secret; 2: a "
        "file does not exist, or the output file already exists.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="the cassettes")
    parser.add_argument(
        "-o", "--output", metavar="PLACE", type=Path, help="write there instead: a file for one cassette, else a folder"
    )
    parser.add_argument("--dry-run", action="store_true", help="list what would be scrubbed, and write nothing")
    add_scrub(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from understudy._cli.files import missing_files
    from understudy._cli.progress import progress

    if missing_files(arguments.files):
        return 2
    targets = [_target(path, arguments) for path in arguments.files]
    taken = [target for target in targets if target is not None and target.exists()]
    taken += [target for target in targets if target is not None and targets.count(target) > 1]
    if taken and not arguments.dry_run:
        print(
            f"{taken[0]}: this file already exists, or two cassettes would be written to it. "
            "Choose another location with -o.",
            file=sys.stderr,
        )
        return 2
    pairs = list(zip(arguments.files, targets, strict=True))
    return max(_scrub(path, target, arguments) for path, target in progress(pairs, "scrubbing"))


def _target(path: Path, arguments: argparse.Namespace) -> Path | None:
    """Return where the result goes; None for the cassette's own place."""
    output: Path | None = arguments.output
    if output is None:
        return None
    return output / path.name if output.is_dir() or len(arguments.files) > 1 else output


def _scrub(path: Path, target: Path | None, arguments: argparse.Namespace) -> int:
    from understudy._cassettes.atomic_files import locked, write_whole
    from understudy._cassettes.scrubbing import scrubbed_cassette
    from understudy._cassettes.secrets import Scrubber
    from understudy._common.printable import printable
    from understudy.errors import CassetteError

    scrubber = Scrubber(tuple(arguments.scrub))
    try:
        with locked(path):
            done = scrubbed_cassette(path, scrubber)
            if done.cleanings and not arguments.dry_run and target is None:
                kept = _back_up(path)
                write_whole(path, done.text)
    except CassetteError as error:
        print(scrubber.text(str(error)), file=sys.stderr)
        return 1
    if target is not None and not arguments.dry_run:
        write_whole(target, done.text)
    for line in done.cleanings:
        print(printable(scrubber.text(f"{path}: {line}")))
    if not done.cleanings:
        print(f"{path}: no secret found")
    elif arguments.dry_run:
        return 1
    elif target is None:
        print(
            f"{path}: scrubbed; the original, with its secrets, is kept as {kept}: "
            "delete it once you have checked the result"
        )
    return 0


def _back_up(path: Path) -> Path:
    """Copy a file to a free name beside it and return the copy's path."""
    names = _names(path)
    while True:
        candidate = next(names)
        try:
            with candidate.open("xb") as file:
                candidate.chmod(0o600)  # it holds secrets
                file.write(path.read_bytes())
        except FileExistsError:
            continue
        return candidate


def _names(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.bak")
    yield from (path.with_name(f"{path.name}.bak{number}") for number in count(2))
