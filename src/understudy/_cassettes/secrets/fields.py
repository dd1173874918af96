"""Finds the values behind names that suggest a secret.

In JSON at any depth of quoting, forms, queries, settings, headers and markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote

from understudy._cassettes.secrets.names import QUERY_NAMES, STEMS, Grade, grade, query_grade
from understudy._cassettes.secrets.spans import SCRUBBED, SecretSpan
from understudy._cassettes.secrets.values import fits

_LONGEST_NAME = 80
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_DEPTHS = {0: 0, 1: 1, 3: 2, 7: 3, 15: 4}  # backslashes before a quote, and how often JSON was put into JSON

# After the name: `": "`, `": [`, `": 1`; `","value":"` and `", "`, where names are values themselves.
_MEMBER = re.compile(
    r"(?P<slashes>\\*)(?P<quote>[\"'])\s*(?:(?P<is>:|=>|value\s*=)|,\s*(?:\\*[\"']value\\*[\"']\s*:)?)\s*"
    r"(?P<opens>\\*[\"']|[\[{]|-?[0-9][0-9.]{3,}(?![\w.]))"
)
_ASSIGNED = re.compile(
    r"(?:\]|%5[dD])*[ \t]*(?:=>|:=|[:=])[ \t]*(?P<block>[|>][+-]?[ \t]*(?:\\*r)?(?:\\+n|\r?\n)[ \t]*)?"
    r"(?:(?P<triple>(?P<mark>\\*[\"'])(?P=mark){2})|(?P<opens>\\*[\"'`])|(?:(?:Bearer|Basic|Token|Digest|ApiKey) +)?)"
)
_BARE = re.compile(r"[^\s\"'\\&;,<>{}()\[\]`]{6,}+(?!\()")
_LINE = re.compile(r"[^\\\n\r\"]{4,}")  # of a block of YAML
_TRIPLE = re.compile(r"(?:[^\\\"']|\\+[nrt]|[\"'](?![\"']))+")
_OPTION = re.compile(r"[ =](?P<opens>\\*[\"'])?")
_ELEMENT = re.compile(r"(?:\s[^<>]{0,200})?>(?:\s*<!\[CDATA\[)?([^<>\n]{4,}?)(?:\]\]>\s*)?<\\*/")
_IN_QUERY = re.compile(r"(?:[?&;]|u0026|%26|\A)([\w.\[\]%-]{2,60})=([^&\s\"'<>\\#;]{4,})")
_DISPOSITION = "content-disposition:"
# A part has few headers: if no empty line ends them soon, it is something else, and the rest need not be read.
_PART_HEAD = re.compile(r"(?i)content-disposition:[^\n]*?\bname=\"?([^\"\r\n;]+)\"?[^\n]*\n(?:[^\r\n]++\r?\n){0,20}+\r?\n")
_PART_END = re.compile(r"\r?\n--")
_BOUNDARY = re.compile(r"^(--[^\s\"]{1,80})[ \t]*\r?$", re.MULTILINE)
_TOKEN_OF_LOGPROBS = re.compile(r"\\*[\"']\s*,\s*\\*[\"'](?:logprob|bytes|top_logprobs)\\*[\"']")
_LOGPROB_BEFORE = re.compile(r"(?:logprob\\*[\"']\s*:\s*[^\s,{}]+|bytes\\*[\"']\s*:\s*(?:null|\[[^\]]*\]))\s*,\s*\\*[\"']\Z")
_WORDS_BEFORE = re.compile(r"[\"'](?:[A-Za-z0-9]+ ){1,4}\Z")
_SCHEMA = frozenset({"type", "$ref", "description", "anyOf", "oneOf", "allOf", "enum", "const"})


def field_spans(text: str, lowered: str) -> Iterator[SecretSpan]:
    """Yield what is secret because of the name before it.

    `lowered` is the text in lower case.
    """
    for start, end in _names(text, lowered):
        name = text[start:end]
        level = grade(name)
        if level is not Grade.NONE:
            yield from _behind(text, start, end, level)
    if "=" in text:
        yield from _in_queries(text, lowered)
    yield from _in_parts(text, lowered)


def _names(text: str, lowered: str) -> Iterator[tuple[int, int]]:
    """Yield the names that contain a stem, each once, in any order."""
    seen = set[int]()
    for stem in STEMS:
        at = lowered.find(stem)
        while at >= 0:
            start = end = at
            while start > 0 and text[start - 1] in _LETTERS and at - start < _LONGEST_NAME:
                start -= 1
            while end < len(text) and text[end] in _LETTERS and end - at < _LONGEST_NAME:
                end += 1
            if start > 0 and text[start - 1] == "\\" and text[start] in "nrt" and end - start > 1:
                start += 1  # an escaped line end, not a letter of the name
            if start not in seen:
                seen.add(start)
                yield start, end
            at = lowered.find(stem, end)


def _behind(text: str, start: int, end: int, level: Grade) -> Iterator[SecretSpan]:
    hint = f"{text[start:end][-24:]}=..."
    member = _MEMBER.match(text, end)
    if member is not None and _begins(text, start, member["quote"]):
        if member["is"] or ":" in member[0] or (level is not Grade.POSSIBLE and "[" in text[max(0, start - 8) : start]):
            yield from _member(text, start, member, level, hint)
        return
    assigned = _ASSIGNED.match(text, end)
    if assigned is not None:
        yield from _value(text, assigned, level, hint)
    elif text[start : start + 2] == "--" and (option := _OPTION.match(text, end)):
        yield from _value(text, option, level, hint)
    elif start > 0 and text[start - 1] == "<" and (element := _ELEMENT.match(text, end)) and fits(level, element[1]):
        yield SecretSpan(element.start(1), element.end(1), hint)


def _begins(text: str, start: int, quote: str) -> bool:
    """Return True if a quote directly precedes the name, or the words that it ends."""
    if start == 0 or text[start - 1] != " ":
        return start > 0 and text[start - 1] == quote
    words = _WORDS_BEFORE.search(text, max(0, start - 40), start)
    return words is not None and words[0][0] == quote


def _member(text: str, start: int, match: re.Match[str], level: Grade, hint: str) -> Iterator[SecretSpan]:
    opens, at = match["opens"], match.end()
    if opens[-1] in "\"'":
        value = _content(opens).match(text, at)
        if value is None or (level is Grade.POSSIBLE and _is_of_logprobs(text, start, value.end())):
            return
        if fits(level, value[0]):
            yield SecretSpan(value.start(), value.end(), hint)
    elif opens in "[{":
        if level is not Grade.POSSIBLE:
            yield from _inside(text, match.start("opens"), f"{match['slashes']}{match['quote']}", level, hint)
    elif level is Grade.CERTAIN:
        quote = f"{match['slashes']}{match['quote']}"
        yield SecretSpan(match.start("opens"), at, hint, f"{quote}{SCRUBBED}{quote}")


def _is_of_logprobs(text: str, start: int, end: int) -> bool:
    """Return True for a token of the model's, which is beside its probability."""
    return bool(_TOKEN_OF_LOGPROBS.match(text, end) or _LOGPROB_BEFORE.search(text, max(0, start - 400), start))


def _inside(text: str, at: int, quote: str, level: Grade, hint: str) -> Iterator[SecretSpan]:
    """Yield the texts in a list or an object after a name that suggests a secret.

    Unless it is the schema of such a field.
    """
    token = _token(quote)
    depth, found = 0, list[SecretSpan]()
    while match := token.search(text, at):
        at = match.end()
        piece = match[0]
        depth += (piece in "[{") - (piece in "]}")
        if depth <= 0:
            break
        if match["name"] is not None:
            if match["name"] in _SCHEMA:
                return
        elif match["value"] is not None and fits(level, match["value"]):
            found.append(SecretSpan(match.start("value"), match.end("value"), hint))
    yield from found


def _value(text: str, match: re.Match[str], level: Grade, hint: str) -> Iterator[SecretSpan]:
    found = match.groupdict()
    if found.get("triple"):
        pattern = _TRIPLE
    elif found.get("block"):
        pattern = _LINE
    else:
        pattern = _content(match["opens"]) if match["opens"] else _BARE
    value = pattern.match(text, match.end())
    if value is not None and fits(level, value[0]):
        yield SecretSpan(value.start(), value.end(), hint)


def _in_queries(text: str, lowered: str) -> Iterator[SecretSpan]:
    if "%" not in text and not any(name in lowered for name in QUERY_NAMES):
        return
    for match in _IN_QUERY.finditer(text):
        level = query_grade(unquote(match[1]))
        if level is not Grade.NONE and fits(level, match[2]):
            yield SecretSpan(match.start(2), match.end(2), f"{match[1][-24:]}=...")


def _in_parts(text: str, lowered: str) -> Iterator[SecretSpan]:
    boundary: re.Match[str] | None = None
    for head in _part_heads(text, lowered):
        level = query_grade(head[1])
        if level is Grade.NONE:
            continue
        boundary = _last_boundary(text, boundary, head.start())
        end = _part_end(boundary).search(text, head.end())
        value = text[head.end() : end.start() if end else len(text)]
        if fits(max(level, Grade.LIKELY), value):
            yield SecretSpan(head.end(), head.end() + len(value), f"{head[1][-24:]}=...")


def _part_heads(text: str, lowered: str) -> Iterator[re.Match[str]]:
    """Yield the heads of the parts of forms.

    They are tried only where one begins, since `re` is slow to find that in either case.
    """
    at = lowered.find(_DISPOSITION)
    while at >= 0:
        head = _PART_HEAD.match(text, at)
        if head is not None:
            yield head
        at = lowered.find(_DISPOSITION, head.end() if head is not None else at + 1)


def _last_boundary(text: str, known: re.Match[str] | None, end: int) -> re.Match[str] | None:
    """Return the last line of dashes before `end`.

    `known`: an earlier one, from which on the text is searched; None for its beginning.
    """
    following = _BOUNDARY.search(text, known.end() if known is not None else 0, end)
    while following is not None:
        known, following = following, _BOUNDARY.search(text, following.end(), end)
    return known


def _part_end(boundary: re.Match[str] | None) -> re.Pattern[str]:
    """Return a pattern for the end of a part.

    That is the line of dashes that also began it; any such line if none did.
    """
    return re.compile(rf"\r?\n{re.escape(boundary[1])}") if boundary is not None else _PART_END


@cache
def _content(opens: str) -> re.Pattern[str]:
    """Return a pattern for a quoted text up to its end.

    `opens`: its first quote with the backslashes before it. In JSON that was put into JSON n times,
    a quote that ends a text has 2^n - 1 backslashes, and one inside it at least 2^(n+1) - 1.
    """
    return re.compile(_content_pattern(opens))


def _content_pattern(opens: str) -> str:
    quote, slashes = opens[-1], len(opens) - 1
    if slashes not in _DEPTHS:
        return rf"[^\\\n{quote}]*+"
    block = 2 ** (_DEPTHS[slashes] + 1)
    inner = rf"(?:\\{{{block}}})*+\\{{{block - 1}}}{quote}"
    return rf"(?:[^{quote}\\\n]++|\\++(?!{quote})|{inner})*+(?:\\{{{block}}})*+"


@cache
def _token(quote: str) -> re.Pattern[str]:
    """Return a pattern for a name, a value or a bracket of JSON with such quotes."""
    content, mark = _content_pattern(quote), re.escape(quote)
    return re.compile(rf"{mark}(?P<name>{content}){mark}(?=\s*:)|{mark}(?P<value>{content}){mark}|[\[\]{{}}]")
