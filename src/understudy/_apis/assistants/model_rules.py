"""What a model does and does not take together with other settings. [REP]"""

from __future__ import annotations

from typing import Any

from understudy._apis.common.operation_call import Call
from understudy._common.messages import Request
from understudy._engine.api_error import ApiError
from understudy._engine.models import is_reasoning


def check_settings(call: Call, *, model: str, tools: list[dict[str, Any]], response_format: Any) -> None:
    """Refuse settings that exclude each other; the arguments are what would hold, the body's over the assistant's."""
    body, wanted = call.body, call.body.get("model")
    if wanted is not None and not is_azure(call.request) and not call.engine.models.takes_assistants(wanted):
        raise ApiError("model.unsupported", id=wanted)
    if body.get("temperature") is not None and is_reasoning(model):
        raise ApiError("model.parameter", path="temperature")
    if _is_json_schema(response_format) and any(tool["type"] != "function" for tool in tools):
        raise ApiError("tools.json_schema")


def is_azure(request: Request) -> bool:
    """Whether a request is for Azure, where a model is a deployment, named as its owner likes. [DOCS]"""
    return request.path.startswith("/openai/") or request.header("api-key") is not None


def _is_json_schema(response_format: Any) -> bool:
    return isinstance(response_format, dict) and response_format.get("type") == "json_schema"
