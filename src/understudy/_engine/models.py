"""The known models, and which of them the Assistants API accepts.

The table is a snapshot: ids that the spec lists for assistants [SPEC], and some well-known others that it refuses [REP].
`created` is recorded for gpt-4o-mini [REC]; the others are approximate dates of release [INF]. A fine-tuned model (`ft:...`)
is assumed to exist until it is deleted [INF].
"""

from __future__ import annotations

from typing import NamedTuple


class Model(NamedTuple):
    """A model. `created`: unix seconds."""

    id: str
    created: int
    owned_by: str


# by family: (created, owned_by, ids)
_FOR_ASSISTANTS = (
    (1754425777, "system", "gpt-5 gpt-5-2025-08-07 gpt-5-mini gpt-5-mini-2025-08-07 gpt-5-nano gpt-5-nano-2025-08-07"),
    (
        1744316542,
        "system",
        "gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14 gpt-4.1-nano gpt-4.1-nano-2025-04-14",
    ),
    (1740623059, "system", "gpt-4.5-preview gpt-4.5-preview-2025-02-27"),
    (1737146383, "system", "o3-mini o3-mini-2025-01-31"),
    (1734326976, "system", "o1 o1-2024-12-17"),
    (1721172741, "system", "gpt-4o-mini gpt-4o-mini-2024-07-18"),
    (1715367049, "system", "gpt-4o gpt-4o-2024-11-20 gpt-4o-2024-08-06 gpt-4o-2024-05-13"),
    (1712361441, "system", "gpt-4-turbo gpt-4-turbo-2024-04-09"),
    (1706037777, "system", "gpt-4-0125-preview gpt-4-turbo-preview gpt-4-1106-preview gpt-4-vision-preview"),
    (1687882411, "openai", "gpt-4 gpt-4-0314 gpt-4-0613 gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613"),
    (1677610602, "openai", "gpt-3.5-turbo gpt-3.5-turbo-16k gpt-3.5-turbo-0613 gpt-3.5-turbo-1106 gpt-3.5-turbo-0125"),
    (1683758102, "openai-internal", "gpt-3.5-turbo-16k-0613"),
)
_FOR_OTHERS = (
    (1725648897, "system", "o1-mini o1-preview"),
    (1727389042, "system", "gpt-4o-audio-preview gpt-4o-realtime-preview"),
    (1705948997, "system", "text-embedding-3-small text-embedding-3-large"),
    (1671217299, "openai-internal", "text-embedding-ada-002"),
    (1698785189, "system", "dall-e-2 dall-e-3"),
    (1677532384, "openai-internal", "whisper-1 tts-1"),
    (1692901427, "system", "gpt-3.5-turbo-instruct"),
)


def _rows(families: tuple[tuple[int, str, str], ...]) -> dict[str, Model]:
    return {name: Model(name, created, owner) for created, owner, names in families for name in names.split()}


ASSISTANT_MODELS = _rows(_FOR_ASSISTANTS)
MODELS = {**ASSISTANT_MODELS, **_rows(_FOR_OTHERS)}
_REASONING = ("o1", "o3", "gpt-5")


def is_reasoning(name: str) -> bool:
    """Return whether a model reasons first, and so takes no temperature [REP]."""
    return name.removeprefix("ft:").startswith(_REASONING)


class Models:
    """The models of one service: the table, and fine-tuned ones until deleted."""

    def __init__(self, start: float) -> None:
        self._created = int(start)
        self._deleted: set[str] = set()

    def get(self, name: str) -> Model | None:
        if name.startswith("ft:") and name not in self._deleted:
            return Model(name, self._created, "user")
        return MODELS.get(name)

    def takes_assistants(self, name: str) -> bool:
        """Return whether an assistant or a run may use a model."""
        return name in ASSISTANT_MODELS or (name.startswith("ft:") and name not in self._deleted)

    def delete(self, name: str) -> None:
        self._deleted.add(name)
