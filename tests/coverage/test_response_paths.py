"""How a suite's responses went: their paths and timelines, in the data, on the page, of simulations and of cassettes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

import understudy
from tests.cassettes.building import RUN, THREAD, run, written
from tests.cassettes.loopback import served
from understudy import Backend, CodeInterpreter, Fail, FunctionCall, Hang, Incomplete, Reason, Reply
from understudy._common.messages import Pause, Response
from understudy._common.observers import observing
from understudy._coverage import names, shards
from understudy._coverage.as_json import as_json
from understudy._coverage.collector import SuiteWatch
from understudy._coverage.coverage import coverage_of
from understudy._coverage.executions_seen import MAX_KEPT
from understudy._coverage.page import as_html
from understudy._coverage.tally import Tally
from understudy._coverage.terminal import as_lines

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
TOOLS: Any = [{"type": "function", "name": "look_up"}, {"type": "code_interpreter", "container": {"type": "auto"}}]
THINKS = (Reason("Hm."), CodeInterpreter("1 + 1", logs="2"), FunctionCall("look_up"), Reply("4"))
CALLS = "completed with calls"


def use(client: Any, **asked: Any) -> None:
    """Ask, poll, cancel what does not end in ten polls, and bring outputs."""
    question: Any = "Hi"
    while question:
        answer = client.responses.create(model="gpt-5-mini", input=question, tools=TOOLS, **asked)
        response = list(answer)[-1].response if asked.get("stream") else answer
        for _ in range(10):
            if response.status not in ("queued", "in_progress"):
                break
            response = client.responses.retrieve(response.id)
        else:
            client.responses.cancel(response.id)
        calls = [one for one in response.output if one.type == "function_call"]
        question = [{"type": "function_call_output", "call_id": call.call_id, "output": "42"} for call in calls]
        asked["previous_response_id"] = response.id


def watched(*scripts: tuple[Any, ...], **asked: Any) -> Tally:
    """Return what a suite covered whose one test asks once for each script."""
    suite = SuiteWatch()
    suite.test = "test_it"
    with observing(suite):
        backend = Backend()
        for script in scripts:
            backend.next_run(*script)
            use(backend.client(max_retries=0), **asked)
    suite.test_ended()
    return suite.tally


@pytest.mark.parametrize(
    ("asked", "begins"),
    [({"background": True}, "queued-in_progress-"), ({"stream": True}, "in_progress-"), ({}, "in_progress-")],
    ids=["background", "streamed", "plain"],
)
def test_each_response_has_its_path(asked: dict[str, Any], begins: str) -> None:
    """However the app asks, a test's responses are counted by path; one that waits for outputs has its own."""
    scripts: list[tuple[Any, ...]] = [(Reply("1"),), (Reply("2"),), THINKS, (Fail(),)]
    scripts.append((Reply("Not all of"), Incomplete("max_output_tokens")))
    scripts += [(Hang(),)] if "background" in asked else []
    report = as_json(coverage_of(watched(*scripts, **asked)))["tests"]["test_it"]
    ends = {"completed": 3, CALLS: 1, "failed": 1, "incomplete": 1} | ({"cancelled": 1} if "background" in asked else {})
    assert report["response_paths"] == {begins + end: count for end, count in sorted(ends.items())}
    assert report["responses"] == sum(ends.values())
    assert (report["services"], report["runs"], report["run_paths"]) == (1, 0, {})


def test_timelines_have_items() -> None:
    """The first responses of different paths are drawn with their items, from the beginning of each to its end."""
    timelines = watched(THINKS, (Reply("5"),), background=True).tests["test_it"].responses.timelines
    assert [one.moments[-1].begins for one in timelines] == [CALLS, "completed"]
    drawn = [(moment.what.partition("_")[0], moment.begins) for moment in timelines[0].moments]
    ended = [(kind, status) for kind in ("rs", "ci", "fc") for status in ("in_progress", "completed")]
    assert drawn == [("run", "queued"), ("run", "in_progress"), *ended, ("run", CALLS)]


def test_what_is_not_stored_counts_too() -> None:
    """A response that the service does not keep, or that the app deletes, has its path."""
    suite = SuiteWatch()
    with observing(suite):
        client: Any = Backend(script=(Reply("1"),)).client()
    client.responses.create(model="gpt-5-mini", input="Hi", store=False)
    client.responses.delete(client.responses.create(model="gpt-5-mini", input="Hi").id)
    suite.test_ended()
    (runs,) = suite.tally.tests.values()
    assert runs.responses.paths == {"in_progress-completed": 2}


def test_a_stream_that_is_left_goes_half_a_path() -> None:
    """A foreground stream that the app closes early ends its response, and is counted as far as it came."""
    suite = SuiteWatch()
    suite.test = "test_it"
    with observing(suite):
        client: Any = Backend(script=(Reply("1"),)).client()
    stream = client.responses.create(model="gpt-5-mini", input="Hi", stream=True)
    assert next(iter(stream)).type == "response.created"
    stream.close()
    suite.test_ended()
    assert suite.tally.tests["test_it"].responses.paths == {"in_progress": 1}


def test_what_is_waited_for_in_real_time_counts() -> None:
    """A plain answer that comes late, as with time="real", is counted as one that comes at once."""
    suite = SuiteWatch()
    watch = suite.simulation(lambda _: None, lambda _: None)
    body = b'{"id": "resp_1", "object": "response",\n"status": "failed", "output": []}'
    answer = Response(200, (), stream=iter([Pause(1), body[:20], body[20:]]))
    watch.answered("POST", "/responses", answer)
    assert answer.stream is not None
    assert len(list(answer.stream)) == 3
    assert suite.tally.met["response statuses"]["failed"].count == 1


def test_many_are_counted_once_each() -> None:
    """A test with more responses than are kept at once counts each of them, and none again when it is shown later."""
    suite = SuiteWatch()
    suite.test = "test_it"
    with observing(suite):
        client: Any = Backend(script=(Reply("1"),)).client()
    ids = [client.responses.create(model="gpt-5-mini", input="Hi").id for _ in range(MAX_KEPT + 6)]
    assert all(client.responses.retrieve(one).status == "completed" for one in ids)
    suite.test_ended()
    assert suite.tally.tests["test_it"].responses.paths == {"in_progress-completed": MAX_KEPT + 6}


def replayed(folder: Path, **asked: Any) -> Tally:
    """Return what a replay covers of a tool loop and a failure, recorded from a server."""
    path, backend, suite = folder / "recorded.yaml", Backend(), SuiteWatch()
    suite.test = "test_it"

    def app() -> None:
        with OpenAI(api_key="x", base_url=f"{base}/v1", max_retries=0) as client:
            use(client, **asked)
            use(client, **asked)

    with served(backend) as base:
        backend.next_run(*THINKS)
        backend.next_run(Fail())
        with understudy.use_cassette(path, record="once"):
            app()
    with observing(suite), understudy.use_cassette(path, record="none"):
        app()
    suite.test_ended()
    return suite.tally


@pytest.mark.parametrize(
    ("asked", "begins"),
    [({"background": True}, "queued-in_progress-"), ({"stream": True}, "in_progress-"), ({}, "")],
    ids=["background", "streamed", "plain"],
)
def test_a_replay_shows_what_was_recorded(tmp_path: Path, asked: dict[str, Any], begins: str) -> None:
    """The responses of a cassette have paths and timelines, as far as its answers show them."""
    runs = replayed(tmp_path, **asked).tests["test_it"]
    assert runs.responses.paths == {begins + end: 1 for end in (CALLS, "completed", "failed")}
    first = runs.responses.timelines[0]
    ended = [moment.what.partition("_")[0] for moment in first.moments if moment.what != "run"]
    assert ended == ["rs", "ci", "fc"]
    assert first.moments[-1].begins == CALLS


def test_a_foreign_response_is_named(tmp_path: Path) -> None:
    """A cassette of another server, whose responses lack what the API's have, is counted as far as it goes."""
    answer = {"object": "response", "id": "r1", "status": "pondering", "output": []}
    path = written(tmp_path / "foreign.yaml", [("POST", "/responses", {"model": "x", "input": "Hi"}, answer)])
    suite = SuiteWatch()
    with observing(suite), understudy.use_cassette(path, record="none"):
        OpenAI(api_key="x").responses.with_raw_response.create(model="x", input="Hi")
    suite.test_ended()
    coverage = coverage_of(suite.tally)
    assert "pondering" in coverage.groups["response statuses"].others
    assert list(coverage.groups["item types"].others) == ["unknown: objects are not shaped as the API's (KeyError)"]
    assert "The lifecycle of a response" in as_html(coverage, NOW)


def test_what_two_tests_see_of_one_replay_is_counted_once(tmp_path: Path) -> None:
    """A run and a response that one test saw to its end, and the next polls again: each path is the first test's alone."""
    made = {"id": "resp_1", "object": "response", "created_at": 1, "model": "x", "output": []}
    shown = run("queued", created_at=1, assistant_id="asst_1", tools=[])
    exchanges = [
        ("POST", "/responses", {"model": "x", "input": "Hi", "background": True}, made | {"status": "queued"}),
        ("GET", "/responses/resp_1", None, made | {"status": "completed"}),
        ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1"}, shown),
        ("GET", RUN, None, shown | {"status": "completed"}),
    ]
    path, suite = written(tmp_path / "shared.json", exchanges), SuiteWatch()
    with observing(suite), understudy.use_cassette(path, record="none"), OpenAI(api_key="x") as client:
        suite.test = "first"
        client.responses.create(model="x", input="Hi", background=True)
        client.beta.threads.runs.create("thread_1", assistant_id="asst_1")
        for name in ("first", "second"):
            suite.test = name
            client.responses.retrieve("resp_1")
            client.beta.threads.runs.retrieve("run_1", thread_id="thread_1")
            suite.test_ended()
    counted = suite.tally.tests
    assert (counted["first"].runs.paths, counted["first"].responses.paths) == ({"queued-completed": 1},) * 2
    assert (counted["second"].runs.paths, counted["second"].responses.paths) == ({}, {})


def test_an_event_that_is_no_object_is_counted_by_its_name(tmp_path: Path) -> None:
    """Of a stream by another server whose events hold other things than objects, the names are counted."""
    body = 'event: response.created\ndata: "x"\n\n'
    asked: Any = {"model": "x", "input": "Hi", "stream": True}
    path, suite = written(tmp_path / "odd.json", [("POST", "/responses", asked, body)]), SuiteWatch()
    with observing(suite), understudy.use_cassette(path, record="none"), OpenAI(api_key="x") as client:
        answer = client.responses.with_raw_response.create(**asked)
        assert "response.created" in "".join(answer.http_response.iter_lines())
    suite.test_ended()
    assert list(suite.tally.met[names.RESPONSE_EVENTS]) == ["response.created"]


def both() -> Tally:
    """Return what a suite covered whose one test uses both APIs."""
    tally = watched(THINKS, (Reply("5"),), background=True)
    suite = SuiteWatch()
    suite.test = "test_it"
    with observing(suite):
        backend = Backend(script=(Reply("1"),))
    threads: Any = backend.client().beta.threads
    threads.create_and_run_poll(
        assistant_id=backend.add_assistant().id, thread={"messages": [{"role": "user", "content": "Hi"}]}
    )
    suite.test_ended()
    tally.merge(suite.tally)
    return tally


def test_shards_add_up(tmp_path: Path) -> None:
    """Paths and timelines of both APIs travel in data files, and parts of a suite add up."""
    (tmp_path / "a.data").write_text(shards.as_text(both()), encoding="utf-8")
    (tmp_path / "b.data").write_text(shards.as_text(watched((Reply("6"),), (Fail(),), stream=True)), encoding="utf-8")
    tally = shards.combined([tmp_path / "a.data", tmp_path / "b.data"])
    runs = tally.tests["test_it"]
    assert runs.runs.paths == {"queued-in_progress-completed": 1}
    background, streamed = "queued-in_progress-", "in_progress-"
    counts = {background + CALLS: 1, background + "completed": 2, streamed + "completed": 1, streamed + "failed": 1}
    assert runs.responses.paths == counts
    assert [one.moments[-1].begins for one in runs.responses.timelines] == [CALLS, "completed", "completed"]
    assert Tally.of_data(tally.as_data()).as_data() == tally.as_data()


def test_the_page_draws_both() -> None:
    """A suite of both APIs gets a graph of each, what is missing of each, and timelines of each; no id twice."""
    page = as_html(coverage_of(both()), NOW)
    for api, count in (("run", 1), ("response", 3)):
        assert page.count(f"<h2>The lifecycle of a {api}</h2>") == 1
        assert page.count(f"id=missing-of-a-{api}>") == 1
        assert f"{count} {api}" in page.partition("</header>")[0]
    assert "<code>test_it</code> <small>1 run, 3 responses on 2 paths</small>" in page
    assert "<small>runs: 1 × queued → in_progress → completed</small>" in page
    assert "<small>responses: 2 × queued → in_progress → completed</small>" in page
    assert page.count("class=scroll") == 3
    assert ">function call 1<" in page
    ids = [one.split(">")[0].split()[0].strip('"') for one in page.split(" id=")[1:]]
    assert len(ids) == len(set(ids))


def test_the_terminal_says_of_what() -> None:
    """Of both APIs, what is missing is listed of each by itself, since statuses have the same names."""
    said = "\n".join(as_lines(coverage_of(both())))
    of_runs, of_responses = said.split("Missing of responses, and what would cover it:")
    assert "Missing of runs, and what would cover it:" in of_runs
    assert of_responses.count("\n  failed: rate_limit_exceeded\n") == of_runs.count("\n  failed: rate_limit_exceeded\n") == 1
