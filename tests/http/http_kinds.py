"""Every kind of HTTP client an app may talk with: each says the same, in its own way.

A kind takes the base URL of a service (`https://api.openai.com`, or a server on loopback) and gives a `Talk`.
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import openai
import requests
import urllib3
from azure.ai.agents import AgentsClient
from azure.ai.agents.aio import AgentsClient as AsyncAgentsClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.policies import AzureKeyCredentialPolicy
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI

from tests.client_kinds import SDK_LIB, OwnAsyncTransport, OwnTransport

SERVICE = "https://api.openai.com"
KEY = "key-of-the-test"
HEADERS = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "assistants=v2"}
QUESTION = "Count, please."


@dataclass(frozen=True)
class Kind:
    """A kind of client.

    Attributes:
        talk: makes an assistant and a thread with a question, streams a run; gives the names of its events, one by one.
        refused, reset, timed_out: what is raised when the connection is refused, breaks, or takes too long.
    """

    talk: Callable[[str], Iterable[str]]
    refused: tuple[type[BaseException], ...]
    reset: tuple[type[BaseException], ...]
    timed_out: tuple[type[BaseException], ...]


# -- plain HTTP -------------------------------------------------------------------

Post = Callable[[str, Any], Any]
Lines = Callable[[str, Any], Iterable[bytes]]


def talk_over(base: str, post: Post, lines: Lines) -> Iterator[str]:
    """The talk, with a function that posts JSON and one that gives the lines of a stream."""
    assistant = post(f"{base}/v1/assistants", {"model": "gpt-4o"})
    thread = post(f"{base}/v1/threads", {"messages": [{"role": "user", "content": QUESTION}]})
    run = {"assistant_id": assistant["id"], "stream": True}
    for line in lines(f"{base}/v1/threads/{thread['id']}/runs", run):
        name, _, value = line.strip().partition(b": ")
        if name == b"event":
            yield value.decode()


def checked(status: int, body: bytes) -> Any:
    if status != 200:
        raise RuntimeError(f"{status}: {body.decode()}")
    return json.loads(body)


def with_requests(base: str) -> Iterator[str]:
    def post(url: str, sent: Any) -> Any:
        answer = session.post(url, json=sent, headers=HEADERS)
        return checked(answer.status_code, answer.content)

    def lines(url: str, sent: Any) -> Iterator[bytes]:
        return iter(session.post(url, json=sent, headers=HEADERS).content.splitlines())

    with requests.Session() as session:
        yield from talk_over(base, post, lines)


def with_requests_streamed(base: str) -> Iterator[str]:
    def post(url: str, sent: Any) -> Any:
        answer = requests.post(url, data=json.dumps(sent), headers=HEADERS)
        return checked(answer.status_code, answer.content)

    def lines(url: str, sent: Any) -> Iterator[bytes]:
        with requests.post(url, json=sent, headers=HEADERS, stream=True) as answer:
            yield from answer.iter_lines()

    yield from talk_over(base, post, lines)


def with_urllib3(base: str) -> Iterator[str]:
    def post(url: str, sent: Any) -> Any:
        answer = pools.request("POST", url, body=json.dumps(sent), headers=HEADERS, retries=False)
        return checked(answer.status, answer.data)

    def lines(url: str, sent: Any) -> Iterator[bytes]:
        answer = pools.request("POST", url, body=json.dumps(sent), headers=HEADERS, retries=False, preload_content=False)
        left = b""
        for piece in answer.stream():
            *whole, left = (left + piece).split(b"\n")
            yield from whole
        answer.release_conn()

    with urllib3.PoolManager() as pools:
        yield from talk_over(base, post, lines)


def with_urllib(base: str) -> Iterator[str]:
    def opened(url: str, sent: Any) -> Any:
        headers = {**HEADERS, "Content-Type": "application/json"}
        request = urllib.request.Request(url, data=json.dumps(sent).encode(), headers=headers)
        try:
            return urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            with error:
                checked(error.status, error.read())

    def post(url: str, sent: Any) -> Any:
        with opened(url, sent) as answer:
            return json.load(answer)

    def lines(url: str, sent: Any) -> Iterator[bytes]:
        with opened(url, sent) as answer:
            yield from answer

    yield from talk_over(base, post, lines)


def from_async(talk: Callable[[str], AsyncIterator[str]]) -> Callable[[str], Iterator[str]]:
    """A talk on an event loop, for a test without one; one event a time."""

    def run(base: str) -> Iterator[str]:
        with asyncio.Runner() as runner:
            events = talk(base)
            try:
                while (name := runner.run(next_or_none(events))) is not None:
                    yield name
            finally:
                runner.run(events.aclose())  # type: ignore[attr-defined]

    return run


async def next_or_none(events: AsyncIterator[str]) -> str | None:
    return await anext(events, None)


@from_async
async def with_aiohttp(base: str) -> AsyncIterator[str]:
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def post(path: str, sent: Any) -> Any:
            async with session.post(base + path, json=sent) as answer:
                return checked(answer.status, await answer.read())

        assistant = await post("/v1/assistants", {"model": "gpt-4o"})
        thread = await post("/v1/threads", {"messages": [{"role": "user", "content": QUESTION}]})
        run = {"assistant_id": assistant["id"], "stream": True}
        async with session.post(f"{base}/v1/threads/{thread['id']}/runs", json=run) as answer:
            async for line in answer.content:
                name, _, value = line.strip().partition(b": ")
                if name == b"event":
                    yield value.decode()


# -- Microsoft's client -----------------------------------------------------------


def agents_settings(base: str) -> Any:
    endpoint = "https://my-project.services.ai.azure.com" if base == SERVICE else base
    credential = AzureKeyCredential(KEY)
    policy = AzureKeyCredentialPolicy(credential, "api-key")
    return {
        "endpoint": f"{endpoint}/api/projects/p",
        "credential": credential,
        "authentication_policy": policy,
        "retry_total": 0,
    }


def with_agents(base: str) -> Iterator[str]:
    with AgentsClient(**agents_settings(base)) as client:
        agent = client.create_agent(model="gpt-4o")
        thread = client.threads.create()
        client.messages.create(thread.id, role="user", content=QUESTION)
        with client.runs.stream(thread_id=thread.id, agent_id=agent.id) as stream:
            for name, *_ in stream:
                yield str(name)


@from_async
async def with_async_agents(base: str) -> AsyncIterator[str]:
    async with AsyncAgentsClient(**agents_settings(base)) as client:
        agent = await client.create_agent(model="gpt-4o")
        thread = await client.threads.create()
        await client.messages.create(thread.id, role="user", content=QUESTION)
        async with await client.runs.stream(thread_id=thread.id, agent_id=agent.id) as stream:
            async for name, *_ in stream:
                yield str(name)


# -- OpenAI's clients -------------------------------------------------------------


def sdk(build: Callable[[str], OpenAI]) -> Callable[[str], Iterator[str]]:
    def talk(base: str) -> Iterator[str]:
        with build(base) as client:
            beta = client.beta
            assistant = beta.assistants.create(model="gpt-4o")
            thread = beta.threads.create(messages=[{"role": "user", "content": QUESTION}])
            with beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True) as stream:
                for event in stream:
                    yield event.event
                yield "done"  # the SDK keeps it for itself

    return talk


def async_sdk(build: Callable[[str], AsyncOpenAI]) -> Callable[[str], Iterator[str]]:
    @from_async
    async def talk(base: str) -> AsyncIterator[str]:
        async with build(base) as client:
            beta = client.beta
            assistant = await beta.assistants.create(model="gpt-4o")
            thread = await beta.threads.create(messages=[{"role": "user", "content": QUESTION}])
            stream = await beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
            async with stream:
                async for event in stream:
                    yield event.event
                yield "done"

    return talk


def settings(base: str) -> dict[str, Any]:
    return {"base_url": f"{base}/v1", "api_key": KEY, "max_retries": 0}


def elsewhere(base: str) -> str:
    return "https://llm.corp.example/proxy" if base == SERVICE else base


def azure(base: str) -> dict[str, Any]:
    endpoint = "https://my-resource.openai.azure.com" if base == SERVICE else base
    return {"azure_endpoint": endpoint, "api_version": "2024-05-01-preview", "api_key": KEY, "max_retries": 0}


def proxy(base: str) -> str:
    """The server on loopback takes whole URLs, too, so it is its own proxy."""
    return "http://127.0.0.1:9" if base == SERVICE else base


TIMED_OUT = (openai.APITimeoutError,)
BROKEN = (openai.APIConnectionError,)


def openai_kind(talk: Callable[[str], Iterator[str]]) -> Kind:
    return Kind(talk, BROKEN, BROKEN, TIMED_OUT)


CLIENT = SDK_LIB.Client
ASYNC_CLIENT = SDK_LIB.AsyncClient
KINDS: dict[str, Kind] = {
    "plain": openai_kind(sdk(lambda base: OpenAI(**settings(base)))),
    "azure": openai_kind(sdk(lambda base: AzureOpenAI(**azure(base)))),
    "own base_url": openai_kind(sdk(lambda base: OpenAI(**settings(elsewhere(base))))),
    "own transport": openai_kind(sdk(lambda base: OpenAI(http_client=CLIENT(transport=OwnTransport()), **settings(base)))),
    "proxy": openai_kind(sdk(lambda base: OpenAI(http_client=CLIENT(proxy=proxy(base)), **settings(base)))),
    "mounts": openai_kind(sdk(lambda base: OpenAI(http_client=CLIENT(mounts={"all://": OwnTransport()}), **settings(base)))),
    "SDK's default client": openai_kind(sdk(lambda base: OpenAI(http_client=openai.DefaultHttpxClient(), **settings(base)))),
    "httpx client": openai_kind(sdk(lambda base: OpenAI(http_client=httpx.Client(), **settings(base)))),
    "copy": openai_kind(sdk(lambda base: OpenAI(**settings(base)).with_options(timeout=3))),
    "async": openai_kind(async_sdk(lambda base: AsyncOpenAI(**settings(base)))),
    "async azure": openai_kind(async_sdk(lambda base: AsyncAzureOpenAI(**azure(base)))),
    "async own transport": openai_kind(
        async_sdk(lambda base: AsyncOpenAI(http_client=ASYNC_CLIENT(transport=OwnAsyncTransport()), **settings(base)))
    ),
    "async proxy": openai_kind(
        async_sdk(lambda base: AsyncOpenAI(http_client=ASYNC_CLIENT(proxy=proxy(base)), **settings(base)))
    ),
    "async httpx client": openai_kind(
        async_sdk(lambda base: AsyncOpenAI(http_client=httpx.AsyncClient(), **settings(base)))
    ),
    "openai[aiohttp]": openai_kind(
        async_sdk(lambda base: AsyncOpenAI(http_client=openai.DefaultAioHttpClient(), **settings(base)))
    ),
    "requests": Kind(
        with_requests,
        refused=(requests.exceptions.ConnectionError,),
        reset=(requests.exceptions.ConnectionError,),
        timed_out=(requests.exceptions.ReadTimeout,),
    ),
    "requests streamed": Kind(
        with_requests_streamed,
        refused=(requests.exceptions.ConnectionError,),
        reset=(requests.exceptions.ConnectionError,),
        timed_out=(requests.exceptions.ReadTimeout,),
    ),
    "urllib3": Kind(
        with_urllib3,
        refused=(urllib3.exceptions.NewConnectionError,),
        reset=(urllib3.exceptions.ProtocolError,),
        timed_out=(urllib3.exceptions.ReadTimeoutError,),
    ),
    "urllib.request": Kind(
        with_urllib,
        refused=(urllib.error.URLError,),
        reset=(ConnectionResetError,),
        timed_out=(TimeoutError,),
    ),
    "aiohttp": Kind(
        with_aiohttp,
        refused=(aiohttp.ClientConnectorError,),
        reset=(aiohttp.ClientOSError,),
        timed_out=(aiohttp.ServerTimeoutError,),
    ),
    "azure-ai-agents": Kind(
        with_agents,
        refused=(ServiceRequestError,),
        reset=(ServiceResponseError,),
        timed_out=(ServiceResponseError,),
    ),
    "azure-ai-agents aio": Kind(
        with_async_agents,
        refused=(ServiceRequestError,),
        reset=(ServiceRequestError,),  # what azure-core makes of aiohttp's ClientOSError
        timed_out=(ServiceResponseError,),
    ),
}
