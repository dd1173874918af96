"""Fixtures that outlive a test, beside marked tests: recorded once, and each of their tests plays alone."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy
from tests.cassettes.loopback import served
from tests.pytest_plugin.conftest import INI
from understudy._cassettes import load
from understudy._common.messages import Answer, Request

NOWHERE = "http://127.0.0.1:9/v1"
APP = """
    import openai

    def threads():
        return openai.OpenAI(max_retries=0, timeout=5).beta.threads
"""


class Service:
    """A simulated service on the network that is never twice the same, as a real one."""

    def __init__(self) -> None:
        self.seed = 0
        self.asked: list[str] = []
        self.begin()

    def begin(self) -> None:
        self.seed += 1
        self.backend = understudy.Backend(strict=False, seed=self.seed)

    def handle(self, request: Request) -> Answer:
        self.asked.append(f"{request.method} {request.path}")
        return self.backend.handle(request)


@pytest.fixture
def service() -> Iterator[Service]:
    """The service that is recorded from."""
    return Service()


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with an app that makes threads."""
    gc.collect()  # or sockets that earlier tests left to the collector are blamed on the inner run
    pytester.makeini(INI)
    pytester.makepyfile(app=APP)
    return pytester


def record(project: pytest.Pytester, service: Service, *arguments: str, mode: str = "once") -> pytest.RunResult:
    with served(service) as base, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", f"{base}/v1")
        return project.runpytest(f"--understudy-record={mode}", "-p", "no:randomly", *arguments)


def play(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", NOWHERE)
        return project.runpytest("--understudy-unplayed=error", "-p", "no:randomly", *arguments)


def cassettes(project: pytest.Pytester) -> dict[str, Path]:
    root = project.path / "cassettes"
    return {str(path.relative_to(root)): path for path in sorted(root.rglob("*.yaml"))}


TESTS = """
    import pytest
    from app import threads

    pytestmark = pytest.mark.cassette

    @pytest.fixture(scope="{scope}")
    def tid():
        thread = threads().create()
        yield thread.id
        threads().delete(thread.id)

    class TestIt:
        def test_1(self, tid):
            own = threads().create()
            assert own.id != tid
            threads().messages.create(tid, role="user", content="one")

        def test_2(self, tid):
            threads().messages.create(tid, role="user", content="two")
            assert threads().create().id != tid
"""
PLACES = {
    "class": "test_it/TestIt.tid.fixture.yaml",
    "module": "test_it/tid.fixture.yaml",
    "session": "tid.fixture.yaml",
}


@pytest.mark.parametrize("scope", PLACES)
@pytest.mark.parametrize("renames", [True, False])
def test_each_test_plays_alone(project: pytest.Pytester, service: Service, scope: str, renames: bool) -> None:
    """What the fixture asks, set-up and end, is recorded once, and its ids are the same in every test's cassette."""
    marker = "pytest.mark.cassette" if renames else "pytest.mark.cassette(rename_ids=False)"
    project.makepyfile(test_it=TESTS.format(scope=scope).replace("pytest.mark.cassette", marker))
    record(project, service).assert_outcomes(passed=2)
    found = cassettes(project)
    assert set(found) == {PLACES[scope], "test_it/TestIt.test_1.yaml", "test_it/TestIt.test_2.yaml"}
    made, deleted = load(found[PLACES[scope]])
    assert deleted.path == f"/threads/{made.json['id']}"
    for test in (1, 2):
        assert f"/threads/{made.json['id']}/messages" in found[f"test_it/TestIt.test_{test}.yaml"].read_text()
    play(project).assert_outcomes(passed=2)
    for test in ("test_1", "test_2"):
        play(project, "-k", test).assert_outcomes(passed=1, deselected=1)


def test_in_any_order(project: pytest.Pytester, service: Service) -> None:
    """Whichever test comes first sets the fixture up, from the fixture's own recording."""
    project.makepyfile(test_it=TESTS.format(scope="module"))
    record(project, service).assert_outcomes(passed=2)
    play(project, "test_it.py::TestIt::test_2", "test_it.py::TestIt::test_1").assert_outcomes(passed=2)


def test_recording_again_gives_the_same_ids(project: pytest.Pytester, service: Service) -> None:
    """A service that draws other ids gives the same cassettes, and one test may be recorded by itself."""
    project.makepyfile(test_it=TESTS.format(scope="module"))
    record(project, service).assert_outcomes(passed=2)
    ids = {name: [one.path for one in load(path)] for name, path in cassettes(project).items()}
    service.begin()
    record(project, service, mode="all").assert_outcomes(passed=2)
    assert {name: [one.path for one in load(path)] for name, path in cassettes(project).items()} == ids
    cassettes(project)["test_it/TestIt.test_2.yaml"].unlink()
    service.begin()
    fixture = cassettes(project)["test_it/tid.fixture.yaml"].read_bytes()
    record(project, service, "-k", "test_2").assert_outcomes(passed=1, deselected=1)
    assert cassettes(project)["test_it/tid.fixture.yaml"].read_bytes() == fixture
    assert {name: [one.path for one in load(path)] for name, path in cassettes(project).items()} == ids
    play(project).assert_outcomes(passed=2)


def test_a_test_is_recorded_beside_a_fixture_that_is_played(project: pytest.Pytester, service: Service) -> None:
    """What it makes gets other ids than what the fixture's cassette holds, although neither service knew of the other."""
    alone = TESTS.replace('            threads().messages.create(tid, role="user", content="two")\n', "")
    project.makepyfile(test_it=alone.format(scope="module"))
    record(project, service).assert_outcomes(passed=2)
    cassettes(project)["test_it/TestIt.test_2.yaml"].unlink()
    service.begin()
    record(project, service).assert_outcomes(passed=2)
    play(project).assert_outcomes(passed=2)


def test_a_fixture_that_keeps_its_ids_for_a_test_that_does_not(project: pytest.Pytester, service: Service) -> None:
    """A test that renames ids leaves those alone that a fixture's cassette has as they were."""
    mixed = TESTS.replace("        def test_1", "        @pytest.mark.cassette(rename_ids=False)\n        def test_1")
    project.makepyfile(test_it=mixed.format(scope="module"))
    record(project, service).assert_outcomes(passed=2)
    found = cassettes(project)
    made, _ = load(found[PLACES["module"]])
    assert f"/threads/{made.json['id']}/messages" in found["test_it/TestIt.test_2.yaml"].read_text()
    play(project).assert_outcomes(passed=2)


def test_fixtures_of_fixtures(project: pytest.Pytester, service: Service) -> None:
    """Several fixtures, one upon the other and with parameters, never give two objects the same id."""
    project.makepyfile(
        test_it="""
        import pytest
        from app import threads

        pytestmark = pytest.mark.cassette

        @pytest.fixture(scope="session")
        def first():
            return threads().create(metadata={"of": "first"}).id

        @pytest.fixture(scope="module", params=["one", "two/two"])
        def second(request, first):
            made = threads().create(metadata={"of": request.param}).id
            threads().messages.create(first, role="user", content=request.param)
            return made

        def test_it(first, second):
            assert len({first, second, threads().create().id}) == 3
            assert threads().retrieve(first).metadata == {"of": "first"}
            assert threads().retrieve(second).metadata["of"] in ("one", "two/two")
        """
    )
    record(project, service).assert_outcomes(passed=2)
    play(project).assert_outcomes(passed=2)
    play(project, "-k", "two").assert_outcomes(passed=1, deselected=1)


def test_a_recording_of_before(project: pytest.Pytester) -> None:
    """Where the fixture has no cassette, what it asks is in that of the first test, as it was recorded there."""
    project.makepyfile(
        test_it="""
        import pytest
        from app import threads

        @pytest.fixture(scope="module")
        def tid():
            return threads().create().id

        @pytest.mark.cassette
        def test_1(tid):
            assert tid == "thread_1"
        """
    )
    exchange = {
        "request": {"method": "POST", "uri": "https://api.openai.com/v1/threads", "body": "{}", "headers": {}},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": json.dumps({"id": "thread_1", "object": "thread", "created_at": 1, "metadata": {}})},
        },
    }
    path = project.path / "cassettes" / "test_it" / "test_1.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"version": 1, "interactions": [exchange]}))
    play(project).assert_outcomes(passed=1)


def test_a_fixture_that_cannot_be_set_up(project: pytest.Pytester, service: Service) -> None:
    """A fixture that fails leaves no cassette, and the test after it is not in its hands."""
    project.makepyfile(
        test_it="""
        import pytest
        from app import threads

        @pytest.fixture(scope="module")
        def broken():
            threads().create()
            raise ValueError

        @pytest.mark.cassette
        def test_1(broken):
            pass

        @pytest.mark.cassette
        def test_2():
            threads().create()
        """
    )
    record(project, service).assert_outcomes(errors=1, passed=1)
    assert set(cassettes(project)) == {"test_it/test_2.yaml"}
    play(project, "-k", "test_2").assert_outcomes(passed=1, deselected=1)


def test_a_fixture_whose_recording_lacks_an_answer(project: pytest.Pytester, service: Service) -> None:
    """A miss in the set-up or at the end of the fixture is told there, even when the fixture swallows it."""
    text = """
        import pytest
        from app import threads

        @pytest.fixture(scope="module")
        def tid():
            thread = threads().create()
            {set_up}
            yield thread.id
            {end}

        @pytest.mark.cassette
        def test_1(tid):
            pass
        """
    ask = "\n            try: threads().create(metadata={'a': 'b'})\n            except Exception: pass\n            "
    project.makepyfile(test_it=text.format(set_up="pass", end="pass"))
    record(project, service).assert_outcomes(passed=1)
    project.makepyfile(test_it=text.format(set_up=ask, end="pass"))
    result = play(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*tid.fixture.yaml has no answer to POST /threads*"])
    project.makepyfile(test_it=text.format(set_up="pass  # another size: no stale bytecode", end=ask))
    play(project).assert_outcomes(passed=1, errors=1)


def test_a_thread_that_a_wide_fixture_starts_serves_all_its_tests(project: pytest.Pytester, service: Service) -> None:
    """A worker that is started in the set-up of a fixture of wider scope belongs to whichever test it works for."""
    project.makepyfile(
        test_it="""
        import queue, threading
        import pytest
        from app import threads

        @pytest.fixture(scope="module")
        def worker():
            jobs, done = queue.Queue(), queue.Queue()

            def work():
                while (job := jobs.get()) is not None:
                    done.put(job())

            thread = threading.Thread(target=work)
            thread.start()
            yield lambda job: (jobs.put(job), done.get(timeout=20))[1]
            jobs.put(None)
            thread.join()

        @pytest.mark.cassette
        class TestIt:
            def test_1(self, worker):
                assert worker(lambda: threads().create().id).startswith("thread_")

            def test_2(self, worker):
                assert worker(lambda: threads().create().id).startswith("thread_")
        """
    )
    record(project, service).assert_outcomes(passed=2)
    play(project).assert_outcomes(passed=2)
