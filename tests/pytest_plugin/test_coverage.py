"""`--understudy-cov`: what a suite has met of the lifecycle, told at its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import BASE, RUN, THREAD, listed, run, written
from tests.pytest_plugin.conftest import INI

APP = """
    from openai import OpenAI

    OVER = ("completed", "incomplete", "failed", "cancelled", "expired")

    def ask(question, cancel_at=None):
        runs = OpenAI().beta.threads.runs
        messages = [{"role": "user", "content": question}]
        run = OpenAI().beta.threads.create_and_run(assistant_id="asst_tutor", thread={"messages": messages})
        while run.status not in OVER:
            if run.status == cancel_at:
                runs.cancel(run.id, thread_id=run.thread_id)
            elif run.status == "requires_action":
                calls = run.required_action.submit_tool_outputs.tool_calls
                outputs = [{"tool_call_id": call.id, "output": "42"} for call in calls]
                runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs)
            run = runs.retrieve(run.id, thread_id=run.thread_id)
        return run
"""
CONFTEST = """
    import pytest
    import understudy as us

    @pytest.fixture(autouse=True)
    def assistant(request):
        if "understudy" in request.fixturenames:
            tools = [{"type": "function", "function": {"name": "look_up"}}, {"type": "code_interpreter"}]
            request.getfixturevalue("understudy").add_assistant(id="asst_tutor", tools=tools)
"""
SUITE = """
    import pytest, tutor
    import understudy as us
    from understudy import Expire, Fail, FunctionCall, Hang, RateLimited, Reply

    @pytest.mark.parametrize("script", [(Reply("x = 1"),), (FunctionCall("look_up", {}), Reply("42")), (Fail(),)])
    def test_run(understudy, script):
        understudy.next_run(*script)
        tutor.ask("?")

    def test_block():
        with us.simulate(script=Expire()) as backend:
            backend.add_assistant(id="asst_tutor")
            assert tutor.ask("?").status == "expired"

    def test_cancelled(understudy):
        understudy.next_run(Hang())
        understudy.fault(RateLimited(), on="runs.retrieve")
        assert tutor.ask("?", cancel_at="in_progress").status == "cancelled"
"""
MET = {
    "statuses": {
        "queued": 5,
        "in_progress": 5,
        "requires_action": 1,
        "completed": 2,
        "failed": 1,
        "expired": 1,
        "cancelling": 1,
        "cancelled": 1,
    },
    "transitions": {
        "queued -> in_progress": 6,
        "in_progress -> requires_action": 1,
        "requires_action -> queued": 1,
        "in_progress -> completed": 2,
        "in_progress -> failed": 1,
        "in_progress -> expired": 1,
        "in_progress -> cancelling": 1,
        "cancelling -> cancelled": 1,
    },
    "step types": {"message_creation": 2, "tool_calls: function": 1},
    "outcomes": {"failed: server_error": 1},
}
MET["statuses"] |= {"queued": 6, "in_progress": 6}  # the run that calls a function is queued twice


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with an app and a few tests of it."""
    pytester.makepyfile(tutor=APP)
    pytester.makeini(INI)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_suite=SUITE)
    return pytester


def report(project: pytest.Pytester, *options: str, name: str = "report.json") -> dict[str, Any]:
    """The JSON report of a run of the project's tests, which pass."""
    result = project.runpytest("--understudy-cov", f"--understudy-cov-report=json:{name}", *options)
    assert set(result.parseoutcomes()) == {"passed"}
    read: dict[str, Any] = json.loads((project.path / name).read_text(encoding="utf-8"))
    return read


def counts(told: dict[str, Any]) -> dict[str, dict[str, int]]:
    """What was met of the lifecycle, and how often."""
    return {group: {name: met["count"] for name, met in said["met"].items()} for group, said in told["lifecycle"].items()}


def test_the_json_report(project: pytest.Pytester) -> None:
    """It says what was met, how often, by a test that met it, and what is missing with its script."""
    told = report(project)
    assert counts(told) == MET
    assert told["met"] == sum(map(len, MET.values()))
    assert told["total"] == told["met"] + sum(len(group["missing"]) for group in told["lifecycle"].values())
    assert told["percent"] == pytest.approx(100 * told["met"] / told["total"], abs=1e-4)
    transitions = told["lifecycle"]["transitions"]
    assert transitions["met"]["in_progress -> expired"]["test"] == "test_suite.py::test_block"
    assert transitions["missing"]["queued -> expired"]["script"] == "understudy.next_run(Expire(while_queued=True))"
    assert told["beside"]["faults"]["met"] == {"RateLimited, before": {"count": 1, "test": "test_suite.py::test_cancelled"}}
    assert told["beside"]["operations"]["met"]["runs.cancel"]["count"] == 1
    assert told["beside"]["stream events"]["met"] == {}
    assert told["beside"]["errors"]["others"]["429 rate_limit_exceeded"]["count"] == 1
    assert told["tests"]["test_suite.py::test_run[script1]"] == {
        "services": 1,
        "runs": 1,
        "run_paths": {"queued-in_progress-requires_action-queued-in_progress-completed": 1},
        "responses": 0,
        "response_paths": {},
    }


@pytest.mark.tools
def test_workers_are_merged(project: pytest.Pytester) -> None:
    """Two xdist workers together report, and fail under, what one process does."""
    alone = report(project)
    result = project.runpytest("-n", "2", "--understudy-cov-report=json:both.json", "--understudy-cov-fail-under=55.9")
    result.assert_outcomes(passed=5)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert json.loads((project.path / "both.json").read_text(encoding="utf-8")) == alone


@pytest.mark.tools
def test_a_worker_that_crashes_is_named(project: pytest.Pytester) -> None:
    """What a crashed worker met is lost, and the report says so."""
    project.makepyfile(test_crash="import os\ndef test_crash():\n    os._exit(1)\n")
    result = project.runpytest("--understudy-cov", "-n", "2")
    result.stdout.fnmatch_lines(["gw* ended without reporting: its coverage is missing here"])


def test_the_terminal_summary(project: pytest.Pytester) -> None:
    """The summary counts each group, and lists what is missing with a script to paste."""
    result = project.runpytest("--understudy-cov")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        [
            "*understudy lifecycle coverage*",
            "statuses *8 of 9*",
            "lifecycle *19 of 34*55.8 %",
            "Missing, and what would cover it:",
            "  incomplete, in_progress -> incomplete, incomplete: max_completion_tokens",
            "      understudy.next_run(Reply('Not all of'), Incomplete('max_completion_tokens'))",
            "  queued -> cancelling",
            "      understudy.next_run(Hang())  # cancel it in status queued",
            "  requires_action -> expired",
            "      understudy.next_run(AnyFunctionCall(0))*",
            "      understudy.fault(Slow(600), on='runs.submit_tool_outputs')",
        ]
    )


def test_without_the_option_nothing_is_said(project: pytest.Pytester) -> None:
    """A suite that did not ask for coverage has none, and nothing looks on."""
    result = project.runpytest()
    result.stdout.no_fnmatch_line("*lifecycle coverage*")


@pytest.mark.parametrize(("least", "status"), [("55", 0), ("55.9", 1)])
def test_fail_under(project: pytest.Pytester, least: str, status: int) -> None:
    """Below the percentage asked for, a suite that passes fails all the same, and says why."""
    result = project.runpytest(f"--understudy-cov-fail-under={least}")
    result.assert_outcomes(passed=5)
    assert result.ret == status
    if status:
        result.stdout.fnmatch_lines(["FAIL lifecycle coverage of 55.8 % is less than the 55.9 % that *"])


def test_what_an_app_cannot_meet_is_omitted(project: pytest.Pytester) -> None:
    """An ini option takes out of the percentage what the app cannot meet; what it met counts all the same."""
    project.makeini(f"{INI}\n    understudy_cov_omit = *incomplete* *cancel* 'requires_action -> *' *_prompt")
    told = report(project)
    assert set(told["lifecycle"]["outcomes"]["missing"]) == {"failed: rate_limit_exceeded"}
    assert "cancelled" in told["lifecycle"]["statuses"]["met"]
    assert told["total"] < 33


def test_an_omission_that_fits_nothing(project: pytest.Pytester) -> None:
    """A misspelt omission is an error at the start that names the nearest."""
    project.makeini(f"{INI}\n    understudy_cov_omit = canceled")
    result = project.runpytest("--understudy-cov")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*understudy_cov_omit: 'canceled' matches nothing*Did you mean 'cancelled'*"])


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("report=xml", "*--understudy-cov-report=xml: expected term, json, json:FILE, html, html:FILE, data or data:FILE*"),
        ("report=json:tutor.py/cov.json", "*tutor.py is not a directory; name a writable file*"),
        ("report=html:.", "*is a directory; name a writable file*"),
        ("fail-under=most", "*--understudy-cov-fail-under=most: expected a percentage from 0 to 100*"),
        ("fail-under=101", "*--understudy-cov-fail-under=101: expected a percentage from 0 to 100*"),
    ],
)
def test_what_cannot_be_done_is_said_at_the_start(project: pytest.Pytester, option: str, said: str) -> None:
    """A report that cannot be written is known before the first test runs, not after the last."""
    result = project.runpytest(f"--understudy-cov-{option}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*passed*")


def test_a_report_that_may_not_be_written(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place without permission is said at the start, too. (Root, who may run this, may everything.)"""
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != project.path)
    result = project.runpytest("--understudy-cov-report=json:cov.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{project.path} is not writable; name a writable file*"])


def test_a_report_that_cannot_be_written_any_more(project: pytest.Pytester) -> None:
    """What stood in the way only at the end fails the suite, with the reason; the terminal has its summary."""
    project.makepyfile(test_suite="from pathlib import Path\ndef test_it():\n    Path('cov.json').mkdir()")
    result = project.runpytest("--understudy-cov-report=json:cov.json", "--understudy-cov-report=term")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["lifecycle * of 34*", "FAIL the json report was not written: *cov.json*"])


def test_collecting_covers_nothing(project: pytest.Pytester) -> None:
    """With --collect-only no test ran: nothing is said, written or failed."""
    result = project.runpytest("--collect-only", "--understudy-cov-report=json:cov.json", "--understudy-cov-fail-under=50")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*lifecycle coverage*")
    assert not (project.path / "cov.json").exists()


def test_a_failing_test_is_counted_too(project: pytest.Pytester) -> None:
    """What a test met before it failed was met; the suite's own exit status stays."""
    project.makepyfile(
        test_suite="""
        import tutor
        from understudy import simulate

        def test_run(understudy):
            assert tutor.ask("?").status == "failed"

        def test_block():
            with simulate() as backend:
                backend.add_assistant(id="asst_tutor")
                assert tutor.ask("?").status == "failed"
        """
    )
    result = project.runpytest("--understudy-cov-report=json:cov.json", "--understudy-cov-fail-under=1")
    result.assert_outcomes(failed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    told = json.loads((project.path / "cov.json").read_text())
    assert told["lifecycle"]["step types"]["met"]["message_creation"]["count"] == 2


def test_examples_and_trajectories(project: pytest.Pytester) -> None:
    """Every world of a hypothesis test and of `every_lifecycle` is counted; thousands of runs leave a few timelines."""
    project.makepyfile(
        test_suite="""
        import hypothesis, tutor
        import understudy as us
        from understudy import strategies

        def go(script):
            with us.simulate(script=script) as backend:
                backend.add_assistant(id="asst_tutor", tools=[{"type": "function", "function": {"name": "look_up"}}])
                tutor.ask("?")

        @hypothesis.settings(max_examples=12, deadline=None, derandomize=True, database=None)
        @hypothesis.given(strategies.run_scripts(tools=[{"type": "function", "function": {"name": "look_up"}}]))
        def test_examples(script):
            go(script)

        @us.every_lifecycle(depth=1)
        def test_trajectories(script):
            go(script)
        """
    )
    told = report(project)
    examples = told["tests"]["test_suite.py::test_examples"]
    assert examples["services"] >= 12
    assert examples["runs"] == sum(examples["run_paths"].values()) >= 12
    assert {"queued -> expired", "queued -> failed"} <= set(told["lifecycle"]["transitions"]["met"])


def test_a_stream_counts_as_far_as_it_was_read(project: pytest.Pytester) -> None:
    """Events count when the app reads them: what comes after it stopped reading was not met."""
    project.makepyfile(
        test_suite="""
        from openai import OpenAI

        def test_run(understudy):
            thread = understudy.add_thread(messages=["Hi"])
            stream = OpenAI().beta.threads.runs.create(thread.id, assistant_id="asst_tutor", stream=True)
            for event in stream:
                if event.event == "thread.run.in_progress":
                    break
            stream.close()
        """
    )
    told = report(project)
    events = set(told["beside"]["stream events"]["met"])
    assert events == {"thread.run.created", "thread.run.queued", "thread.run.in_progress"}
    assert set(told["lifecycle"]["statuses"]["met"]) == {"queued", "in_progress"}


def test_deleted_threads_count(project: pytest.Pytester) -> None:
    """An app that tidies up after itself has met what it met."""
    project.makepyfile(
        test_suite="""
        import tutor
        from openai import OpenAI

        def test_run(understudy):
            run = tutor.ask("?")
            OpenAI().beta.threads.delete(run.thread_id)
        """
    )
    told = report(project)
    assert set(told["lifecycle"]["step types"]["met"]) == {"message_creation"}
    assert told["tests"]["test_suite.py::test_run"]["runs"] == 1


def test_a_deleted_thread_whose_stream_is_read_late(project: pytest.Pytester) -> None:
    """Of a run that is gone before the app was shown it, statuses and events count; what it did cannot be told any more."""
    project.makepyfile(
        test_suite="""
        from openai import OpenAI

        def test_run(understudy):
            thread = understudy.add_thread(messages=["Hi"])
            stream = OpenAI().beta.threads.runs.create(thread.id, assistant_id="asst_tutor", stream=True)
            OpenAI().beta.threads.delete(thread.id)
            assert [event.event for event in stream] == ["thread.run.created", "thread.run.queued"]
        """
    )
    told = report(project)
    assert set(told["lifecycle"]["statuses"]["met"]) == {"queued"}
    assert told["tests"]["test_suite.py::test_run"]["runs"] == 0


def test_more_runs_than_are_held_on_to(project: pytest.Pytester) -> None:
    """Of a world, 64 runs are held on to: in a test of 70 at once all count once, the first ones as far as they had come."""
    project.makepyfile(
        test_suite="""
        from openai import OpenAI

        def test_runs(understudy):
            threads = [understudy.add_thread(messages=["Hi"]).id for _ in range(70)]
            runs = OpenAI().beta.threads.runs
            ids = [(runs.create(thread, assistant_id="asst_tutor").id, thread) for thread in threads]
            for run, thread in ids:
                runs.poll(run, thread_id=thread)
        """
    )
    told = report(project)
    test = told["tests"]["test_suite.py::test_runs"]
    assert (test["runs"], test["run_paths"]) == (70, {"queued": 64, "queued-in_progress-completed": 6})
    assert told["lifecycle"]["statuses"]["met"]["completed"]["count"] == 70
    assert told["lifecycle"]["step types"]["met"]["message_creation"]["count"] == 70


def test_what_the_service_does_not_answer(project: pytest.Pytester) -> None:
    """A route of respx is not the Assistants API's, and a refusal of understudy's own is no error of the service."""
    project.makepyfile(
        test_suite="""
        import openai, pytest, tutor, understudy

        def test_it():
            with pytest.raises(understudy.UnderstudyError), understudy.simulate(strict=True) as backend:
                backend.respx.get(path="/v1/batches/batch_1").respond(json={"id": "batch_1", "object": "batch"})
                assert openai.OpenAI().batches.retrieve("batch_1").id == "batch_1"
                backend.add_assistant(id="asst_tutor")
                with pytest.raises(openai.InternalServerError):
                    tutor.ask("Without a script?")
        """
    )
    told = report(project)
    assert told["met"] == 0
    assert {group: met for group, said in told["beside"].items() if (met := said["met"] | said.get("others", {}))} == {}


def replayed(project: pytest.Pytester, *exchanges: Any) -> dict[str, Any]:
    """The JSON report of a suite with one test, `test_replayed`, that plays these exchanges."""
    written(project.path / "session.json", exchanges)
    calls = [(method, path, sent) for method, path, sent, _ in exchanges]
    project.makepyfile(
        test_suite=f"""
        import httpx, understudy

        def test_replayed():
            with understudy.use_cassette("session.json"), httpx.Client() as client:
                for method, path, sent in {calls!r}:
                    client.request(method, "{BASE}" + path, json=sent)
        """
    )
    return report(project)


def test_replayed_steps_count(project: pytest.Pytester) -> None:
    """Steps that a recording lists are met: a call of each type once, and messages."""
    calls = [{"id": f"call_{kind}", "type": kind, kind: {}} for kind in ("code_interpreter", "file_search")]
    details: list[dict[str, Any]] = [
        {"type": "tool_calls", "tool_calls": calls},
        {"type": "message_creation", "message_creation": {"message_id": "msg_2"}},
    ]
    steps = [
        {"id": f"step_{number}", "object": "thread.run.step", "run_id": "run_1", "created_at": 2, "status": "completed"}
        | {"type": one["type"], "step_details": one}
        for number, one in enumerate(details)
    ]
    told = replayed(
        project, ("GET", RUN, None, run("completed", created_at=1)), ("GET", f"{RUN}/steps", None, listed(*steps))
    )
    met = told["lifecycle"]["step types"]["met"]
    assert {name: one["count"] for name, one in met.items()} == {
        "tool_calls: code_interpreter": 1,
        "tool_calls: file_search": 1,
        "message_creation": 1,
    }


def test_a_replay_of_another_servers_objects(project: pytest.Pytester) -> None:
    """Runs of another shape count with their statuses; that their steps cannot be told is said among the others."""
    told = replayed(project, ("GET", RUN, None, run("requires_action", created_at=1, required_action={"what": 1})))
    assert set(told["lifecycle"]["statuses"]["met"]) == {"requires_action"}
    assert set(told["lifecycle"]["step types"]["others"]) == {
        "unknown: objects are not shaped as the API's (KeyError)",
    }


def test_a_replay_over_two_tests(project: pytest.Pytester) -> None:
    """A cassette that two tests share shows its run to the first: the second, which asks for no run, has none."""
    exchanges = [("GET", RUN, None, run("completed", created_at=1)), ("GET", THREAD, None, {"id": "thread_1"})]
    written(project.path / "session.json", exchanges)
    project.makepyfile(
        test_suite=f"""
        import httpx, pytest, understudy

        @pytest.fixture(scope="module", autouse=True)
        def cassette():
            with understudy.use_cassette("session.json"):
                yield

        @pytest.mark.parametrize("path", [{RUN!r}, {THREAD!r}])
        def test_it(path):
            httpx.get("{BASE}" + path)
        """
    )
    tests = report(project)["tests"]
    assert [(one["services"], one["runs"]) for one in tests.values()] == [(1, 1), (1, 0)]


def test_replayed_cassettes_count(project: pytest.Pytester) -> None:
    """What a recording shows the app, the app has met: simulated or replayed."""
    cassette = Path(__file__).parents[2] / "cassettes" / "tutorial.yaml"
    project.makepyfile(
        test_suite=f"""
        import pytest, understudy
        from pathlib import Path
        from understudy._cli import demo

        CASSETTE = Path({str(cassette)!r})

        def test_replayed():
            from openai import OpenAI
            with understudy.use_cassette(CASSETTE):
                demo.converse(OpenAI(), print)
        """
    )
    told = report(project)
    assert {"queued", "completed"} <= set(told["lifecycle"]["statuses"]["met"])
    assert "message_creation" in told["lifecycle"]["step types"]["met"]
    assert told["tests"]["test_suite.py::test_replayed"]["runs"] >= 1
