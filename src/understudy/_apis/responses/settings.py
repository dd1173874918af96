"""The settings of a create request, with defaults, as they are echoed.

Invalid combinations are refused.
"""

from __future__ import annotations

from typing import Any

from understudy._apis.common.schema import Bound, one_of
from understudy._apis.responses import model_facts
from understudy._apis.responses.objects import Json, Settings
from understudy._apis.responses.tools import echoed_tools
from understudy._engine.api_error import ApiError

# What a tier asked for is called once it was used. [REC for auto; SPEC for fast]
_TIER_USED = {"auto": "default", "fast": "priority"}


_KNOWN: dict[tuple[Any, ...], Settings] = {}
_MOST_KNOWN = 64


def settings_of(body: Json) -> Settings:
    """Return the settings of a request; refuse invalid combinations.

    An app sends the same few again and again, so those of plain values are kept. They are values: nothing changes them.
    """
    key = tuple([item for item in body.items() if item[0] != "input"])
    try:
        known = _KNOWN.get(key)
    except TypeError:  # an object or a list among them
        return _settings(body)
    if known is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[key] = _settings(body)
    return known


def _settings(body: Json) -> Settings:
    _check(body)
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
        "frequency_penalty": 0.0,
        "instructions": given.get("instructions"),
        "max_output_tokens": given.get("max_output_tokens"),
        "max_tool_calls": given.get("max_tool_calls"),
        "model": model,
        "moderation": given.get("moderation"),
        "parallel_tool_calls": given.get("parallel_tool_calls", True),
        "presence_penalty": 0.0,
        "prompt_cache_key": given.get("prompt_cache_key"),
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


def _check(body: Json) -> None:
    model = body["model"]
    if not model_facts.exists(model):
        raise ApiError("model.unknown", id=model)
    _check_sampling(body, model)
    _check_effort(body, model)
    if body.get("background") and body.get("store") is False:
        raise ApiError("background.unstored")
    choice = body.get("tool_choice")
    names = [tool.get("name") for tool in body.get("tools") or ()]
    if isinstance(choice, dict) and choice["type"] in ("function", "custom") and choice["name"] not in names:
        raise ApiError("tool_choice.unknown", tool=choice["name"])


def _check_effort(body: Json, model: str) -> None:
    effort, allowed = (body.get("reasoning") or {}).get("effort"), model_facts.efforts(model)
    if effort is None or effort in allowed:
        return
    if not allowed:
        raise ApiError("effort.none")
    raise ApiError("effort.other", value=effort, model=model, allowed=one_of(allowed))


def _check_sampling(body: Json, model: str) -> None:
    if model_facts.takes_no_temperature(model):
        for name in ("temperature", "top_p"):
            if body.get(name) is not None and body[name] != 1:
                raise ApiError("model.parameter", path=name)


_NO_SAMPLING = Bound("rule", "1, or left out, where the model always thinks first", "model.parameter", "REP")
# What holds between a create's settings, for the table of limits; enforced here and where its context is found.
RESPONSE_RULES: dict[str, Bound] = {
    "model": Bound("rule", "the name of a model", "model.unknown", "REC"),
    "temperature": _NO_SAMPLING,
    "top_p": _NO_SAMPLING,
    "reasoning.effort": Bound("rule", "one that the model takes", "effort.other", "REC"),
    "input": Bound(
        "rule", "no more tokens than the model's context window, but for `truncation: auto`", "context.exceeded", "REC"
    ),
    "background": Bound("rule", "not with `store` false", "background.unstored", "DOCS"),
    "conversation": Bound("rule", "not with `previous_response_id`", "both", "REC"),
    "tool_choice": Bound("rule", "names one of the tools", "tool_choice.unknown", "REP"),
}
