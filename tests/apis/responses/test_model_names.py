"""Which models this API knows: those of the SDK, and on Azure whatever a deployment is called."""

from __future__ import annotations

import typing
from typing import Any

import openai
import pytest
from openai.types import shared

from understudy import Backend, Reply
from understudy._apis.responses import model_facts

AZURE = "https://x.openai.azure.com"


def names_in(annotation: Any) -> set[str]:
    """The words in a type of words, at any depth."""
    found: set[str] = set()
    for part in typing.get_args(annotation):
        found |= {part} if isinstance(part, str) else names_in(part)
    return found


def test_every_name_that_the_sdk_lists() -> None:
    """A model that the SDK's types name exists, and one that is misspelt does not."""
    names = names_in(shared.ResponsesModel)
    assert names, "the SDK's type was read"
    assert [name for name in sorted(names) if not model_facts.exists(name)] == []
    assert not any(map(model_facts.exists, ("gpt-40", "gpt-4o-mni", "", "o33")))


@pytest.mark.parametrize(
    "make",
    [
        lambda: openai.AzureOpenAI(azure_endpoint=AZURE, api_version="2025-04-01-preview", api_key="k"),
        lambda: openai.OpenAI(base_url=f"{AZURE}/openai/v1/", api_key="k"),
    ],
    ids=["versioned", "v1"],
)
def test_a_deployment_on_azure(backend: Backend, make: Any) -> None:
    """On Azure a model is a deployment, whose name is its owner's affair; what its model takes cannot be known."""
    backend.next_run(Reply("Hello."))
    answer = make().responses.create(model="our-thinker", input="x", reasoning={"effort": "minimal"}, temperature=0.3)
    assert (answer.model, answer.output_text, answer.temperature) == ("our-thinker", "Hello.", 0.3)
    with pytest.raises(openai.BadRequestError, match="is not supported with this model"):
        make().responses.create(model="o3-mini", input="x", temperature=0.3)
