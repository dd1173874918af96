"""The marker `cassette` and its options in projects downstream."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy
from tests.cassettes.loopback import served
from tests.pytest_plugin.conftest import INI

TUTORIAL = Path(__file__).resolve().parents[2] / "cassettes" / "tutorial.yaml"
APP = """
    import os
    from openai import OpenAI

    QUESTION = "I need to solve the equation `3x + 11 = 14`. Can you help me?"
    client = OpenAI()

    def ask(question=QUESTION):
        thread = client.beta.threads.create()
        client.beta.threads.messages.create(thread.id, role="user", content=question)
        run = client.beta.threads.runs.create_and_poll(
            thread_id=thread.id,
            assistant_id="asst_YhNjYRQT38e4I5N8WsZ7ihz1",
            instructions="Please address the user as Jane Doe. The user has a premium account.",
        )
        return client.beta.threads.messages.list(thread.id).data[0].content[0].text.value
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with the tutorial's recording, for its test and under a name of its own."""
    pytester.makepyfile(tutor=APP)
    pytester.makeini(INI)
    for place in ("tutorial.yaml", "test_tutor/test_recorded.yaml"):
        target = pytester.path / "cassettes" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TUTORIAL, target)
    return pytester


def test_a_recorded_test(project: pytest.Pytester) -> None:
    """A marked test finds its recording by its own name, polls it as it likes, and needs no fixture."""
    project.makepyfile(
        test_tutor="""
        import pytest, tutor

        @pytest.mark.cassette
        def test_recorded():
            assert "x = 1" in tutor.ask()

        @pytest.mark.cassette("tutorial.yaml")
        def test_named(understudy_cassette):
            assert understudy_cassette.path.name == "tutorial.yaml"
            assert understudy_cassette.played == []
            tutor.ask()
            assert understudy_cassette.unplayed == []
        """
    )
    project.runpytest().assert_outcomes(passed=2)


@pytest.mark.deep  # beside the same of simulations
def test_in_parallel_processes_with_sockets_off(project: pytest.Pytester) -> None:
    """Recorded tests pass under xdist with every socket forbidden and no key."""
    project.makepyfile(
        test_many="""
        import pytest, tutor

        pytestmark = [pytest.mark.disable_socket, pytest.mark.cassette("tutorial.yaml")]

        @pytest.mark.parametrize("number", range(4))
        def test_recorded(number):
            assert "x = 1" in tutor.ask()
        """
    )
    project.runpytest_subprocess("-n", "2").assert_outcomes(passed=4)


def test_a_miss_fails_the_test(project: pytest.Pytester) -> None:
    """A request that the recording has no answer to fails the test with the nearest recorded one, swallowed or not."""
    project.makepyfile(
        test_tutor="""
        import pytest, tutor

        @pytest.mark.cassette
        def test_recorded():
            try:
                tutor.ask("What is 2 + 2?")
            except Exception:
                pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ReplayMiss*", "*What is 2 + 2?*"])


def test_unplayed_interactions(project: pytest.Pytester) -> None:
    """What a test does not play is an error on demand, and nobody's business by default."""
    project.makepyfile(
        test_tutor="""
        import pytest, tutor

        @pytest.mark.cassette
        def test_recorded():
            tutor.client.beta.threads.create()
        """
    )
    project.runpytest().assert_outcomes(passed=1)
    result = project.runpytest("--understudy-unplayed=error")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*recorded interactions were not played*"])


def test_a_cassette_that_is_not_there(project: pytest.Pytester) -> None:
    """Without a recording, the error says where it was looked for and how to make one."""
    project.makepyfile(
        test_tutor="""
        import pytest, tutor

        @pytest.mark.cassette
        def test_another():
            tutor.ask()
        """
    )
    result = project.runpytest()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*test_tutor/test_another.yaml*"])
    result.stdout.fnmatch_lines(["*--understudy-record=once*"])


def test_marker_and_fixture_together(project: pytest.Pytester) -> None:
    """Replaying and simulating in one test is a usage error that names the way out."""
    project.makepyfile(
        test_tutor="""
        import pytest

        @pytest.mark.cassette
        def test_recorded(understudy):
            pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*one test cannot do both*fallback='simulate'*"])


def test_a_wrong_setting(project: pytest.Pytester) -> None:
    """A setting that the marker does not have is a usage error."""
    project.makepyfile(
        test_tutor="""
        import pytest

        @pytest.mark.cassette("tutorial.yaml", math_on=["path"])
        def test_recorded():
            pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*@pytest.mark.cassette*math_on*"])


@pytest.fixture
def service() -> Iterator[str]:
    """The simulator on a real loopback socket: a base URL to record from."""
    backend = understudy.Backend(strict=False)
    backend.add_assistant(id="asst_YhNjYRQT38e4I5N8WsZ7ihz1")
    backend.every_run(understudy.Reply("Recorded live."))
    with served(backend) as url:
        yield f"{url}/v1"


def test_record_then_replay(project: pytest.Pytester, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--understudy-record=once` records what is not there yet; then the test passes with the service gone."""
    monkeypatch.setenv("OPENAI_BASE_URL", service)
    project.makepyfile(
        test_live="""
        import pytest, tutor

        @pytest.mark.cassette
        def test_ask():
            assert tutor.ask("Who?") == "Recorded live."
        """
    )
    project.runpytest("--understudy-record=once").assert_outcomes(passed=1)
    written = project.path / "cassettes" / "test_live" / "test_ask.yaml"
    assert "Recorded live." in written.read_text()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    project.runpytest().assert_outcomes(passed=1)


def test_a_failing_test_does_not_replace_a_recording(
    project: pytest.Pytester, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a test that re-records fails, the cassette that was there stays as it was."""
    monkeypatch.setenv("OPENAI_BASE_URL", service)
    project.makepyfile(
        test_tutor="""
        import pytest, tutor

        @pytest.mark.cassette
        def test_recorded():
            assert tutor.ask() == "something else"
        """
    )
    before = (project.path / "cassettes" / "test_tutor" / "test_recorded.yaml").read_bytes()
    project.runpytest("--understudy-record=all").assert_outcomes(failed=1)
    assert (project.path / "cassettes" / "test_tutor" / "test_recorded.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("body", "outcome", "files"),
    [
        ("assert ask('Who?') == 'something else'", {"failed": 1}, ["test_ask.failed.yaml"]),
        ("ask('Who?'); pytest.fail('no')", {"failed": 1}, ["test_ask.failed.yaml"]),
        ("ask('Who?'); pytest.skip('enough')", {"skipped": 1}, ["test_ask.yaml"]),
        ("assert ask('Who?') == 'Recorded live.'", {"passed": 1}, ["test_ask.yaml"]),
    ],
)
def test_only_a_passing_test_makes_a_cassette(
    project: pytest.Pytester,
    service: str,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    outcome: dict[str, int],
    files: list[str],
) -> None:
    """A failing test's recording is set aside, and the summary says where; one that skips itself has not failed."""
    monkeypatch.setenv("OPENAI_BASE_URL", service)
    project.makepyfile(
        test_live=f"""
        import pytest
        from tutor import ask

        @pytest.mark.cassette
        def test_ask():
            {body}
        """
    )
    result = project.runpytest("--understudy-record=once")
    result.assert_outcomes(**outcome)
    assert [file.name for file in (project.path / "cassettes" / "test_live").iterdir()] == files
    if "failed" in outcome:
        result.stdout.fnmatch_lines(["*the test failed, so no cassette was written*test_ask.failed.yaml*"])


def test_a_test_that_cannot_be_set_up_makes_no_cassette(
    project: pytest.Pytester, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fixture that fails after it has asked leaves no cassette of half a test."""
    monkeypatch.setenv("OPENAI_BASE_URL", service)
    project.makepyfile(
        test_live="""
        import pytest, tutor

        @pytest.fixture
        def broken():
            tutor.client.beta.threads.create()
            raise ValueError

        @pytest.mark.cassette
        def test_ask(broken):
            pass
        """
    )
    project.runpytest("--understudy-record=once").assert_outcomes(errors=1)
    assert [file.name for file in (project.path / "cassettes" / "test_live").iterdir()] == ["test_ask.failed.yaml"]


def test_recording_from_a_dead_api(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test whose recording the switched-off service refuses fails with the date, not with a 404 alone."""
    project.makepyfile(
        test_live="""
        import openai, pytest, tutor

        @pytest.mark.cassette
        def test_ask():
            tutor.ask()

        @pytest.mark.cassette
        def test_that_swallows():
            with pytest.raises(openai.NotFoundError):
                tutor.ask()
        """
    )
    backend = understudy.Backend(strict=False)
    backend.fault(understudy.Sunset())
    with served(backend) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        result = project.runpytest("--understudy-record=once")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*test_ask.yaml was not written: POST /threads answered 404.*2026-08-26*"])
    result.stdout.fnmatch_lines(["*test_that_swallows.yaml was not written: POST /threads answered 404.*2026-08-26*"])
    assert list((project.path / "cassettes" / "test_live").iterdir()) == []


def test_simulating_what_the_recording_lacks(project: pytest.Pytester) -> None:
    """With fallback="simulate" the app leaves the recorded path: the same thread goes on in the simulated service."""
    project.makepyfile(
        test_tutor="""
        import pytest, tutor
        from understudy import Reply

        @pytest.mark.cassette(fallback="simulate")
        def test_recorded(understudy, understudy_cassette):
            understudy.every_run(Reply("You are welcome."))
            assert "x = 1" in tutor.ask()
            assert understudy.requests == []
            threads, thread_id = tutor.client.beta.threads, "thread_5uZgyTMf0t7Im9TPxvAVDmUD"
            threads.messages.create(thread_id, role="user", content="Thank you!")
            run = threads.runs.create_and_poll(
                thread_id=thread_id, assistant_id="asst_YhNjYRQT38e4I5N8WsZ7ihz1"
            )
            assert run.status == "completed"
            texts = [message.content[0].text.value for message in threads.messages.list(thread_id)]
            assert texts[:2] == ["You are welcome.", "Thank you!"]
            assert "x = 1" in texts[2] and len(texts) == 4

        @pytest.mark.cassette("tutorial.yaml", fallback="simulate")
        def test_recorded_only(understudy):
            assert "x = 1" in tutor.ask()

        @pytest.mark.cassette(fallback="simulat")
        def test_misspelt():
            pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*(fallback='simulat'): expected 'simulate'*"])


def test_leaving_a_recorded_stream(project: pytest.Pytester, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a recorded stream showed has happened when the app leaves the recorded path: its message is on the thread."""
    monkeypatch.setenv("OPENAI_BASE_URL", service)
    project.makepyfile(
        test_streamed="""
        import pytest, tutor

        def listen():
            threads = tutor.client.beta.threads
            thread = threads.create(messages=[{"role": "user", "content": "Who?"}])
            with threads.runs.stream(thread_id=thread.id, assistant_id="asst_YhNjYRQT38e4I5N8WsZ7ihz1") as stream:
                stream.until_done()
            return thread

        @pytest.mark.cassette("streamed.yaml")
        def test_recorded():
            listen()

        @pytest.mark.cassette("streamed.yaml", fallback="simulate")
        def test_left(understudy):
            thread = listen()
            texts = [message.content[0].text.value for message in tutor.client.beta.threads.messages.list(thread.id)]
            assert texts == ["Recorded live.", "Who?"]
        """
    )
    project.runpytest("--understudy-record=once", "-k", "test_recorded").assert_outcomes(passed=1, deselected=1)
    monkeypatch.delenv("OPENAI_BASE_URL")
    project.runpytest("-k", "test_left").assert_outcomes(passed=1, deselected=1)
