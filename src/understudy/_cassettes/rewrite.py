"""A cassette with exchanges added to it.

What was there before stays as it was written, unknown keys and all.

A YAML file is cut into its head, its exchanges and its tail, and put together again with pieces exchanged or added. JSON has
no comments and one way to write a value: it is written anew from its data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from understudy._cassettes.binary_values import binary_values, may_have_binary
from understudy._cassettes.document import is_json
from understudy._cassettes.dump import as_entry, as_json, as_yaml, has_binary
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import FORMAT, OUR_FORMAT
from understudy._cassettes.yaml_reader import yaml_data
from understudy.errors import CassetteError

_ENTRIES = "interactions"
_WRITTEN = {  # what `as_entry` writes of each part, under its own name or a former one
    "request": {"method", "uri", "url", "headers", "body"},
    "response": {"status", "status_code", "headers", "body", "content"},
    "body": {"string", "base64_string", "base64", "encoding"},
    "understudy": {"test", "timings", "broken", "dwell"},
    "": {"request", "response", "recorded_at", "understudy"},
}


class Original:
    """A cassette's text, of which exchanges are kept, replaced or left out.

    Args:
        text: of a cassette in vcrpy's format or our own.
        path: for messages.
    """

    def __init__(self, text: str, path: Path) -> None:
        self._path = path
        self._is_json = is_json(text)
        self._text = text
        self._pieces = None if self._is_json else _pieces(text)

    @cached_property
    def _data(self) -> Any:
        if self._is_json:
            return json.loads(self._text, object_pairs_hook=self._distinct)
        self._refuse_doubled(self._text)
        return self._read

    def _distinct(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return an object, unless one of its names is in it twice."""
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            self._refuse_twice(next(name for name in names if names.count(name) > 1))
        return found

    def _refuse_doubled(self, text: str) -> None:
        import yaml

        nodes: list[Any] = [yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))]
        known = set[int]()
        while nodes:
            node = nodes.pop()
            if id(node) in known:  # an alias
                continue
            known.add(id(node))
            if isinstance(node, yaml.MappingNode):
                self._distinct([(str(key.value), None) for key, _ in node.value])
                nodes += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                nodes += node.value

    def _refuse_twice(self, name: str) -> NoReturn:
        raise CassetteError(
            f"{self._path} was not written: the key `{name}` occurs twice in the same part of it, and one of the two would "
            "be lost. Remove one of them by hand; it was left as it is."
        )

    def entry(self, number: int) -> str:
        """Return one exchange as text, to look for secrets in it."""
        if self._pieces is not None:
            return self._pieces.entries[number]
        return json.dumps(self._data[_ENTRIES][number], ensure_ascii=False, default=repr)

    @cached_property
    def _may_have_binary(self) -> bool:
        return not self._is_json and may_have_binary(self._text)

    @cached_property
    def _read(self) -> Any:
        return yaml_data(self._text)

    def binary_values(self, number: int) -> Iterator[bytes]:
        """Yield the binary values of one exchange."""
        if self._may_have_binary:
            yield from binary_values(self._read[_ENTRIES][number])

    def merged(self, interaction: Interaction, scrub: Callable[[Any], Any]) -> dict[str, Any]:
        """Return an exchange that was changed, with the unknown keys of its entry.

        Those keys are put through `scrub`.
        """
        return _merged(self._data[_ENTRIES][interaction.index], interaction, scrub)

    def rewritten(self, kept: Mapping[int, dict[str, Any] | None], added: Sequence[Interaction]) -> str:
        """Return the text with some of its exchanges, and others after them.

        Args:
            kept: by number, which exchanges stay, and the entries to write in place of those that changed.
            added: new exchanges.
        """
        new = [as_entry(interaction) for interaction in added]
        if self._pieces is not None:
            return self._pieces.text(kept, new)
        entries = [self._data[_ENTRIES][number] if entry is None else entry for number, entry in kept.items()]
        data = {**self._data, _ENTRIES: [*entries, *new]}
        data.setdefault("understudy", {"format": OUR_FORMAT})
        if self._is_json and (self._path.suffix == ".json" or not any(map(has_binary, data[_ENTRIES]))):
            return as_json(data, self._path)
        rest = {key: value for key, value in data.items() if key not in (_ENTRIES, "version")}
        return as_yaml({_ENTRIES: data[_ENTRIES]}) + as_yaml({**rest, "version": FORMAT})


@dataclass(frozen=True)
class _SplitYaml:
    """A YAML cassette in pieces.

    `head + "".join(entries) + tail` is its text, each entry whole lines.

    Attributes:
        indent: of the dashes of the entries, in columns.
        marked: whether it says already that understudy has written in it.
    """

    head: str
    entries: list[str]
    tail: str
    indent: int
    marked: bool

    def text(self, kept: Mapping[int, dict[str, Any] | None], new: Sequence[Any]) -> str:
        entries = [self.entries[number] if entry is None else self._written(entry) for number, entry in kept.items()]
        entries += [self._written(entry) for entry in new]
        mark = "" if self.marked else as_yaml({"understudy": {"format": OUR_FORMAT}})
        return self.head + "".join(map(_ended, entries)) + mark + self.tail

    def _written(self, entry: Any) -> str:
        lines = as_yaml([entry]).split("\n")
        return "\n".join(" " * self.indent + line if line else line for line in lines)


def _ended(entry: str) -> str:
    return entry if entry.endswith("\n") else entry + "\n"


def _pieces(text: str) -> _SplitYaml | None:
    """Return a YAML text cut into pieces.

    None if its exchanges are not written as blocks, one below the other.
    """
    import yaml

    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert isinstance(root, yaml.MappingNode)  # it was read as a cassette
    found = [value for key, value in root.value if key.value == _ENTRIES]
    if len(found) != 1 or found[0].flow_style or not isinstance(found[0], yaml.SequenceNode):
        return None
    entries = found[0]
    indent = entries.start_mark.column
    starts = [_dash(text, entry.start_mark.index, indent) for entry in entries.value]
    if any(start is None for start in starts):
        return None
    end = entries.end_mark.index
    end = text.rfind("\n", 0, end) + 1 if end < len(text) else end
    cuts = [start for start in starts if start is not None] + [end]
    if cuts != sorted(set(cuts)):  # there are aliases among them
        return None
    texts = [text[start:stop] for start, stop in pairwise(cuts)]
    marked = any(key.value == "understudy" for key, _ in root.value)
    return _SplitYaml(text[: cuts[0]], texts, text[end:], indent, marked)


def _dash(text: str, inside: int, indent: int) -> int | None:
    """Return where the line of an entry's dash begins; None if not where expected."""
    line = text.rfind("\n", 0, inside) + 1
    dash = " " * indent + "-"
    while line > 0 and not text.startswith(dash, line):
        line = text.rfind("\n", 0, line - 1) + 1
    return line if text.startswith(dash, line) else None


def _merged(raw: Any, interaction: Interaction, scrub: Callable[[Any], Any]) -> dict[str, Any]:
    fresh = as_entry(interaction)
    for side in ("request", "response"):
        fresh[side] = _unknown(raw[side], side, scrub) | fresh[side]
    response = fresh["response"]
    response["body"] = _unknown(raw["response"].get("body"), "body", scrub) | response["body"]
    status = raw["response"].get("status")
    response["status"] = scrub(status) if isinstance(status, dict) else response["status"]
    extra = _unknown(raw.get("understudy"), "understudy", scrub) | fresh.get("understudy", {})
    return fresh | ({"understudy": extra} if extra else {}) | _unknown(raw, "", scrub)


def _unknown(raw: Any, kind: str, scrub: Callable[[Any], Any]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        return {}
    return {key: scrub(value) for key, value in raw.items() if key not in _WRITTEN[kind]}
