"""150 and more secrets, each planted in one place of one exchange, where users' secrets were found in cassettes."""

from __future__ import annotations

import base64
import gzip
import json
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from tests.cassettes.test_secrets import SECRETS, core, spell
from understudy._common.messages import Answer, Request, Response

_RANDOM = random.Random(12)


def opaque(length: int = 24) -> str:
    """A secret of no shape: letters and digits, both of them."""
    return spell("q7Z", "".join(_RANDOM.choices(string.ascii_letters + string.digits, k=length - 3)))


@dataclass(frozen=True)
class Plant:
    """A secret and the exchange that holds it.

    Attributes:
        kind: what it is and where.
        traces: texts none of which may be on the disk.
        sent: arguments of `httpx.Client.request`.
        answer, stream: what the server says, as JSON or as a stream.
        variable: the environment variable that holds the secret while it is recorded.
        limit: whether no net can know it: documented.
    """

    kind: str
    traces: tuple[str, ...]
    sent: dict[str, Any] = field(default_factory=dict)
    answer: Any = None
    stream: bytes = b""
    variable: tuple[str, str] | None = None
    limit: bool = False


HEADERS = (
    *("api-key", "x-api-key", "proxy-authorization", "x-auth-token", "x-functions-key", "x-goog-api-key", "x-csrf-token"),
    *("ocp-apim-subscription-key", "x-amz-security-token", "x-client-secret", "openai-organization", "x-vault-token"),
    "x-session",
)
QUERY = (
    *("code", "key", "jwt", "auth", "session_id", "sig", "signature", "token", "access_token", "api_key", "client_secret"),
    *("password", "sid", "X-Amz-Signature", "X-Amz-Credential", "refresh_token", "apikey", "subscription-key", "id_token"),
)
MEMBERS = (
    *("password", "passwd", "pwd", "db_password", "newPassword", "secret", "client_secret", "clientSecret", "SECRET_KEY"),
    *(
        "signing_key",
        "encryption_key",
        "private_key",
        "privateKey",
        "access_key",
        "secretAccessKey",
        "authorization",
        "auth",
    ),
    *("bearer", "api_key", "apiKey", "openai_key", "x-api-key", "access_token", "refreshToken", "bot_token", "jwt"),
    *("credentials", "passphrase", "connection_string", "AccountKey", "webhook_secret", "master_key", "cookie"),
)
VARIABLES = (
    *("AWS_SECRET_ACCESS_KEY", "OPENAI_KEY", "AZURE_OPENAI_KEY", "DJANGO_SECRET_KEY", "GITHUB_TOKEN", "PGPASSWORD"),
    *("STRIPE_WEBHOOK_SECRET", "REDISCLI_AUTH", "SMTP_PASS", "APP_CREDENTIALS"),
)
ODD = (
    "correct horse battery staple",
    "xJL8{AxHpKCzq}<hol94",
    "1qPg'mHQqT&FoJDo",
    "p,ass;word(1)long",
    'qu"ote\\slash"42',
    "żółć-gęślą-jaźń",
)


def plants() -> Iterator[Plant]:
    """Every planted secret; the same ones each time."""
    _RANDOM.seed(12)
    for kind in SECRETS:
        yield Plant(f"shape {kind}", (core(kind),), {"json": {"content": f"see {SECRETS[kind]} there"}})
    yield from _in_headers()
    for name in QUERY:
        yield Plant(f"query {name}", (secret := opaque(),), {"params": {name: secret}})
    yield from _in_members()
    yield from _encoded()
    yield from _in_the_environment()
    yield from _codings()
    yield from _split()
    yield from _limits()


def _in_headers() -> Iterator[Plant]:
    for name in HEADERS:
        secret = opaque()
        yield Plant(f"header {name}", (secret,), {"headers": {name: secret}, "json": {}}, {"echo": secret})
    secret = opaque()
    yield Plant("header authorization", (secret,), {"headers": {"authorization": f"Bearer {secret}"}}, {"echo": secret})
    basic = base64.b64encode(f"user:{(secret := opaque())}".encode()).decode()
    yield Plant("header basic", (secret, basic), {"headers": {"authorization": f"Basic {basic}"}}, {"echo": secret})
    yield Plant("header cookie", (secret := opaque(),), {"headers": {"cookie": f"theme=dark; k={secret}"}}, {"echo": secret})


def _in_members() -> Iterator[Plant]:
    for name in MEMBERS:
        yield Plant(f"member {name}", (secret := opaque(),), {"json": {"metadata": {name: secret}}})
    for number, odd in enumerate(ODD):
        yield Plant(f"odd password {number}", (odd[-6:], json.dumps(odd)[-7:-1]), {"json": {"metadata": {"password": odd}}})
    for depth in (1, 2, 3):
        text = json.dumps({"password": (secret := opaque() + " with, {odd}")})
        for _ in range(depth):
            text = json.dumps({"arguments": text})
        yield Plant(f"JSON in JSON, {depth} deep", (secret[-8:], secret[:8]), {"content": text.encode()})
    for name in ("password", "api_key", "token"):
        yield Plant(f"form {name}", (secret := opaque(),), {"data": {"user": "bob", name: secret}})
        yield Plant(
            f"multipart {name}", (secret := opaque(),), {"data": {name: secret}, "files": {"file": ("a.txt", b"hi")}}
        )
    texts = {
        "setting": "DB_PASSWORD={}\n",
        "yaml": "secret_key: {}\n",
        "python": "{{'password': '{}'}}",
        "option": "tool --password {} --verbose",
        "markup": "<password>{}</password>",
        "header in text": "GET / HTTP/1.1\nAuthorization: Bearer {}\n",
        "pair": '[{{"name": "api_key", "value": "{}"}}]',
        "list": '{{"secrets": ["{}", "b"]}}',
        "link": "https://x.example/download?expires=1&sig={}&x=1",
        "p@ss in a URL": "postgres://app:p@ss:{}@db/x",
        "block of yaml": "password: |\n  {}\nuser: bob\n",
        "three quotes": 'password = """{}"""\n',
        "markup with attributes": '<password type="x">{}</password>',
        "markup in CDATA": "<password><![CDATA[{}]]></password>",
        "plural": '{{"passwords": ["{}", "b"]}}',
        "encoded name": "user=bob&pass%77ord={}",
        "link in a link": "see https://x.example/?next=https%3A%2F%2Fbob%3A{}%40host%2Fx",
        "link in a link in a link": "?next=https%253A%252F%252Fy.example%253Fapi_key%253D{}",
    }
    for kind, text in texts.items():
        yield Plant(f"text {kind}", (secret := opaque(),), {"content": text.format(secret).encode()})


def _encoded() -> Iterator[Plant]:
    """Under a telling name, in a part of the request that is encoded as a whole."""
    for kind, encode in (("base64", base64.b64encode), ("base64 for URLs", base64.urlsafe_b64encode)):
        secret = opaque()
        coded = encode(f'{{"user": "~~~", "password": "{secret}"}}'.encode()).decode()
        yield Plant(f"JSON in {kind}", (secret, coded), {"json": {"file_data": f"data:application/json;base64,{coded}"}})
    secret = opaque() + "\r\n--" + opaque()
    part = f'--frame\r\nContent-Disposition: form-data; name="private_key"\r\n\r\n{secret}\r\n--frame--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=frame"}
    yield Plant("multipart with dashes", (secret[-20:],), {"content": part.encode(), "headers": headers})


def _in_the_environment() -> Iterator[Plant]:
    for name in VARIABLES:
        secret = opaque()
        yield Plant(f"variable {name}", (secret,), {"json": {"content": f"use {secret}"}}, variable=(name, secret))
    for name, url in (("DATABASE_URL", "postgres://app:{}@db/x"), ("CONN", "Server=x;Password={};Database=y")):
        secret = opaque()
        yield Plant(
            f"variable {name}", (secret,), {"json": {"content": f"use {secret}"}}, variable=(name, url.format(secret))
        )


def _codings() -> Iterator[Plant]:
    """The client's own key, written otherwise in what it sends."""
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + (own := opaque(30)).encode() + b"tail").decode()
        yield _own(f"base64 at {shift}", own, coded, coded[4:-8])
    own = opaque(20) + "?>~" + opaque(20)
    yield _own("base64 for URLs", own, coded := base64.urlsafe_b64encode(own.encode()).decode(), coded[:20])
    yield _own("hexadecimal", own := opaque(), own.encode().hex(), own.encode().hex())
    yield _own("HEXADECIMAL", own := opaque(), own.encode().hex().upper(), own.encode().hex().upper())
    escapes = {"\\u": "\\u{:04x}", "%": "%{:02X}", "\\x": "\\x{:02x}", "&#": "&#{};", "&#x": "&#x{:x};"}
    for kind, escape in escapes.items():
        own = opaque()
        coded = "".join(escape.format(ord(c)) for c in own)
        yield _own(f"escaped by {kind}", own, coded, coded)
    yield _own("in capitals", own := opaque(), own.upper(), own.upper())
    own = opaque()
    raw = json.dumps({"k": "@"}).replace("@", "".join(f"\\u{ord(c):04X}" for c in own))
    yield Plant(
        "own key, escaped JSON", (raw[7:30],), {"content": raw.encode(), "headers": {"authorization": f"Bearer {own}"}}
    )


def _own(kind: str, own: str, coded: str, trace: str) -> Plant:
    headers = {"authorization": f"Bearer {own}"}
    return Plant(f"own key, {kind}", (own, trace), {"json": {"content": coded}, "headers": headers})


def _split() -> Iterator[Plant]:
    """The client's own key, said by the model in pieces; none of which is allowed to be left."""
    events = {
        "thread": lambda piece: {"delta": {"content": [{"index": 0, "type": "text", "text": {"value": piece}}]}},
        "arguments": lambda piece: {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": piece},
        "completion": lambda piece: {"id": "cmpl-1", "choices": [{"index": 0, "text": piece}]},
        "chat": lambda piece: {"id": "c_1", "choices": [{"index": 0, "delta": {"content": piece}}]},
    }
    for kind, event in events.items():
        own = opaque(42)
        pieces = [own[at : at + 7] for at in range(0, len(own), 7)]
        stream = "".join(f"data: {json.dumps(event(piece))}\n\n" for piece in pieces) + "data: [DONE]\n\n"
        if kind == "thread":  # JSON laid out over the lines of an event
            stream = stream.replace('{"delta": ', '{"delta":\ndata: ')
        headers = {"authorization": f"Bearer {own}"}
        traces = (own, *pieces)
        yield Plant(f"split, {kind}", traces, {"json": {"stream": True}, "headers": headers}, stream=stream.encode())


def _limits() -> Iterator[Plant]:
    """What no net can know: documented in docs/replay.md."""
    yield Plant("no telling name", (secret := opaque(),), {"json": {"note": secret}}, limit=True)
    yield Plant("in prose", ("hunter2x",), {"json": {"content": "my password is hunter2x, do not tell"}}, limit=True)
    own = opaque()
    headers = {"authorization": f"Bearer {own}"}
    yield Plant("backwards", (own[::-1],), {"json": {"content": own[::-1]}, "headers": headers}, limit=True)
    packed = base64.b64encode(gzip.compress((own := opaque()).encode(), mtime=0)).decode()
    headers = {"authorization": f"Bearer {own}"}
    yield Plant("packed inside a body", (packed,), {"json": {"content": packed}, "headers": headers}, limit=True)
    coded = base64.b32encode((own := opaque()).encode()).decode()
    yield Plant("base32", (coded,), {"json": {"content": coded}, "headers": {"authorization": f"Bearer {own}"}}, limit=True)


class PlantServer:
    """Answers the exchange of each plant, by the number in its path."""

    def __init__(self, all_plants: list[Plant]) -> None:
        self.plants = all_plants

    def handle(self, request: Request) -> Answer:
        plant = self.plants[int(request.path.rpartition("_")[2])]
        if plant.stream:
            return Response(200, (("content-type", "text/event-stream"),), plant.stream)
        return Response(200, (("content-type", "application/json"),), json.dumps(plant.answer or {"id": "x"}).encode())


def send_all(base: str, all_plants: list[Plant]) -> None:
    """Send every plant's request, and read its answer."""
    with httpx.Client() as client:
        for number, plant in enumerate(all_plants):
            client.post(f"{base}/v1/threads/thread_{number}", **plant.sent)


def on_disk(text: str, plant: Plant) -> bool:
    """Whether a cassette's text holds a trace of the secret, as it is or coded for a URL."""
    return any(trace in text or quote(trace, safe="") in text for trace in plant.traces)
