"""The tools of a response: as echoed, and as the engine knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from understudy._engine.moves.base import Tool

Json = dict[str, Any]
_ANYWHERE = {"type": "approximate", "city": None, "country": "US", "region": None, "timezone": None}


def echoed_tool(tool: Json) -> Json:
    """Return a tool as a response echoes it, with defaults [REC].

    Kinds that were not recorded are echoed as sent.
    """
    echo = _ECHOES.get(tool["type"])
    return echo(tool) if echo is not None else dict(tool)


def echoed_tools(tools: Sequence[Json]) -> list[Json]:
    """Return the tools of a request as a response echoes them: functions first [REC]."""
    return [echoed_tool(tool) for tool in sorted(tools, key=lambda tool: tool["type"] != "function")]


def _function(tool: Json) -> Json:
    """Return a function as it is echoed [REC, 129 of 129].

    Without `strict`, it becomes strict, and its schema is changed to match.
    """
    strict = tool.get("strict")
    parameters = tool.get("parameters")
    if parameters == {}:
        parameters = {"type": "object", "properties": {}}  # [REC]
    if strict is None and parameters is not None:
        parameters = strict_schema(parameters)
    shown: Json = {"type": "function"}
    if tool.get("defer_loading"):
        shown["defer_loading"] = True
    return {
        **shown,
        "description": tool.get("description") or None,
        "name": tool["name"],
        "output_schema": tool.get("output_schema"),
        "parameters": parameters,
        "strict": True if strict is None else strict,
    }


def strict_schema(schema: Any) -> Any:
    """Return a schema with all properties required and no others allowed.

    At all levels [REC for the outermost].
    """
    if isinstance(schema, list):
        return [strict_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: _strict_inside(key, value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        inner["required"] = list(schema["properties"])
    if schema.get("type") == "object" or "properties" in schema:
        inner["additionalProperties"] = False
    return inner


def _strict_inside(key: str, value: Any) -> Any:
    if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
        return {name: strict_schema(part) for name, part in value.items()}
    return strict_schema(value) if key in ("items", "anyOf", "allOf", "oneOf") else value


def _file_search(tool: Json) -> Json:
    ranking = tool.get("ranking_options") or {}
    shown = {"ranker": ranking.get("ranker", "auto"), "score_threshold": float(ranking.get("score_threshold", 0.0))}
    return {
        "type": "file_search",
        "filters": tool.get("filters"),
        "max_num_results": tool.get("max_num_results", 20),
        "ranking_options": {**ranking, **shown},
        "vector_store_ids": tool["vector_store_ids"],
    }


def _web_search(tool: Json) -> Json:
    return {
        "type": tool["type"],
        **({"filters": tool["filters"]} if tool.get("filters") else {}),
        "return_token_budget": tool.get("return_token_budget", "default"),
        "search_content_types": tool.get("search_content_types", ["text"]),
        "search_context_size": tool.get("search_context_size", "medium"),
        "user_location": _location(tool),
    }


def _web_search_preview(tool: Json) -> Json:
    size = tool.get("search_context_size", "medium")
    return {"type": tool["type"], "search_context_size": size, "user_location": _location(tool)}


def _location(tool: Json) -> Json:
    given = tool.get("user_location")
    return {**_ANYWHERE, "country": None, **given} if given else _ANYWHERE


def _mcp(tool: Json) -> Json:
    allowed = tool.get("allowed_tools")
    if isinstance(allowed, dict):
        allowed = {"read_only": allowed.get("read_only"), "tool_names": allowed.get("tool_names")}
    shown = {
        "type": "mcp",
        "allowed_tools": allowed,
        "headers": dict.fromkeys(tool["headers"], "<redacted>") if tool.get("headers") else None,
        "require_approval": _approval(tool.get("require_approval") or "always"),
        "server_description": tool.get("server_description"),
        "server_label": tool["server_label"],
        "server_url": tool.get("server_url"),
    }
    if tool.get("connector_id"):
        shown |= {"authorization": "<redacted>" if tool.get("authorization") else None, "connector_id": tool["connector_id"]}
        return {key: shown[key] for key in sorted(shown)}
    return shown


def _approval(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    asked = {name: given.get(name) for name in ("always", "never")}
    return {name: {"read_only": None, **one} if one is not None else None for name, one in asked.items()}


def _tool_search(tool: Json) -> Json:
    shown = {"type": "tool_search", "description": tool.get("description"), "parameters": tool.get("parameters")}
    return {**shown, **{key: value for key, value in tool.items() if key not in shown}}


def _image_generation(tool: Json) -> Json:
    return {
        "type": "image_generation",
        "background": tool.get("background", "auto"),
        **({"model": tool["model"]} if tool.get("model") not in (None, "gpt-image-1") else {}),
        "moderation": tool.get("moderation", "auto"),
        "n": 1,
        "output_compression": tool.get("output_compression", 100),
        "output_format": tool.get("output_format", "png"),
        "quality": tool.get("quality", "auto"),
        "size": tool.get("size", "auto"),
    }


def _custom(tool: Json) -> Json:
    return {
        "type": "custom",
        "description": tool.get("description"),
        "format": tool.get("format") or {"type": "text"},
        "name": tool["name"],
    }


_ECHOES: dict[str, Callable[[Json], Json]] = {
    "function": _function,
    "file_search": _file_search,
    "web_search": _web_search,
    "web_search_preview": _web_search_preview,
    "mcp": _mcp,
    "image_generation": _image_generation,
    "custom": _custom,
    "tool_search": _tool_search,
}


def tools_of(tools: Sequence[Json]) -> tuple[Tool, ...]:
    """Return the tools of a request as values."""
    return tuple(_tool(tool) for tool in tools)


def _tool(tool: Json) -> Tool:
    kind = tool["type"]
    if kind == "function":
        return Tool(kind=kind, name=tool["name"], parameters=tool.get("parameters"))
    if kind == "file_search":
        ranking = tool.get("ranking_options") or {}
        options = {name: ranking[name] for name in ("ranker", "score_threshold") if name in ranking}
        options["most"] = tool.get("max_num_results", 20)
        return Tool(kind=kind, options=options, store_ids=tuple(tool["vector_store_ids"]))
    return Tool(kind=kind, name=tool.get("name"))
