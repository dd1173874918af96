"""The settings of assistants and runs: how they are stored, which exclude others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from understudy._apis.assistants.objects import Assistant, RunSettings
from understudy._apis.common.bounds import Bound
from understudy._apis.common.operation_call import Call
from understudy._apis.dialect import is_azure
from understudy._engine.api_error import ApiError
from understudy._engine.models import is_reasoning
from understudy._engine.moves.base import Tool

Json = dict[str, Any]
_TRUNCATION = {"type": "auto", "last_messages": None}

# Settings that reasoning models do not accept, with the defaults of every other model. [REC for the values]
SAMPLING: dict[str, float] = {"temperature": 1.0, "top_p": 1.0}


def normal_settings(body: Json) -> Json:
    """Return the fields sent for an assistant or a run, in their stored form.

    Without `tool_resources`.
    """
    fields: Json = {}
    for name, value in body.items():
        if name == "tools":
            fields[name] = [normal_tool(tool) for tool in value]
        elif name == "metadata":
            fields[name] = dict(value)
        elif name in SAMPLING:
            fields[name] = float(value)
        elif name != "tool_resources":
            fields[name] = value
    return fields


def normal_tool(tool: Json) -> Json:
    """Return a tool as the service echoes it [REC]."""
    if tool["type"] == "function":
        function = tool["function"]
        echoed: Json = {"name": function["name"]}
        if function.get("description") is not None:
            echoed["description"] = function["description"]
        echoed["parameters"] = function.get("parameters") or {"type": "object", "properties": {}}
        echoed["strict"] = bool(function.get("strict"))
        return {"type": "function", "function": echoed}
    if tool["type"] == "file_search":
        given = tool.get("file_search") or {}
        ranking = given.get("ranking_options") or {}
        search: Json = {"max_num_results": given["max_num_results"]} if "max_num_results" in given else {}
        ranker = ranking.get("ranker", "auto")
        search["ranking_options"] = {
            "ranker": "default_2024_08_21" if ranker == "auto" else ranker,
            "score_threshold": float(ranking.get("score_threshold", 0.0)),
            "hybrid_search": ranking.get("hybrid_search"),
        }
        return {"type": "file_search", "file_search": search}
    return {"type": tool["type"]}


def run_settings(assistant: Assistant, body: Json) -> RunSettings:
    """Return the settings of a run: what was sent, else the assistant's [REC].

    `additional_instructions` are appended after a blank line; the separator of the service is not known. [INF]
    """
    given = normal_settings(body)
    instructions = given.get("instructions", assistant.instructions)
    if given.get("additional_instructions"):
        instructions = "\n\n".join(filter(None, [instructions, given["additional_instructions"]]))
    chosen = given.get
    model = chosen("model", assistant.model)
    sampling = sampling_for(model, {name: getattr(assistant, name) for name in SAMPLING})
    return RunSettings(
        model=model,
        instructions=instructions,
        tools=chosen("tools", assistant.tools),
        temperature=chosen("temperature", sampling["temperature"]),
        top_p=chosen("top_p", sampling["top_p"]),
        reasoning_effort=chosen("reasoning_effort", assistant.reasoning_effort),
        max_completion_tokens=chosen("max_completion_tokens", None),
        max_prompt_tokens=chosen("max_prompt_tokens", None),
        truncation_strategy=_TRUNCATION | chosen("truncation_strategy", {}),
        response_format=chosen("response_format", assistant.response_format),
        tool_choice=chosen("tool_choice", "auto"),
        parallel_tool_calls=chosen("parallel_tool_calls", True),
    )


def tools_of(tools: Sequence[Json], store_ids: Sequence[str]) -> tuple[Tool, ...]:
    """Return the tools of a run, given in their stored form, as values.

    `store_ids`: the vector stores that its file search uses.
    """
    return tuple([_tool(tool, store_ids) for tool in tools])


def _tool(tool: Json, store_ids: Sequence[str]) -> Tool:
    kind = tool["type"]
    if kind == "function":
        function = tool["function"]
        return Tool(kind=kind, name=function["name"], parameters=function.get("parameters"))
    if kind == "file_search":
        return Tool(kind=kind, options=_search_options(tool.get(kind) or {}), store_ids=tuple(store_ids))
    return Tool(kind=kind)


def _search_options(given: Json) -> Json:
    ranking = given.get("ranking_options") or {}
    options = {name: ranking[name] for name in ("ranker", "score_threshold") if name in ranking}
    if "max_num_results" in given:
        options["most"] = given["max_num_results"]
    return options


# -- what a model does not accept ----------------------------------------------------

_FAMILIES = (
    "o4",
)  # reasoning models that the Assistants API never accepted, but that may be the name of an Azure deployment


def check_settings(
    call: Call,
    *,
    model: str,
    tools: list[dict[str, Any]],
    response_format: Any,
    stored: Mapping[str, float | None] | None = None,
) -> None:
    """Refuse settings that exclude each other.

    Args:
        call: the request; its body has the settings sent.
        model, tools, response_format: the values in effect: the body's, else the assistant's.
        stored: the sampling settings of the assistant; None before there is one.

    Raises:
        ApiError: the first pair that cannot be combined.
    """
    body, wanted = call.body, call.body.get("model")
    if wanted is not None and not is_azure(call.request) and not call.engine.models.takes_assistants(wanted):
        raise ApiError("model.unsupported", id=wanted)
    if reasons(model):
        _check_sampling(body, stored or {})
    elif body.get("reasoning_effort", "none") != "none" and not is_azure(call.request):
        raise ApiError("effort.unsupported", value=body["reasoning_effort"])
    if _is_json_schema(response_format) and any(tool["type"] != "function" for tool in tools):
        raise ApiError("tools.json_schema")


@lru_cache(maxsize=256)
def reasons(model: str) -> bool:
    """Return whether a model reasons, and so accepts no sampling settings [REP]."""
    return is_reasoning(model) or model.removeprefix("ft:").startswith(_FAMILIES)


def _check_sampling(body: dict[str, Any], stored: Mapping[str, float | None]) -> None:
    """Refuse sampling settings for a reasoning model.

    Also those stored in an assistant of another model, with `model` as the parameter.
    [REP: openai-python#2072, #2108, openai-node#1318]
    """
    for name in SAMPLING:
        if name in body:
            raise ApiError("model.parameter", path=name, param=name)
    for name in SAMPLING:
        if stored.get(name) is not None:
            raise ApiError("model.parameter", path=name, param="model")


def sampling_for(model: str, stored: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return the sampling settings of an assistant if none are sent.

    None for a reasoning model [INF], else those stored, else the defaults.
    """
    if reasons(model):
        return dict.fromkeys(SAMPLING, None)
    return {name: default if stored.get(name) is None else stored[name] for name, default in SAMPLING.items()}


def _is_json_schema(response_format: Any) -> bool:
    return isinstance(response_format, dict) and response_format.get("type") == "json_schema"


# The rules between a model and the other settings, for the table of limits; `check_settings` enforces them.
SETTINGS_RULES: dict[str, Bound] = {
    "model": Bound(
        "rule", "one that the Assistants API supports (not checked for Azure's deployments)", "model.unsupported", "REP"
    ),
    "temperature": Bound("rule", "neither sent nor stored with a reasoning model", "model.parameter", "REP"),
    "top_p": Bound("rule", "neither sent nor stored with a reasoning model", "model.parameter", "INF"),
    "reasoning_effort": Bound("rule", "`none`, or left out, where the model does not reason", "effort.unsupported", "REP"),
    "response_format": Bound("rule", "`json_schema` only if every tool is a function", "tools.json_schema", "REP"),
}
