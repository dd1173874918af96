import pytest
from openai import AsyncOpenAI

from support_bot import TOOLS, Shop, SupportBot
from understudy import Backend


@pytest.fixture
def shop() -> Shop:
    return Shop({"A-17": {"item": "a teapot", "price": 30, "arrived": True}, "B-4": {"item": "a cup", "price": 5}})


@pytest.fixture
def said() -> list[str]:
    """The pieces of what the bot said."""
    return []


@pytest.fixture
def bot(understudy: Backend, shop: Shop, said: list[str]) -> SupportBot:
    assistant = understudy.add_assistant(name="Support", tools=TOOLS)
    return SupportBot(AsyncOpenAI(), shop, assistant.id, said.append)
