"""`understudy coverage combine`: merge the lifecycle coverage of shards."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "coverage",
        help="lifecycle coverage of a suite that ran in parts",
        description="Works on the data files of lifecycle coverage that the parts of a suite wrote.",
    )
    commands = parser.add_subparsers(dest="coverage_command", metavar="COMMAND", required=True, help="what to do with it")
    combine = commands.add_parser(
        "combine",
        help="merge what the parts of a suite covered, report it, and fail under a percentage",
        description="Merges the data files that --understudy-cov-report=data:FILE wrote in each shard, on whatever machine, "
        "and reports lifecycle coverage as if one process had run all tests. Exit status 0: fine; 1: less than "
        "--fail-under, or a report was not written; 2: a file is missing or is not a data file.",
    )
    combine.add_argument("files", metavar="FILE", nargs="+", type=Path, help="the data files, one of each shard")
    combine.add_argument(
        "--report",
        metavar="TYPE",
        action="append",
        default=[],
        help="term (default), json[:FILE], html[:FILE], data[:FILE]; may be given several times",
    )
    combine.add_argument("--fail-under", metavar="MIN", help="fail if less than this percentage of the lifecycle is covered")
    combine.add_argument(
        "--omit",
        metavar="NAME",
        action="append",
        default=[],
        help="targets that the app cannot reach, as in the ini understudy_cov_omit; may be given several times",
    )
    combine.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from understudy._coverage import reports, shards
    from understudy._coverage.coverage import check_omitted, coverage_of

    option = "--fail-under"
    try:
        least = None if arguments.fail_under is None else reports.percentage(arguments.fail_under)
        option = "--report"
        in_terminal, files = reports.requested(arguments.report)
        option = "--omit"
        check_omitted(arguments.omit)
        option = "combine"
        coverage = coverage_of(shards.combined(arguments.files), arguments.omit)
    except ValueError as error:
        print(f"understudy coverage: {option}: {error}", file=sys.stderr)
        return 2
    problems = [*reports.write(files, coverage), *reports.too_little(coverage, least, "--fail-under")]
    for line in reports.lines(coverage, files, in_terminal=in_terminal):
        print(line)
    for problem in problems:
        print(f"FAIL {problem}")
    return 1 if problems else 0
