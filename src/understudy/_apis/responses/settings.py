"""The settings of a create request, with defaults, as they are echoed.

Invalid combinations are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy._apis.common.bounds import Bound
from understudy._apis.common.word_lists import one_of
from understudy._apis.responses import model_facts
from understudy._apis.responses.objects import Json, Settings
from understudy._apis.responses.tools import echoed_tools
from understudy._engine.api_error import ApiError

# What a tier asked for is called once it was used. [REC for auto; SPEC for fast]
_TIER_USED = {"auto": "default", "fast": "priority"}


_KNOWN: dict[tuple[Any, ...], Settings] = {}
_MOST_KNOWN = 64


def settings_of(body: Json, *, on_azure: bool = False) -> Settings:
    """Return the settings of a request; refuse invalid combinations.

    An app sends the same few again and again, so those of plain values are kept. They are values: nothing changes them.
    """
    key = (on_azure, *[item for item in body.items() if item[0] != "input"])
    try:
        known = _KNOWN.get(key)
    except TypeError:  # an object or a list among them
        return _settings(body, on_azure=on_azure)
    if known is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[key] = _settings(body, on_azure=on_azure)
    return known


def _settings(body: Json, *, on_azure: bool) -> Settings:
    _check(body, on_azure=on_azure)
    given = {key: value for key, value in body.items() if value is not None}
    background = bool(given.get("background"))
    return Settings(
        echoed=_echoed(given),
        include=frozenset(given.get("include", ())),
        tier=given.get("service_tier", "auto"),
        is_background=background,
        is_stored=given.get("store", True),
        obfuscates=given.get("stream_options", {}).get("include_obfuscation", True),
    )


def _echoed(given: Json) -> Json:
    model = model_facts.snapshot(given["model"])
    tier = given.get("service_tier", "auto")
    return {
        "frequency_penalty": float(given.get("frequency_penalty", 0)),
        "instructions": given.get("instructions"),
        "max_output_tokens": given.get("max_output_tokens"),
        "max_tool_calls": given.get("max_tool_calls"),
        "model": model,
        "moderation": given.get("moderation"),
        "parallel_tool_calls": given.get("parallel_tool_calls", True),
        "presence_penalty": float(given.get("presence_penalty", 0)),
        "prompt_cache_key": given.get("prompt_cache_key"),
        **({"prompt_cache_options": given["prompt_cache_options"]} if "prompt_cache_options" in given else {}),  # [REP]
        "prompt_cache_retention": given.get("prompt_cache_retention") or model_facts.default_retention(model),
        "reasoning": model_facts.reasoning_echo(model, given.get("reasoning")),
        "safety_identifier": given.get("safety_identifier"),
        "service_tier": _TIER_USED.get(tier, tier),
        "store": given.get("store", True),
        "temperature": float(given.get("temperature", 1.0)),
        "text": _text(given.get("text") or {}),
        "tool_choice": given.get("tool_choice", "auto"),
        "tools": echoed_tools(given.get("tools", ())),
        "top_logprobs": given.get("top_logprobs", 0),
        "top_p": float(given.get("top_p", model_facts.default_top_p(model))),
        "truncation": given.get("truncation", "disabled"),
        "user": given.get("user"),
        "metadata": dict(given.get("metadata") or {}),
    }


def _text(given: Json) -> Json:
    form = given.get("format") or {"type": "text"}
    if form["type"] == "json_schema":
        form = {
            "type": "json_schema",
            "description": form.get("description"),
            "name": form["name"],
            "schema": {key: value for key, value in form["schema"].items() if key != "$schema"},  # [REC]
            "strict": True if form.get("strict") is None else form["strict"],
        }
    return {"format": form, "verbosity": given.get("verbosity") or "medium"}


def check_model(name: str | None, *, on_azure: bool) -> bool:
    """Refuse a model that does not exist; return whether it is known here.

    On Azure, any other name may be that of a deployment [DOCS].
    """
    known = name is None or model_facts.exists(name)
    if not known and not on_azure:
        raise ApiError("model.unknown", id=name)
    return known


def _check(body: Json, *, on_azure: bool) -> None:
    if check_model(body["model"], on_azure=on_azure):  # which model a deployment has, nothing here can know
        _check_model_takes(body, body["model"])
    if body.get("background") and body.get("store") is False:
        raise ApiError("background.unstored")


def _check_model_takes(body: Json, model: str) -> None:
    """Refuse what the model does not take, in the service's order.

    [REP for the first three.]
    """
    if model_facts.thinks(model, (body.get("reasoning") or {}).get("effort")):
        _check_sampling(body)
        _check_logprobs(body)
    _check_reasoning(body, model)
    _check_other_values(body, model)


_USUAL = {"temperature": 1, "top_p": 1, "presence_penalty": 0, "frequency_penalty": 0}


def _check_sampling(body: Json) -> None:
    for name, usual in _USUAL.items():
        if body.get(name) is not None and body[name] != usual:
            raise ApiError("model.parameter", path=name)


def _check_logprobs(body: Json) -> None:
    if "message.output_text.logprobs" in (body.get("include") or ()):
        raise ApiError("logprobs.reasoning", path="include")
    if body.get("top_logprobs"):
        raise ApiError("logprobs.reasoning", path="top_logprobs")


def _check_reasoning(body: Json, model: str) -> None:
    given, allowed = body.get("reasoning") or {}, model_facts.efforts(model)
    for name in ("effort", "summary"):
        if given.get(name) is not None and not allowed:
            raise ApiError("reasoning.none", path=f"reasoning.{name}")
    if given.get("effort") is not None:
        _check_value("reasoning.effort", given["effort"], allowed, model)
    if not allowed and "reasoning.encrypted_content" in (body.get("include") or ()):
        raise ApiError("encrypted.none")


def _check_other_values(body: Json, model: str) -> None:
    verbosity = (body.get("text") or {}).get("verbosity")
    if verbosity is not None:
        _check_value("text.verbosity", verbosity, model_facts.verbosities(model), model)
    if body.get("prompt_cache_retention") == "in_memory" and model_facts.caches_long(model):
        raise ApiError("retention.long")


def _check_value(path: str, value: str, allowed: tuple[str, ...], model: str) -> None:
    if value not in allowed:
        raise ApiError("value.other", path=path, value=value, model=model, allowed=one_of(allowed))


def check_tool_choice(body: Json) -> None:
    """Refuse the choice of a tool that is not there [REP]."""
    choice, tools = body.get("tool_choice"), body.get("tools") or ()
    if choice == "required" and not tools and not _adds_tools(body["input"]):
        raise ApiError("tool_choice.alone")
    if not isinstance(choice, dict) or choice["type"] == "allowed_tools" or _adds_tools(body["input"]):
        return
    wanted = choice.get("name") if choice["type"] in ("function", "custom") else choice.get("server_label")
    if (wanted or _family(choice["type"])) not in _names(tools):
        raise ApiError("tool_choice.unknown", tool=wanted or choice["type"])


def _adds_tools(given: Any) -> bool:
    """Return whether an input brings tools of its own."""
    return isinstance(given, list) and any(item["type"] in ("additional_tools", "tool_search_output") for item in given)


def _names(tools: Any) -> Iterator[str]:
    """Yield what a choice may call the tools.

    Their names and labels, and the families of the others.
    """
    for tool in tools:
        yield from _names(tool.get("tools") or ())  # of a namespace
        yield tool.get("name") or tool.get("server_label") or _family(tool["type"])


def _family(kind: str) -> str:
    """Return the family of a type of tool.

    The choice of a preview takes the tool itself as well [REC].
    """
    return next((family for family in ("web_search", "computer") if kind.startswith(family)), kind)


_NO_SAMPLING = Bound("rule", "1, or left out, where the model thinks first", "model.parameter", "REP")
_NO_PENALTY = Bound("rule", "0, or left out, where the model thinks first", "model.parameter", "REP")
_NO_LOGPROBS = Bound("rule", "not asked for where the model thinks first", "logprobs.reasoning", "REP")
# What holds between a create's settings, for the table of limits; enforced here and where its context is found.
RESPONSE_RULES: dict[str, Bound] = {
    "model": Bound("rule", "the name of a model", "model.unknown", "REC"),
    "temperature": _NO_SAMPLING,
    "top_p": _NO_SAMPLING,
    "presence_penalty": _NO_PENALTY,
    "frequency_penalty": _NO_PENALTY,
    "top_logprobs": _NO_LOGPROBS,
    "include": Bound("rule", "`reasoning.encrypted_content` only where the model may think first", "encrypted.none", "REP"),
    "reasoning.effort": Bound("rule", "one that the model takes", "value.other", "REC"),
    "reasoning.summary": Bound("rule", "only where the model may think first", "reasoning.none", "INF"),
    "text.verbosity": Bound("rule", "one that the model takes; `medium` before gpt-5", "value.other", "REP"),
    "text.format": Bound("rule", "`json_object` only if the input says `json`", "json.unsaid", "REP"),
    "prompt_cache_retention": Bound("rule", "not `in_memory` from gpt-5.5 on", "retention.long", "REP"),
    "input": Bound(
        "rule", "no more tokens than the model's context window, but for `truncation: auto`", "context.exceeded", "REC"
    ),
    "background": Bound("rule", "not with `store` false", "background.unstored", "DOCS"),
    "conversation": Bound("rule", "not with `previous_response_id`", "both", "REC"),
    "tool_choice": Bound("rule", "names one of the tools", "tool_choice.unknown", "REP"),
}
