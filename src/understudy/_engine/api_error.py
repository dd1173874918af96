"""The error of a refused operation: what the app did wrong, by name.

The texts are in `understudy._apis.error_texts`.
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An operation that the real service refuses.

    Attributes:
        name: the key of the refusal's text, `run.not_found`.
        facts: values quoted in the text: ids, statuses.
    """

    def __init__(self, name: str, **facts: Any) -> None:
        super().__init__(name, facts)
        self.name = name
        self.facts = facts
