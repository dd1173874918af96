"""Models: list, retrieve, delete."""

from __future__ import annotations

from understudy._apis.common import render_files as render
from understudy._apis.common.operation_call import Call, Json
from understudy._engine.api_error import ApiError
from understudy._engine.models import MODELS, Model


def list_page(call: Call) -> Json:  # noqa: ARG001 - every operation takes its call
    """Return all models in the table.

    Fine-tuned models are assumed to exist by name, and are not list_page.
    """
    return {"object": "list", "data": [render.model(model) for model in MODELS.values()]}


def retrieve(call: Call) -> Json:
    return render.model(_existing(call))


def delete(call: Call) -> Json:
    """Delete a model, which must be fine-tuned [SPEC; the refusal's text INF]."""
    model = _existing(call)
    if not model.id.startswith("ft:"):
        raise ApiError("model.not_yours", id=model.id)
    call.engine.models.delete(model.id)
    return {"id": model.id, "object": "model", "deleted": True}


def _existing(call: Call) -> Model:
    name = call.ids["model"]
    model = call.engine.models.get(name)
    if model is None:
        raise ApiError("model.not_found", id=name)
    return model
