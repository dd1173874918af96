"""`understudy conform`: recorded sessions against the simulator or any server."""

from __future__ import annotations

import argparse
from typing import Any


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "conform",
        help="measure how faithful the simulated service, or any server, is to recorded sessions",
        description="Sends recorded sessions (vcrpy's YAML format) to the simulated service, or "
        "with --base-url to any server (which gets the key in OPENAI_API_KEY, if that is set), "
        "and compares every answer with the recorded one. A server started with `understudy serve "
        "--time manual` is given what the recorded model did; on any other, runs are compared by "
        "their shapes only, and sessions that start from objects they did not create are left "
        "out. Exit status 0: at least 98 % agree, and every difference is in the list of accepted "
        "ones; 1: otherwise; 2: no recordings found, or one that cannot be read, or the server "
        "does not answer or cannot be used.",
    )
    parser.add_argument("--recordings", required=True, metavar="DIR", help="the folder with the recordings, *.yaml")
    parser.add_argument("--base-url", metavar="URL", help="a server, such as http://127.0.0.1:8000/v1")
    parser.add_argument("--json", metavar="FILE", help="write the score and every finding to this file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from understudy._cli.progress import progress
    from understudy._fidelity import conform

    return conform(
        arguments.recordings,
        base_url=arguments.base_url,
        json_file=arguments.json,
        working_through=lambda sessions: progress(sessions, "replaying"),
    )
