"""Draws what docs/runs.md shows of the lifecycle tables. `python -m tests.docs.drawing` writes it."""

from __future__ import annotations

from pathlib import Path

from tools.lifecycle_diagram import mermaid
from understudy._apis.assistants import lifecycle

DOC = Path(__file__).parents[2] / "docs" / "runs.md"
DIAGRAMS = {
    "lifecycle of a run": mermaid(lifecycle.RUN, begins="queued"),
    "lifecycle of a step": mermaid(lifecycle.STEP, begins="in_progress"),
}


def drawn(text: str) -> str:
    """The document with its diagrams as they ought to be."""
    for name, diagram in DIAGRAMS.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        head, tail = text[: text.index(begin) + len(begin)], text[text.index(end) :]
        text = f"{head}\n```mermaid\n{diagram}```\n\n{tail}"
    return text


if __name__ == "__main__":
    DOC.write_text(drawn(DOC.read_text(encoding="utf-8")), encoding="utf-8")
