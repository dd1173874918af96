"""The marker `cassette` in all the places where it may stand, and beside fixtures and hypothesis."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import understudy
from tests.cassettes.loopback import served
from tests.pytest_plugin.conftest import INI
from understudy._cassettes import load

APP = """
    import openai

    def threads():
        return openai.OpenAI(max_retries=0).beta.threads

    def make(**metadata):
        return threads().create(metadata=metadata).id
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with an app that makes threads, and recordings of one thread each: a, b and c."""
    pytester.makeini(INI)
    pytester.makepyfile(app=APP)
    for name in "abc":
        recording(pytester.path / "cassettes" / f"{name}.json", name)
    return pytester


def recording(path: Path, name: str) -> None:
    """A cassette in which a thread of that name is made, for `{"name": name}`."""
    request = {
        "method": "POST",
        "uri": "https://api.openai.com/v1/threads",
        "body": json.dumps({"metadata": {"name": name}}),
        "headers": {"content-type": ["application/json"]},
    }
    made = {"id": f"thread_{name}", "object": "thread", "created_at": 1, "metadata": {"name": name}}
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-type": ["application/json"]},
        "body": {"string": json.dumps(made)},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": 1, "interactions": [{"request": request, "response": response}]}))


def test_a_marked_test_that_asks_nothing(project: pytest.Pytester) -> None:
    """A marker over a whole module does no harm to a test that asks nothing: it needs no file, nor makes one."""
    project.makepyfile(
        test_pure="""
        import pytest

        pytestmark = [pytest.mark.cassette]

        def test_pure():
            pass

        @pytest.mark.cassette("missing.yaml", "missing_too.yaml")
        def test_named(understudy_cassette):
            assert understudy_cassette.played == understudy_cassette.unplayed == []
        """
    )
    for mode in ("none", "once", "new", "all"):
        project.runpytest(f"--understudy-record={mode}").assert_outcomes(passed=2)
    assert {path.name for path in (project.path / "cassettes").rglob("*")} == {"a.json", "b.json", "c.json"}


def test_what_is_missing_is_told_once(project: pytest.Pytester) -> None:
    """However often the app asks, a missing cassette is one failure; the first of several is the one that is named."""
    project.makepyfile(
        test_missing="""
        import openai, pytest
        from app import make

        @pytest.mark.cassette("a.json", "missing.yaml")
        def test_named():
            assert make(name="a") == "thread_a"
            for _ in range(3):
                with pytest.raises(openai.APIStatusError, match="no such cassette"):
                    make(name="b")
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cassettes/missing.yaml: no such cassette*--understudy-record=once*"])
    result.stdout.no_fnmatch_line("*3 problems*")


def test_markers_merge(project: pytest.Pytester) -> None:
    """Of each setting, the module's, the class's and the test's marker, the nearest that has it says the last word."""
    project.makepyfile(
        test_merged="""
        import pytest
        from app import make

        pytestmark = pytest.mark.cassette("a.json", ignore=["metadata"])

        def test_of_the_module():
            assert make(name="whatever") == "thread_a"

        @pytest.mark.cassette("b.json")
        class TestOfAClass:
            def test_of_the_class(self):
                assert make(name="whatever") == "thread_b"

            @pytest.mark.cassette(path="c.json")
            def test_of_its_own(self):
                assert make(name="whatever") == "thread_c"

            @pytest.mark.cassette(ignore=[])
            def test_that_looks_closely(self):
                assert make(name="b") == "thread_b"

            @pytest.mark.cassette(ignore=[])
            def test_that_misses(self):
                make(name="a")
        """
    )
    result = project.runpytest()
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["*FAILED*test_that_misses*"])


def test_the_simulators_markers_merge_likewise(project: pytest.Pytester) -> None:
    """`understudy` markers at three places are one set of settings, and `fallback` of `cassette` is one of them, too."""
    project.makepyfile(
        test_merged="""
        import pytest
        from app import make

        pytestmark = pytest.mark.understudy(start=1_800_000_000, seed=3)

        @pytest.mark.understudy(time="manual", seed=4)
        class TestOfAClass:
            @pytest.mark.understudy(start=1_900_000_000)
            def test_it(self, understudy):
                assert (understudy.clock.mode, understudy.clock.now()) == ("manual", 1_900_000_000)

        @pytest.mark.cassette(fallback="simulate")
        class TestGoingOn:
            @pytest.mark.cassette("a.json")
            def test_it(self, understudy):
                assert make(name="a") == "thread_a"
                assert make(name="b").startswith("thread_")
                assert understudy.clock.now() == 1_800_000_000
        """
    )
    project.runpytest().assert_outcomes(passed=2)


def test_several_cassettes(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read in order as if they were one; what is recorded goes to the first, the others stay as they are."""
    project.makepyfile(
        test_several="""
        import pytest
        from app import make, threads

        @pytest.mark.cassette("own.yaml", "a.json", "b.json")
        def test_it(understudy_cassette):
            assert understudy_cassette.path.name == "own.yaml"
            assert [make(name="a"), make(name="b")] == ["thread_a", "thread_b"]
            assert make(name="new") not in ("thread_a", "thread_b")
            assert len(understudy_cassette.played) == 3
        """
    )
    before = [path.read_bytes() for path in sorted((project.path / "cassettes").iterdir())]
    with served(understudy.Backend(strict=False)) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        project.runpytest("--understudy-record=once").assert_outcomes(passed=1)
    own = project.path / "cassettes" / "own.yaml"
    assert [one.request_json["metadata"]["name"] for one in load(own)] == ["new"]
    own_text = own.read_bytes()
    project.runpytest("--understudy-unplayed=error").assert_outcomes(passed=1)
    assert own.read_bytes() == own_text
    own.unlink()
    assert [path.read_bytes() for path in sorted((project.path / "cassettes").iterdir())] == before


def test_several_cassettes_in_a_block(project: pytest.Pytester) -> None:
    """`use_cassette` takes several, too; one that is not there is told at once."""
    a, b = (project.path / "cassettes" / name for name in ("a.json", "b.json"))
    from openai import OpenAI

    with understudy.use_cassette(a, b, unplayed="error", ignore=["metadata"]) as playing:
        client = OpenAI(max_retries=0)
        assert [client.beta.threads.create().id for _ in "ab"] == ["thread_a", "thread_b"]
        assert len(playing.played) == 2
    with (
        pytest.raises(understudy.UnderstudyError, match=r"missing\.yaml: no such"),
        understudy.use_cassette(a, "missing.yaml"),
    ):
        pytest.fail("opened")


@pytest.mark.parametrize("scope", ["function", "class", "module", "session"])
def test_a_fixture_with_a_cassette_of_its_own(project: pytest.Pytester, scope: str) -> None:
    """While a fixture holds a cassette open, of whatever scope, it answers, in every test that the fixture is for."""
    project.makepyfile(
        test_own=f"""
        import pytest, understudy as us
        from app import make

        @pytest.fixture(scope="{scope}")
        def own(request):
            root = request.config.rootpath / "cassettes"
            with us.use_cassette(root / "a.json", root / "b.json", match_on=["method", "path"]) as playing:
                yield playing

        @pytest.mark.cassette("c.json")
        class TestIt:
            def test_first(self, own):
                assert make(name="c") == "thread_a"

            def test_second(self, own):
                assert make(name="c") == ("thread_a" if "{scope}" == "function" else "thread_b")

        @pytest.mark.cassette("c.json")
        def test_named(own, understudy_cassette):
            assert understudy_cassette.path.name == "a.json"
        """
    )
    project.runpytest("-p", "no:randomly").assert_outcomes(passed=3)


@pytest.mark.parametrize("mode", ["none", "once"])
def test_given(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """Every example of a property finds the answers of the first, recorded or replayed."""
    project.makepyfile(
        test_property="""
        import pytest
        from hypothesis import HealthCheck, given, settings, strategies as st
        from app import threads

        seen = set()

        @pytest.mark.cassette
        class TestIt:
            @given(st.text(max_size=5))
            @settings(max_examples=20, database=None, derandomize=True)
            def test_it(self, text):
                thread = threads().create()
                assert threads().messages.create(thread.id, role="user", content="always").thread_id == thread.id
                seen.add(thread.id)

            def test_one_thread_for_all(self):
                assert len(seen) == 1
        """
    )
    with served(understudy.Backend(strict=False)) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        project.runpytest("--understudy-record=once", "-p", "no:randomly").assert_outcomes(passed=2)
    cassette = project.path / "cassettes" / "test_property" / "TestIt.test_it.yaml"
    assert [one.method for one in load(cassette)] == ["POST", "POST"]
    arguments = [f"--understudy-record={mode}", "--understudy-unplayed=error", "-p", "no:randomly"]
    project.runpytest(*arguments).assert_outcomes(passed=2)


def test_examples_that_ask_something_else(project: pytest.Pytester) -> None:
    """An example whose question was not recorded is a miss like any other, and falsifies the property."""
    project.makepyfile(
        test_property="""
        import openai, pytest
        from hypothesis import given, settings, strategies as st
        from app import make

        @pytest.mark.cassette("a.json")
        @given(st.sampled_from("ab"))
        @settings(max_examples=20, database=None)
        def test_it(name):
            assert make(name=name) == "thread_a"
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*a.json has no answer to POST /threads*"])


ASYNC = """
    import asyncio, openai, pytest

    async def make():
        async with openai.AsyncOpenAI(max_retries=0) as client:
            return (await client.beta.threads.create()).id

    {mark}
    @pytest.mark.parametrize("number", range(3))
    async def test_it(understudy, number{more}):
        await make()
        await asyncio.gather(make(), make())
        assert len(understudy.requests) == 3
"""
RUNNERS = {
    "asyncio": ('@pytest.mark.asyncio(loop_scope="module")', ""),
    "anyio": ("@pytest.mark.anyio", ", holding"),
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_runners_that_keep_one_context(project: pytest.Pytester, runner: str) -> None:
    """A runner of async tests whose loop and context serve a whole module: each test reaches its own world."""
    mark, more = RUNNERS[runner]
    project.makepyfile(
        conftest="""
        import pytest

        @pytest.fixture(scope="session")
        def anyio_backend():
            return "asyncio"

        @pytest.fixture(scope="module")
        async def holding(anyio_backend):  # keeps one task for all tests
            yield
        """
    )
    project.makepyfile(ASYNC.format(mark=mark, more=more))
    project.runpytest().assert_outcomes(passed=3)
