"""Wrong uses, one a line: both type checkers refuse every line marked `# refused`, and none other. Never run."""

# ruff: noqa: B018, F401, I001
from __future__ import annotations

import understudy
from understudy import Backend, ConnectionReset, Fail, Fault, FunctionCall, Hang, Incomplete, RateLimited, Reply, Wait
from understudy import Nonsense  # refused
from understudy import Repyl  # refused
from understudy.errors import ReplayMis  # refused
from understudy.types import Casette  # refused
from understudy.types import Cassette, Interaction, RunView, ScriptedRun


def module() -> None:
    understudy.nextrun()  # refused
    understudy.simualte()  # refused
    understudy.next_run(Reply("x"))  # refused
    understudy.simulate(time="pol")  # refused
    understudy.simulate(sede=7)  # refused
    understudy.simulate(strict="yes")  # refused
    understudy.simulate(seed="7")  # refused
    understudy.simulate(script="Hello")  # refused
    understudy.simulate().next_run(Reply("x"))  # refused
    understudy.use_cassette()  # refused
    understudy.use_cassette("a.yaml", record="onec")  # refused
    understudy.use_cassette("a.yaml", unplayed="fail")  # refused
    understudy.use_cassette("a.yaml", match="body")  # refused
    understudy.every_lifecycle(dept=3)  # refused
    understudy.every_lifecycle("3")  # refused


@understudy.every_lifecycle  # refused
def bare(script: object) -> None: ...


def moves() -> None:
    Fail("server_eror")  # refused
    Hang(on_cancel="complete")  # refused
    Hang(on_canel="completes")  # refused
    Incomplete("max_tokens")  # refused
    Reply(["a", "b"])  # refused
    Reply(txt="a")  # refused
    FunctionCall(["get_weather"])  # refused
    Wait(second=3)  # refused
    ConnectionReset(kind="Reset")  # refused
    RateLimited(retry_after="2")  # refused
    Fault(RateLimited(), on="run.retrieve")  # refused
    Fault(RateLimited(), phase="befor")  # refused


def scripts(understudy: Backend) -> None:
    understudy.nextrun()  # refused
    understudy.next_run("x")  # refused
    understudy.next_run(Reply)  # refused
    understudy.next_run([Reply("a")])  # refused
    understudy.next_run(Reply("a"), when="weather")  # refused
    understudy.next_run(Reply("a"), asistant="asst_1")  # refused
    understudy.next_run(Reply("a"), assistant=7)  # refused
    understudy.next_run(asynchronous)  # refused
    understudy.next_run(without_a_run)  # refused
    understudy.every_run(Reply("a"), when=5)  # refused
    understudy.Reply("a")  # refused
    understudy.fault(RateLimited(), on="run.retrieve")  # refused
    understudy.fault(RateLimited(), event="thread.run.complete")  # refused
    understudy.fault(RateLimited(), phase="afterwards")  # refused
    understudy.fault("RateLimited")  # refused
    understudy.fault(RateLimited)  # refused
    Backend(time="fast")  # refused


async def asynchronous(run: ScriptedRun) -> Reply:
    return Reply(run.last_user_text)


def without_a_run() -> Reply:
    return Reply("x")


def objects(understudy: Backend) -> None:
    understudy.add_thread(mesages=["Hi"])  # refused
    understudy.add_thread(messages=[1])  # refused
    understudy.add_assistant(tool=[{"type": "file_search"}])  # refused
    understudy.add_assistant(temperature="hot")  # refused
    understudy.add_message(understudy.clock, "Hi")  # refused
    understudy.add_message("thread_1", "Hi", role="asistant")  # refused
    understudy.add_message("thread_1", 5)  # refused
    understudy.add_file(purpose="asistants")  # refused
    understudy.add_file(content=5)  # refused
    understudy.add_vector_store(file_id="file-1")  # refused
    understudy.fail_file("file-1", "server_eror")  # refused
    understudy.messages(None)  # refused
    understudy.timeline(5)  # refused
    understudy.clock.advanced(5)  # refused
    understudy.clock.advance("5")  # refused
    understudy.next_ids(5)  # refused
    understudy.run  # refused
    understudy.runs[0].stauts  # refused
    understudy.add_thread().role  # refused
    understudy.messages("thread_1")[0].txt  # refused
    understudy.requests[0].paht  # refused


def parity() -> None:
    understudy.parity(5, lambda: None)  # refused
    understudy.parity(lambda: None, lambda: None, time="slow")  # refused
    understudy.parity(lambda: None, lambda: None).sane  # refused


def seen(cassette: Cassette, exchange: Interaction, run: RunView, script: ScriptedRun) -> None:
    cassette.plaid  # refused
    exchange.stat  # refused
    run.last_eror  # refused
    script.output  # refused
    script.outputs[5]  # refused
