"""Hypothesis strategies: scripts, faults, scenarios, arguments of tools.

Every legal way a run can go, what goes wrong besides, and what a model may send:

    from hypothesis import given
    from understudy import strategies as us

    @given(us.run_scripts())
    def test_my_poller_always_ends(script):
        with understudy.simulate(script=script) as backend: ...

Everything drawn is a value whose repr is code to paste. Scripts shrink to the shortest, with no fault. Make the simulation
inside the test function (`with understudy.simulate(...)`), so that each example has its own. An example costs what its
requests cost, a few milliseconds each; where many are polled through with `time="sleep"`, set `@settings(deadline=None)`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from hypothesis import event
from hypothesis import strategies as st

from understudy._backend.simulate import simulate
from understudy._common.observers import observing
from understudy._parity.parity import parity
from understudy._properties.apis import Api, ApiScripts, of_api
from understudy._properties.json_schema import fitting
from understudy._properties.scenario import Scenario
from understudy._properties.trajectory import Trajectory
from understudy.faults import DuplicateEvents, Fault, HTMLBody, Overloaded, RateLimited, ServerError, StreamCut, StreamError
from understudy.scripts import (
    RUN_ERROR_CODES,
    AnyFunctionCall,
    CodeInterpreter,
    Expire,
    Fail,
    FunctionCall,
    Hang,
    Incomplete,
    Reply,
    Wait,
    waits_for_app,
)

__all__ = ["Scenario", "chunkings", "fault_schedules", "run_scripts", "scenarios", "tool_arguments"]

Tools = Sequence[Mapping[str, Any]]


def run_scripts(
    *,
    tools: Tools | None = None,
    most: int = 3,
    calls: bool = True,
    hangs: bool = False,
    faults: int = 0,
    api: Api = "assistants",
) -> st.SearchStrategy[Trajectory]:
    """Return a strategy of scripts: some moves, and an ending.

    They shrink to `(Reply('Done.'),)`.

    Args:
        tools: the tools of the runs, as either API takes them, for calls of these functions with arguments that fit, and of
            the code interpreter. By default calls name no function: each run's own are called (`AnyFunctionCall`).
        most: how many moves come before the ending.
        calls: whether functions are called; False for an app whose runs have none.
        hangs: also runs that end only when they are cancelled, or expire. An app that never cancels polls each of them
            through 600 virtual seconds; one that waits for a foreground response is timed out by its own client.
        faults: how many faults go with it at most; `simulate(script=script)` sets them.
        api: which API is to perform them: `"assistants"`, `"responses"`, or `"both"`: scripts that mean the same to both. A
            response does not expire; the model of one may think (`Reason`), which only makes a run take longer.

    Raises:
        ValueError: an unknown `api`; the message names the nearest.
    """
    kinds = of_api("run_scripts", api)
    _ready(api)
    moves = st.lists(_moves(tools, calls, kinds), max_size=most)
    return _scripts(moves, fault_schedules(most=faults, api=api), hangs, kinds)


@cache
def _ready(api: Api) -> None:
    """Import and build what a process needs once.

    It takes a second, and the first example has 200 ms (its deadline).
    """
    from openai import OpenAI

    with warnings.catch_warnings(), observing(None), simulate(script=Reply("Hello.")) as backend:
        warnings.simplefilter("ignore")
        client = OpenAI()
        if api != "responses":
            assistant, thread = backend.add_assistant(), backend.add_thread(messages=["Hello?"])
            client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        if api != "assistants":
            client.responses.create(model="gpt-4o", input="Hello?")
        if api == "both":
            parity(lambda: None, lambda: None)


@st.composite
def _scripts(draw: st.DrawFn, moves: Any, schedules: Any, hangs: bool, kinds: ApiScripts) -> Trajectory:
    script = draw(moves)
    endings = [st.just((Reply("Done."),)), _incomplete(kinds), _FAILED]
    if kinds.expires:
        endings.append(st.just((Expire(),)))
    if not script or waits_for_app(script[-1]):
        unstarted = [(Fail(while_queued=True),), (Expire(while_queued=True),)]
        endings.append(st.sampled_from(unstarted if kinds.expires else unstarted[:1]))
    if hangs:
        endings.append(st.sampled_from([(Hang(),), (Hang(on_cancel="completes"),)]))
    script += draw(st.one_of(endings))
    faults = draw(schedules)
    event(f"the script ends with {type(script[-1]).__name__}")
    event(f"times the app has to submit outputs: {sum(map(waits_for_app, script))}")
    event(f"faults: {len(faults)}")
    return Trajectory(script, faults=faults)


def _incomplete(kinds: ApiScripts) -> st.SearchStrategy[Any]:
    reasons = st.sampled_from(kinds.reasons).map(Incomplete)
    return st.one_of(reasons.map(lambda end: (end,)), reasons.map(lambda end: (Reply("Not all of"), end)))


_FAILED = st.sampled_from(RUN_ERROR_CODES).map(lambda code: (Fail(code),))


def _moves(tools: Tools | None, calls: bool, api: ApiScripts) -> st.SearchStrategy[Any]:
    """Return a strategy of moves that end nothing.

    A delay is a number of polls: seconds, which is the interval of the SDKs' own polling.
    """
    kinds: list[st.SearchStrategy[Any]] = [st.just(Reply("Let me see.")), st.integers(1, 30).map(Wait)]
    called = _calls(tools) if calls else None
    if called is not None:
        kinds += [called, st.lists(called, min_size=2, max_size=3).map(tuple)]
    if any(tool["type"] == "code_interpreter" for tool in tools or ()):
        kinds.append(st.sampled_from([CodeInterpreter("1 + 1"), CodeInterpreter("print(1 + 1)", logs="2\n")]))
    if api.thoughts:
        kinds.append(st.sampled_from(api.thoughts))
    return st.one_of(kinds)


def _calls(tools: Tools | None) -> st.SearchStrategy[Any] | None:
    if tools is None:
        return st.integers(0, 2).map(AnyFunctionCall)
    functions = [tool.get("function", tool) for tool in tools if tool["type"] == "function"]  # nested: of assistants
    if not functions:
        return None
    return st.one_of(
        [st.builds(FunctionCall, st.just(one["name"]), tool_arguments(one.get("parameters") or {})) for one in functions]
    )


def tool_arguments(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy of arguments that fit a function's `parameters`.

    The supported keywords: `understudy._properties.json_schema`.
    """
    return fitting(schema)


def chunkings(text: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Return a strategy of ways to cut a text into the pieces of a stream.

    For `Reply(chunks=...)`.

    They shrink to one piece.

    Cuts are between code points, so also inside what a reader sees as one character.
    """
    if len(text) < 2:
        return st.just((text,))

    def cut(places: list[int]) -> tuple[str, ...]:
        ends = [*sorted(places), len(text)]
        return tuple(text[start:end] for start, end in zip([0, *ends], ends, strict=False))

    return st.lists(st.integers(1, len(text) - 1), unique=True).map(cut)


_ANSWERS = st.sampled_from([ServerError(), RateLimited(), RateLimited(retry_after=2), Overloaded(), HTMLBody()])
_STREAMED = st.sampled_from([StreamCut(), StreamCut(reset=True), StreamError(), DuplicateEvents()])


def fault_schedules(
    *, most: int = 2, streams: bool = False, api: Api = "assistants"
) -> st.SearchStrategy[tuple[Fault, ...]]:
    """Return a strategy of fault schedules; they shrink to none.

    Each fault happens at one of the first three calls of an operation.

    Args:
        most: how many at most.
        streams: faults of streams instead, for an app that streams its runs.
        api: whose operations and events; for `"both"` faults name none, and happen at any of the first three calls.

    None of them makes an SDK sleep in real time: no exceptions of the HTTP library are among them.

    Raises:
        ValueError: an unknown `api`; the message names the nearest.
    """
    kinds = of_api("fault_schedules", api)
    if streams:
        fault = st.builds(Fault, _STREAMED, event=st.sampled_from(kinds.events))
    else:
        phases = st.sampled_from(["before", "after"])
        fault = st.builds(Fault, _ANSWERS, on=st.sampled_from(kinds.operations), nth=st.integers(1, 3), phase=phases)
    return st.lists(fault, max_size=most).map(tuple)


def scenarios(*, tools: Tools = (), runs: int = 3, most: int = 2, faults: int = 1) -> st.SearchStrategy[Scenario]:
    """Return a strategy of whole situations; see `Scenario.set_up`.

    A thread with a history, what its runs do, what goes wrong.

    Args:
        tools: the assistant's tools.
        runs: how many runs have a script of their own.
        most: how many moves a script has before its ending.
        faults: how many faults there are at most.
    """
    scripts = run_scripts(tools=tools, most=most).map(tuple)
    return st.builds(
        Scenario,
        scripts=st.lists(scripts, min_size=1, max_size=runs).map(tuple),
        history=st.lists(st.sampled_from(["Hello?", "x" * 1000, "漢字 🎭"]), min_size=1, max_size=5).map(tuple),
        faults=fault_schedules(most=faults),
        tools=st.just(tuple(tools)),
        age=st.sampled_from([0, 1, 86_400]),
    )
