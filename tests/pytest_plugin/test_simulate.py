"""The fixture `understudy` in projects downstream."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.conftest import INI

APP = """
    from openai import OpenAI

    client = OpenAI()

    def ask(question):
        thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id="asst_tutor")
        if run.status != "completed":
            return run.status
        return client.beta.threads.messages.list(thread.id).data[0].content[0].text.value
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose app builds its client when it is imported."""
    pytester.makepyfile(tutor=APP)
    pytester.makeini(INI)
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True)
        def assistant(request):
            if "understudy" in request.fixturenames:
                request.getfixturevalue("understudy").add_assistant(id="asst_tutor")
        """
    )
    return pytester


def test_a_first_test(project: pytest.Pytester) -> None:
    """A scripted test of an app with a module-level client passes without a key."""
    project.makepyfile(
        """
        import tutor
        from understudy import Reply

        def test_tutor(understudy):
            understudy.next_run(Reply("x = 1"))
            assert tutor.ask("3x + 11 = 14") == "x = 1"
            assert understudy.requests[0].json["messages"][0]["content"] == "3x + 11 = 14"
        """
    )
    project.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_nothing_is_shared_between_tests(project: pytest.Pytester) -> None:
    """Parametrised cases start from the same state: same ids, no left-over objects."""
    project.makepyfile(
        """
        import pytest, tutor
        seen = set()

        @pytest.mark.parametrize("case", range(3))
        def test_tutor(understudy, case):
            tutor.ask("hello")
            seen.add(understudy.runs[0].id)
            assert len(understudy.threads) == 1
            assert len(seen) == 1
        """
    )
    project.runpytest().assert_outcomes(passed=3)


def test_settings_by_marker(project: pytest.Pytester) -> None:
    """The marker's settings apply, the closest one's last; ids and times are the same in every run."""
    project.makepyfile(
        """
        import pytest
        from openai import OpenAI

        pytestmark = pytest.mark.understudy(seed=7, start=1_800_000_000)

        @pytest.mark.understudy(start=1_900_000_000)
        def test_closest(understudy):
            thread = OpenAI().beta.threads.create()
            assert thread.created_at == 1_900_000_000
            assert thread.id == THREAD_OF_SEED_7

        def test_module(understudy):
            thread = OpenAI().beta.threads.create()
            assert thread.created_at == 1_800_000_000
            assert thread.id == THREAD_OF_SEED_7

        THREAD_OF_SEED_7 = "thread_" + __import__("understudy").Backend(seed=7)._engine.new_id("thread").split("_")[1]
        """
    )
    project.runpytest().assert_outcomes(passed=2)


def test_what_is_not_simulated_may_be_let_out(project: pytest.Pytester) -> None:
    """other="pass": a request for something else goes to the network (here, to a port of loopback where nobody listens)."""
    project.makepyfile(
        """
        import openai, pytest
        from openai import OpenAI

        @pytest.mark.understudy(other="pass")
        def test_let_out(understudy):
            client = OpenAI(base_url="http://127.0.0.1:9/v1", max_retries=0)
            with pytest.raises(openai.APIConnectionError):
                client.embeddings.create(model="m", input="x")
            assert client.beta.assistants.create(model="gpt-4o").id.startswith("asst_")
        """
    )
    project.runpytest().assert_outcomes(passed=1)


def test_a_left_over_script_fails_the_test(project: pytest.Pytester) -> None:
    """A script that no run took is a FAILED test, not an error at teardown, and names the line that set it."""
    project.makepyfile(
        """
        from understudy import Reply

        def test_tutor(understudy):
            understudy.next_run(Reply("never"))
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*1 script(s) were set, but no run took them*", "*test_a_left_over*.py:4*"])


def test_left_over_scripts_may_be_allowed(project: pytest.Pytester) -> None:
    """strict=False lets scripts go unused."""
    project.makepyfile(
        """
        import pytest
        from understudy import Reply

        @pytest.mark.understudy(strict=False)
        def test_tutor(understudy):
            understudy.next_run(Reply("never"))
        """
    )
    project.runpytest().assert_outcomes(passed=1)


def test_a_swallowed_mistake_fails_the_test(project: pytest.Pytester) -> None:
    """An app that swallows every error cannot hide an operation that is not simulated."""
    project.makepyfile(
        """
        import tutor

        def test_tutor(understudy):
            try:
                tutor.client.embeddings.create(model="m", input="x")
            except Exception:
                pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NotSimulated*POST /embeddings is not simulated*"])


def test_the_tests_own_failure_goes_first(project: pytest.Pytester) -> None:
    """A failing assert stays the failure; what understudy knows stands in a section of its own."""
    project.makepyfile(
        """
        from understudy import Reply

        def test_tutor(understudy):
            understudy.next_run(Reply("never"))
            assert 1 == 2
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*", "*understudy*", "*1 script(s) were set*"])


def test_strict_refuses_a_run_without_a_script(project: pytest.Pytester) -> None:
    """Under strict, a run that nothing was set for fails the test and says what to do."""
    project.makepyfile(
        """
        import openai, pytest, tutor

        @pytest.mark.understudy(strict=True)
        def test_tutor(understudy):
            with pytest.raises(openai.InternalServerError, match="no script was set for it"):
                tutor.ask("hello")
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NoScript*Set one before the run: understudy.next_run(Reply*"])


def test_async_tests(project: pytest.Pytester) -> None:
    """Async tests under pytest-asyncio and under anyio reach their service."""
    project.makepyfile(
        """
        import pytest
        from openai import AsyncOpenAI

        async def ask(understudy):
            run = await AsyncOpenAI().beta.threads.create_and_run_poll(
                assistant_id="asst_tutor", thread={"messages": [{"role": "user", "content": "hi"}]}
            )
            assert run.status == "completed"
            assert len(understudy.runs) == 1

        @pytest.mark.asyncio
        async def test_asyncio(understudy):
            await ask(understudy)

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
        async def test_anyio(understudy, anyio_backend):
            await ask(understudy)
        """
    )
    project.runpytest("-p", "anyio").assert_outcomes(passed=3)


def test_unittest_classes(project: pytest.Pytester) -> None:
    """A unittest.TestCase gets the service by usefixtures, and its left-over scripts fail it."""
    project.makepyfile(
        """
        import unittest
        import pytest, tutor
        from understudy import Reply

        class TestTutor(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def service(self, understudy):
                self.service = understudy

            def test_answer(self):
                self.service.next_run(Reply("x = 1"))
                self.assertEqual(tutor.ask("?"), "x = 1")

            def test_left_over(self):
                self.service.next_run(Reply("never"))
        """
    )
    project.runpytest().assert_outcomes(passed=1, failed=1)


def test_a_wrong_setting_names_the_nearest(project: pytest.Pytester) -> None:
    """A misspelt setting of the marker is a usage error that names the nearest."""
    project.makepyfile(
        """
        import pytest

        @pytest.mark.understudy(tiem="manual")
        def test_tutor(understudy):
            pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*has no setting 'tiem'; did you mean 'time'?*"])


def test_names_of_the_module_are_explained(project: pytest.Pytester) -> None:
    """Asking the fixture for what the module has says to import the module under another name."""
    project.makepyfile(
        """
        def test_tutor(understudy):
            understudy.simulate()
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*`understudy` is the test's Backend here*import understudy as us*"])


def test_a_missing_key_at_collection_gets_a_hint(project: pytest.Pytester) -> None:
    """Without the ini, an app that builds its client on import cannot be collected; the report names the ini."""
    project.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    project.makepyfile("import tutor\n\ndef test_tutor(understudy): pass")
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*understudy_api_key = true*"])


def test_a_misspelled_import_gets_the_nearest_name(project: pytest.Pytester) -> None:
    """`from understudy import RateLimit` fails as Python says it, and the report adds the name that was meant."""
    project.makepyfile("from understudy import RateLimit\n\ndef test_tutor(understudy): pass")
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*understudy has no 'RateLimit': did you mean 'RateLimited'?"])


def test_no_key_is_left_for_other_peoples_tests(project: pytest.Pytester) -> None:
    """Without the ini, tests that skip unless a key is set still skip."""
    project.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    project.makepyfile(
        """
        import os, pytest

        @pytest.mark.skipif("OPENAI_API_KEY" not in os.environ, reason="needs a key")
        def test_live(): raise AssertionError

        def test_simulated(understudy):
            assert os.environ["OPENAI_API_KEY"]
        """
    )
    project.runpytest().assert_outcomes(passed=1, skipped=1)


def test_help_and_markers_read_well(project: pytest.Pytester) -> None:
    """`--help`, `--markers` and `--fixtures` tell what there is."""
    project.runpytest("--help").stdout.fnmatch_lines(
        ["*--understudy-record=*", "*understudy_cassettes*", "*understudy_api_key*"]
    )
    project.runpytest("--markers").stdout.fnmatch_lines(["@pytest.mark.understudy(*", "@pytest.mark.cassette(*"])
    project.runpytest("--fixtures").stdout.fnmatch_lines(["understudy -- *", "*Provide a simulated service*"])


@pytest.mark.deep
def test_in_parallel_processes_with_sockets_off(project: pytest.Pytester) -> None:
    """Under xdist, with every socket but xdist's own forbidden, and without a key: the same."""
    project.makepyfile(
        test_many="""
        import pytest, tutor
        from understudy import Reply

        pytestmark = pytest.mark.disable_socket

        @pytest.mark.parametrize("number", range(8))
        def test_tutor(understudy, number):
            understudy.next_run(Reply(str(number)))
            assert tutor.ask("?") == str(number)
        """
    )
    project.runpytest_subprocess("-n", "2").assert_outcomes(passed=8)


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.deep)], ids=["here", "xdist"])
def test_hints_are_shown_once_and_fail_nothing(project: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """A poll interval of the app's own, which makes the SDK sleep, is hinted at in the summary, under xdist too."""
    project.makepyfile(
        test_slow="""
        import pytest, tutor

        @pytest.mark.parametrize("number", range(2))
        def test_tutor(understudy, number):
            thread = tutor.client.beta.threads.create(messages=[{"role": "user", "content": "?"}])
            tutor.client.beta.threads.runs.create_and_poll(
                thread_id=thread.id, assistant_id="asst_tutor", poll_interval_ms=1
            )
        """
    )
    run = project.runpytest_subprocess if workers else project.runpytest_inprocess
    result = run(*workers)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*understudy hints*", "test_slow.py::test_tutor*and 1 more: *time=*sleep*"])


def test_hints_of_a_world_that_the_test_made(pytester: pytest.Pytester) -> None:
    """What `simulate()` inside a test has to say is shown at the end, as for the fixture."""
    pytester.makepyfile(
        """
        import understudy
        from openai import OpenAI


        def test_it():
            with understudy.simulate() as backend:
                runs = OpenAI().beta.threads.runs
                thread = backend.add_thread(messages=["Hi"])
                runs.create_and_poll(thread_id=thread.id, assistant_id=backend.add_assistant().id, poll_interval_ms=1)
        """
    )
    result = pytester.runpytest_inprocess("-W", "ignore::DeprecationWarning")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*time=*sleep*"])


def test_the_package_is_imported_as_it_was_installed(pytester):
    """No process compiles the package again to rewrite its assertions, as pytest does with installed plugins."""
    pytester.makeconftest(
        """
        import pytest

        pytest.register_assert_rewrite("understudy")  # what an entry point does where the plugin is installed as a wheel
        """
    )
    pytester.makepyfile(
        """
        import sys


        def test_it(understudy):
            loader = sys.modules["understudy._backend.backend"].__spec__.loader
            assert type(loader).__module__ != "_pytest.assertion.rewrite"
        """
    )
    result = pytester.runpytest_subprocess("-W", "ignore::pytest.PytestAssertRewriteWarning")
    result.assert_outcomes(passed=1)
