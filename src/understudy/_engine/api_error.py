"""The service says no: what the app did wrong, by name.

`understudy._apis.error_texts` holds the texts.
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An operation the real service refuses.

    Attributes:
        name: the key of the refusal's text, `run.not_found`.
        facts: what the text names: ids, statuses.
    """

    def __init__(self, name: str, **facts: Any) -> None:
        super().__init__(name, facts)
        self.name = name
        self.facts = facts
