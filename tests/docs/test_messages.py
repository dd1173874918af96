"""The messages that docs/how-to/troubleshooting.md quotes are those of the code."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.docs.page import ROOT

PAGE = ROOT / "docs" / "how-to" / "troubleshooting.md"
_ROW = re.compile(r"^\| (`.*`) \| \[", re.MULTILINE)
NOT_OURS = ("OPENAI_API_KEY", "DeprecationWarning: The Assistants API is deprecated")  # of the SDK


def quoted() -> list[str]:
    """Give what the table says that messages say, in the order of the page."""
    said = [text for row in _ROW.findall(PAGE.read_text(encoding="utf-8")) for text in re.findall(r"`([^`]+)`", row)]
    return [text for text in said if text not in NOT_OURS]


@cache
def texts() -> tuple[str, ...]:
    """Give every text of the source, `...` for each value that is filled in."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "src").rglob("*.py"))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return tuple(_text(node) for node in nodes if isinstance(node, ast.JoinedStr | ast.Constant))


def _text(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)


@pytest.mark.parametrize("text", quoted())
def test_a_quoted_message_is_in_the_code(text: str) -> None:
    """Every message that a reader can look up is one that is printed today, word for word."""
    assert any(text in known for known in texts()), f"{text!r} is in no message of src/understudy"


def test_the_table_quotes_messages() -> None:
    """The table is read: it has at least a dozen messages of the plugin's own."""
    assert len(quoted()) >= 12
