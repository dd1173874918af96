"""What a model does and does not take together with other settings [REP]."""

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

_FAMILIES = ("o4",)  # reasoning models that the Assistants API never took by name, but that an Azure deployment may bear


def check_settings(
    call: Call,
    *,
    model: str,
    tools: list[dict[str, Any]],
    response_format: Any,
    held: Mapping[str, float | None] | None = None,
) -> None:
    """Refuse settings that exclude each other.

    Args:
        call: its body is what was sent.
        model, tools, response_format: what would hold, the body's over the assistant's.
        held: the sampling settings that an assistant has already; None when there is no assistant yet.

    Raises:
        ApiError: the first pair that does not go together.
    """
    body, wanted = call.body, call.body.get("model")
    if wanted is not None and not is_azure(call.request) and not call.engine.models.takes_assistants(wanted):
        raise ApiError("model.unsupported", id=wanted)
    if reasons(model):
        _check_sampling(body, held or {})
    if _is_json_schema(response_format) and any(tool["type"] != "function" for tool in tools):
        raise ApiError("tools.json_schema")


@lru_cache(maxsize=256)
def reasons(model: str) -> bool:
    """Say whether a model reasons first, and so takes no sampling settings [REP]."""
    return is_reasoning(model) or model.removeprefix("ft:").startswith(_FAMILIES)


def _check_sampling(body: dict[str, Any], held: Mapping[str, float | None]) -> None:
    """Refuse what a reasoning model does not take: sent, or kept from an assistant of another model.

    Kept ones are refused with `model` as the parameter. [REP: openai-python#2072, #2108, openai-node#1318]
    """
    for name in SAMPLING:
        if name in body:
            raise ApiError("model.parameter", path=name, param=name)
    for name in SAMPLING:
        if held.get(name) is not None:
            raise ApiError("model.parameter", path=name, param="model")


def sampling_for(model: str, held: Mapping[str, float | None]) -> dict[str, float | None]:
    """Give the sampling settings of an assistant of this model that sends none.

    Those held, none for a reasoning model [INF].
    """
    if reasons(model):
        return dict.fromkeys(SAMPLING, None)
    return {name: usual if held.get(name) is None else held[name] for name, usual in SAMPLING.items()}


def _is_json_schema(response_format: Any) -> bool:
    return isinstance(response_format, dict) and response_format.get("type") == "json_schema"


# What holds between a model and the other settings, for the table of limits; `check_settings` enforces it.
SETTINGS_RULES: dict[str, Bound] = {
    "model": Bound(
        "rule", "one that the Assistants API takes (not asked of Azure's deployments)", "model.unsupported", "REP"
    ),
    "temperature": Bound("rule", "neither sent to a reasoning model nor kept for one", "model.parameter", "REP"),
    "top_p": Bound("rule", "neither sent to a reasoning model nor kept for one", "model.parameter", "INF"),
    "response_format": Bound("rule", "`json_schema` only if every tool is a function", "tools.json_schema", "REP"),
}
