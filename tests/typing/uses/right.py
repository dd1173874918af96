# pyright: strict
"""Right uses, as a typed project writes them: both type checkers take every line. Never run."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import pytest
from openai.types.beta import Thread

import understudy as us
from understudy import AnyFunctionCall, Backend, Fail, Fault, FunctionCall, RateLimited, Reply, ServerError, Trajectory
from understudy.types import (
    Cassette,
    Clock,
    Difference,
    Interaction,
    MessageView,
    Move,
    ParityReport,
    QueuedScript,
    ReplayMiss,
    RunView,
    ScriptedRun,
    Step,
    Timeline,
    TimeMode,
    Transcript,
    UnderstudyError,
)

VERSION: str = us.__version__


def asked(run: ScriptedRun) -> Reply:
    return Reply(run.last_user_text)


def called(run: ScriptedRun) -> Generator[Move, list[str], None]:
    outputs = yield FunctionCall("get_weather", {"city": run.metadata["city"]})
    yield Reply(outputs[0])


def several(run: ScriptedRun) -> Iterator[Step]:
    yield [FunctionCall("a"), AnyFunctionCall()]
    yield Fail()


def scripted(run: ScriptedRun) -> Sequence[Step]:
    return (FunctionCall("a"), Reply(run.model))


async def ported() -> str:
    return "x"


def parity(understudy: Backend, path: Path) -> list[Difference]:
    report: ParityReport = us.parity(lambda: "x", ported, script=(Reply("x"),), set_up=scripts_of, seed=7, time="sleep")
    report.check(ignore=("citation",))
    assert report.same, report
    old: Transcript = us.transcript(path)
    assert old == understudy.transcript()
    us.parity(path, "new.yaml", words=lambda old, new: old == new).write(path)
    return report.differences


def scripts_of(backend: Backend) -> None:
    backend.next_run(Reply("x"))


def scripts(understudy: Backend, mode: TimeMode) -> None:
    understudy.next_run(Reply("x"), assistant=understudy.add_assistant())
    understudy.next_run([FunctionCall("a"), FunctionCall("b")], Reply("x"))
    understudy.next_run(asked, thread="thread_1")
    understudy.next_run(called)
    understudy.every_run(several, when=lambda text: "rain" in text)
    understudy.every_run(scripted)
    understudy.every_run(lambda run: Reply(run.model))
    understudy.perform((FunctionCall("a"), Reply("x")))
    understudy.fault(RateLimited(retry_after=2), on="runs.retrieve", event=None, times=None)
    understudy.fault(Fault(ServerError(), on="messages.create", phase="after"))
    left: list[QueuedScript] = understudy.scripts_left
    Backend(time=mode, script=asked, seed=len(left))


def objects(understudy: Backend, thread: Thread) -> str | None:
    understudy.add_message(thread, "Hi", role="assistant")
    understudy.add_message(understudy.add_thread(messages=["Hi", {"role": "user", "content": "Ho"}]), "Hi")
    file = understudy.add_file(filename="a.txt", content=b"x", purpose="vision")
    understudy.add_vector_store(file_ids=[file, "file-1"], name="Notes")
    understudy.fail_file(file, "invalid_file")
    understudy.add_assistant(tools=[{"type": "file_search"}], name="Tutor", metadata={"a": "b"}, temperature=0)
    run: RunView = understudy.runs[0]
    message: MessageView = understudy.messages(thread)[0]
    timeline: Timeline = understudy.timeline(run)
    clock: Clock = understudy.clock
    clock.advance(5)
    return (
        f"{timeline} {message.text} {run.status} {run['status']} {file.filename}" if run.completed_at else run.instructions
    )


def returns_from_a_block() -> int:
    with us.simulate(time="sleep", script=Reply("x")) as backend:
        return len(backend.requests)


async def asynchronous() -> int:
    async with us.simulate(seed=7) as backend:
        return len(backend.requests)


@us.simulate()
def decorated(number: int) -> int:
    return number


@us.every_lifecycle(depth=2, faults=1)
def test_every(understudy: Backend, script: Trajectory) -> None:
    understudy.perform(script)


def recorded(understudy_cassette: Cassette) -> list[Interaction]:
    with pytest.raises(ReplayMiss), us.use_cassette(Path("a.yaml"), "b.yaml", record="once", match_on=["body"]) as cassette:
        return [*cassette.played, *understudy_cassette.unplayed]
    problems: list[UnderstudyError] = understudy_cassette.problems
    raise problems[0]


DECORATED: int = decorated(5)
