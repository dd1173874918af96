"""`understudy demo`: the tutorial conversation, simulated and then replayed.

Both go through the real SDK.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import OpenAI

    from understudy._backend.backend import Backend

ASSISTANT = "asst_YhNjYRQT38e4I5N8WsZ7ihz1"
IDS = (
    "thread_5uZgyTMf0t7Im9TPxvAVDmUD",
    "msg_9x1SPRtQLbWqXMVNIXkBZ0tF",
    "run_EF9AwlwFnOQJ3wPRCIdNGVaS",
    "msg_aFjIRT2SoI0i3zcAVlFsx3Yn",
)
QUESTION = "I need to solve the equation `3x + 11 = 14`. Can you help me?"
ANSWER = r"The solution to the equation \(3x + 11 = 14\) is \(x = 1\)."
INSTRUCTIONS = "Please address the user as Jane Doe. The user has a premium account."
ASKED_AT, RUN_AT = 1699425718, 1699425952
CASSETTE = "tutorial.yaml"

Say = Callable[[str], None]


@dataclass(frozen=True)
class DemoRun:
    """What the app learned: the same, whether simulated or replayed."""

    statuses: tuple[str, ...]
    run: dict[str, Any]
    messages: tuple[dict[str, Any], ...]
    page: tuple[str | None, str | None, bool | None]


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "demo",
        help="play the tutorial conversation, simulated, replayed and ported",
        description="Plays the Assistants API's tutorial conversation twice, through the real "
        "openai SDK, without a key and without the network: against the simulated service, and "
        "from a recording. Then once more beside its port to Responses, and reports what the port "
        "does otherwise: nothing; with --planted, what a port with a mistake does. With --save, "
        "writes a project to start from instead: an app, the recording, and a test that replays "
        "it. Exit status 0; 1 if simulation and recording differ; 2 if a file is in the way.",
    )
    parser.add_argument(
        "--planted", action="store_true", help="plant a mistake in the port, and see the report that names it"
    )
    parser.add_argument(
        "--save", metavar="DIR", type=Path, help="write a project instead: an app, the recording, and a test of it"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    return _play(planted=arguments.planted) if arguments.save is None else _save(arguments.save)


def _save(folder: Path) -> int:
    from understudy._cli.demo_project import project_files

    files = {folder / name: text for name, text in project_files(cassette_path()).items()}
    taken = [path for path in files if path.exists()]
    if taken:
        print(f"{taken[0]}: this file already exists, so nothing was written: choose another folder.", file=sys.stderr)
        return 2
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        _say(str(path))
    _say(f"Next: cd {folder} && python -m pytest")
    return 0


def _play(*, planted: bool) -> int:
    import openai

    import understudy

    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's, about the API the demo is for
    say = _say
    say(f"understudy {understudy.__version__}, openai {openai.__version__}: no key, no network.\n")
    say("1. Simulated")
    with understudy.simulate(start=ASKED_AT) as backend:
        set_up(backend)
        simulated = converse(openai.OpenAI(), say, before_run=lambda: backend.clock.advance(RUN_AT - ASKED_AT))
    path = cassette_path()
    say(f"\n2. Replayed from {path.name}")
    with understudy.use_cassette(path):
        replayed = converse(openai.OpenAI(), say)
    if simulated != replayed:
        say(f"\nThe two differ:\n  simulated {simulated}\n  replayed  {replayed}")
        return 1
    say("\nThe two agree, field by field.")
    _port(say, planted=planted)
    return 0


def _port(say: Say, *, planted: bool) -> None:
    """Compare the conversation with its port to Responses, on the same script."""
    from understudy._cli.demo_parity import parity_with_port
    from understudy._inspect.terminal import Terminal

    say(f"\n3. Ported to Responses{', with a mistake' if planted else ''}")
    report = parity_with_port(ASSISTANT, INSTRUCTIONS, QUESTION, ANSWER, planted=planted)
    width = Terminal.of(sys.stdout).width
    for line in report.text(width and width - 3).splitlines():
        say(f"   {line}" if line else "")


def set_up(backend: Backend) -> None:
    """Set up what the tutorial starts from.

    That is an assistant made in the playground, and what the model will say.
    """
    from understudy import Reply

    backend.add_assistant(
        id=ASSISTANT, model="gpt-4-1106-preview", tools=[{"type": "code_interpreter"}], created_at=ASKED_AT - 3600
    )
    backend.next_ids(*IDS)
    backend.next_run(Reply(ANSWER))


def converse(client: OpenAI, say: Say, before_run: Callable[[], None] = lambda: None) -> DemoRun:
    """Hold the tutorial's conversation, as its reader would write it, and return it.

    A thread, a message, a run, polling, the answer.
    """
    threads = client.beta.threads
    thread = threads.create()
    question = threads.messages.create(thread.id, role="user", content=QUESTION)
    say(f"  user       {QUESTION}")
    before_run()
    run = threads.runs.create(thread.id, assistant_id=ASSISTANT, instructions=INSTRUCTIONS)
    statuses = [run.status]
    timeline = _Timeline(run, say)
    while run.status in ("queued", "in_progress"):
        run = threads.runs.retrieve(run.id, thread_id=thread.id)
        statuses.append(run.status)
        timeline.show(run)
    page = threads.messages.list(thread.id)
    say(_wrapped("  assistant  ", page.data[0].content[0].text.value))  # type: ignore[union-attr]
    assert page.data[-1] == question
    return DemoRun(
        statuses=tuple(statuses),
        run=run.to_dict(),
        messages=tuple(message.to_dict() for message in page.data),
        page=(page.first_id, page.last_id, page.has_more),  # type: ignore[attr-defined]
    )


class _Timeline:
    """Draws a run's statuses as they come, each with the seconds since its creation."""

    def __init__(self, run: Any, say: Say) -> None:
        self._created_at = run.created_at
        self._say = say
        say(f"  run        {run.id}")
        self.show(run)

    def show(self, run: Any) -> None:
        at = {"in_progress": run.started_at, "completed": run.completed_at}.get(run.status) or run.created_at
        seconds = at - self._created_at
        self._say(f"    {'─' * (2 + 4 * seconds)}● {run.status}  +{seconds} s")


def cassette_path() -> Path:
    """Return the path of the tutorial's recording.

    It is in the installed package, or at the top of the source tree.
    """
    here = Path(__file__).resolve()
    packaged = here.parents[1] / "data" / CASSETTE
    return packaged if packaged.exists() else here.parents[3] / "cassettes" / CASSETTE


def _say(line: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "replace").decode(encoding), flush=True)


def _wrapped(lead: str, text: str) -> str:
    return textwrap.fill(text, 100, initial_indent=lead, subsequent_indent=" " * len(lead))
