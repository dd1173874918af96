"""Settings that a model does not accept together with others [REP]."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from understudy._apis.assistants.defaults import SAMPLING
from understudy._apis.common.operation_call import Call
from understudy._apis.common.schema import Bound
from understudy._apis.dialect import is_azure
from understudy._engine.api_error import ApiError
from understudy._engine.models import is_reasoning

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
    "response_format": Bound("rule", "`json_schema` only if every tool is a function", "tools.json_schema", "REP"),
}
