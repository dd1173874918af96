from __future__ import annotations

from typing import Any

import openai
import pytest


def test_models_are_listed_and_retrieved(client: Any) -> None:
    """Every listed model can be retrieved; the recorded one is as recorded."""
    models = list(client.models.list())
    assert client.models.retrieve("gpt-4o-mini").to_dict() == {
        "id": "gpt-4o-mini", "object": "model", "created": 1721172741, "owned_by": "system"
    }  # fmt: skip
    assert [client.models.retrieve(model.id) for model in models] == models


def test_an_unknown_model_is_refused_in_the_recorded_words(client: Any) -> None:
    """The recorded 404 names the model and its code."""
    with pytest.raises(openai.NotFoundError, match="The model 'fake_id' does not exist") as caught:
        client.models.retrieve("fake_id")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


def test_only_fine_tuned_models_are_deleted(client: Any) -> None:
    """A fine-tuned model can be used until it is deleted; the service's own cannot be deleted."""
    name = "ft:gpt-4o-mini:org::abc"
    assert client.beta.assistants.create(model=name).model == name
    assert client.models.retrieve(name).owned_by == "user"
    assert client.models.delete(name).deleted
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve(name)
    with pytest.raises(openai.BadRequestError, match="cannot be used with the Assistants API"):
        client.beta.assistants.create(model=name)
    with pytest.raises(openai.PermissionDeniedError):
        client.models.delete("gpt-4o")
