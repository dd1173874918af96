"""What is not simulated is refused at once, in words, on every SDK generation: never a connection error, never let out."""

from __future__ import annotations

import contextlib

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import understudy as us
from understudy.errors import InternalError


@pytest.fixture
def backend() -> us.Backend:
    return us.Backend()


def test_the_nearest_routes_are_named() -> None:
    """The app gets a 501 at the first attempt that names the nearest routes; the block fails with the same words."""
    with pytest.raises(us.UnderstudyError, match="GET /assistants/asst_1/files is not simulated"):
        with us.simulate() as backend:
            with pytest.raises(openai.InternalServerError, match=r"Nearest: GET /assistants") as caught:
                OpenAI().get("/assistants/asst_1/files", cast_to=object)
            assert caught.value.status_code == 501
            assert len(backend.requests) == 1


async def test_async_as_well() -> None:
    """The async client gets the same, at the first attempt."""
    with pytest.raises(us.UnderstudyError, match=r"POST /embeddings is not simulated"):
        with us.simulate() as backend:
            with pytest.raises(openai.InternalServerError, match=r"understudy\.pass_through"):
                await AsyncOpenAI().embeddings.create(model="m", input="x")
            assert len(backend.requests) == 1


def test_swallowing_does_not_help() -> None:
    """An app that swallows every error still fails the block."""
    with pytest.raises(us.UnderstudyError, match="is not simulated"):
        with us.simulate():
            with contextlib.suppress(openai.OpenAIError):
                OpenAI().images.generate(prompt="x")


def test_an_exception_of_the_block_goes_first() -> None:
    """What the test itself raised is not hidden behind what understudy found."""
    with pytest.raises(ZeroDivisionError):
        with us.simulate() as backend:
            backend.next_run(us.Reply("never taken"))
            1 / 0  # noqa: B018


def test_respx_routes_answer_what_is_not_simulated() -> None:
    """A respx route on `backend.respx` answers an SDK call, on whatever HTTP library the SDK speaks."""
    with us.simulate() as backend:
        route = backend.respx.post(path="/v1/embeddings").respond(
            json={"object": "list", "data": [], "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )
        assert OpenAI().embeddings.create(model="m", input="x", encoding_format="float").data == []
        assert route.call_count == 1


def test_what_no_respx_route_matches_is_refused_as_ever() -> None:
    """Several routes stand side by side; a request that none of them is for is not simulated."""
    with us.simulate() as backend:
        backend.respx.post(path="/v1/embeddings").respond(json={"made": 1})
        backend.respx.post(path="/v1/moderations").respond(json={"made": 2})
        client = OpenAI()
        assert [client.post(path, cast_to=object) for path in ("/embeddings", "/moderations")] == [{"made": 1}, {"made": 2}]
        with pytest.raises(openai.InternalServerError, match="POST /audio/speech is not simulated"):
            client.post("/audio/speech", cast_to=object)
        assert len(backend.close()) == 1


def test_a_respx_route_may_let_out() -> None:
    """A route that passes through lets its requests go where they were going, as respx has it."""
    with us.simulate() as backend:
        backend.respx.post(path="/v1/embeddings").pass_through()
        client = OpenAI(base_url="http://127.0.0.1:9/v1", max_retries=0)
        with pytest.raises(openai.APIConnectionError) as caught:
            client.embeddings.create(model="m", input="x")
    assert "refused" in str(caught.value.__cause__)


def test_a_defect_of_ours_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What we do wrong reaches the app as ours at the first attempt, plain and streamed, and is kept with its cause."""
    from understudy._apis.assistants import render

    def broken(*_: object, **__: object) -> object:
        raise ZeroDivisionError("oh")

    with us.simulate() as backend:
        made, thread = backend.add_assistant(instructions="x"), backend.add_thread()
        client = OpenAI()
        monkeypatch.setattr(render, "thread", broken)
        monkeypatch.setattr(render, "run", broken)
        with pytest.raises(openai.InternalServerError, match=r"ZeroDivisionError\('oh'\). This is a defect of understudy"):
            client.beta.threads.retrieve(thread.id)
        with pytest.raises(openai.APIError, match=r"failed at the stream of /threads/.* please report it"):
            list(client.beta.threads.runs.create(thread.id, assistant_id=made.id, stream=True))
        assert len(backend.requests) == 2
        problems = backend.close()
    assert [(type(one), type(one.__cause__)) for one in problems] == [(InternalError, ZeroDivisionError)] * 2


def test_pass_through_lets_out() -> None:
    """A path that is passed through goes to the network: here, to a port of loopback that nobody listens on."""
    with us.simulate() as backend:
        backend.pass_through("/embeddings")
        client = OpenAI(base_url="http://127.0.0.1:9/v1", max_retries=0)
        with pytest.raises(openai.APIConnectionError) as caught:
            client.embeddings.create(model="m", input="x")
    assert "refused" in str(caught.value.__cause__)


async def test_pass_through_lets_async_clients_out() -> None:
    """The same for an async client."""
    with us.simulate() as backend:
        backend.pass_through("/embeddings")
        client = AsyncOpenAI(base_url="http://127.0.0.1:9/v1", max_retries=0)
        with pytest.raises(openai.APIConnectionError) as caught:
            await client.embeddings.create(model="m", input="x")
    assert "connect" in str(caught.value.__cause__)


def test_a_client_that_leads_here_only_lets_nothing_out(backend: us.Backend) -> None:
    """A client that is wired to the service has no other way: it is told so at once, and which client has one."""
    backend.pass_through("/embeddings")
    with pytest.raises(openai.InternalServerError, match=r"has no network connection\. Send it with a client that"):
        backend.client().embeddings.create(model="m", input="x")


def test_a_wrong_method_is_the_apps_mistake() -> None:
    """PUT on a known path is answered 405 in an OpenAI envelope, and is no failure of the test."""
    with us.simulate():
        with pytest.raises(openai.APIStatusError) as caught:
            OpenAI(max_retries=0).put("/threads", cast_to=object)
        assert caught.value.status_code == 405
