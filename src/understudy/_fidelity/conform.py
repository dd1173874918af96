"""The fidelity run: every recording of a folder against one service."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from understudy._cassettes import Interaction
from understudy._cassettes.load import load
from understudy._fidelity.runner import Outcome, replay
from understudy._fidelity.score import AgreementCounts, Score
from understudy._fidelity.target import Server, Simulated, Target, connection_to
from understudy._reconstruct.field_dates import Eras
from understudy.errors import CassetteError, UnderstudyError

NEEDED_PERCENT = {"assistants": 98.0, "responses": 97.0}  # of exchanges, by face
FINDINGS_SHOWN = 50


def recordings_in(folder: Path) -> dict[str, Path]:
    """Return the recordings under a folder, by their relative path, sorted."""
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.y*ml"))}


Pair = tuple[tuple[Path, str], list[Interaction]]
WorkingThrough = Callable[[Sequence[Pair]], Iterable[Pair]]


def outcomes_of(
    target: Target, *folders: Path, working_through: WorkingThrough = iter
) -> Iterator[tuple[Path, str, list[Outcome]]]:
    """Replay every recording of some folders; yield folder, name and outcomes.

    The folders together show when keys appeared.

    `working_through`: yields the sessions one by one, and may show progress.
    """
    sessions = {(folder, name): load(path) for folder in folders for name, path in recordings_in(folder).items()}
    eras = Eras(sessions.values())
    for (folder, name), session in working_through(list(sessions.items())):
        yield folder, name, replay(session, target, eras)


def conform(
    recordings: str | Path,
    base_url: str | None = None,
    json_file: str | Path | None = None,
    working_through: WorkingThrough = iter,
) -> int:
    """Replay recordings against a service, and print how they compare.

    Against our own, or the server at `base_url`.

    A server gets the key in OPENAI_API_KEY, if there is one. Returns the exit status: 0 when enough exchanges of each face
    agree (98 % of the Assistants API, 97 % of the Responses API) and every difference is in the list, 1 when not, 2 when the
    folder holds no recordings, or one that cannot be read, or the server does not answer or cannot be used.
    """
    folder = Path(recordings)
    if not recordings_in(folder):
        print(f"{folder}: no recordings (*.yaml) found there", file=sys.stderr)
        return 2
    score = Score()
    try:
        with _target(base_url) as target:
            for _, name, outcomes in outcomes_of(target, folder, working_through=working_through):
                score.add(name, outcomes)
    except CassetteError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, HTTPException, UnderstudyError) as error:
        print(f"{base_url}: {error}" if base_url else error, file=sys.stderr)
        return 2
    print_table(score, sys.stdout)
    if json_file is not None:
        Path(json_file).write_text(json.dumps(score.to_json(), indent=2) + "\n", encoding="utf-8")
    return 0 if is_enough(score) and not score.findings else 1


def is_enough(score: Score) -> bool:
    """Return True if enough exchanges of each face agree."""
    return all(
        score.of_face(face).percent >= needed for face, needed in NEEDED_PERCENT.items() if score.of_face(face).whole.total
    )


@contextmanager
def _target(base_url: str | None) -> Iterator[Target]:
    if base_url is None:
        yield Simulated()
        return
    with closing(connection_to(base_url)) as connection:
        yield Server(connection, urlsplit(base_url).path, os.environ.get("OPENAI_API_KEY") or "sk-understudy")


def print_table(score: Score, out: TextIO) -> None:
    """Print the score per operation, and the unexplained differences."""
    width = max(len(name) for name in (*score.operations, "operation"))
    print(f"{'operation':{width}} {'agree':>9} {'explained':>9} {'differ':>6} {'left out':>8}", file=out)
    for name in sorted(score.operations):
        print(_row(name, score.operations[name], width), file=out)
    print(_row("all", score.whole, width), file=out)
    print(f"{score.percent} % of the exchanges agree.", file=out)
    for session, outcome, difference in score.findings[:FINDINGS_SHOWN]:
        print(f"{session} {outcome.exchange}\n    {difference}", file=out)
    if len(score.findings) > FINDINGS_SHOWN:
        print(f"... and {len(score.findings) - FINDINGS_SHOWN} more", file=out)


def _row(name: str, tally: AgreementCounts, width: int) -> str:
    share = f"{tally.agreed}/{tally.total}"
    return f"{name:{width}} {share:>9} {tally.explained:>9} {tally.unexplained:>6} {tally.left_out:>8}"
