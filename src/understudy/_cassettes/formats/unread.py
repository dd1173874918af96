"""Files of recorders that are recognised by name but cannot be read."""

from __future__ import annotations

import re
from typing import Any

from understudy._cassettes.formats.reader import first, members, part

_HAR = "export the traffic as HAR, which is read"
_BINARY = (
    (re.compile(rb"SQLite format 3\x00"), "an SQLite database, as requests-cache and hishel write them", _HAR),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive", "unpack it, and try the files in it"),
    (re.compile(rb"\x0b\x0e\x0a\xc1"), "R vcr's format qs2", "save it as YAML or JSON with R's vcr"),
    (re.compile(rb"\d{1,9}:\d{1,9}:"), "a mitmproxy dump", "write a HAR: `mitmdump -nr FILE --set hardump=FILE.har`"),
    (re.compile(rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x0a\x0d\x0d\x0a"), "a capture of packets (pcap)", _HAR),
    (
        re.compile(rb"(?:---\s*)?- !ruby/struct:VCR"),
        "a cassette of Ruby VCR 1",
        "convert a copy with the task `vcr:migrate_cassettes` of VCR 2",
    ),
    (re.compile(rb"!tape\b|---\s*!tape\b"), "a tape of Betamax or OkReplay for Java", _HAR),
    (re.compile(rb"\s*(?:var|const|import|module\.exports|exports\.|nock\()"), "JavaScript, as yakbak writes it", _HAR),
)


def unread_bytes(content: bytes) -> tuple[str, str] | None:
    """Return what a file is, by its first bytes, and what to do with it.

    None if it is none of the known kinds.
    """
    return next(((name, remedy) for pattern, name, remedy in _BINARY if pattern.match(content)), None)


def unread(document: Any) -> tuple[str, str] | None:
    """Return whose format a document is in, and what to do with it.

    None if it is none of the known formats.
    """
    top, one = part(document), first(members(document))
    schema = str(part(document, "info").get("schema"))
    names = {
        "a pact, of Pact": {"consumer", "provider"} <= top.keys(),
        "a simulation of Hoverfly": "pairs" in part(document, "data") or "schemaVersion" in part(document, "meta"),
        "imposters of Mountebank": "imposters" in top or {"protocol", "stubs"} <= top.keys(),
        "a collection of Postman": "getpostman.com" in schema or "_postman_id" in part(document, "info"),
        "an export of Insomnia": "__export_format" in top,
        "an OpenAPI description": "openapi" in top or "swagger" in top,
        "expectations of MockServer": "httpRequest" in top or "httpRequest" in one,
        "a tape of Talkback": {"req", "res"} <= top.keys(),
        "a tape of Betamax or OkReplay for Java": "recorded" in first(members(top, "interactions")),
        "a cassette of DVR (Swift)": {"name", "interactions"} <= top.keys(),
        "a cassette of EasyVCR or Scotch (.NET)": "Request" in one and "Response" in one,
        "a cassette of ReqCassette": "body_type" in part(first(members(top, "interactions")), "response"),
    }
    return next(((name, _HAR) for name, is_it in names.items() if is_it), None)
