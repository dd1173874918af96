"""One script means the same to both APIs; and what `api=` draws for each is what that API can do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import openai
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from openai import OpenAI

import understudy
from understudy import AnyFunctionCall, Expire, Fail, FunctionCall, Incomplete, Reason, Reply
from understudy import strategies as us

QUICK = settings(
    database=None, deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
SCHEMA = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}, "required": ["city"]}
FUNCTIONS = [{"name": "get_weather", "parameters": SCHEMA}, {"name": "get_time", "parameters": {}}]
NESTED = [{"type": "function", "function": one} for one in FUNCTIONS] + [{"type": "code_interpreter"}]
FLAT = [{"type": "function", **one} for one in FUNCTIONS] + [{"type": "code_interpreter", "container": {"type": "auto"}}]
WORDS = {"max_completion_tokens": "max_output_tokens"}  # of the same reason
CLIENT = OpenAI(api_key="sk-test")


@dataclass
class Told:
    """What a user is told, what was called, what the app returned, and how it ended."""

    words: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    outcome: tuple = ()


def output_of(name, arguments):
    """What the app's function returns."""
    return f"{name} of {json.dumps(json.loads(arguments), sort_keys=True)}"


def ask_an_assistant():
    """The app as it was: a thread and a run."""
    told, runs = Told(), CLIENT.beta.threads.runs
    made = CLIENT.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=NESTED)
    thread = CLIENT.beta.threads.create(messages=[{"role": "user", "content": "How is the weather?"}])
    run = runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)
    while run.status == "requires_action":
        calls = run.required_action.submit_tool_outputs.tool_calls
        told.calls += [(call.function.name, call.function.arguments) for call in calls]
        results = [output_of(call.function.name, call.function.arguments) for call in calls]
        told.outputs += results
        outputs = [{"tool_call_id": call.id, "output": result} for call, result in zip(calls, results, strict=True)]
        run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)
    messages = CLIENT.beta.threads.messages.list(thread.id, order="asc", run_id=run.id).data
    told.words = [part.text.value for message in messages for part in message.content]
    reason = run.incomplete_details.reason if run.incomplete_details else None
    error = run.last_error and (run.last_error.code, run.last_error.message)
    told.outcome = (run.status, WORDS.get(reason, reason), error or None)
    return told


def ask_a_model():
    """Its port: a chain of responses."""
    told = Told()
    common = {"model": "gpt-4o", "instructions": "Be brief.", "tools": FLAT}
    response = CLIENT.responses.create(input="How is the weather?", **common)
    while True:
        told.words += [part.text for item in response.output if item.type == "message" for part in item.content]
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            break
        told.calls += [(call.name, call.arguments) for call in calls]
        results = [output_of(call.name, call.arguments) for call in calls]
        told.outputs += results
        outputs = [
            {"type": "function_call_output", "call_id": call.call_id, "output": result}
            for call, result in zip(calls, results, strict=True)
        ]
        response = CLIENT.responses.create(input=outputs, previous_response_id=response.id, **common)
    reason = response.incomplete_details.reason if response.incomplete_details else None
    error = response.error and (response.error.code, response.error.message)
    told.outcome = (response.status, reason, error or None)
    return told


@given(us.run_scripts(api="both", tools=NESTED) | us.run_scripts(api="both"))
@QUICK
def test_both_apis_tell_the_same(script):
    """An app of assistants and its port to responses, one simulation each: the same words, calls, outputs, outcome."""
    with understudy.simulate(script=script):
        old = ask_an_assistant()
    with understudy.simulate(script=script):
        new = ask_a_model()
    assert new == old


@given(us.run_scripts(api="responses", tools=FLAT, faults=2))
@QUICK
def test_a_response_can_perform_it(script):
    """What is drawn for responses is performed to its end by a real client, whatever goes wrong besides, and is code."""
    names = vars(understudy) | {name: getattr(understudy, name) for name in understudy.__all__}
    assert eval(repr(script), names) == script
    with understudy.simulate(script=script) as backend:
        assert ask_a_model().outcome[0] in ("completed", "failed", "incomplete")
        assert not backend.problems


@pytest.mark.parametrize("api", ["responses", "both"])
def test_what_a_response_cannot_do_is_not_drawn(api):
    """Nothing expires; the reasons of an incomplete end are those that this API has; the model may think."""
    drawn = []

    @given(us.run_scripts(api=api, tools=FLAT))
    @settings(QUICK, max_examples=300)
    def collect(script):
        drawn.extend(script)

    collect()
    kinds = {type(move) for move in drawn}
    assert Expire not in kinds
    assert {FunctionCall, Reason, Fail, Incomplete, Reply} <= kinds
    reasons = {"responses": {"max_output_tokens"}, "both": {"max_completion_tokens"}}[api] | {"content_filter"}
    assert {move.reason for move in drawn if isinstance(move, Incomplete)} == reasons


@pytest.mark.parametrize("api", ["assistants", "responses", "both"])
def test_it_shrinks_to_the_shortest(api):
    """For every API the smallest script is one reply, and the smallest with a call has one call."""
    shrinking = settings(QUICK, phases=[Phase.generate, Phase.shrink], max_examples=500)
    assert find(us.run_scripts(api=api, faults=2), lambda _: True, settings=shrinking) == (Reply("Done."),)
    called = find(us.run_scripts(api=api), lambda script: AnyFunctionCall(0) in script, settings=shrinking)
    assert called == (AnyFunctionCall(0), Reply("Done."))


@pytest.mark.parametrize("ask", [us.run_scripts, us.fault_schedules])
@pytest.mark.parametrize("api", ["response", "Both", None, 3])
def test_an_unknown_api_is_refused(ask, api):
    """The error says what came, what there is, and the nearest."""
    with pytest.raises(ValueError, match=rf"{ask.__name__}\(api={api!r}\): expected one of 'assistants'") as caught:
        ask(api=api)
    if api == "response":
        assert "Did you mean 'responses'?" in str(caught.value)


class Chat(understudy.ApiMachine):
    """An app that keeps a chain of responses over time; it does not know that the service forgets."""

    scripts = us.run_scripts(api="responses", most=2, calls=False)
    forgets = False

    def __init__(self):
        super().__init__()
        self.latest = None

    @rule()
    def ask(self):
        more = {"previous_response_id": self.latest} if self.latest else {}
        self.latest = CLIENT.responses.create(model="gpt-4o", input="And now?", **more).id

    @rule(days=st.sampled_from([1, 40]))
    def nothing_happens(self, days):
        self.backend.clock.advance(days * 86_400)
        if self.forgets and days == 40:
            self.latest = None


def test_a_machine_of_responses():
    """An `ApiMachine` finds an app that goes on from what is not kept any more, and passes one that begins anew."""

    class Careful(Chat):
        forgets = True

    machine = settings(QUICK, max_examples=15, stateful_step_count=8)
    with pytest.raises(openai.BadRequestError, match=r"Previous response with id '\w+' not found"):
        run_state_machine_as_test(Chat, settings=settings(machine, max_examples=100, phases=[Phase.generate]))
    run_state_machine_as_test(Careful, settings=machine)
