"""Check the parts of items: texts, images, files, and where each may be.

Known from the types of the SDK (3.57), SPEC and recordings, as are the items that hold them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from understudy._apis.assistants.bodies import FILE_ID
from understudy._apis.common.bounds import Rule
from understudy._apis.common.schema import Check, Fields, anything, array, either, enum, string, tagged
from understudy._apis.common.urls import url_or_data
from understudy._apis.common.word_lists import one_of
from understudy._engine.api_error import ApiError

OBJECT = either((dict, anything), expected="an object")
OBJECTS = array(OBJECT, of="objects")
STRING = string()
MOST_TEXT = 10_485_760  # characters [SPEC; REP for an input]
TEXT = string(most=MOST_TEXT)


def content_part(required: tuple[str, ...] = (), /, **known: Check) -> Fields:
    """Describe a part: a type, what it needs, and what it may have."""
    return Fields({"type": anything, **known}, required=required)


def _file_data(value: Any, path: str) -> Any:
    """Refuse a file that is not a data URL [REP].

    A recording [REC] or a film [INF] is refused as well.
    """
    text = STRING(value, path)
    if not text.startswith("data:"):
        raise ApiError("file.kind", path=path, wrong="a value without the 'data:' prefix")
    kind = text.removeprefix("data:").partition(";")[0]
    if kind.startswith(("audio/", "video/")):
        raise ApiError("file.kind", path=path, wrong=f"unsupported MIME type '{kind}'")
    return text


_BREAKPOINT = Fields({"mode": enum("explicit"), "ttl": enum("30m", "12h")}, ("mode",))
_DETAIL = enum("auto", "low", "high", "original")
_LOGPROBS = OBJECTS
# The sentence that lists them was quoted in this order. [REP: MervinPraison/PraisonAI#3934]
_PARTS: dict[str, Check] = {
    "input_text": content_part(("text",), text=TEXT, prompt_cache_breakpoint=_BREAKPOINT),
    "input_image": content_part(
        detail=_DETAIL, file_id=FILE_ID, image_url=url_or_data, prompt_cache_breakpoint=_BREAKPOINT
    ),  # SPEC demands `detail`; recordings leave it out
    "input_audio": content_part(("input_audio",), input_audio=OBJECT),
    "output_text": content_part(("text",), text=STRING, annotations=OBJECTS, logprobs=_LOGPROBS),
    "refusal": content_part(("refusal",), refusal=STRING),
    "input_file": content_part(
        file_id=FILE_ID,
        file_data=_file_data,
        file_url=url_or_data,
        filename=STRING,
        detail=_DETAIL,
        prompt_cache_breakpoint=_BREAKPOINT,
    ),
    "computer_screenshot": content_part(file_id=FILE_ID, image_url=url_or_data, detail=_DETAIL),
    "summary_text": content_part(("text",), text=STRING),
    "encrypted_content": content_part(("encrypted_content",), encrypted_content=STRING),
}
CONTENT = either(
    (str, TEXT),
    (list, array(tagged("type", _PARTS), of="objects")),
    expected="one of a string or array of objects",
)
_OF_THE_MODEL = ("output_text", "refusal")
# `scoped_content` is in no SDK, and no part of that type is taken here; the sentence names it. [REP]
_OF_THE_APP = ("input_text", "input_image", "input_file", "scoped_content", "input_audio")


def _parts_in(key: str, item: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the parts of an item with their paths; text has none."""
    for number, part in enumerate(item[key] if isinstance(item[key], list) else ()):
        yield f"{path}.{key}[{number}]", part


def _check_parts(allowed: tuple[str, ...], message: Any, path: str) -> None:
    for where, part in _parts_in("content", message, path):
        if part["type"] not in allowed:
            raise ApiError("enum", path=where, value=f"'{part['type']}'", allowed=one_of(allowed))


# What an image or a file can come from; the refusal names the first.
_SOURCES = {
    **dict.fromkeys(("input_image", "computer_screenshot"), ("image_url", "file_id")),
    "input_file": ("file_id", "file_data", "file_url"),
}


def _check_sources(key: str, item: Any, path: str) -> None:
    for where, part in _parts_in(key, item, path):
        sources = _SOURCES.get(part["type"])
        if sources is not None and not any(source in part for source in sources):
            raise ApiError("missing", path=f"{where}.{sources[0]}")


# [REP: jeremychone/rust-genai#119; the rest kangminlee-maker/local-OAuth-CLI-API-adapter]
FROM_MODEL = Rule(
    "an assistant's message has parts that a model writes", "enum", "REP", partial(_check_parts, _OF_THE_MODEL)
)
FROM_APP = Rule("another message has parts that an app sends", "enum", "REP", partial(_check_parts, _OF_THE_APP))
# What the service says is not known, and no recorded part lacks it.
SOURCE = Rule("an image and a file have a source", "missing", "INF", partial(_check_sources, "content"))
SOURCE_IN_OUTPUT = Rule("an image and a file have a source", "missing", "INF", partial(_check_sources, "output"))
