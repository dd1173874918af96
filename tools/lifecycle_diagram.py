"""The lifecycle tables as diagrams.

Drawn from the rows that drive the simulated service.
"""

from __future__ import annotations

from collections.abc import Iterable

from understudy._engine.lifecycle import Transition


def mermaid(table: Iterable[Transition], *, begins: str) -> str:
    """Return a state diagram in Mermaid's language.

    GitHub and most Markdown renderers draw it.

    Args:
        table: the transitions; each arrow carries the mark of how it is known.
        begins: the status in which it all begins.
    """
    rows = list(table)
    sources = {row.source for row in rows}
    ends = dict.fromkeys(row.target for row in rows if row.target not in sources)
    lines = ["stateDiagram-v2", f"    [*] --> {begins}"]
    lines += [f"    {row.source} --> {row.target}: {row.mark}" for row in rows]
    lines += [f"    {end} --> [*]" for end in ends]
    return "\n".join(lines) + "\n"
