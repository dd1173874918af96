"""A script is a function of the outputs handed in so far."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.engine.scripts import scripts
from tests.engine.test_fold import service
from understudy import CodeInterpreter, FunctionCall, Reply
from understudy._engine.execution import ExecutionRequest
from understudy._engine.script import HandedIn, ScriptCursor, ScriptedRun, check_moves
from understudy._engine.script_queue import ScriptLabels


def run() -> ScriptedRun:
    """What a function script gets to know."""
    return ScriptedRun(
        id="run_1",
        thread_id="thread_1",
        assistant_id="asst_1",
        model="gpt-4o",
        instructions=None,
        tools=[],
        metadata={},
        messages=[],
        last_user_text="Paris and Rome",
        outputs={},
        now=0,
    )


def given_in(*outputs: str) -> tuple[HandedIn, ...]:
    """Outputs of one call after the other, each a minute later."""
    return tuple(
        HandedIn(60.0 * number, ((f"call_{number}", "get_weather"),), (output,)) for number, output in enumerate(outputs, 1)
    )


def weather(run: Any) -> Iterator[Any]:
    """Asks for two cities, and goes by what it hears."""
    first = yield FunctionCall("get_weather", {"city": "Paris"})
    if first == ["rain"]:
        yield CodeInterpreter("umbrella")
    yield FunctionCall("get_weather", {"city": "Rome"})
    yield Reply(f"{run.outputs['call_1']} and {run.outputs['get_weather']} at {run.now:.0f}")


@given(script=scripts().map(check_moves))
@settings(examples(60))
def test_the_stretches_of_a_script_are_the_script(script):
    """A tuple, read stretch by stretch, is the tuple; asked again from an earlier point, it gives the same again."""
    cursor = ScriptCursor(script, "here", run)
    stretches, handed_in = [], ()
    while stretch := cursor.moves_after(handed_in):
        stretches.append(stretch)
        handed_in = (*handed_in, HandedIn(0, (), ()))
    assert sum(stretches, ()) == script
    for count, stretch in reversed(list(enumerate(stretches))):
        assert cursor.moves_after(handed_in[:count]) == stretch


@given(asked=st.lists(st.lists(st.sampled_from(["rain", "sun"]), max_size=2).map(tuple), min_size=1, max_size=6))
@settings(examples(60))
def test_a_generator_asked_from_any_point_gives_what_it_gives_there(asked):
    """Whatever was asked before, on whichever branch: the moves depend on the outputs alone."""
    cursor = ScriptCursor(weather, "here", run)
    for outputs in asked:
        again = ScriptCursor(weather, "here", run)
        assert cursor.moves_after(given_in(*outputs)) == again.moves_after(given_in(*outputs))


def test_a_fork_hears_its_own_outputs():
    """Two branches from one point do not hear each other's outputs, and each knows the time it has come to."""
    cursor = ScriptCursor(weather, "here", run)
    assert cursor.moves_after() == (FunctionCall("get_weather", {"city": "Paris"}),)
    wet, dry = given_in("rain", "wind"), given_in("sun", "heat")
    assert cursor.moves_after(wet[:1]) == (CodeInterpreter("umbrella"), FunctionCall("get_weather", {"city": "Rome"}))
    assert cursor.moves_after(dry[:1]) == (FunctionCall("get_weather", {"city": "Rome"}),)
    assert cursor.moves_after(wet) == (Reply("rain and wind at 120"),)
    assert cursor.moves_after(dry) == (Reply("sun and heat at 120"),)
    assert cursor.moves_after(dry[:1]) == (FunctionCall("get_weather", {"city": "Rome"}),)


def test_going_on_runs_a_generator_once():
    """Where outputs follow each other, as nearly always, a generator function is not run again from its start."""
    started = []

    def counted(run: Any) -> Iterator[Any]:
        started.append(run)
        yield from weather(run)

    cursor = ScriptCursor(counted, "here", run)
    for count in range(3):
        cursor.moves_after(given_in("sun", "heat")[:count])
    assert len(started) == 1


def test_another_execution_goes_on_where_one_paused():
    """An execution that ends with its calls is gone on with by others: a fork each, or the same again."""
    engine, first = service(FunctionCall("get_weather", {}), Reply("Sunny."), Reply("Bye."), lifetime_seconds=None)
    engine.clock.advance(100)
    assert first.status == "paused"
    (waiting,) = first.state.phase.waits_for
    said = []
    for number, output in enumerate(("sun", "rain", "rain"), 2):
        after = first.position.after(first.handed_in({waiting: output}, engine.clock.now()))
        request = ExecutionRequest(
            id=f"execution_{number}",
            conversation=first.conversation,
            labels=ScriptLabels("performance"),
            scripted_run=run,
            tools=first.request.tools,
        )
        following = engine.perform(request, after)
        engine.clock.advance(100)
        assert following.status == "completed"
        said.append([item.text for item in following.state.items])
    assert said == [["Sunny.", "Bye."]] * 3
    assert first.status == "paused"
    assert [len(script.moves) for script in engine.scripts.queue] == []
