"""The user's hooks, which see exchanges before our own scrubbing does.

They are called as vcrpy calls them, and see vcrpy's own values.

vcrpy itself builds them from its settings, filters included; here they are given what they expect, and what they return is
converted back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from understudy._cassettes.formats.fields import as_bytes, header_pairs
from understudy._cassettes.formats.vcrpy import answer_body
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.vcr_config import VcrConfig
from understudy._common.messages import Headers, Request
from understudy.errors import CassetteError

_Pair = tuple[Any, Any]


class Hooks:
    """The hooks of one cassette.

    Args:
        config: vcrpy's settings; see `VcrConfig`.

    Raises:
        TypeError: a setting that the installed vcrpy does not know.
    """

    def __init__(self, config: VcrConfig) -> None:
        from vcr import VCR

        known = inspect.signature(VCR.__init__).parameters
        for name in config:
            if name not in known and name not in ("before_save_interaction", "after_load_interaction"):
                raise TypeError(f"{name}= needs a newer vcrpy than the one installed")
        built = VCR(**{name: value for name, value in config.items() if name in known}).get_merged_config()
        self._request = built["before_record_request"]
        self._response = built["before_record_response"]
        self._save = _several(config.get("before_save_interaction"))
        self._load = _several(config.get("after_load_interaction"))
        if config.get("filter_sensitive_data"):
            from vcr.filters import sensitive_data_hooks

            hide, restore = sensitive_data_hooks(config["filter_sensitive_data"])
            self._save.append(hide)
            self._load.insert(0, restore)

    def request(self, request: Request) -> Request | None:
        """Return a request as it is to be looked up and recorded.

        None if a hook excludes it from the cassette.
        """
        with _blame_hook("before_record_request", request.method, request.path):
            sent = _to_vcr(request.method, request.url, request.headers, request.body)
            shown = self._request(sent)
            if not shown:
                return None
            headers = _headers_of(shown, request.headers)
            return Request(shown.method, shown.uri, headers, as_bytes(shown.body) or b"")

    def recorded(self, interaction: Interaction) -> Interaction | None:
        """Return an exchange as it is to be recorded; None to leave it out.

        Its request went through `request` before.
        """
        with _blame_hook("before_record_response", interaction.method, interaction.path):
            request, response = _pair(interaction)
            response = self._response(response)
        if response is None:
            return None
        with _blame_hook("before_save_interaction", interaction.method, interaction.path):
            return _changed(interaction, _run(self._save, (request, response)))

    def loaded(self, interactions: Sequence[Interaction]) -> list[Interaction]:
        """Return a recording as the hooks want it replayed."""
        found = [changed for one in interactions if (changed := self._loaded(one)) is not None]
        return [replace(one, index=number) for number, one in enumerate(found)]

    def _loaded(self, interaction: Interaction) -> Interaction | None:
        where = interaction.method, interaction.path
        with _blame_hook("after_load_interaction", *where):
            pair = _run(self._load, _pair(interaction))
        if pair is None:
            return None
        with _blame_hook("before_record_request", *where):
            request = self._request(pair[0])
        if not request:
            return None
        with _blame_hook("before_record_response", *where):
            response = self._response(pair[1])
        return None if response is None else _changed(interaction, (request, response))


@contextmanager
def _blame_hook(hook: str, method: str, path: str) -> Iterator[None]:
    """Raise any error from this block as one of the hook, which it names."""
    try:
        yield
    except Exception as error:
        raise CassetteError(f"{hook} failed on {method} {path}: {error!r}. This hook is the test project's own.") from error


def _several(hooks: Any) -> list[Callable[..., Any]]:
    if hooks is None:
        return []
    return list(hooks) if isinstance(hooks, Iterable) else [hooks]


def _run(hooks: Iterable[Callable[..., Any]], pair: _Pair) -> _Pair | None:
    for hook in hooks:
        given = hook(*pair)
        if given is None:
            return None
        request, response = given
        pair = request, response
    return pair


def _to_vcr(method: str, url: str, headers: Headers, body: bytes | None) -> Any:
    from vcr.request import Request as VcrRequest

    return VcrRequest(method, url, body, dict(headers))


def _pair(interaction: Interaction) -> _Pair:
    headers: dict[str, list[str]] = {}
    for name, value in interaction.headers:
        headers.setdefault(name, []).append(value)
    response = {
        "status": {"code": interaction.status, "message": ""},
        "headers": headers,
        "body": {"string": interaction.body},
    }
    request = _to_vcr(interaction.method, interaction.url, interaction.request_headers, interaction.request_body)
    return request, response


def _headers_of(request: Any, before: Headers) -> Headers:
    """Return the headers that a hook left.

    vcrpy has one value of each: what the hook did not change stays as it was.
    """
    left = dict(request.headers)
    return before if left == dict(before) else header_pairs(left)


def _changed(interaction: Interaction, pair: _Pair | None) -> Interaction | None:
    if pair is None:
        return None
    request, response = pair
    body = answer_body(response)
    headers = header_pairs(response["headers"])
    return replace(
        interaction,
        method=request.method,
        url=request.uri,
        request_headers=_headers_of(request, interaction.request_headers),
        request_body=as_bytes(request.body),
        status=int(response["status"]["code"]),
        headers=interaction.headers if sorted(headers) == sorted(interaction.headers) else headers,
        body=body,
        timings=interaction.timings if body == interaction.body else (),  # they count bytes, and the bytes have changed
    )
