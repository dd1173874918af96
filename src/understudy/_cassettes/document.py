"""The text of a cassette as plain data.

Whatever is in the file, the outcome is data or a refusal that says where. YAML, JSON or TOML,
compressed or not, in any Unicode coding that names itself: recognised by what is in the file, not
by its name. What a parser would choke on (nesting that overruns the C stack, merges and aliases
that grow without bounds, archives that unpack to gigabytes) is detected before.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from understudy._cassettes.content_encoding import TooLarge, unpacked_file
from understudy._cassettes.yaml_reader import yaml_data
from understudy.errors import CassetteError

DEEPEST = 200  # an exchange is some ten levels deep; at some ten thousand the parser in C ends the process
MOST_VALUES = 20_000_000  # aliases written out; a cassette of 100 MB has some five million
_NO_BRACKET = re.compile(r"[^\[\]{}]+")
_STEPS_IN_A_LINE = re.compile(r"^\s*(?:[-?:]\s+){100}", re.MULTILINE)
_TOML = re.compile(r"(?:\s|#.*\n)*(?:\[\[?[\w.\"' -]+\]\]?\s*(?:#.*)?\n|[\w-]+\s*=\s*[^\s=])")
COMPRESSED = "compressed"
_LISTS = ("interactions", "http_interactions")
_LIST_AT_TOP = re.compile(r"""^["']?(?:http_)?interactions["']?[ \t]*:""", re.MULTILINE)
_MARKS = (  # UTF-32 first: its mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def refuse(path: Path, line: int | None, problem: str, cause: BaseException | None = None) -> NoReturn:
    """Raise the error about a damaged file: a part of it is missing, or is wrong."""
    where = f"{path}:{line}" if line is not None else str(path)
    raise CassetteError(
        f"{where}: this file {problem}. Restore it from version control; nothing was changed or recorded over. To record "
        "it anew, move it away first."
    ) from cause


def refuse_unknown(path: Path, problem: str, remedy: str, line: int | None = None) -> NoReturn:
    """Raise the error about a file that may be intact but is not understood."""
    where = f"{path}:{line}" if line is not None else str(path)
    raise CassetteError(f"{where}: this file {problem}. {remedy} It was left as it is.")


def text_of(content: bytes, path: Path) -> tuple[str, str | None]:
    """Return the text in a file, and how it is wrapped.

    Wrapped is `"compressed"` or `"in utf-16"`; None for plain UTF-8.

    Raises:
        CassetteError: it is not text, or unpacks to more than a cassette could hold.
    """
    try:
        plain = unpacked_file(content)
    except TooLarge as error:
        refuse_unknown(path, f"cannot be read: it {error}", "No recorder writes such a file.")
    except (OSError, EOFError, ValueError) as error:
        refuse(path, 1, f"is compressed, and cut off or damaged ({error})", error)
    coding = next((name for mark, name in _MARKS if plain.startswith(mark)), "utf-8")
    wrapped = COMPRESSED if plain is not content else f"in {coding}" if coding != "utf-8" else None
    try:
        return plain.decode(coding), wrapped
    except UnicodeDecodeError as error:
        line = plain[: error.start].count(b"\n") + 1
        refuse(path, line, f"is not {coding.upper()} text: damaged, or not a cassette")


def is_json(text: str) -> bool:
    """Return True if a text begins as JSON does.

    A YAML file that a recorder writes never does.
    """
    return text.lstrip()[:1] in ("{", "[")


def document(text: str, path: Path) -> Any:
    """Return the data in a text.

    Raises:
        CassetteError: it is not YAML, JSON or TOML.
    """
    from yaml import YAMLError

    try:
        if is_json(text) or path.suffix == ".json":
            return json.loads(text, object_pairs_hook=_with_one_list if _may_have_two_lists(text) else None)
        if _TOML.match(text):
            import tomllib  # here, because hardly any cassette is written so

            return tomllib.loads(text)
        _refuse_traps(text, path)
        if len(_LIST_AT_TOP.findall(text)) > 1:
            raise ValueError(_TWO_LISTS)  # noqa: TRY301
        data = yaml_data(text)
        if "&" in text and "*" in text and _values(data, {}) > MOST_VALUES:
            problem = "grows beyond all bounds when its aliases are written out"
            refuse_unknown(path, problem, "No recorder writes such a file.")
    except CassetteError:
        raise
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        refuse(
            path, line or 1, f"is cut off or corrupt, or not a cassette ({getattr(error, 'problem', None) or error})", error
        )
    except RecursionError as error:
        refuse(path, 1, "is corrupt: it is nested too deeply", error)
    except Exception as error:  # a YAML tag can make its constructor fail in any way
        refuse(path, getattr(error, "lineno", 1), f"is cut off or corrupt, or not a cassette ({error})", error)
    return data


_TWO_LISTS = "it has two lists of exchanges, as after a merge that went wrong"


def _may_have_two_lists(text: str) -> bool:
    return sum(text.count(f'"{name}"') for name in _LISTS) > 1


def _with_one_list(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if sum(name in _LISTS for name, _ in pairs) > 1:
        raise ValueError(_TWO_LISTS)
    return dict(pairs)


def _values(data: Any, known: dict[int, int]) -> int:
    """Return how many values there are once every alias is written out.

    Linear in what is in memory.

    Raises:
        ValueError: a value contains itself.
    """
    if not isinstance(data, (dict, list, tuple)):
        return 1
    if id(data) in known:
        if known[id(data)] < 0:
            raise ValueError("a value contains itself")
        return known[id(data)]
    known[id(data)] = -1
    inner = data.values() if isinstance(data, dict) else data
    known[id(data)] = 1 + sum(_values(value, known) for value in inner)
    return known[id(data)]


def _refuse_traps(text: str, path: Path) -> None:
    if _may_be_deep(text) or "<<" in text:
        for line, depth, merges in _events(text):
            if depth > DEEPEST:
                refuse(path, line, "is corrupt: it is nested too deeply")
            if merges:
                refuse(path, line, "has a merge key (`<<`), which no recorder writes")


def _may_be_deep(text: str) -> bool:
    """Return True if a text could be nested deeply.

    A quick check: it may give false positives, never false negatives.
    """
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
    """Yield (line from 1, depth, whether it is a merge key) of each YAML event."""
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
    """Return the line (from 1) at which an interaction begins; None if unknown."""
    lines = lines_of_interactions(text)
    return lines[number] if number < len(lines) else None


def lines_of_interactions(text: str) -> tuple[int, ...]:
    """Return the lines (from 1) at which the interactions begin.

    Empty if they are not in a list. JSON is close enough to YAML for this.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return ()
    if isinstance(root, yaml.MappingNode):
        # If a key is there twice, the last one counts.
        lists = {key.value: value for key, value in root.value if key.value in _LISTS}
        root = next((lists[name] for name in _LISTS if name in lists), None)
    if not isinstance(root, yaml.SequenceNode):
        return ()
    return tuple(int(entry.start_mark.line) + 1 for entry in root.value)
