"""What strategies draw is legal, shrinks to the smallest, and is code to paste."""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

import jsonschema
import openai
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, rule, run_state_machine_as_test
from openai import OpenAI

import understudy
from tests.effort import examples
from tests.engine.app import TOOLS, outputs_for, poll_to_end
from understudy import strategies as us
from understudy._common.minimal_value import minimal_value
from understudy._engine.lifecycle import TERMINAL

NAMES = vars(understudy) | {name: getattr(understudy, name) for name in understudy.__all__}
QUICK = settings(examples(40), database=None, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1, "maxLength": 5},
        "days": {"type": ["integer", "null"], "minimum": 1, "maximum": 14},
        "when": {"type": "integer", "multipleOf": 5, "exclusiveMinimum": 10, "maximum": 50},
        "share": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "unit": {"enum": ["C", "F"]},
        "fixed": {"const": 1},
        "tags": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2, "uniqueItems": True},
        "place": {"$ref": "#/$defs/place"},
        "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "below": {"type": "integer", "exclusiveMaximum": -10},
        "minus": {"type": "integer", "maximum": -7, "multipleOf": 3},
        "plus": {"type": "number", "exclusiveMinimum": 2},
        "less": {"type": "number", "maximum": -0.5},
        "tiny": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1},
        "span": {"type": "number", "minimum": -5, "exclusiveMinimum": 3, "maximum": 9, "exclusiveMaximum": 4},
        "whole": {"type": "integer", "minimum": -3, "maximum": 3},
        "list": {"items": {"type": "integer"}, "minItems": 1},
        "anything": {},
        "both": {"allOf": [{"properties": {"a": {"type": "boolean"}}, "required": ["a"]}]},
    },
    "required": ["city", "when", "unit", "both", "share"],
    "additionalProperties": False,
    "$defs": {
        "place": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "inside": {"$ref": "#/$defs/place"}},
            "required": ["name"],
        }
    },
}


@given(us.run_scripts(hangs=True, faults=2))
@QUICK
def test_a_script_is_legal_and_code(script):
    """Each is taken without a word, and its repr gives an equal one, faults included."""
    backend = understudy.Backend(script=script)
    assert backend.faults == script.faults
    again = eval(repr(script), NAMES)
    assert again == script
    assert getattr(again, "faults", ()) == script.faults


@given(us.run_scripts(tools=TOOLS))
@QUICK
def test_a_run_can_perform_it(script):
    """A run with these tools performs it to its end, through a real client."""
    with understudy.simulate(script=script) as backend:
        made, thread, client = backend.add_assistant(tools=TOOLS), backend.add_thread(messages=["x"]), OpenAI()
        run = client.beta.threads.runs.create(thread.id, assistant_id=made.id)
        assert poll_to_end(client, run).status in TERMINAL


def test_it_shrinks_to_the_shortest():
    """Without a condition to the shortest script, no fault; with one, to it and no more."""
    shrinking = settings(QUICK, phases=[Phase.generate, Phase.shrink], max_examples=500)
    assert find(us.run_scripts(faults=2), lambda _: True, settings=shrinking) == (understudy.Reply("Done."),)
    parallel = find(us.run_scripts(), lambda script: any(isinstance(move, tuple) for move in script), settings=shrinking)
    assert parallel == ((understudy.AnyFunctionCall(0), understudy.AnyFunctionCall(0)), understudy.Reply("Done."))
    faulty = find(us.run_scripts(faults=2), lambda script: len(script.faults) > 0, settings=shrinking)
    assert faulty.faults == (understudy.Fault(understudy.ServerError(), on="runs.retrieve", phase="before"),)
    assert find(us.chunkings("hello"), lambda _: True, settings=shrinking) == ("hello",)


@given(us.tool_arguments(SCHEMA))
@QUICK
def test_arguments_fit_their_schema(arguments):
    """What is drawn is valid by an independent validator; so is the smallest value."""
    jsonschema.validate(arguments, SCHEMA)


@pytest.mark.parametrize("name", [name for name in SCHEMA["properties"] if name != "code"])
def test_the_smallest_value_fits(name):
    """The arguments of a call that names no function are valid, property by property (patterns are not heeded)."""
    schema = {**SCHEMA, "required": [name]}
    jsonschema.validate(minimal_value(schema), schema)


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize("bound", [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")], ids="".join)
def test_bounds_of_draft_4_are_heeded(kind, bound):
    """`exclusiveMinimum: true` beside a minimum, as older schemas say it, leaves the minimum out."""
    schema = {"type": kind, bound[0]: 0, bound[1]: True}
    jsonschema.Draft4Validator(schema).validate(minimal_value(schema))
    assert minimal_value({**schema, bound[1]: False}) == 0


@given(st.text(max_size=20).flatmap(lambda text: st.tuples(st.just(text), us.chunkings(text))))
@QUICK
def test_chunks_join_to_their_text(drawn):
    """Whatever the cuts, the pieces are the text, none of them empty unless all of it is."""
    text, chunks = drawn
    assert "".join(chunks) == text
    assert understudy.Reply(text, chunks=chunks).text == text
    assert all(chunks) or not text


@given(us.scenarios(tools=TOOLS[:2]))
@QUICK
def test_a_scenario_is_set_up(scenario):
    """A scenario is a situation: the history in order, its runs one after the other, and code to paste."""
    assert eval(repr(scenario), NAMES | {"Scenario": us.Scenario}) == scenario
    with understudy.simulate() as backend:
        made, thread = scenario.set_up(backend)
        assert tuple(message.text for message in backend.messages(thread.id)) == scenario.history
        assert backend.messages(thread.id)[-1].role == "user"
        client = OpenAI()
        for _ in range(len(scenario.scripts) + 1):
            with suppress(openai.APIStatusError):
                run = client.beta.threads.runs.create(thread.id, assistant_id=made.id)
                poll_to_end(client, run)


CLIENT = OpenAI(api_key="sk-test")  # one for all worlds: building it costs more than most examples


class Bot(understudy.ApiMachine):
    """An app that keeps threads; it forgets that a run can expire while nobody looks."""

    threads = Bundle("threads")
    submits_blindly = False

    def __init__(self):
        super().__init__()
        self.assistant = self.backend.add_assistant(instructions="x", tools=TOOLS[:1]).id
        self.client, self.waiting = CLIENT, {}

    @rule(target=threads)
    def open(self):
        return self.client.beta.threads.create().id

    @rule(thread=threads)
    def ask(self, thread):
        if thread not in self.waiting:
            run = self.client.beta.threads.runs.create(thread, assistant_id=self.assistant)
            run = self.client.beta.threads.runs.poll(run.id, thread_id=thread)
            if run.status == "requires_action":
                self.waiting[thread] = run

    @rule(thread=threads)
    def approve(self, thread):
        run = self.waiting.pop(thread, None)
        if run is None:
            return
        if not self.submits_blindly:
            run = self.client.beta.threads.runs.retrieve(run.id, thread_id=thread)
        while run.status == "requires_action":
            run = self.client.beta.threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=thread, tool_outputs=outputs_for(run)
            )


def test_a_machine_passes():
    """An app that looks before it submits gets through whatever the service does and however long nobody acts."""
    run_state_machine_as_test(Bot, settings=settings(QUICK, stateful_step_count=12))


@pytest.mark.deep
def test_a_machine_finds():
    """One that does not is found out, and shrunk: it asks, time passes, it approves what has expired."""

    class Blind(Bot):
        submits_blindly = True
        scripts = st.just((understudy.AnyFunctionCall(0), understudy.Reply("Done.")))

        def __init__(self):
            super().__init__()
            self.did.clear()

        did: ClassVar[list[str]] = []  # of the example that ran last, which is the smallest

        @invariant()
        def is_followed(self):
            self.did.append(f"{self.backend.clock.now() - 1_700_000_000:g}: {len(self.backend.requests)} requests")

    # Many, since what hypothesis generates depends on the modules that are there; it stops at the first that fails.
    found = settings(QUICK, max_examples=2_000, stateful_step_count=20, phases=[Phase.generate, Phase.shrink])
    with pytest.raises(openai.BadRequestError, match="expired"):
        run_state_machine_as_test(Blind, settings=found)
    assert len(Blind.did) <= 6, Blind.did  # before anything, open, the script, ask, time passes; approving is the end
