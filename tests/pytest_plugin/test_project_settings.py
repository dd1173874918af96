"""Settings of a project in the pytest ini, and markers that need no fixture beside them."""

from __future__ import annotations

import pytest

APP = """
    import pytest
    from openai import OpenAI

    def ask():
        return OpenAI().beta.assistants.create(model="gpt-4o").id
"""


def run(pytester: pytest.Pytester, ini: str, test: str) -> pytest.RunResult:
    """Run tests under a pytest ini."""
    pytester.makeini(f"[pytest]\n{ini}")
    pytester.makepyfile(app=APP, test_it=f"import pytest\nfrom app import ask\n{test}")
    return pytester.runpytest("-p", "no:asyncio", "-p", "no:cacheprovider")


SETTINGS = """
def test_of_the_project(understudy):
    assert understudy.clock.mode == "manual"
    assert understudy.strict is {strict}

@pytest.mark.understudy(time="poll", strict=None, seed=0)
def test_the_marker_has_the_last_word(understudy):
    assert understudy.clock.mode == "poll"
    assert understudy.strict is None
    print("with seed 0:", ask())

def test_the_seed(understudy):
    print("with its own:", ask())
"""


@pytest.mark.parametrize(("written", "strict"), [("true", True), ("False", False), ("", None)])
def test_the_ini_sets_what_every_backend_does(pytester: pytest.Pytester, written: str, strict: bool | None) -> None:
    """`understudy_time`, `understudy_strict` and `understudy_seed` hold for every test whose marker says nothing else."""
    ini = f"understudy_time = manual\nunderstudy_strict = {written}\nunderstudy_seed = 7\naddopts = -s"
    result = run(pytester, ini, SETTINGS.format(strict=strict))
    result.assert_outcomes(passed=3)
    ids = [
        line.rpartition(": ")[2].strip(".")
        for line in result.outlines
        if "with seed 0: " in line or "with its own: " in line
    ]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        (
            "understudy_time = slep",
            "understudy_time = slep: expected one of poll, manual, *. Did you mean 'sleep'?",
        ),
        ("understudy_strict = tru", "understudy_strict = tru: expected true or false. Did you mean 'true'?"),
        ("understudy_seed = x", "understudy_seed = x: expected a whole number, such as 7."),
    ],
)
def test_a_wrong_setting_of_the_project(pytester: pytest.Pytester, ini: str, said: str) -> None:
    """A value that a setting does not take is named, with what is expected and nearest."""
    result = run(pytester, ini, "def test_it(understudy): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"E *UsageError: the pytest ini has {said}"])


MARKERS = """
pytestmark = pytest.mark.understudy(seed=3)

def test_function():
    assert ask().startswith("asst_")

class TestClass:
    def test_method(self):
        assert ask().startswith("asst_")

@pytest.fixture
def built():
    return ask()

def test_a_fixture_that_asks(built):
    assert built.startswith("asst_")

@pytest.mark.understudy(strict=True)
def test_settings_count(understudy):
    assert understudy.strict is True
"""


def test_a_marker_simulates_without_the_fixture(pytester: pytest.Pytester) -> None:
    """A test, class or module that is marked is simulated, and has a key, whether it names the fixture or not."""
    run(pytester, "", MARKERS).assert_outcomes(passed=4)


def test_a_cassette_goes_before_a_marker_of_the_module(pytester: pytest.Pytester) -> None:
    """A test with a cassette is not simulated because its module is marked."""
    tests = "pytestmark = pytest.mark.understudy\n\n@pytest.mark.cassette('none.yaml')\ndef test_it(): pass\n"
    run(pytester, "", tests).assert_outcomes(passed=1)
