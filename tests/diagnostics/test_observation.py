"""What a test can see afterwards: a run's timeline, and how the app behaved."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

import openai
import pytest

import understudy as us
from tests.engine.app import ASSISTANT, assistant, outputs_for, poll_to_end, run_to_end, thread
from understudy import CodeInterpreter, Fail, FunctionCall, Hang, Incomplete, RateLimited, Reply, ServerError


@pytest.fixture
def ready(understudy):
    """A backend, a client that does not retry, and a thread with a message."""
    assistant(understudy)
    client = understudy.client(max_retries=0)
    return understudy, client, thread(client)


def test_a_timeline_reads_from_top_to_bottom(ready):
    """Every status, step and message of a run, with its second and what it was about; deltas as one line."""
    backend, client, thread_id = ready
    backend.next_run(FunctionCall("get_weather", {"city": "Paris"}), CodeInterpreter("1+1", logs="2"), Reply("It is sunny."))
    run = run_to_end(client, thread_id)
    lines = [line.split() for line in str(backend.timeline(run.id)).splitlines()]
    assert " ".join(lines[0]) == f"{run.id}: completed after 15 s"
    text = [" ".join(line[2:]) for line in lines[1:]]
    assert text[:3] == ["created", "queued", "in_progress"]
    assert 'requires_action get_weather({"city":"Paris"})' in text
    assert 'step completed get_weather({"city":"Paris"}) -> \'get_weather says so\'' in text
    assert "step completed code_interpreter '1+1'" in text
    assert "msg completed 'It is sunny.'" in text
    assert sum("delta" in line for line in text) == 3
    assert text[-1] == "completed"


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ((Fail("invalid_prompt", "No."),), "failed  invalid_prompt: No."),
        ((Reply("cut"), Incomplete()), "msg incomplete  max_tokens: 'cut'"),
        ((Reply("x" * 100),), "…"),
    ],
    ids=str,
)
def test_a_timeline_says_why(ready, moves, said):
    """Errors, reasons and long texts are shown, the latter shortened."""
    backend, client, thread_id = ready
    backend.next_run(*moves)
    assert said in str(backend.timeline(run_to_end(client, thread_id).id))


def test_a_timeline_is_a_picture_too(ready, tmp_path):
    """The SVG is well-formed, escapes what it shows, and names every status in words."""
    backend, client, thread_id = ready
    backend.next_run(FunctionCall("get_weather", {"<&>": '"'}), Reply("<b>&"))
    timeline = backend.timeline(run_to_end(client, thread_id).id)
    timeline.write(tmp_path / "run.svg")
    root = ElementTree.parse(tmp_path / "run.svg").getroot()
    words = " ".join(root.itertext())
    for status in ("queued", "in_progress", "requires_action", "completed"):
        assert status in words
    assert timeline._repr_html_() == timeline.svg() == (tmp_path / "run.svg").read_text(encoding="utf-8")


def test_a_timeline_of_an_unknown_run_names_the_nearest(ready):
    """A wrong id raises a KeyError with the ids that are like it."""
    backend, client, thread_id = ready
    run = run_to_end(client, thread_id)
    with pytest.raises(KeyError, match=run.id):
        backend.timeline(run.id[:-1] + "x")


# -- client misuse --------------------------------------------------------------


def kinds(backend):
    return [finding.kind for finding in backend.client_misuse()]


def test_an_app_that_behaves_is_not_blamed(ready):
    """Polling, streaming, submitting and retrying as one should leaves nothing to find."""
    backend, _, thread_id = ready
    client = backend.client()
    backend.next_run(FunctionCall("get_weather"), Reply("x"))
    backend.fault(RateLimited(retry_after=20), on="runs.retrieve")
    run_to_end(client, thread_id)
    with client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True) as stream:
        list(stream)
    assert kinds(backend) == []
    assert str(backend.client_misuse()) == "no misuse"
    backend.client_misuse().check()


def test_the_old_name_of_client_misuse_warns(ready):
    """`conduct()` still answers, as `client_misuse()` does, and its deprecation warning names that."""
    backend, _, _ = ready
    with pytest.warns(DeprecationWarning, match=r"call client_misuse\(\)") as warned:
        found = backend.conduct()
    assert found == backend.client_misuse()
    assert warned[0].filename == __file__


def test_outputs_after_the_end(ready):
    """Outputs submitted for a run that has expired meanwhile are found."""
    backend, client, thread_id = ready
    backend.next_run(FunctionCall("get_weather"))
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=ASSISTANT)
    backend.clock.advance(700)
    with pytest.raises(openai.BadRequestError):
        client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=outputs_for(run))
    assert kinds(backend) == ["late_outputs"]
    with pytest.raises(AssertionError, match=f"late_outputs: outputs for {run.id} were refused"):
        backend.client_misuse().check()
    backend.client_misuse().check(allow=["late_outputs"])


def test_a_message_sent_twice_after_a_lost_answer(ready):
    """The SDK's own retry of a lost answer makes a second message: the app is told how to avoid it."""
    backend, _, thread_id = ready
    backend.fault(ServerError(), on="messages.create", phase="after")
    backend.client().beta.threads.messages.create(thread_id, role="user", content="Again?")
    (finding,) = backend.client_misuse()
    assert finding.kind == "duplicate"
    assert "the message now exists twice" in finding.text


def test_a_lost_answer_alone_makes_no_duplicate(ready):
    """What an app sends after a lost answer is blamed only if it is the same message or run once more."""
    backend, client, thread_id = ready
    backend.fault(ServerError(), on="messages.create", phase="after")
    backend.fault(ServerError(), on="threads.update", phase="after")
    with pytest.raises(openai.InternalServerError):
        client.beta.threads.messages.create(thread_id, role="user", content="First?")
    client.beta.threads.messages.create(thread_id, role="user", content="Second?")
    backend.client().beta.threads.update(thread_id, metadata={"sent": "twice"})
    assert kinds(backend) == []


def test_the_same_message_twice_on_purpose_is_no_duplicate(ready):
    """Without a lost answer, two equal messages are the app's business."""
    backend, client, thread_id = ready
    for _ in range(2):
        client.beta.threads.messages.create(thread_id, role="user", content="Again!")
    assert kinds(backend) == []


def test_retry_after_not_obeyed(ready):
    """A request right after a 429 that asked to wait is found; one that waited is not."""
    backend, client, thread_id = ready
    backend.fault(RateLimited(retry_after=20), on="threads.retrieve", times=2)
    for seconds in (0, 20):
        with pytest.raises(openai.RateLimitError):
            client.beta.threads.retrieve(thread_id)
        backend.clock.advance(seconds)
        if seconds == 0:
            assert len(kinds(backend)) == 0  # nothing has come yet
    client.beta.threads.retrieve(thread_id)
    (finding,) = backend.client_misuse()
    assert finding.kind == "impatient"
    assert "retry-after: 20" in finding.text


def test_an_abandoned_stream_and_an_active_run(ready):
    """A stream left in the middle is found, and the run that goes on behind it."""
    backend, client, thread_id = ready
    backend.next_run(Hang())
    with client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True) as stream:
        next(iter(stream))
    assert kinds(backend) == ["abandoned_stream", "active_run"]
    client.beta.threads.runs.cancel(backend.runs[-1].id, thread_id=thread_id)
    poll_to_end(client, client.beta.threads.runs.list(thread_id).data[0])
    assert kinds(backend) == ["abandoned_stream"]


def test_an_async_stream_read_to_its_end_is_not_abandoned():
    """Neither client reads on after `[DONE]`; that is the end all the same."""
    backend = us.Backend()
    assistant(backend)

    async def ask():
        client = backend.async_client()
        thread = await client.beta.threads.create(messages=[{"role": "user", "content": "x"}])
        stream = await client.beta.threads.runs.create(thread.id, assistant_id=ASSISTANT, stream=True)
        return [event.event async for event in stream]

    assert asyncio.run(ask())[-1] == "thread.run.completed"
    assert kinds(backend) == []


def test_requests_keep_their_order_and_their_faults_do_not_hide(ready):
    """Every request is there, oldest first, those that met a fault included."""
    backend, client, thread_id = ready
    backend.fault(ServerError(), on="threads.retrieve")
    with pytest.raises(openai.InternalServerError):
        client.beta.threads.retrieve(thread_id)
    assert [(sent.method, sent.path) for sent in backend.requests] == [
        ("POST", "/threads"),
        ("GET", f"/threads/{thread_id}"),
    ]
    assert backend.requests[0].json["messages"][0]["role"] == "user"


def test_requests_are_seen_whatever_their_body(ready):
    """An upload, which is no JSON, is seen without one; its bytes are there."""
    backend, client, _ = ready
    client.files.create(file=("a.pkl", b"\x00\xff"), purpose="assistants")
    assert backend.requests[-1].json is None
    assert b"\x00\xff" in backend.requests[-1].body


def test_request_ids_can_be_given(ready):
    """`next_ids` names the id of the next answer, too; those after it are drawn again, each another."""
    backend, client, thread_id = ready
    backend.next_ids("req_mine")
    ask = client.beta.threads.with_raw_response.retrieve
    ids = [ask(thread_id).headers["x-request-id"] for _ in range(3)]
    assert ids[0] == "req_mine"
    assert len(set(ids)) == 3
    assert all(id_.startswith("req_") for id_ in ids)
