"""Faults happen where they are set, as often as they are set, and an unused one is told."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

import understudy as us
from tests.client_kinds import ASYNC, SYNC
from tests.engine.app import ASSISTANT, assistant, poll_to_end, run_to_end, thread
from tests.faulting import fault_table
from understudy import (
    BadJSON,
    ConnectionReset,
    DuplicateEvents,
    Fault,
    HTMLBody,
    NotFound,
    Overloaded,
    RateLimited,
    ReorderedEvents,
    ServerError,
    Slow,
    StreamCut,
    StreamError,
    Sunset,
    Timeout,
)
from understudy._apis import faces

TEXTS = st.text(max_size=10)
WHOLE = st.one_of(
    st.builds(RateLimited, retry_after=st.none() | st.integers(0, 90)),
    st.builds(ServerError, status=st.integers(500, 599), message=st.none() | TEXTS),
    st.builds(Overloaded),
    st.builds(Timeout, seconds=st.integers(0, 9)),
    st.builds(ConnectionReset, kind=st.sampled_from([None, "ReadError", "RemoteProtocolError"])),
    st.builds(HTMLBody, status=st.integers(200, 599)),
    st.builds(Slow, st.integers(0, 9)),
    st.just(Sunset()),
)
STREAMED = st.one_of(
    st.builds(StreamCut, reset=st.booleans(), at_byte=st.none() | st.integers(0, 99)),
    st.builds(StreamError, message=TEXTS, nested=st.booleans()),
    st.just(DuplicateEvents()),
    st.just(ReorderedEvents()),
)
OF_AN_OBJECT = sorted(name for name, operation in faces.ALL.by_name.items() if "{" in operation.path)  # it may be missing
FAULTS = st.one_of(
    st.builds(Fault, WHOLE, on=st.none() | st.sampled_from(sorted(faces.ALL.by_name)), nth=st.integers(1, 3)),
    st.builds(Fault, st.just(NotFound()), on=st.none() | st.sampled_from(OF_AN_OBJECT), nth=st.integers(1, 3)),
    st.builds(Fault, STREAMED, event=st.none() | st.integers(1, 9) | st.just("thread.message.delta"), times=st.none()),
)


@pytest.fixture
def ready(understudy):
    """A backend, a client that does not retry, and a thread with a message."""
    client = understudy.client(max_retries=0)
    assistant(understudy)
    return understudy, client, thread(client)


@pytest.fixture
def a_key(monkeypatch):
    """Clients are built before anything is active: a key of their own."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "mine")


@given(FAULTS)
def test_the_repr_of_a_fault_is_code(fault):
    """A fault, and so a schedule, can be printed, pasted back and compared."""
    assert eval(repr(fault), {name: getattr(us, name) for name in us.__all__}) == fault


WRONG = {
    "operation": (RateLimited(), {"on": "runs.retreive"}, "Did you mean 'runs.retrieve'"),
    "event": (StreamCut(), {"event": "thread.run.complete"}, "thread.run.completed"),
    "phase": (Timeout(), {"phase": "later"}, "not a phase"),
    "a phase it has not": (RateLimited(), {"phase": "during"}, "cannot happen in phase 'during'"),
    "an event of a plain answer": (Timeout(), {"event": 3, "phase": "after"}, "place in a stream"),
    "no connection, and yet it acted": (Timeout(connect=True), {"phase": "after"}, "does not act"),
    "the zeroth call": (RateLimited(), {"nth": 0}, "must be at least 1"),
}


@pytest.mark.parametrize(("what", "where", "told"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_when_set(what, where, told):
    """Unknown names are refused where they are written, naming the nearest; so is what cannot happen there."""
    with pytest.raises(ValueError, match=told):
        us.Backend().fault(what, **where)


@pytest.mark.parametrize("make", [lambda: ServerError(status=404), lambda: ConnectionReset(kind="x"), lambda: Slow(-1)])
def test_impossible_faults_are_refused_when_made(make):
    """A fault with values that make no sense raises a ValueError."""
    with pytest.raises(ValueError, match="expected"):
        make()


def test_something_else_is_no_fault():
    """What is not a fault is refused with examples."""
    with pytest.raises(TypeError, match="RateLimited"):
        us.Backend().fault("timeout")


def statuses(client, thread_id, calls):
    """What each of so many retrieves of a thread ends with."""
    seen = []
    for _ in range(calls):
        try:
            client.beta.threads.retrieve(thread_id)
            seen.append(200)
        except openai.APIStatusError as error:
            seen.append(error.status_code)
    return seen


def test_nth_and_times(ready):
    """From the nth call on, so many calls; several faults on one operation happen one after the other."""
    backend, client, thread_id = ready
    backend.fault(Overloaded(), on="threads.retrieve", nth=2)
    backend.fault(RateLimited(), on="threads.retrieve", times=2)
    assert statuses(client, thread_id, 5) == [429, 503, 429, 200, 200]


def test_only_the_run_that_is_named(ready):
    """`run=` strikes calls about one run and no other."""
    backend, client, thread_id = ready
    one = run_to_end(client, thread_id)
    two = run_to_end(client, thread_id)
    backend.fault(ServerError(), run=two.id)
    client.beta.threads.runs.retrieve(one.id, thread_id=thread_id)
    with pytest.raises(openai.InternalServerError):
        client.beta.threads.runs.retrieve(two.id, thread_id=thread_id)


def test_before_and_after(ready):
    """Before: nothing was stored. After: it was, and only the answer is lost."""
    backend, client, thread_id = ready
    for phase, stored in [("before", 1), ("after", 2)]:
        for what in (ServerError(), Timeout(), ConnectionReset()):
            backend.fault(what, on="threads.update", phase=phase)
            with pytest.raises(openai.APIError):
                client.beta.threads.update(thread_id, metadata={"phase": phase})
            assert (backend.threads[0].metadata == {"phase": phase}) is (stored == 2)


def test_unused_faults_fail_the_test():
    """A fault that did not happen as often as it was to is told with its line; `strict=False` lets it be."""
    backend = us.Backend()
    backend.fault(RateLimited(), on="threads.create", times=2)
    with pytest.raises(openai.RateLimitError):
        backend.client(max_retries=0).beta.threads.create()
    (problem,) = backend.close()
    assert "Fault(RateLimited(), on='threads.create', times=2): happened 1 of 2 times" in str(problem)
    assert f"{__file__}:" in str(problem)
    lenient = us.Backend(strict=False)
    lenient.fault(RateLimited())
    assert lenient.close() == []


def test_a_stream_fault_whose_event_never_comes_is_unused(ready):
    """A place in a stream that is never reached leaves the fault unused."""
    backend, client, thread_id = ready
    backend.fault(StreamCut(), event="thread.run.failed")
    with client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True) as stream:
        assert len(list(stream)) > 5
    (problem,) = backend.close()
    assert "happened 0 of 1 times; 1 call(s) matched it" in str(problem)


@pytest.mark.parametrize("what", [StreamCut(), StreamError()], ids=repr)
def test_a_stream_without_its_fault_is_read_to_the_end(what):
    """A client that reads on after `done`, as no SDK does, gets all of a stream whose fault never came, and a plain end."""
    body = {"assistant_id": ASSISTANT, "stream": True}
    with us.simulate(script=us.Reply("x")) as world, httpx.Client(base_url="https://api.openai.com/v1") as client:
        assistant(world)
        world.fault(Fault(what, event="thread.run.failed"))
        thread_id = world.add_thread(messages=["x"]).id
        headers = {"authorization": "Bearer key", "openai-beta": "assistants=v2"}
        text = client.post(f"/threads/{thread_id}/runs", json=body, headers=headers).text
        assert text.endswith("event: done\ndata: [DONE]\n\n")
        assert "thread.run.completed" in text
        assert len(world.close()) == 1


def test_a_fault_of_any_call_waits_for_a_call():
    """A request for what is not simulated meets no fault: the next call that is, does."""
    backend = us.Backend(strict=False)
    backend.fault(ServerError())
    client = backend.client(max_retries=0)
    with pytest.raises(openai.InternalServerError, match="501"):
        client.embeddings.create(model="gpt-4o", input="x")
    with pytest.raises(openai.InternalServerError, match="500"):
        client.models.list()
    assert len(backend.close()) == 1


def test_faults_of_streams_leave_plain_requests_alone(ready):
    """A polled run does not meet a stream's fault."""
    backend, client, thread_id = ready
    backend.fault(StreamCut())
    assert run_to_end(client, thread_id).status == "completed"
    assert len(backend.close()) == 1


@pytest.mark.parametrize("what", [RateLimited(retry_after=30), ServerError(), Overloaded(), HTMLBody()], ids=repr)
@pytest.mark.parametrize("mode", ["poll", "manual"])
def test_virtual_retries_do_not_sleep(what, mode, monkeypatch):
    """With a virtual clock the SDK's own retries take no time, whatever retry-after the test asked for."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    backend = us.Backend(time=mode)
    backend.fault(what, times=2)
    backend.client().beta.threads.create()
    assert len(slept) == 2
    assert sum(slept) < 0.001


def test_retry_after_is_there_to_be_read(ready):
    """The app finds the retry-after that the test asked for, next to the service's own words."""
    backend, client, _ = ready
    backend.fault(RateLimited(retry_after=2))
    with pytest.raises(openai.RateLimitError) as caught:
        client.beta.threads.create()
    assert caught.value.response.headers["retry-after"] == "2"
    assert caught.value.code == "rate_limit_exceeded"
    assert "slow down" in caught.value.message


def test_asked_for_milliseconds_are_sent_as_they_stand(monkeypatch):
    """`retry_after_ms` is the test's own choice: the SDK sleeps for it."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    backend = us.Backend()
    backend.fault(RateLimited(retry_after_ms=1500))
    backend.client().beta.threads.create()
    assert slept == [1.5]


def test_real_time_keeps_the_services_silence():
    """In real time no header is added: the SDK backs off as it would."""
    backend = us.Backend(time="real")
    backend.fault(ServerError())
    with pytest.raises(openai.InternalServerError) as caught:
        backend.client(max_retries=0).beta.threads.create()
    assert "retry-after-ms" not in caught.value.response.headers


def test_a_retry_after_an_exception_gets_a_hint(monkeypatch):
    """The SDK sleeps before it retries an exception; that is said once, and fails nothing."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    backend = us.Backend()
    backend.fault(ConnectionReset(), times=2)
    backend.client().beta.threads.create()
    (hint,) = backend.hints
    assert "max_retries=0" in hint
    assert backend.close() == []


def test_exceptions_are_of_the_clients_own_library(ready):
    """What is behind the SDK's exception is the exception of the HTTP library the client speaks."""
    backend, client, thread_id = ready
    backend.fault(Timeout())
    with pytest.raises(openai.APITimeoutError) as caught:
        client.beta.threads.retrieve(thread_id)
    cause = caught.value.__cause__
    assert type(cause).__name__ == "ReadTimeout"
    assert type(cause).__module__.split(".")[0] == type(client._client).__mro__[-2].__module__.split(".")[0]


AZURE = {"azure_endpoint": "https://x.openai.azure.com", "api_version": "2024-05-01-preview"}
CLIENTS = {
    "sync": openai.OpenAI,
    "async": openai.AsyncOpenAI,
    "azure": lambda **options: openai.AzureOpenAI(**AZURE, **options),
    "async azure": lambda **options: openai.AsyncAzureOpenAI(**AZURE, **options),
    "own base_url": lambda **options: openai.OpenAI(base_url="https://proxy.example/openai/v1", **options),
}


@pytest.mark.parametrize("make", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize(
    ("what", "error"),
    [
        (RateLimited(), openai.RateLimitError),
        (ServerError(), openai.InternalServerError),
        (Timeout(), openai.APITimeoutError),
        (ConnectionReset(), openai.APIConnectionError),
        (Sunset(), openai.NotFoundError),
    ],
    ids=repr,
)
def test_every_kind_of_client_is_struck(understudy, make, what, error):
    """A fault surfaces the same, whichever client of the SDK the app builds."""
    understudy.fault(what)
    client = make(max_retries=0)

    async def ask():
        await client.beta.threads.create()

    with pytest.raises(error):
        asyncio.run(ask()) if isinstance(client, openai.AsyncOpenAI) else client.beta.threads.create()


def test_legacy_clients_get_their_own_exceptions():
    """A plain httpx client gets httpx's exceptions, whatever openai speaks."""
    with us.simulate() as backend:
        backend.fault(Timeout(connect=True))
        with httpx.Client(base_url="https://api.openai.com/v1") as client, pytest.raises(httpx.ConnectTimeout):
            client.post("/threads")


def test_a_timeout_takes_its_time(ready):
    """`Timeout(seconds=...)` moves the virtual clock by as much: a run may expire meanwhile."""
    backend, client, thread_id = ready
    backend.fault(Timeout(seconds=600), on="runs.retrieve")
    run = client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    with pytest.raises(openai.APITimeoutError):
        client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)
    assert backend.clock.now() == run.created_at + 600


@pytest.mark.parametrize(("phase", "status"), [("before", "completed"), ("after", "queued")])
def test_slow_in_virtual_time(ready, phase, status):
    """Slow before: the service acts later. Slow after: it acts, and the answer is old when it comes."""
    backend, client, thread_id = ready
    run = client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    backend.fault(Slow(60), on="runs.list", phase=phase)
    assert client.beta.threads.runs.list(thread_id).data[0].status == status
    assert backend.clock.now() == run.created_at + 60


@pytest.mark.parametrize("event", [None, "thread.run.in_progress"])
def test_slow_in_real_time(wall, event):
    """In real time the answer, or an event of a stream, is held back for so long."""
    backend = us.Backend(time="real")
    assistant(backend)
    client = backend.client()
    thread_id = thread(client)
    backend.fault(Slow(30), on="runs.create", event=event)
    before = wall.now
    assert names(streamed(client, thread_id))[-1] == "thread.run.completed"
    assert 30 <= wall.now - before <= 38
    backend.fault(Slow(30), on="threads.create")
    before = wall.now
    thread(client)
    assert wall.now - before == 30


def names(stream):
    with stream:
        return [event.event for event in stream]


def streamed(client, thread_id):
    return client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True)


def test_duplicate_and_reordered_events(ready):
    """By default every event but `done` comes twice, or changes places with its neighbour; none is lost."""
    backend, client, thread_id = ready
    plain = names(streamed(client, thread_id))
    backend.fault(DuplicateEvents())
    assert names(streamed(client, thread_id)) == [name for name in plain for _ in range(2)]
    backend.fault(ReorderedEvents())
    swapped = names(streamed(client, thread_id))
    assert swapped != plain
    assert sorted(swapped) == sorted(plain)


@pytest.mark.parametrize("at_byte", [0, 1, 7, 50, 500, 5000])
@pytest.mark.parametrize("reset", [False, True])
def test_a_stream_cut_at_any_byte(ready, at_byte, reset):
    """Wherever the stream is cut, the app gets whole events and then the end or an error; the run goes on."""
    backend, client, thread_id = ready
    backend.fault(StreamCut(at_byte=at_byte, reset=reset))
    stream, got = streamed(client, thread_id), []
    with pytest.raises(Exception, match=r"peer closed|Connection error") if reset else nullcontext():
        for event in stream:
            got.append(event.event)  # noqa: PERF401 - it may break off
    assert "thread.run.completed" not in got
    run = client.beta.threads.runs.list(thread_id).data[0]
    assert poll_to_end(client, run).status == "completed"


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_behind_the_end(ready, reset):
    """A stream that is shorter than the cut arrives whole; a reset comes after its last byte."""
    backend, client, thread_id = ready
    backend.fault(StreamCut(at_byte=1_000_000, reset=reset))
    runs, got = client.beta.threads.runs, b""
    response = runs.with_raw_response.create(thread_id, assistant_id=ASSISTANT, stream=True).http_response
    with pytest.raises(Exception, match="peer closed") if reset else nullcontext():
        for chunk in response.iter_bytes():
            got += chunk
    assert got.endswith(b"event: done\ndata: [DONE]\n\n")


def test_a_stream_cut_at_a_byte_takes_its_time_until_there(wall):
    """In real time the events before the cut come when they happen."""
    backend = us.Backend(time="real")
    assistant(backend)
    client = backend.client()
    thread_id = thread(client)
    whole = client.beta.threads.runs.with_raw_response.create(thread_id, assistant_id=ASSISTANT, stream=True)
    size = len(whole.http_response.read())
    assert size > 3000
    backend.fault(StreamCut(at_byte=size - 100))
    before = wall.now
    assert names(streamed(client, thread_id))[-1] == "thread.run.step.completed"
    assert wall.now - before == 8


def test_a_stream_of_a_submit_can_fail_too(ready):
    """Faults strike the second stream of a run as well."""
    from tests.engine.following import follow

    backend, client, thread_id = ready
    backend.next_run(us.FunctionCall("get_weather"), us.Reply("x"))
    backend.fault(StreamError(message="gone"), on="runs.submit_tool_outputs")
    with pytest.raises(openai.APIError, match="gone"):
        follow(client, thread_id)


def test_sunset(ready):
    """Every endpoint of the Assistants API answers 404 for ever; files and vector stores go on."""
    backend, client, thread_id = ready
    backend.fault(Sunset())
    for _ in range(3):
        for call in (client.beta.assistants.list, client.beta.threads.create, lambda: streamed(client, thread_id)):
            with pytest.raises(openai.NotFoundError):
                call()
    assert client.vector_stores.list().data == []


def test_a_fault_of_a_refused_stream_waits_for_the_next(ready):
    """A request for a stream that the service refuses does not use the stream's fault up."""
    backend, client, thread_id = ready
    backend.fault(StreamCut(), event="thread.run.in_progress")
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.runs.create("thread_none", assistant_id=ASSISTANT, stream=True)
    assert names(streamed(client, thread_id)) == ["thread.run.created", "thread.run.queued"]


def test_bad_json_of_a_plain_answer(ready):
    """Half of the JSON: the SDK hands on the decoder's error, a ValueError."""
    backend, client, thread_id = ready
    backend.fault(BadJSON(), on="threads.retrieve")
    with pytest.raises(ValueError, match=r"line|char|column"):
        client.beta.threads.retrieve(thread_id)


def test_the_table_in_the_docs_is_what_happens():
    """docs/faults.md says of every fault how it surfaces on this generation of openai, sync and async."""
    table = fault_table.table()
    assert table["fault"] == fault_table.labels(), "run python -m tests.faulting.fault_table"
    assert table[fault_table.HERE] == fault_table.column(), "run python -m tests.faulting.fault_table"


@pytest.mark.parametrize("kind", SYNC)
def test_faults_surface_alike_in_every_kind_of_sync_client(kind, a_key):
    """Azure, proxies, transports and HTTP clients of the user's own: each fault surfaces as the table says."""
    assert fault_table.sync_outcomes(SYNC[kind]()) == fault_table.table()[fault_table.HERE]


@pytest.mark.parametrize("kind", ASYNC)
async def test_faults_surface_alike_in_every_kind_of_async_client(kind, a_key):
    """The same for async clients, `openai[aiohttp]` among them."""
    assert await fault_table.async_outcomes(ASYNC[kind]()) == fault_table.table()[fault_table.HERE]
