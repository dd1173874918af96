"""The settings of vcrpy: which are adopted, have no effect, or are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypedDict

from understudy._cassettes.matching import DEFAULT
from understudy.errors import nearest

Replacements = Iterable[str | tuple[str, Any]]


class VcrConfig(TypedDict, total=False):
    """The settings of vcrpy that are adopted, with their own names and meanings.

    A hook is a callable, or several in a row. A request hook gets and gives a `vcr.request.Request`, an answer hook the
    answer as a dict (`status`, `headers`, `body`); None leaves the exchange out: such a request goes to the network and is
    not recorded. As in vcrpy, both are asked when an exchange is recorded, and again when it is loaded.
    """

    before_record_request: Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None
    before_record: Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None
    before_record_response: Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None
    before_save_interaction: Callable[..., Any] | Iterable[Callable[..., Any]] | None
    after_load_interaction: Callable[..., Any] | Iterable[Callable[..., Any]] | None
    filter_headers: Replacements
    filter_query_parameters: Replacements
    filter_post_data_parameters: Replacements
    filter_nested_post_data_parameters: bool
    filter_sensitive_data: Mapping[str, Any] | Iterable[tuple[str, Any]]
    ignore_hosts: Iterable[Any]
    ignore_localhost: bool


TAKEN = frozenset(VcrConfig.__annotations__)

_MATCHERS = frozenset({"match_on", "additional_matchers"})
# This is always so, or concerns another plugin that reads the same fixture.
_NEEDLESS = frozenset({"decode_compressed_response", "allow_playback_repeats", "allowed_hosts"})

_PLACE = "the ini option `understudy_cassettes` and the marker's path say where cassettes are"
_SAVES = "understudy reads and saves cassettes itself, whole or not at all"
_NOT_TAKEN = {
    "record_mode": "set it on the command line: --understudy-record=none|once|new|all (record= of use_cassette)",
    "serializer": "the suffix decides: a path that ends in .json is JSON, any other YAML",
    "persister": _SAVES,
    "drop_unused_requests": "--understudy-unplayed reports what a test did not play; record='all' leaves it out",
    "record_on_exception": "a failing test never replaces a cassette, and what it recorded anew is kept",
    "cassette_library_dir": _PLACE,
    "path_transformer": _PLACE,
    "func_path_generator": _PLACE,
    "inject_cassette": "the fixture `understudy_cassette` is the cassette",
    "custom_patches": "understudy intercepts HTTP clients in its own way",
    "skip_patchers": "understudy intercepts HTTP clients in its own way",
}
# vcrpy's defaults are not a wish of the user's, so they are not refused.
_USUAL = {"record_mode": ("none",), "serializer": ("yaml",), "record_on_exception": (True,)}


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of `use_cassette` that a `vcr_config` amounts to.

    Raises:
        TypeError: a setting that does not exist or cannot be adopted; the message says what to do instead.
    """
    settings: dict[str, Any] = {}
    for name, value in config.items():
        if name in TAKEN:
            settings[name] = value
        elif name in _NOT_TAKEN:
            if value not in _USUAL.get(name, (None, False)) and not _is_empty(value):
                raise TypeError(f"{name}={value!r} is not adopted from vcrpy: {_NOT_TAKEN[name]}")
        elif name not in (*_NEEDLESS, "match_on", "additional_matchers"):
            raise unknown(name, _MATCHERS)
    matchers = [*config.get("match_on", DEFAULT), *config.get("additional_matchers", ())]
    if not _MATCHERS.isdisjoint(config):
        settings["match_on"] = ["uri" if name == "url" else name for name in matchers]
    return settings


def _is_empty(value: Any) -> bool:
    return isinstance(value, Sequence) and not value


def unknown(name: str, own: Iterable[str] = ()) -> TypeError:
    """Return the error about a setting that does not exist.

    `own` are the settings that exist besides vcrpy's.
    """
    if name in _NOT_TAKEN or name in _NEEDLESS:
        return TypeError(f"{name}= is not adopted from vcrpy: {_NOT_TAKEN.get(name, 'it is always so')}")
    known = sorted({*own, *TAKEN})
    close = nearest(name, known)
    hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"
    return TypeError(f"{name!r} is not a setting; {hint}")
