"""No secret reaches the disk, whatever its kind and wherever it stands."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.cassettes.loopback import served
from understudy import use_cassette
from understudy._cassettes import load
from understudy._cassettes.secrets import Scrubber
from understudy._common.messages import Answer, Request, Response
from understudy.errors import CassetteError

BETA = {"OpenAI-Beta": "assistants=v2"}


def spell(*parts: str) -> str:
    """Joined here, so that no scanner takes this file for a leak."""
    return "".join(parts)


SECRETS = {
    "openai": spell("sk-", "abcdefghijklmnopqrstT3BlbkFJabcdefghijklmnopqrst"),
    "openai project": spell("sk-", "proj-Ab3_dEfGhIjKlMnOpQrStUvWxYz0123456789-xyz"),
    "openai service account": spell("sk-", "svcacct-Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
    "openai admin": spell("sk-", "admin-Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
    "openai masked": spell("sk-", "abcde***************************************wxyz"),
    "openai session": spell("sess-", "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789abcd"),
    "organization": spell("org-", "Ab3dEfGhIjKlMnOpQrStUvWx"),
    "project": spell("proj_", "Ab3dEfGhIjKlMnOpQrStUvWx"),
    "user": spell("user-", "Ab3dEfGhIjKlMnOpQrStUvWx"),
    "anthropic": spell("sk-", "ant-api03-Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
    "bearer": spell("Bearer ", "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
    "basic": spell("Basic ", "dXNlcjpwYXNzd29yZDEyMzQ1Njc4OTA="),
    "jwt": spell("eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"),
    "aws id": spell("AKIA", "IOSFODNN7EXAMPLE"),
    "aws session id": spell("ASIA", "IOSFODNN7EXAMPLE"),
    "github": spell("ghp_", "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
    "github oauth": spell("gho_", "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
    "github fine": spell("github_pat_", "11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123"),
    "gitlab": spell("glpat-", "Ab3dEfGhIjKlMnOpQrSt"),
    "slack": spell("xoxb-", "123456789012-1234567890123-AbCdEfGhIjKlMnOp"),
    "slack app": spell("xapp-", "1-A0123456789-1234567890123-abcdef0123456789"),
    "google": spell("AIza", "SyAb3dEfGhIjKlMnOpQrStUvWxYz012345678"),
    "google oauth": spell("ya29.", "a0AfB_byAb3dEfGhIjKlMnOpQrSt"),
    "stripe": spell("sk_live_", "Ab3dEfGhIjKlMnOpQrStUvWx"),
    "stripe restricted": spell("rk_test_", "Ab3dEfGhIjKlMnOpQrStUvWx"),
    "stripe webhook": spell("whsec_", "Ab3dEfGhIjKlMnOpQrStUvWx"),
    "hugging face": spell("hf_", "Ab3dEfGhIjKlMnOpQrStUvWxYz01234567"),
    "npm": spell("npm_", "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
    "pypi": spell("pypi-", "AgEIcHlwaS5vcmcCJAb3dEfGhIjKlMnOpQrStUv"),
    "digitalocean": spell("dop_v1_", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    "databricks": spell("dapi", "0123456789abcdef0123456789abcdef"),
    "shopify": spell("shpat_", "0123456789abcdef0123456789abcdef"),
    "sendgrid": spell("SG.", "Ab3dEfGhIjKlMnOpQrStUv.Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg"),
    "twilio": spell("AC", "0123456789abcdef0123456789abcdef"),
    "telegram": spell("123456789:", "AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"),
    "groq": spell("gsk_", "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
    "url password": spell("https://admin:", "hunter2hunter2@db.example"),
    "named password": spell("password=", "correct-horse-battery-staple"),
    "named key": spell("api_key: ", "0123456789abcdef0123456789abcdef"),
    "connection string": spell("AccountKey=", "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789Ab3dEfGhIjKlMnOpQr=="),
    "signature": spell("sv=2024&sig=", "Ab3dEfGhIjKlMnOpQrStUvWx0123456789"),
    "slack hook": spell("https://hooks.slack.com/services/", "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"),
    "cookie": spell("__cf_bm=", "Ab3dEfGhIjKlMnOp.QrStUvWx-1700000000-1.0.1.1"),
    "private key": spell("-----BEGIN RSA PRIVATE", " KEY-----MIIEpAIBAAKCAQEA0123456789-----END RSA PRIVATE", " KEY-----"),
}
CORES = {
    "url password": "hunter2hunter2",
    "named password": "correct-horse",
    "named key": "0123456789abcdef0123456789abcdef",
    "private key": "MIIEpAIBAAKCAQEA",
    "twilio": "0123456789abcdef0123456789abcdef",
}


def core(kind: str) -> str:
    """The part of a secret that must be gone."""
    secret = SECRETS[kind]
    return CORES.get(kind) or max(secret.replace("=", " ").replace("/", " ").replace("_", "_ ").split(), key=len)


class Leaky:
    """A server that says a secret in the place that the path names."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def handle(self, request: Request) -> Answer:
        json_body = json.dumps({"id": "asst_1", "said": f"this: {self.secret} was it"}).encode()
        kind = (("content-type", "application/json"),)
        place = request.path.rpartition("/")[2]
        if place == "stream":
            events = [f"event: e\ndata: {json.dumps({'text': self.secret})}\n\n".encode(), b"event: done\ndata: [DONE]\n\n"]
            return Response(200, (("content-type", "text/event-stream"),), stream=iter(events))
        if place == "error":
            text = f"Incorrect API key provided: {self.secret}. You can find your API key at ..."
            return Response(401, kind, json.dumps({"error": {"message": text}}, indent=2).encode())
        if place == "gzip":
            return Response(200, (*kind, ("content-encoding", "gzip")), gzip.compress(json_body))
        if place == "header":
            flat = self.secret.replace("\n", "")
            return Response(
                200, (*kind, ("set-cookie", f"a={flat}"), ("x-request-id", flat), ("openai-organization", flat)), b"{}"
            )
        return Response(200, kind, json_body if place == "answer" else b'{"id": "asst_1"}')


def plant(base: str, secret: str) -> Iterator[None]:
    """Send a secret in every place of a request, and hear it in every place of an answer."""
    flat = secret.replace("\n", "")
    with httpx.Client(base_url=f"{base}/v1/assistants", headers=BETA) as client:
        client.get(f"/query?note={quote(secret, safe='')}")
        client.get(f"/path/{quote(secret, safe='')}")
        client.post("/json", json={"deep": [{"text": f"({secret})"}]})
        client.post("/multipart", data={"note": secret}, files={"file": ("a.txt", secret.encode())})
        client.post(
            "/packed", content=gzip.compress(json.dumps({"a": secret}).encode()), headers={"content-encoding": "gzip"}
        )
        client.post("/header", headers={"Authorization": f"Bearer {flat}", "Cookie": f"k={flat}", "User-Agent": flat})
        for place in ("answer", "stream", "error", "gzip"):
            client.post(f"/{place}", json={})
    yield


@pytest.mark.parametrize("kind", SECRETS)
def test_planted_secrets_are_scrubbed_everywhere(tmp_path: Path, kind: str) -> None:
    """URL, path, JSON, multipart, compressed bodies, headers, answers, streams, error texts: it is in none."""
    secret = SECRETS[kind]
    path = tmp_path / "c.yaml"
    with served(Leaky(secret)) as base, use_cassette(path, record="once"):
        list(plant(base, secret))
    text = path.read_text()
    assert len(load(path)) == 10
    for form in (core(kind), quote(core(kind), safe=""), json.dumps(core(kind))[1:-1]):
        assert form not in text
    assert "SCRUBBED" in text


def test_a_scrubbed_recording_still_plays(tmp_path: Path) -> None:
    """The app sends its secret as before, and the recorded request is found although it lacks it."""
    secret = SECRETS["openai project"]
    path = tmp_path / "c.yaml"
    with served(Leaky(secret)) as base, use_cassette(path, record="once"):
        list(plant(base, secret))
    with use_cassette(path):
        list(plant("https://api.openai.com", secret))


def test_keys_of_the_environment_are_scrubbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of no known shape is taken out because it is known: from the environment, or from a header."""
    monkeypatch.setenv("MY_COMPANY_API_KEY", "just some plain words")
    path = tmp_path / "c.yaml"
    with served(Leaky("another plain sentence")) as base, use_cassette(path, record="once"), httpx.Client() as client:
        headers = {**BETA, "api-key": "another plain sentence"}
        client.post(f"{base}/v1/assistants/answer", json={"note": "just some plain words"}, headers=headers)
    assert "plain words" not in path.read_text()
    assert "plain sentence" not in path.read_text()


@pytest.mark.parametrize(
    ("header", "value", "secret"),
    [
        ("Cookie", "theme=dark; key=plainsailing==; k2=v2", "plainsailing=="),
        ("Authorization", "Token plainsailing", "plainsailing"),
        ("Proxy-Authorization", "plainsailing", "plainsailing"),
        ("X-Api-Key", "plainsailing", "plainsailing"),
    ],
    ids=["cookie", "authorization", "proxy", "key"],
)
def test_what_a_secret_header_held_is_taken_out_elsewhere(tmp_path: Path, header: str, value: str, secret: str) -> None:
    """A value of no known shape is known by where it stood, and gone from the answer that repeats it too."""
    path = tmp_path / "c.yaml"
    with served(Leaky(secret)) as base, use_cassette(path, record="once"), httpx.Client() as client:
        client.post(f"{base}/v1/assistants/answer", json={}, headers={**BETA, header: value})
    assert "plainsailing" not in path.read_text()
    assert load(path)[0].json["said"] == "this: SCRUBBED was it"


def test_only_listed_headers_are_kept(tmp_path: Path) -> None:
    """Whatever else is sent or answered in headers is not recorded."""
    path = tmp_path / "c.yaml"
    with served(Leaky("x")) as base, use_cassette(path, record="once"), httpx.Client() as client:
        client.post(f"{base}/v1/assistants/header", json={}, headers={**BETA, "X-My-Header": "mine"})
    (one,) = load(path)
    assert {name for name, _ in one.request_headers} == {"accept", "content-type", "user-agent", "openai-beta"}
    assert {name for name, _ in one.headers} == {"content-type", "x-request-id"}


@pytest.mark.parametrize("pattern", [r"(?P<keep>customer )\d+", r"(?P<keep>customer )\w+"])
def test_own_patterns(tmp_path: Path, pattern: str) -> None:
    """scrub=[...] takes out what only the user knows to be secret; what stays of it is not taken for a secret again."""
    path = tmp_path / "c.yaml"
    with served(Leaky("customer 12345")) as base, use_cassette(path, record="once", scrub=[pattern]):
        httpx.post(f"{base}/v1/assistants/answer", json={}, headers=BETA)
    assert "customer SCRUBBED was it" in path.read_text()


def test_the_last_look_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a secret gets past the scrubber, nothing is written, and the error says where without saying what."""
    monkeypatch.setattr(Scrubber, "body", lambda self, body: body)
    path = tmp_path / "c.yaml"
    refused = pytest.raises(CassetteError, match=r"line \d+: ghp_\.\.\.")
    with served(Leaky(SECRETS["github"])) as base, refused as raised, use_cassette(path, record="once"):
        httpx.post(f"{base}/v1/assistants/answer", json={}, headers=BETA)
    assert core("github") not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        '"max_completion_tokens": 12345678, "prompt_tokens": 12345678',
        "asst_YhNjYRQT38e4I5N8WsZ7ihz1 thread_abc msg_KXmJuJ3n0yNzkof0jQk2iWEj run_31fgVjfVXHHOJZbQnBWJXhlN",
        "file-8wnPtwpUdezRLfXfcXFC2J vs_68a0c0a0c0a081919191919191919191 call_xyFYaEeyocjyE6jN64QTcxip",
        '"token": null, "secret": false, "logprobs": null',
        "The task-oriented user-friendly key-value store; ask-me-anything. A sk-like word.",
        "https://api.openai.com/v1/threads?after=msg_abc&limit=20",
        'event: thread.message.delta\ndata: {"delta":{"content":[{"text":{"value":" token"}}]}}',
        "req_5d5b7b79578743e19fab49b1d11fe360",
        '"OPEN-API-KEY": "api-key", "password": "password", api_key = API_KEY',
    ],
)
def test_innocent_text_is_left_alone(text: str) -> None:
    """Ids, counts and prose are no secrets."""
    assert Scrubber().text(text) == text
    assert Scrubber().find(text) == []
