"""The playground: a page, its scripts and its style, served as packaged."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from understudy._common.messages import Response

_TYPES = {
    "index.html": "text/html; charset=utf-8",
    **dict.fromkeys(("api.js", "app.js", "dom.js", "forms.js"), "text/javascript; charset=utf-8"),
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
# Nothing from another host, nothing inline: text of a model or a user cannot become code.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-cache"),
)
_FOLDER = "/playground/"


def page(path: str) -> Response | None:
    """Return a file of the page by its path, or None."""
    name = "index.html" if path == "/" else path.removeprefix(_FOLDER) if path.startswith(_FOLDER) else ""
    if name not in _TYPES:
        return None
    return Response(200, (("content-type", _TYPES[name]), *_HEADERS), _read(name))


@cache
def _read(name: str) -> bytes:
    return (files("understudy._serve") / "playground" / name).read_bytes()
