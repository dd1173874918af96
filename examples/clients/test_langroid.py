"""langroid 0.58, unchanged: its OpenAIAssistant agent, which polls by hand, against the simulator."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("langroid", reason="needs langroid==0.58.0, see README.md")

from langroid.agent.openai_assistant import AssistantTool, OpenAIAssistant, OpenAIAssistantConfig, ToolType
from langroid.agent.tool_message import ToolMessage
from langroid.cachedb.redis_cachedb import RedisCacheConfig
from langroid.language_models.openai_gpt import OpenAIGPTConfig
from langroid.utils.configuration import settings

from understudy import Backend, CodeInterpreter, FunctionCall, Reply

pytestmark = pytest.mark.understudy(time="sleep", other="pass")


class Temperature(ToolMessage):
    """The temperature of a city."""

    request: str = "temperature"
    purpose: str = "To look up the temperature of a <city>"
    city: str

    def handle(self) -> str:
        return f"21 degrees in {self.city}"


@pytest.fixture
def agent_of() -> Any:
    """Make agents whose caches, of replies and of object ids, are empty."""
    settings.cache = False
    llm = OpenAIGPTConfig(chat_model="gpt-4o", cache_config=RedisCacheConfig(fake=True))

    def make(**fields: Any) -> OpenAIAssistant:
        return OpenAIAssistant(OpenAIAssistantConfig(llm=llm, use_cached_assistant=False, use_cached_thread=False, **fields))

    return make


def test_an_answer(understudy: Backend, agent_of: Any) -> None:
    """The agent polls once a second, on the virtual clock, and reads the answer."""
    understudy.next_run(Reply("It is sunny."))
    before = understudy.clock.now()
    assert agent_of().llm_response("How is Lisbon?").content == "It is sunny."
    assert understudy.clock.now() - before >= 1


def test_resources_before_tools(understudy: Backend, agent_of: Any, tmp_path: Any) -> None:
    """The agent gives the assistant its files first and the tool afterwards: both are kept."""
    path = tmp_path / "numbers.txt"
    path.write_text("1 2 3")
    understudy.next_run(CodeInterpreter("print(1 + 2)", logs="3\n"), Reply("It is 3."))
    agent = agent_of(files=[str(path)], tools=[AssistantTool(type=ToolType.CODE_INTERPRETER)])
    assert len(agent.assistant.tool_resources.code_interpreter.file_ids) == 1
    assert "It is 3." in agent.llm_response("The sum?").content


def test_a_tool_loop(understudy: Backend, agent_of: Any) -> None:
    """A call of the script reaches the agent's handler, and what that returns goes back into the run."""
    understudy.next_run(FunctionCall("temperature", {"city": "Lisbon"}), Reply("It is 21 degrees."))
    agent = agent_of(use_functions_api=True, use_tools_api=False, use_tools=False)
    agent.enable_message(Temperature)
    call = agent.llm_response("How warm is Lisbon?")
    result = agent.agent_response(call)
    assert agent.llm_response(result).content == "It is 21 degrees."
    (submitted,) = [request for request in understudy.requests if request.path.endswith("submit_tool_outputs")]
    assert submitted.json["tool_outputs"][0]["output"] == "21 degrees in Lisbon"
