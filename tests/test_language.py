"""The house's English, as far as a machine can hold it: words that do not come back, summaries of one line.

`tests/to_be_cleaned.txt` lists what was there before these rules, one file a line; clean a file, and take its line out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy

SRC = Path(understudy.__file__).parent
LIST = Path(__file__).with_name("to_be_cleaned.txt")
LONGEST = 79  # characters of a docstring's summary
WORDS = {
    "in earnest": "really",
    "is no(?! longer| more)": "is not a, there is no",
    "nobody": "no one, nothing",
    "somebody": "someone, another library",
    "everybody": "everyone, all",
    "told": "said, reported",
    "stands": "is",
    "must not be": "cannot be",
}
FILES = sorted(str(path.relative_to(SRC)) for path in SRC.rglob("*.py"))


def to_be_cleaned() -> dict[str, set[str]]:
    """The rules that a file is excepted from, by file."""
    lines = [line.partition(":") for line in LIST.read_text(encoding="utf-8").splitlines()]
    return {name: {rule.strip() for rule in rules.split(",")} for name, _, rules in lines}


def broken_rules(text: str) -> Iterator[tuple[str, int, str]]:
    """What is against the rules in a source text: the rule, the line, and what to do."""
    for word, better in WORDS.items():
        for found in re.finditer(rf"\b{word}\b", text, re.IGNORECASE):
            yield found[0].lower(), text.count("\n", 0, found.start()) + 1, f"say {better}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            summary = (ast.get_docstring(node) or "").partition("\n")[0]
            if len(summary) > LONGEST:
                yield "summary", getattr(node, "lineno", 1), f"a summary of {len(summary)} characters: at most {LONGEST}"


@pytest.mark.parametrize("name", FILES)
def test_the_text_of_a_file(name: str) -> None:
    """No word that was given up, and no summary line longer than 79 characters."""
    excepted = to_be_cleaned().get(name, set())
    found = broken_rules((SRC / name).read_text(encoding="utf-8"))
    assert [f"line {line}: {rule!r}: {what}" for rule, line, what in found if rule not in excepted] == []


def test_the_list_names_files_that_are_there() -> None:
    """The list of what is to be cleaned has no line for a file that is gone."""
    assert set(to_be_cleaned()) <= set(FILES)


def test_the_rules_find_what_they_are_for() -> None:
    """Each rule finds its case, and leaves alone what only looks like it."""
    text = f'"""Say that nobody is told.\n\n{"long " * 20}"""\n\n\n'
    text += f'def f():\n    """{"Long " * 16}."""\n    # it is no longer, understands\n'
    assert [(rule, line) for rule, line, _ in broken_rules(text)] == [("nobody", 1), ("told", 1), ("summary", 6)]


if __name__ == "__main__":  # writes the list anew
    rules = {name: sorted({rule for rule, _, _ in broken_rules((SRC / name).read_text(encoding="utf-8"))}) for name in FILES}
    LIST.write_text("".join(f"{name}: {', '.join(found)}\n" for name, found in rules.items() if found), encoding="utf-8")
