"""Executes the examples of a Markdown file: each fenced ```python block by itself, in a fresh namespace."""

from __future__ import annotations

import asyncio
import inspect
import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One example: the file and line where its code begins, the heading it stands under, and the code."""

    path: Path
    line: int
    heading: str
    code: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}"


def blocks(path: Path) -> list[Block]:
    """The fenced python blocks of a Markdown file, in order."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        before = text[: match.start()]
        headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", before), re.MULTILINE)
        found.append(Block(path, before.count("\n") + 2, headings[-1] if headings else "", match[1]))
    return found


def execute(block: Block, **names: Any) -> dict[str, Any]:
    """Execute a block, `await` at its top level included; gives the namespace it leaves behind.

    `names` are there before. Test functions that the block defines are not called: see `functions`.
    """
    code = "\n" * (block.line - 1) + block.code  # so that tracebacks name the line in the file
    compiled = compile(code, str(block.path), "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT)
    namespace: dict[str, Any] = {"__name__": "example", **names}
    result = eval(compiled, namespace)
    if inspect.iscoroutine(result):
        asyncio.run(result)
    return namespace
