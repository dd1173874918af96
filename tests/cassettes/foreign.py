"""Writers of small files in other recorders' shapes, so that one exchange can be tried in all of them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

BASE = "https://api.openai.com"


@dataclass(frozen=True)
class Spoken:
    """One exchange, JSON both ways; `sent` None for no body."""

    method: str
    path: str
    sent: Any
    answer: Any

    @property
    def url(self) -> str:
        return f"{BASE}/v1{self.path}"

    @property
    def request_text(self) -> str:
        return "" if self.sent is None else json.dumps(self.sent)

    @property
    def answer_text(self) -> str:
        return json.dumps(self.answer)


JSON_HEADERS = {"Content-Type": ["application/json"]}
ONE_VALUE = {"Content-Type": "application/json"}
Exchanges = Sequence[Spoken]


def _yaml(data: Any) -> bytes:
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode()


def _json(data: Any) -> bytes:
    return json.dumps(data, indent=2).encode()


def _vcrpy(exchanges: Exchanges) -> dict[str, Any]:
    entries = [
        {
            "request": {"method": one.method, "uri": one.url, "body": one.request_text or None, "headers": JSON_HEADERS},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": JSON_HEADERS,
                "body": {"string": one.answer_text},
            },
        }
        for one in exchanges
    ]
    for entry, one in zip(entries, exchanges, strict=True):
        if one.sent is None:
            entry["request"]["headers"] = {}
    return {"interactions": entries, "version": 1}


def parsed_body(exchanges: Exchanges) -> bytes:
    document = _vcrpy(exchanges)
    for entry, one in zip(document["interactions"], exchanges, strict=True):
        if one.sent is not None:
            del entry["request"]["body"]
            entry["request"]["parsed_body"] = one.sent
        del entry["response"]["body"]
        entry["response"]["parsed_body"] = one.answer
    return _yaml(document)


def _ruby_entry(one: Spoken, number: int) -> dict[str, Any]:
    return {
        "request": {
            "method": one.method.lower(),
            "uri": one.url,
            "body": {"encoding": "UTF-8", "string": one.request_text},
            "headers": JSON_HEADERS if one.sent is not None else {},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": JSON_HEADERS,
            "body": {"encoding": "ASCII-8BIT", "string": one.answer_text},
        },
        "recorded_at": f"Mon, 24 Jun 2024 15:50:{number:02} GMT",
    }


def ruby_vcr(exchanges: Exchanges) -> bytes:
    entries = [_ruby_entry(one, number) for number, one in enumerate(exchanges)]
    text = _yaml({"http_interactions": entries, "recorded_with": "VCR 6.2.0"})
    return b"---\n" + text


def ruby_vcr_binary(exchanges: Exchanges) -> bytes:
    """As Psych writes what is not marked as text: with its own tag."""
    entries = [_ruby_entry(one, number) for number, one in enumerate(exchanges)]
    for entry, one in zip(entries, exchanges, strict=True):
        entry["response"]["body"]["string"] = one.answer_text.encode()
    text = _yaml({"http_interactions": entries, "recorded_with": "VCR 6.2.0"})
    return text.replace(b"!!binary", b"!binary")


def betamax(exchanges: Exchanges) -> bytes:
    entries = [_ruby_entry(one, number) for number, one in enumerate(exchanges)]
    for entry, one in zip(entries, exchanges, strict=True):
        packed = base64.b64encode(gzip.compress(one.answer_text.encode(), mtime=0)).decode()
        entry["response"]["body"] = {"encoding": "utf-8", "base64_string": packed}
        entry["response"]["headers"] = {**JSON_HEADERS, "Content-Encoding": ["gzip"]}
        entry["recorded_at"] = "2024-06-24T15:50:04"
    return _json({"http_interactions": entries, "recorded_with": "betamax/0.9.0"})


def r_vcr_1(exchanges: Exchanges) -> bytes:
    entries = [_ruby_entry(one, number) for number, one in enumerate(exchanges)]
    for entry in entries:
        entry["response"]["status"] = {"status_code": 200, "category": "Success", "reason": "OK", "message": "Success"}
        entry["response"]["headers"] = ONE_VALUE
        entry["response"]["body"]["file"] = False
        entry["recorded_with"] = "vcr/1.2.2, webmockr/0.9.0"
    return _yaml({"http_interactions": entries}).replace(b"file: false", b"file: no")


def r_vcr_2(exchanges: Exchanges) -> bytes:
    entries = [_ruby_entry(one, number) for number, one in enumerate(exchanges)]
    for entry in entries:
        entry["response"]["status"] = 200
        entry["response"]["headers"] = ONE_VALUE
        entry["recorded_at"] = "2025-05-01 10:00:00"
    return _yaml({"http_interactions": entries, "recorded_with": "VCR-vcr/2.0.0"})


def _go_entry(one: Spoken) -> dict[str, Any]:
    sent = JSON_HEADERS if one.sent is not None else {}
    return {
        "request": {"body": one.request_text, "form": {}, "headers": sent, "url": one.url, "method": one.method},
        "response": {
            "body": one.answer_text,
            "headers": JSON_HEADERS,
            "status": "200 OK",
            "code": 200,
            "duration": "1.2s",
        },
    }


def go_vcr_1(exchanges: Exchanges) -> bytes:
    return _yaml({"version": 1, "rwmutex": {}, "interactions": [_go_entry(one) for one in exchanges]})


def go_vcr_2(exchanges: Exchanges) -> bytes:
    entries = []
    for number, one in enumerate(exchanges):
        entry = _go_entry(one)
        entry["request"] |= {"proto": "HTTP/1.1", "proto_major": 1, "host": "api.openai.com", "trailer": {}}
        entry["response"] |= {"proto": "HTTP/2.0", "content_length": -1, "uncompressed": True}
        entries.append({"id": number, **entry})
    return b"---\n" + _yaml({"version": 2, "interactions": entries})


def exvcr(exchanges: Exchanges) -> bytes:
    entries = []
    for number, one in enumerate(exchanges):
        request = {
            "body": one.request_text,
            "headers": ONE_VALUE,
            "method": one.method.lower(),
            "options": [],
            "url": one.url,
        }
        response: dict[str, Any] = {
            "binary": False,
            "body": one.answer_text,
            "headers": ONE_VALUE,
            "status_code": 200,
            "type": "ok",
        }
        if number == 0:  # as Elixir's term_to_binary writes what is not UTF-8
            data = one.answer_text.encode()
            term = b"\x83m" + len(data).to_bytes(4, "big") + data
            response |= {"binary": True, "body": base64.b64encode(term).decode()}
        entries.append({"request": {**request, "request_body": ""}, "response": response})
    return _json(entries)


def _php_entries(exchanges: Exchanges, status: Any) -> list[Any]:
    entries = []
    for one in exchanges:
        request = {"method": one.method, "url": one.url, "headers": {"Host": "api.openai.com", **ONE_VALUE}}
        if one.sent is not None:
            request["body"] = one.request_text
        entries.append(
            {"request": request, "response": {"status": status, "headers": ONE_VALUE, "body": one.answer_text}, "index": 0}
        )
    return entries


def php_vcr(exchanges: Exchanges) -> bytes:
    return yaml.safe_dump(_php_entries(exchanges, 200), indent=4).encode()


def php_vcr_json(exchanges: Exchanges) -> bytes:
    return _json(_php_entries(exchanges, {"http_version": "1.1", "code": "200", "message": "OK"}))


def _cassetter_order(exchanges: Exchanges) -> list[tuple[str, Spoken]]:
    """The exchanges with their times, sorted as cassetter does: by method and URL."""
    times = [(f"2026-11-26T17:51:58.{number:06}+00:00", one) for number, one in enumerate(exchanges)]
    return sorted(times, key=lambda pair: (pair[1].method, pair[1].url))


def cassetter_yaml(exchanges: Exchanges) -> bytes:
    entries = [
        {
            "request": {
                "method": one.method,
                "uri": one.url,
                "headers": JSON_HEADERS,
                "body": {"type": "none"} if one.sent is None else {"type": "json", "content": one.sent},
            },
            "response": {"status": 200, "headers": JSON_HEADERS, "body": {"type": "json", "content": one.answer}},
            "recorded_at": time,
        }
        for time, one in _cassetter_order(exchanges)
    ]
    return b"---\n" + _yaml({"version": 1, "interactions": entries})


def cassetter_toml(exchanges: Exchanges) -> bytes:
    lines = ["version = 1", ""]
    for time, one in _cassetter_order(exchanges):
        sent = (
            ['body_type = "none"']
            if one.sent is None
            else ['body_type = "json"', f"body_content = {_toml(one.request_text)}"]
        )
        lines += ["[[interactions]]", f'recorded_at = "{time}"', "[interactions.request]", f'method = "{one.method}"']
        lines += [f"uri = {_toml(one.url)}", *sent, "[interactions.request.headers]", 'content-type = ["application/json"]']
        lines += [
            "[interactions.response]",
            "status = 200",
            'body_type = "json"',
            f"body_content = {_toml(one.answer_text)}",
        ]
        lines += ["[interactions.response.headers]", 'content-type = ["application/json"]', ""]
    return "\n".join(lines).encode()


def _toml(text: str) -> str:
    return json.dumps(text)  # ASCII: escapes and all are TOML's, too


def har(exchanges: Exchanges) -> bytes:
    entries = []
    for number, one in enumerate(exchanges):
        headers = [{"name": ":authority", "value": "api.openai.com"}, {"name": "content-type", "value": "application/json"}]
        request: dict[str, Any] = {"method": one.method, "url": one.url, "httpVersion": "h2", "headers": headers}
        if one.sent is not None:
            request["postData"] = {"mimeType": "application/json", "params": [], "text": one.request_text}
        content = {"mimeType": "application/json", "size": len(one.answer_text), "text": one.answer_text}
        response = {"status": 200, "statusText": "OK", "headers": headers[1:], "content": content}
        time = f"2026-11-26T18:04:{number:02}.615Z"
        entries.append({"startedDateTime": time, "time": 1, "request": request, "response": response, "timings": {}})
    return _json({"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": entries[::-1]}})


def polly(exchanges: Exchanges) -> bytes:
    """As Polly.js keeps compressed answers: the pieces as they came, in base64, as JSON in the text."""
    document = json.loads(har(exchanges))
    entries = document["log"]["entries"]
    for entry in entries:
        response = entry["response"]
        packed = gzip.compress(response["content"]["text"].encode(), mtime=0)
        pieces = [base64.b64encode(packed[:9]).decode(), base64.b64encode(packed[9:]).decode()]
        response["content"] |= {"encoding": "base64", "text": json.dumps(pieces)}
        response["headers"].append({"name": "content-encoding", "value": "gzip"})
    document["log"]["creator"] = {"name": "Polly.JS", "version": "6.0.6", "comment": "persister:fs"}
    return _json(document)


def nock(exchanges: Exchanges) -> bytes:
    entries = []
    for number, one in enumerate(exchanges):
        entry: dict[str, Any] = {"scope": f"{BASE}:443", "method": one.method, "path": f"/v1{one.path}"}
        entry |= {"body": "" if one.sent is None else one.sent, "status": 200, "response": one.answer}
        entry |= {"rawHeaders": ["Content-Type", "application/json"], "responseIsBinary": False}
        if number == 0:  # compressed: its pieces in hexadecimal
            packed = gzip.compress(one.answer_text.encode(), mtime=0)
            entry["response"] = [packed[:5].hex(), packed[5:].hex()]
            entry["rawHeaders"] = {"content-type": "application/json", "content-encoding": "gzip"}
        entries.append(entry)
    return _json(entries)


def wiremock(exchanges: Exchanges) -> bytes:
    stubs = []
    for number, one in enumerate(exchanges):
        request: dict[str, Any] = {"url": f"/v1{one.path}", "method": one.method}
        if one.sent is not None:
            request["bodyPatterns"] = [{"equalToJson": one.request_text, "ignoreArrayOrder": True}]
        body: dict[str, Any] = {"body": one.answer_text} if number else {"jsonBody": one.answer}
        response = {"status": 200, "headers": ONE_VALUE, **body}
        stubs.append({"id": f"id-{number}", "request": request, "response": response, "insertionIndex": number})
    return _json({"mappings": stubs[::-1], "meta": {"total": len(stubs)}})


def azure_test_proxy(exchanges: Exchanges) -> bytes:
    entries = [
        {
            "RequestUri": one.url,
            "RequestMethod": one.method,
            "RequestHeaders": ONE_VALUE,
            "RequestBody": one.sent,
            "StatusCode": 200,
            "ResponseHeaders": ONE_VALUE,
            "ResponseBody": one.answer,
        }
        for one in exchanges
    ]
    return _json({"Entries": entries, "Variables": {}})


WRITERS: dict[str, tuple[str, Callable[[Exchanges], bytes]]] = {
    "parsed-body.yaml": ("vcrpy with a serializer of its own (`parsed_body`)", parsed_body),
    "ruby.yml": ("Ruby VCR", ruby_vcr),
    "ruby-binary.yml": ("Ruby VCR", ruby_vcr_binary),
    "betamax.json": ("betamax", betamax),
    "r-1.yml": ("R's vcr", r_vcr_1),
    "r-2.yml": ("R's vcr", r_vcr_2),
    "go-1.yaml": ("go-vcr", go_vcr_1),
    "go-2.yaml": ("go-vcr", go_vcr_2),
    "exvcr.json": ("ExVCR", exvcr),
    "php.yml": ("php-vcr", php_vcr),
    "php.json": ("php-vcr", php_vcr_json),
    "cassetter.yaml": ("cassetter", cassetter_yaml),
    "cassetter.toml": ("cassetter", cassetter_toml),
    "browser.har": ("HAR", har),
    "polly.har": ("HAR", polly),
    "nock.json": ("nock", nock),
    "wiremock.json": ("WireMock", wiremock),
    "SessionRecord.json": ("Azure's test proxy", azure_test_proxy),
}


def vcrpy_yaml(exchanges: Exchanges) -> bytes:
    return _yaml(_vcrpy(exchanges))


def vcrpy_json(exchanges: Exchanges) -> bytes:
    return _json(_vcrpy(exchanges))
