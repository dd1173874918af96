"""Tools, settings and texts of either API in one form: equal things are equal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from understudy._apis.responses import model_facts
from understudy._transcript.unknown import UNKNOWN, plain

Json = dict[str, Any]
Files = Callable[[str], Any]  # returns the name of a file by its id, or UNKNOWN
_MARKER = re.compile(r"\s*【[^】]*】")


def without_markers(text: str) -> str:
    """Return a text without citation markers: `【4:0†notes.txt】`.

    Only the Assistants API writes them.
    """
    return _MARKER.sub("", text)


def said(text: str) -> str:
    """Return a text as it is compared: without citation markers, white space apart."""
    return plain(without_markers(text))


def joined_instructions(parts: Iterable[str | None]) -> str:
    """Return the effective instructions.

    What is said twice counts once, white space apart.
    """
    return plain(" ".join(dict.fromkeys(plain(part) for part in parts if part)))


# -- tools --------------------------------------------------------------------


def assistants_tools(tools: Sequence[Json], resources: Mapping[str, Any]) -> Json:
    """Return the tools of a run by name.

    `resources`: the names of files, by the hosted tool that has them.
    """
    found: Json = {}
    for tool in tools:
        kind = tool["type"]
        if kind == "function":
            found[tool["function"]["name"]] = _function(tool["function"], tool["function"].get("parameters"))
        else:
            found[kind] = {"files": resources.get(kind, [])}
    return dict(sorted(found.items()))


def responses_tools(tools: Sequence[Json], resources: Mapping[str, Any], *, is_sent: bool = True) -> Json:
    """Return the tools of a response by name.

    `is_sent`: as the app sent them, else as the service echoed them.
    """
    found: Json = {}
    for tool in tools:
        kind = str(tool.get("type"))
        if kind == "function":
            parameters = tool.get("parameters")
            if is_sent and tool.get("strict") is None:
                parameters = _made_strict(parameters)
            found[str(tool.get("name"))] = _function(tool, parameters)
        elif kind in ("file_search", "code_interpreter"):
            found[kind] = {"files": resources.get(kind, [])}
        else:
            found[str(tool.get("name") or tool.get("server_label") or kind)] = {"type": kind}
    return dict(sorted(found.items()))


def _function(tool: Json, parameters: Any) -> Json:
    return {"description": plain(tool.get("description") or ""), "parameters": _schema(parameters)}


def _made_strict(parameters: Any) -> Any:
    """Make a function without `strict` strict.

    What was optional becomes required. [REC, 129 of 129]

    A schema that does not say what is required is left as it is: nothing that its author wrote becomes something else.
    """
    if not isinstance(parameters, dict) or not isinstance(parameters.get("required"), list):
        return parameters
    return {**parameters, "required": list(parameters.get("properties") or {})}


def _schema(parameters: Any) -> Any:
    """Return a schema without what means nothing.

    The order of required names, that no more is allowed, its titles.
    """
    if parameters in (None, {}):
        return {"properties": {}, "type": "object"}
    return _pruned(parameters)


def _pruned(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_pruned(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _pruned(value) for key, value in schema.items() if key not in ("additionalProperties", "$schema")}
    if isinstance(kept.get("required"), list):
        kept["required"] = sorted(map(str, kept["required"]))
        if not kept["required"]:
            del kept["required"]
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: _pruned(value) for name, value in schema["properties"].items()}
    return kept


# -- settings -------------------------------------------------------------------


def assistants_settings(run: Mapping[str, Any]) -> Json:
    """Return the settings of a run that are not the defaults.

    From the run as REST shows it, by the names that both APIs understand.
    """
    found = _sampling(run, default_top_p=1.0)
    if run.get("reasoning_effort") not in (None, _default_effort(run.get("model"))):
        found["reasoning_effort"] = run["reasoning_effort"]
    if run.get("max_completion_tokens") is not None:
        found["max_output_tokens"] = run["max_completion_tokens"]
    if run.get("max_prompt_tokens") is not None:
        found["max_prompt_tokens"] = run["max_prompt_tokens"]
    strategy = run.get("truncation_strategy") or {}
    if strategy.get("type", "auto") != "auto":
        found["truncation_strategy"] = strategy
    form = run.get("response_format")
    if isinstance(form, dict) and form["type"] != "text":
        found["text_format"] = _format({**form, **(form.get("json_schema") or {})})
    choice = run.get("tool_choice")
    if isinstance(choice, dict) and choice["type"] == "function":
        choice = {"type": "function", "name": choice["function"]["name"]}
    return _with_choice(found, choice, run.get("parallel_tool_calls"))


def responses_settings(shown: Mapping[str, Any]) -> Json:
    """Return the settings of a response that are not the defaults, as it is echoed."""
    model = shown.get("model") or ""
    found = _sampling(shown, default_top_p=model_facts.default_top_p(model) if model_facts.exists(model) else 1.0)
    effort = (shown.get("reasoning") or {}).get("effort")
    if effort not in (None, _default_effort(model)):
        found["reasoning_effort"] = effort
    for name in ("max_output_tokens", "max_tool_calls"):
        if shown.get(name) is not None:
            found[name] = shown[name]
    text = shown.get("text") or {}
    form = text.get("format") or {}
    if form.get("type", "text") != "text":
        found["text_format"] = _format(form)
    if text.get("verbosity") not in (None, "medium"):
        found["verbosity"] = text["verbosity"]
    return _with_choice(found, shown.get("tool_choice"), shown.get("parallel_tool_calls"))


def _sampling(shown: Mapping[str, Any], *, default_top_p: float) -> Json:
    found = {}
    if shown.get("temperature") not in (None, 1, 1.0):
        found["temperature"] = float(shown["temperature"])
    if shown.get("top_p") not in (None, 1, 1.0, default_top_p):
        found["top_p"] = float(shown["top_p"])
    return found


def _default_effort(model: Any) -> Any:
    if not isinstance(model, str) or not model_facts.exists(model):
        return "medium"
    return model_facts.reasoning_echo(model_facts.snapshot(model), None).get("effort")


def _format(form: Mapping[str, Any]) -> Json:
    if form["type"] != "json_schema":
        return {"type": form["type"]}
    return {"type": "json_schema", "name": form.get("name"), "schema": _pruned(form.get("schema"))}


def _with_choice(found: Json, choice: Any, parallel: Any) -> Json:
    if choice not in (None, "auto"):
        found["tool_choice"] = choice
    if parallel is False:
        found["parallel_tool_calls"] = False
    return found


def file_names(ids: Iterable[str], name_of: Files) -> Any:
    """Return the names of files, sorted; UNKNOWN if one is not known."""
    names = [name_of(file_id) for file_id in ids]
    return UNKNOWN if any(name is UNKNOWN for name in names) else sorted(set(names))
