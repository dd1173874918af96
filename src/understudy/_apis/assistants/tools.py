"""The engine's tools of a run, made from the API's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy._apis.assistants.objects import Assistant, Thread
from understudy._engine.engine import Engine
from understudy._engine.moves.base import Tool

Json = dict[str, Any]


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


def store_ids_of(engine: Engine, assistant: Assistant, thread: Thread) -> list[str]:
    """Return the ids of the vector stores of a run, the assistant's first.

    Without deleted ones.
    """
    named = [*_ids_in(assistant.tool_resources), *_ids_in(thread.tool_resources)]
    return [store_id for store_id in dict.fromkeys(named) if engine.stores.listing.get(store_id) is not None]


def _ids_in(tool_resources: Json) -> list[str]:
    return list((tool_resources.get("file_search") or {}).get("vector_store_ids", ()))
