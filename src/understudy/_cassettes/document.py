"""The text of a cassette as plain data: whatever is in the file, the outcome is data or a refusal that says where.

vcrpy's serializers do the reading: they know the tags that its older versions wrote, and build nothing dangerous. What they
would choke on (nesting that overruns the C stack, merges that grow without bounds) is found out before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from understudy.errors import CassetteError

DEEPEST = 200  # an exchange is some ten levels deep; at some ten thousand the parser in C ends the process
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_STEPS_IN_A_LINE = re.compile(r"^\s*(?:[-?:]\s+){100}", re.MULTILINE)
_LISTS = ("interactions", "http_interactions")


def refuse(path: Path, line: int | None, problem: str, cause: BaseException | None = None) -> NoReturn:
    """Raise the error about a file that cannot be read whole."""
    where = f"{path}:{line}" if line is not None else str(path)
    raise CassetteError(
        f"{where}: this file {problem}. Restore it from version control; nothing was changed or recorded over. To record "
        "it anew, delete it first."
    ) from cause


def document(text: str, path: Path) -> Any:
    """The data in a text.

    Raises:
        CassetteError: it is no YAML, or no JSON.
    """
    from vcr.serializers import jsonserializer, yamlserializer
    from yaml import YAMLError

    is_json = path.suffix == ".json" or text.lstrip()[:1] == "{"
    try:
        if not is_json:
            _refuse_traps(text, path)
        return (jsonserializer if is_json else yamlserializer).deserialize(text)
    except CassetteError:
        raise
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        refuse(path, line or 1, f"is cut off or corrupt ({getattr(error, 'problem', None) or error})", error)
    except RecursionError as error:
        refuse(path, 1, "is corrupt: it is nested too deeply", error)
    except Exception as error:  # a YAML tag can make its constructor fail in any way
        refuse(path, getattr(error, "lineno", 1), f"is cut off or corrupt ({error})", error)


def _refuse_traps(text: str, path: Path) -> None:
    if _may_be_deep(text) or "<<" in text:
        for line, depth, merges in _events(text):
            if depth > DEEPEST:
                refuse(path, line, "is corrupt: it is nested too deeply")
            if merges:
                refuse(path, line, "is no cassette as any recorder writes it: it has a merge key (`<<`)")


def _may_be_deep(text: str) -> bool:
    """Whether a text could be nested deeply: a quick look that may say yes too often, and never no in vain."""
    if _STEPS_IN_A_LINE.search(text):
        return True
    brackets = _NO_BRACKET.sub("", text)
    for _ in range(DEEPEST // 2):  # each round takes off the innermost level
        fewer = brackets.replace("[]", "").replace("{}", "")
        if fewer == brackets:
            break
        brackets = fewer
    return len(brackets) > DEEPEST // 2


def _events(text: str) -> Iterator[tuple[int, int, bool]]:
    """(line from 1, depth, whether it is a merge key) of each piece of a YAML text."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        merges = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]
        yield event.start_mark.line + 1, depth, merges  # type: ignore[union-attr]  # every event of a text has its mark


def line_of_interaction(text: str, number: int) -> int | None:
    """The line (from 1) at which an interaction begins; None if it cannot be told. JSON is YAML enough for this."""
    import yaml

    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None
    assert isinstance(root, yaml.MappingNode)  # the interaction was found in it
    lists = {
        key.value: value for key, value in root.value if key.value in _LISTS
    }  # of a key that stands twice, the last holds
    entries = next(lists[name] for name in _LISTS if name in lists)
    return int(entries.value[number].start_mark.line) + 1
