"""What commands print: rows laid out for the terminal, or JSON.

Neither contains a secret, nor characters that control a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy._inspect.terminal import Row


def print_rows(rows: Callable[[int | None], Iterable[Row]], patterns: Sequence[str] = (), *, wide: bool = False) -> None:
    """Print rows, laid out for the width of the terminal.

    Args:
        rows: makes them, for a width in columns.
        patterns: of the user's own secrets.
        wide: leave lines as long as they are, on terminals too.
    """
    from understudy._cassettes.secrets import Scrubber
    from understudy._inspect.terminal import Terminal

    terminal = Terminal(encoding=sys.stdout.encoding or "utf-8") if wide else Terminal.of(sys.stdout)
    print(terminal.text(rows(terminal.width), Scrubber(patterns).text), end="")


def print_json(data: Any, patterns: Sequence[str] = ()) -> None:
    """Print JSON, escaped as ASCII."""
    from understudy._cassettes.secrets import Scrubber

    print(json.dumps(_cleaned(data, Scrubber(patterns).text), indent=2))


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """Return a value without the secrets that show only in joined texts.

    A finding is such a text.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: _cleaned(inner, clean) for key, inner in value.items()}
    return [_cleaned(inner, clean) for inner in value] if isinstance(value, list) else value
