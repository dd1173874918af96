"""A recording as a test: its scenario, a line to fill in, and its expectations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent

from understudy._apis.assistants.lifecycle import TERMINAL
from understudy._cassettes import Interaction
from understudy._inspect.conversation_entry import ConversationEntry
from understudy._inspect.thread_conversation import thread_entries
from understudy._promote.code import literal
from understudy._promote.expected_responses import response_expectations
from understudy._reconstruct.session_facts import Facts
from understudy.errors import CassetteError

_STEP = "    "


def as_test(set_up: str, session: Sequence[Interaction], path: Path) -> str:
    """Return a recording as a test module.

    `set_up`: the module that the recording promotes to, with its function of that name.

    Raises:
        CassetteError: the recording created neither a run nor a response, so the test would
            expect nothing.
    """
    expected = [*_run_expectations(session), *response_expectations(session)]
    if not expected:
        raise CassetteError(
            f"{path}: no run was created in it, and no response that a script says, so a test would have nothing to "
            f"expect. `understudy promote {path}` without --test writes the scenario alone; `understudy show` lists "
            "what the recording holds."
        )
    header, _, body = set_up.partition("\n")
    header = header.replace(
        "promotes to; `understudy promote` wrote", "promotes to, as a test; `understudy promote --test` wrote"
    )
    lines = [
        header,
        body.rstrip(),
        "",
        "",
        "def run_app():",
        f"{_STEP}raise NotImplementedError({_to_fill_in(path)!r})  # <- fill in",
        "",
        "",
        f"def test_{_name(path)}(understudy):",
        f"{_STEP}set_up(understudy)",
        f"{_STEP}run_app()",
        *(indent(line, _STEP) for line in expected),
    ]
    return "\n".join(lines) + "\n"


def _to_fill_in(path: Path) -> str:
    return f"call your app here as it was called when {path.name} was recorded"


def _name(path: Path) -> str:
    """Return the recording's name as part of a function's name."""
    return (
        re.sub(r"\W+", "_", path.name.partition(".")[0], flags=re.ASCII).strip("_").lower().removeprefix("test_")
        or "recording"
    )


def _run_expectations(session: Sequence[Interaction]) -> Iterator[str]:
    """Yield assertions: how each created run ended, its outputs, its messages."""
    facts = Facts(session)
    runs = [run for run in facts.runs.values() if run.created is not None and run.views]
    ended = [run for run in runs if run.status in TERMINAL]
    if ended:
        yield "statuses = {run.id: run.status for run in understudy.runs}"
        yield from (f"assert statuses[{run.id!r}] == {run.status!r}" for run in ended)
    entries = thread_entries(session)
    called = {entry.call_id for entry in entries if entry.kind == "call" and entry.name}
    outputs = {entry.call_id: entry.text for entry in entries if entry.kind == "output" and _was_submitted(entry, session)}
    if outputs.keys() & called:
        yield "submits = [each for each in understudy.requests if each.path.endswith('/submit_tool_outputs')]"
        yield "outputs = {one['tool_call_id']: one['output'] for each in submits for one in each.json['tool_outputs']}"
        yield f"assert outputs == {literal(outputs)}"
    for thread_id in dict.fromkeys(run.thread_id for run in runs):
        said = [(one.kind, one.text) for one in entries if one.conversation == thread_id and one.kind in _SAID]
        if said:
            yield f"said = [(message.role, message.text) for message in understudy.messages({thread_id!r})]"
            yield f"for message in {literal(said)}:\n{_STEP}assert message in said"


_SAID = ("user", "assistant")


def _was_submitted(entry: ConversationEntry, session: Sequence[Interaction]) -> bool:
    exchange = next(one for one in session if one.index == entry.exchange)
    return exchange.path.endswith("/submit_tool_outputs")
