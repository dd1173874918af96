"""Builds the data of a YAML text from the parser's events, in the usual cases.

PyYAML's constructor takes nine tenths of the time of loading a cassette; a cassette needs four kinds of node. Whatever is
beside them, or wrong, is left to the constructor, which also has the words for what is wrong. So there is one definition of
what a text means, and this is a short cut to it: `tests/cassettes/test_yaml_events.py` holds that both give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Plain = Callable[[str], Any]


class Unusual(Exception):
    """A text has something that is left to PyYAML's constructor.

    An anchor, a tag, a merge key, or a mistake.
    """


def data_of(text: str, plain: Plain) -> Any:
    """Return the data in a text of one document of mappings, sequences and scalars.

    Args:
        text: the YAML.
        plain: returns the value of a scalar without quotes and tag; its keys are unchanged.

    Raises:
        Unusual: something else is in it, or it is not YAML.
    """
    import yaml

    parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return _document(parser.get_event, plain)
    except yaml.YAMLError as error:
        raise Unusual from error
    finally:
        parser.dispose()


def _document(next_event: Callable[[], Any], plain: Plain) -> Any:
    from yaml import events

    _expect(next_event(), events.StreamStartEvent)
    start = next_event()
    _expect(start, events.DocumentStartEvent)
    if start.version or start.tags:
        raise Unusual
    data = _node(next_event, plain)
    _expect(next_event(), events.DocumentEndEvent)
    _expect(next_event(), events.StreamEndEvent)
    return data


def _expect(event: Any, kind: type) -> None:
    if type(event) is not kind:
        raise Unusual


def _node(next_event: Callable[[], Any], plain: Plain) -> Any:
    """Return the value that begins with the next event.

    A loop with a stack of its own: it runs once for each of the events.
    """
    from yaml.events import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

    root: list[Any] = []
    outer: list[tuple[Any, bool, Any]] = []
    into: Any = root
    maps, key = False, _NO_KEY
    while True:
        event = next_event()
        kind = type(event)
        if kind is ScalarEvent:
            if event.anchor is not None or event.tag is not None:
                raise Unusual
            value = plain(event.value) if event.implicit[0] else event.value
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            value = into
            into, maps, key = outer.pop()
        elif (kind is MappingStartEvent or kind is SequenceStartEvent) and event.anchor is None and event.tag is None:
            if maps and key is _NO_KEY:
                raise Unusual
            outer.append((into, maps, key))
            maps, key = kind is MappingStartEvent, _NO_KEY
            into = {} if maps else []
            continue
        else:
            raise Unusual
        if not maps:
            into.append(value)
        elif key is _NO_KEY:
            key = value
        else:
            into[key] = value
            key = _NO_KEY
        if into is root:
            return root[0]


_NO_KEY: Any = object()
