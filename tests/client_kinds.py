"""Every kind of client an app may build: what the interception is asked with, and what faults must surface in."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import httpx
import openai
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI, _base_client

SDK_LIB: Any = getattr(_base_client, "httpx2", None) or httpx
AZURE = {"azure_endpoint": "https://my-resource.openai.azure.com", "api_version": "2024-05-01-preview"}


class OwnTransport(SDK_LIB.BaseTransport):  # type: ignore[misc]
    """A user's own: would reach the network."""

    def __init__(self) -> None:
        self.inner = SDK_LIB.HTTPTransport()

    def handle_request(self, request: Any) -> Any:
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()


class OwnAsyncTransport(SDK_LIB.AsyncBaseTransport):  # type: ignore[misc]
    def __init__(self) -> None:
        self.inner = SDK_LIB.AsyncHTTPTransport()

    async def handle_async_request(self, request: Any) -> Any:
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


PROXY = "http://127.0.0.1:9"
SYNC: dict[str, Callable[[], OpenAI]] = {
    "plain": OpenAI,
    "azure": lambda: AzureOpenAI(**AZURE),
    "own base_url": lambda: OpenAI(base_url="https://llm.corp.example/proxy/v1"),
    "own transport": lambda: OpenAI(http_client=SDK_LIB.Client(transport=OwnTransport())),
    "proxy": lambda: OpenAI(http_client=SDK_LIB.Client(proxy=PROXY)),
    "mounts": lambda: OpenAI(http_client=SDK_LIB.Client(mounts={"https://": OwnTransport()})),
    "SDK's default client": lambda: OpenAI(http_client=openai.DefaultHttpxClient()),
    "httpx client": lambda: OpenAI(http_client=httpx.Client()),  # type: ignore[arg-type]  # legacy on openai 3.x
    "copy": lambda: OpenAI(api_key="a").with_options(timeout=3),
}
ASYNC: dict[str, Callable[[], AsyncOpenAI]] = {
    "plain": AsyncOpenAI,
    "azure": lambda: AsyncAzureOpenAI(**AZURE),
    "own transport": lambda: AsyncOpenAI(http_client=SDK_LIB.AsyncClient(transport=OwnAsyncTransport())),
    "proxy": lambda: AsyncOpenAI(http_client=SDK_LIB.AsyncClient(proxy=PROXY)),
    "httpx client": lambda: AsyncOpenAI(http_client=httpx.AsyncClient()),  # type: ignore[arg-type]
}
if importlib.util.find_spec("aiohttp") and importlib.util.find_spec("httpx_aiohttp" if SDK_LIB is httpx else "httpx2"):
    ASYNC["openai[aiohttp]"] = lambda: AsyncOpenAI(http_client=openai.DefaultAioHttpClient())
