"""The mistakes everybody makes at first with markers, fixtures and names of cassettes: what pytest then says."""

from __future__ import annotations

import pytest

APP = """
    from openai import OpenAI

    def ask():
        return OpenAI().beta.assistants.create(model="gpt-4o")
"""


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("understudy(time='slep')", "*@pytest.mark.understudy: time='slep': *Did you mean 'sleep'?*"),
        ("understudy(hosts='a.example')", "*@pytest.mark.understudy: hosts='a.example': expected a list*"),
        ("understudy('sleep')", "*@pytest.mark.understudy takes keyword arguments only*"),
        ("understudy(other='pas')", "*@pytest.mark.understudy(other='pas'): expected 'error' or 'pass'*"),
        ("cassette('a.yaml', 5)", "*@pytest.mark.cassette(5): expected a path*"),
        ("cassette('a.yaml', path='b.yaml')", "*@pytest.mark.cassette takes a path either by position or as path=*"),
        (
            "cassette('a.yaml', 'b.yaml', fallback='simulate')",
            "*continues where one recording ends; it takes one path, not ('a.yaml', 'b.yaml')*",
        ),
        ("usefixtures('understudy_cassette')", "*the fixture `understudy_cassette` needs @pytest.mark.cassette*"),
        ("cassette(5)", "*@pytest.mark.cassette(5): expected a path*"),
        ("cassette(match='x')", "*@pytest.mark.cassette: 'match' is not a setting; did you mean 'match_on'?*"),
        ("cassette(match_on=['bdy'])", "*@pytest.mark.cassette: match_on: 'bdy' *Did you mean 'body'?*"),
        ("cassette(record='onec')", "*@pytest.mark.cassette: record='onec': *Did you mean 'once'?*"),
        ("cassette(hosts='a.example')", "*@pytest.mark.cassette: hosts='a.example': expected a list*"),
        ("cassette(fallback='simulat')", "*@pytest.mark.cassette(fallback='simulat'): expected 'simulate'*"),
    ],
)
def test_markers(pytester: pytest.Pytester, marker: str, told: str) -> None:
    """A wrong setting is a usage error that names the test, what came, and what is nearest."""
    fixture = {"understudy": "understudy", "cassette": "understudy_cassette"}.get(marker.partition("(")[0], "")
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.{marker}\ndef test_it({fixture}): pass")
    result = pytester.runpytest("-p", "no:asyncio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E *UsageError: test_markers.py::test_it: *"])
    result.stdout.fnmatch_lines([told])


def test_the_fixture_is_not_asked_for(pytester: pytest.Pytester) -> None:
    """A test that forgot the fixture fails for want of a key: it is told what to write."""
    pytester.makepyfile(tutor=APP, test_it="import tutor\n\ndef test_it():\n    tutor.ask()")
    result = pytester.runpytest("-p", "no:asyncio")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*This test does not request the fixture `understudy`*def test_it(understudy)*"])


def test_a_client_that_is_built_before_the_fixture(pytester: pytest.Pytester) -> None:
    """A fixture of the project's own that builds a client is told to ask for `understudy`."""
    pytester.makepyfile(
        """
        import openai, pytest

        @pytest.fixture
        def client():
            return openai.OpenAI()

        def test_it(client, understudy): pass
        """
    )
    result = pytester.runpytest("-p", "no:asyncio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*make that fixture request `understudy`, too*"])


def test_a_test_with_the_fixture_gets_no_such_hint(pytester: pytest.Pytester) -> None:
    """Another client's key that is missing is nobody's mistake about fixtures."""
    pytester.makepyfile("def test_it(understudy):\n    raise RuntimeError('no OPENAI_API_KEY')")
    result = pytester.runpytest("-p", "no:asyncio")
    result.stdout.no_fnmatch_line("*does not request the fixture*")


def test_a_cassette_named_on_windows(pytester: pytest.Pytester) -> None:
    """Backslashes separate folders on every system, so that one name serves a whole team."""
    pytester.makepyfile(
        r"""
        import pytest

        @pytest.mark.cassette("tapes\\one.yaml", record="once")
        def test_it(understudy_cassette):
            assert understudy_cassette.path.parts[-3:] == ("cassettes", "tapes", "one.yaml")
        """
    )
    pytester.runpytest("-p", "no:asyncio").assert_outcomes(passed=1)


def test_a_test_file_outside_the_rootdir(pytester: pytest.Pytester) -> None:
    """Its cassettes lie under the root, by the file's own name: never beside a file that may be anybody's."""
    pytester.makepyfile(
        test_far="""
        import pytest

        @pytest.mark.cassette(record="once")
        def test_it(understudy_cassette):
            assert understudy_cassette.path.parts[-4:] == ("root", "cassettes", "test_far", "test_it.yaml")
        """
    )
    pytester.mkdir("root")
    pytester.runpytest("-p", "no:asyncio", "--rootdir=root", "test_far.py").assert_outcomes(passed=1)


def test_the_first_test_is_not_buried_in_warnings(pytester: pytest.Pytester) -> None:
    """That the API is deprecated is known to whoever uses understudy; a project that filters warnings has the last word."""
    app = APP.replace('assistants.create(model="gpt-4o")', "threads.create()")  # deprecated on every generation
    pytester.makepyfile(tutor=app, test_it="import tutor\ndef test_it(understudy):\n    tutor.ask()")
    pytester.runpytest("-p", "no:asyncio").assert_outcomes(passed=1, warnings=0)
    pytester.makeini("[pytest]\nfilterwarnings = error")
    pytester.runpytest("-p", "no:asyncio").assert_outcomes(failed=1)


def test_a_fixture_that_a_fixture_lacks_is_named(pytester: pytest.Pytester) -> None:
    """A `vcr_config` that asks for a fixture which does not exist is not taken for a missing `vcr_config`."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def vcr_config(no_such_fixture): return {}

        @pytest.mark.cassette("c.yaml")
        def test_it(): pass
        """
    )
    result = pytester.runpytest("-p", "no:asyncio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'no_such_fixture' not found*"])


def test_items_without_fixtures_are_let_be(pytester: pytest.Pytester) -> None:
    """Items of other plugins, which know no fixtures, run as they do without us."""
    pytester.makeconftest(
        """
        import pytest

        class Sheet(pytest.Item):
            def runtest(self): pass

        class Sheets(pytest.File):
            def collect(self): yield Sheet.from_parent(self, name="sheet")

        def pytest_collect_file(file_path, parent):
            return Sheets.from_parent(parent, path=file_path) if file_path.suffix == ".sheet" else None
        """
    )
    pytester.path.joinpath("test_one.sheet").write_text("")
    pytester.runpytest("-p", "no:asyncio").assert_outcomes(passed=1)
