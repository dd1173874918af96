"""Enumeration over the lifecycle of responses: complete up to its bound, and each case is what its name says."""

from __future__ import annotations

import openai
import pytest
from openai import OpenAI

import understudy as us
from tests.engine.app import assistant as add_assistant
from tests.engine.app import run_to_end, thread
from understudy import AnyFunctionCall, Fail, Hang, Incomplete, Reply
from understudy._apis.responses.lifecycle import RESPONSE
from understudy._engine.lifecycle import TERMINAL
from understudy._properties.explorer import trajectories

FLAT = [{"type": "function", "name": "get_weather"}, {"type": "function", "name": "get_time"}]
ASKED = {"model": "gpt-4o", "tools": FLAT}


def outputs_of(response):
    """An output for every call of a response."""
    calls = [item for item in response.output if item.type == "function_call"]
    return [{"type": "function_call_output", "call_id": call.call_id, "output": "yes"} for call in calls]


def observed(script) -> list[str]:
    """The statuses that an app of background responses sees, which cancels what is long in progress."""
    client = OpenAI(api_key="sk-test")
    with us.simulate(script=script):
        response = client.responses.create(input="x", background=True, **ASKED)
        statuses, polls = [response.status], 0
        while response.status not in TERMINAL or outputs_of(response):
            polls += 1
            if response.status in TERMINAL:
                response = client.responses.create(
                    input=outputs_of(response), previous_response_id=response.id, background=True, **ASKED
                )
            elif polls > 20:
                response = client.responses.cancel(response.id)
            else:
                response = client.responses.retrieve(response.id)
            if response.status != statuses[-1]:
                statuses.append(response.status)
        return statuses


@us.every_lifecycle(depth=4, api="responses", hangs=True)
def test_each_response_goes_as_its_name_says(script, request):
    """Polled in the background, the responses of a loop show exactly the statuses of the trajectory's name."""
    assert "-".join(observed(script)) == script.name == request.node.callspec.id


@us.every_lifecycle(depth=3, api="responses", faults=1)
def test_a_foreground_loop_ends(script):
    """A loop over foreground responses ends, whatever its script and whatever goes wrong, in a terminal status."""
    client = OpenAI(api_key="sk-test")
    with us.simulate(script=script):
        response = client.responses.create(input="x", **ASKED)
        while outputs := outputs_of(response):
            response = client.responses.create(input=outputs, previous_response_id=response.id, **ASKED)
        assert response.status in TERMINAL


@us.every_lifecycle(depth=3, api="both")
def test_both_apis_can_perform_it(script):
    """What is enumerated for both is performed by an app of assistants and by one of responses, to the same status."""
    with us.simulate(script=script) as backend:
        add_assistant(backend)
        old = run_to_end(OpenAI(), thread(OpenAI()))
    assert old.status == script.name.rpartition("-")[2]
    assert observed(script)[-1] == old.status


def test_every_transition_is_enumerated():
    """At a depth of two, every row of the table is some trajectory's, but for a cancel in the queue: the app's timing."""
    found = {
        pair
        for one in trajectories(2, api="responses", hangs=True)
        for pair in zip(one.name.split("-"), one.name.split("-")[1:], strict=False)
    }
    rows = {(row.source, row.target) for row in RESPONSE} - {("queued", "cancelled")}
    assert rows <= found


def test_they_are_the_smallest_scripts_first():
    """The shortest come first; one that hangs is only among them when it is asked for."""
    found = [tuple(one) for one in trajectories(3, api="responses", hangs=True)]
    assert found == [
        (Fail(while_queued=True),),
        (Reply("Done."),),
        (Reply("Not all of"), Incomplete("max_output_tokens")),
        (Fail(),),
        (Hang(),),
        (AnyFunctionCall(0), Fail(while_queued=True)),
        (AnyFunctionCall(0), Reply("Done.")),
    ]
    assert [tuple(one) for one in trajectories(3, api="responses")] == [one for one in found if one != (Hang(),)]
    assert not any(Hang in map(type, one) for one in trajectories(4, api="both"))
    assert not any(Hang in map(type, one) for one in trajectories(4, hangs=False))


def test_a_hanging_response_times_the_client_out():
    """Whoever waits for a response that hangs gets its own client's timeout, after the client's own time."""
    (script,) = [one for one in trajectories(2, api="responses", hangs=True) if one == (Hang(),)]
    with us.simulate(script=script) as backend:
        client, began = OpenAI(max_retries=0, timeout=30), backend.clock.now()
        with pytest.raises(openai.APITimeoutError):
            client.responses.create(input="x", **ASKED)
        assert backend.clock.now() == began + 30


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"api": "respones"}, "Did you mean 'responses'"),
        ({"api": "responses", "expires_while_waiting": True}, "only runs expire"),
        ({"api": "both", "expires_while_waiting": True}, "only runs expire"),
    ],
)
def test_what_cannot_be_enumerated_is_refused(arguments, text):
    """An unknown API is named with the nearest; a response that is to expire is refused, with the reason."""
    with pytest.raises(ValueError, match=text):
        us.every_lifecycle(depth=1, **arguments)


def test_the_bound_says_whose_lifecycle(pytester):
    """The terminal's line of what was enumerated names the API."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(
        """
        import understudy
        from openai import OpenAI

        @understudy.every_lifecycle(depth=2, api="responses")
        def test_it(script):
            with understudy.simulate(script=script):
                OpenAI().responses.create(model="gpt-4o", input="x")
        """
    )
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(
        ["*depth 2 of responses, 0 fault(s): all 5 trajectories up to this bound; 4 passed, 1 skipped*"]
    )
