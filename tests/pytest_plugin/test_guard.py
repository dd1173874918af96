"""`understudy_guard`: in a guarded session no test lets a request to the API out, whatever library sends it."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.conftest import INI

GUARDED = INI + "    understudy_guard = true\n    understudy_cassettes = .\n"
ASKS = """
    import contextlib
    import requests

    def ask(swallow=False):
        with contextlib.suppress(ValueError if swallow else ()):
            answer = requests.post("https://api.openai.com/v1/threads", headers={"Authorization": "Bearer x"})
            if not answer.ok:
                raise ValueError(answer.text)
"""

MODELS = """
    version: 1
    interactions:
    - request: {method: GET, uri: "https://api.openai.com/v1/models", body: null, headers: {}}
      response:
        status: {code: 200, message: OK}
        headers: {Content-Type: [application/json]}
        body: {string: '{"data": []}'}
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(app=ASKS)
    pytester.makeini(GUARDED)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest("-p", "no:cacheprovider", *arguments)


def test_a_test_without_either_fails(project: pytest.Pytester) -> None:
    """It fails although the app swallowed the refusal, and is told what it sent and both ways to mend it."""
    project.makepyfile(
        """
        import app

        def test_swallowed():
            app.ask(swallow=True)

        def test_raised():
            app.ask()
        """
    )
    result = run(project)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*RequestBlocked: test_a_test_without_either_fails.py::test_swallowed sent POST https://api.openai.com/v1/threads,*",
            "*test_raised sent POST https://api.openai.com/v1/threads*the fixture `understudy`*@pytest.mark.cassette*",
        ]
    )


def test_simulated_and_replayed_tests_are_let_be(project: pytest.Pytester) -> None:
    """A test that is simulated, by fixture or in a block, or that plays a cassette, passes as ever."""
    project.makepyfile(
        """
        import pytest
        import requests
        import understudy as us

        URL = "https://api.openai.com/v1/models"
        HEADERS = {"Authorization": "Bearer x"}

        def test_fixture(understudy):
            assert requests.get(URL, headers=HEADERS).ok

        def test_block():
            with us.simulate():
                assert requests.get(URL, headers=HEADERS).ok

        @pytest.mark.cassette("models.yaml")
        def test_cassette():
            assert requests.get(URL).json() == {"data": []}
        """
    )
    project.makefile(".yaml", models=MODELS)
    run(project).assert_outcomes(passed=3)


def test_fixtures_and_imports_are_guarded(project: pytest.Pytester) -> None:
    """What is sent in a fixture, before or after the test, or when a module is imported, is refused, and never unseen."""
    project.makepyfile(
        test_fixtures="""
        import app
        import pytest

        @pytest.fixture
        def before():
            app.ask(swallow=True)

        @pytest.fixture
        def after():
            yield
            app.ask(swallow=True)

        @pytest.fixture
        def raising():
            app.ask()

        def test_before(before): pass
        def test_after(after): pass
        def test_raising(raising): pass
        def test_that_sends_nothing(): assert False
        """,
        test_import="""
        import app
        app.ask(swallow=True)
        def test_nothing(): pass
        """,
    )
    result = run(project, "--continue-on-collection-errors")
    result.assert_outcomes(failed=2, passed=1, errors=3)
    result.stdout.fnmatch_lines(
        ["*ERROR at setup of test_raising*", "*Captured understudy guard setup*", "*::test_raising sent POST*"]
    )
    result.stdout.fnmatch_lines(["*The import of test_import.py sent POST*"])
    result.stdout.fnmatch_lines(["*test_fixtures.py::test_before sent POST*"])
    result.stdout.fnmatch_lines(["*test_fixtures.py::test_after sent POST*"])


def test_a_skip_for_want_of_the_api_fails(project: pytest.Pytester) -> None:
    """A test that would be skipped because the service does not answer is not skipped unseen."""
    project.makepyfile(
        """
        import app
        import pytest

        def test_live():
            try:
                app.ask()
            except ValueError:
                pytest.skip("no service")
        """
    )
    run(project).assert_outcomes(failed=1)


def test_what_is_sent_after_the_last_test_fails_the_session(project: pytest.Pytester) -> None:
    """What a session's own end sends has no test to fail: the session fails, and says what it was."""
    project.makepyfile("def test_passes(): pass")
    project.makeconftest(
        """
        import app
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_sessionfinish():
            app.ask(swallow=True)
        """
    )
    result = run(project)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*A thread that outlived *::test_passes sent POST*"])


def test_excepted_hosts(project: pytest.Pytester) -> None:
    """A host of `understudy_pass_hosts` and servers on this machine are let out; the option does what the ini does."""
    project.makeini(INI + "    understudy_pass_hosts = api.openai.com\n")
    project.makepyfile(
        """
        import pytest
        import requests

        @pytest.mark.parametrize("host", ["api.openai.com", "127.0.0.1:9"])
        def test_let_out(host):
            with pytest.raises(Exception, match="NetworkTouched|refused|a test asked"):
                requests.post(f"http://{host}/v1/threads", headers={"OpenAI-Beta": "assistants=v2"})

        def test_refused():
            assert requests.post("http://my.openai.azure.com/openai/threads").status_code == 501
        """
    )
    result = run(project, "--understudy-guard")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*test_refused sent POST http://my.openai.azure.com/openai/threads*"])


def test_what_other_mocks_answer_is_theirs(project: pytest.Pytester) -> None:
    """Under the guard a test that respx or vcrpy answers passes; when they are done, the guard is there again."""
    project.makepyfile(
        """
        import httpx
        import pytest
        import requests
        import respx
        import vcr

        URL = "https://api.openai.com/v1/models"

        @respx.mock
        def test_respx():
            respx.get(URL).respond(json={"data": []})
            assert httpx.get(URL).json() == {"data": []}

        @pytest.mark.parametrize("lib", [httpx, requests])
        def test_vcr(lib):
            with vcr.use_cassette("models.yaml", record_mode="none"):
                assert lib.get(URL).json() == {"data": []}

        def test_after_them():
            assert httpx.get(URL).status_code == 501
        """
    )
    project.makefile(".yaml", models=MODELS)
    run(project).assert_outcomes(passed=3, failed=1)


def test_without_it_nothing_is_patched(pytester: pytest.Pytester) -> None:
    """A session without the guard, in a process of its own, leaves every library as it is."""
    pytester.makeini(INI)
    pytester.makepyfile(
        """
        import http.client

        def test_untouched():
            assert http.client.HTTPConnection.connect.__module__ == "http.client"
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
