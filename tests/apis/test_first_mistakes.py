"""The mistakes everybody makes at first: each is told where it is made, in words that say what to write instead."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta
from typing import Any

import openai
import pytest
from openai import OpenAI

import understudy as us
from understudy import Fail, FunctionCall, Hang, Reply
from understudy._backend.failure_section import advice


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ([Hang], r"Hang is a class, not a move: write Hang\(\)"),
        ([Reply("x"), Fail], r"Fail is a class, not a move: write Fail\(\)"),
        ([{"text": "x"}], r"\{'text': 'x'\} is not a move; moves are Reply\('...'\), FunctionCall"),
        ([Reply("x"), lambda run: Reply("y")], r"a function is a whole script, so pass it alone"),
    ],
)
def test_what_is_no_move(moves: list[Any], told: str) -> None:
    """A class, a dict, a function among moves: refused where the script is set."""
    with pytest.raises(us.UnderstudyError, match=told):
        us.Backend().next_run(*moves)


@pytest.mark.parametrize("arguments", [["Paris"], 5, None])
def test_arguments_that_are_no_mapping(arguments: Any) -> None:
    """What came is shown, and what was expected."""
    with pytest.raises(us.UnderstudyError, match=r"expected a mapping, or the text .* got (list|int|NoneType)"):
        FunctionCall("get_weather", arguments)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"time": "slep"}, "time='slep': .* Did you mean 'sleep'"),
        ({"start": "2024-01-01"}, "start='2024-01-01': expected unix seconds, a number"),
        ({"hosts": "llm.example.com"}, r"expected a list of host names: write \['llm.example.com'\]"),
    ],
)
def test_settings(setting: dict[str, Any], told: str) -> None:
    """A setting of the wrong kind is refused where the world is made, by simulate() as well."""
    with pytest.raises((ValueError, TypeError), match=told), us.simulate(**setting):
        pass


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ("10", r"expected a number of seconds$"),
        (None, r"expected a number of seconds$"),
        (timedelta(minutes=10), r"expected a number of seconds, such as .*total_seconds\(\)$"),
    ],
)
def test_the_clock_takes_seconds(seconds: Any, told: str) -> None:
    """Anything but a number is refused; a timedelta with the way out."""
    with pytest.raises(TypeError, match=told):
        us.Backend().clock.advance(seconds)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("next_ron", "a Backend has no attribute 'next_ron'; did you mean 'next_run'"),
        ("zzz", "a Backend has no attribute 'zzz'$"),
    ],
)
def test_a_misspelt_method(name: str, told: str) -> None:
    """The nearest of the backend's own names is told, where there is one."""
    with pytest.raises(AttributeError, match=told):
        getattr(us.Backend(), name)


def test_ids_that_cannot_be_given() -> None:
    """An id without a prefix of the API's is refused where it is set; one that is there already, where it would be given."""
    backend = us.Backend()
    with pytest.raises(ValueError, match="'mine' has none of the prefixes of the API's ids: asst_, thread_, "):
        backend.next_ids("mine")
    backend.next_ids("thread_1", "thread_1")
    threads = backend.client().beta.threads
    assert threads.create().id == "thread_1"
    with pytest.raises(openai.InternalServerError, match=r"already an object with the id 'thread_1': give next_ids\(\)"):
        threads.create()
    (problem,) = backend.close()
    assert type(problem) is us.UnderstudyError


def test_an_object_where_an_id_is_expected() -> None:
    """`assistant=assistant` means its id; what has none is refused."""
    backend = us.Backend()
    backend.next_run(Reply("x"), assistant=backend.add_assistant(id="asst_1"))
    assert backend.scripts_left[0].assistant == "asst_1"
    with pytest.raises(TypeError, match=r"thread=5: expected an id"):
        backend.every_run(Reply("x"), thread=5)
    with pytest.raises(TypeError, match=r"when=5: expected a str, a compiled pattern or a callable"):
        backend.every_run(Reply("x"), when=5)


def test_one_message_instead_of_a_list() -> None:
    """A str would be a message for each letter."""
    with pytest.raises(TypeError, match=r"add_thread\(messages='Hello'\): expected a list: write \['Hello'\]"):
        us.Backend().add_thread(messages="Hello")


def test_names_that_are_not_there() -> None:
    """A name of the module asked of the backend, and a misspelt one of the module."""
    with pytest.raises(AttributeError, match=r"`import understudy as us` and write `us.Reply`"):
        us.Backend().Reply  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'Reply'"):
        us.Repyl  # noqa: B018


def test_a_refused_script_is_not_told_twice() -> None:
    """A script that could not be performed is the only problem: it does not count as never taken besides."""
    with pytest.raises(us.UnderstudyError) as told, us.simulate() as backend:
        assistant, thread = backend.add_assistant(), backend.add_thread(messages=["?"])
        backend.next_run(FunctionCall("get_weather"), Reply("x"))
        with pytest.raises(openai.InternalServerError):
            OpenAI().beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    assert "not among the run's tools" in str(told.value)
    assert "no run took" not in str(told.value)


def test_no_run_at_all() -> None:
    """What the app sent instead is told, and where it sent nothing, that."""
    with pytest.raises(us.UnderstudyError, match=r"No run was started, and nothing was sent: does the app"):
        with us.simulate() as backend:
            backend.next_run(Reply("x"))
    with pytest.raises(us.UnderstudyError, match=r"No run was started; the last request was POST /threads, answered 200"):
        with us.simulate() as backend:
            backend.next_run(Reply("x"))
            OpenAI().beta.threads.create()


def test_a_script_for_an_assistant_and_an_app_on_responses() -> None:
    """Responses that started are named, and why no response takes a script for an assistant."""
    with pytest.raises(
        us.UnderstudyError, match=r"1 response started: resp_\w+\. A script for an assistant is for runs only"
    ):
        with us.simulate() as backend:
            backend.next_run(Reply("x"), assistant="asst_1")
            OpenAI().responses.create(model="gpt-4o", input="Hello")
    assert "0 runs, 1 response (1 completed), " in repr(backend)


def test_what_is_not_simulated_names_nothing_unlike_it() -> None:
    """Another API's path has no near route; the way to answer it can be pasted."""
    with pytest.raises(us.UnderstudyError, match="is not simulated") as told, us.simulate():
        with pytest.raises(openai.InternalServerError):
            OpenAI().chat.completions.create(model="gpt-4o", messages=[])
    assert "Nearest" not in str(told.value)
    assert "understudy.respx.post(path='/v1/chat/completions').respond(json={...})" in str(told.value)


def test_what_the_service_holds_is_looked_at() -> None:
    """An object reads by attribute and by key, all the way down; it is copied, and changed by requests only."""
    backend = us.Backend()
    held = backend.add_assistant(name="Ann", tools=[{"type": "file_search"}])
    assert held["name"] == held.name == "Ann"
    assert held["tools"][0]["file_search"].ranking_options.score_threshold == 0.0
    assert held == held.to_dict() == backend.add_assistant(id="asst_2", name="Ann").to_dict() | held.to_dict()
    with pytest.raises(AttributeError, match=r"^assistant has no 'nmae'; it has id, object, created_at, name, "):
        held.nmae  # noqa: B018
    with pytest.raises(AttributeError, match=r"^this view is read-only: .* send a request to change the object"):
        held.name = "Bob"
    for another in (copy.copy(held), copy.deepcopy(held), pickle.loads(pickle.dumps(held))):
        assert (type(another), another) == (type(held), held)


def test_an_id_of_a_kind_that_is_not_there() -> None:
    """Where nothing of its kind was added, the report of a test that asked for an id says to add it."""
    with us.simulate() as backend:
        with pytest.raises(openai.NotFoundError):
            backend.client().beta.assistants.retrieve("asst_tutor")
        (said,) = advice(backend, list(backend._dispatcher.log))
    assert said.startswith("no object has the id 'asst_tutor', and there are none of its kind: add it first")
