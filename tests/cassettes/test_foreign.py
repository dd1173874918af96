"""The files of other recorders: read in all their shapes, played, never written over, imported when asked."""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.cassettes import foreign
from tests.cassettes.building import message
from tests.cassettes.foreign import WRITERS, Spoken
from understudy import use_cassette
from understudy._cassettes import importing, load, scrubbing
from understudy._cassettes.interaction import header
from understudy._cassettes.load import contents_of
from understudy._cassettes.secrets import Scrubber
from understudy._cli.main import main
from understudy.errors import CassetteError

METADATA = {"time": "12:30", "day": "2024-06-01", "ok": "yes"}
THREAD = {"id": "thread_1", "object": "thread", "created_at": 1, "metadata": METADATA, "tool_resources": {}}
MESSAGE = {**message(1), "assistant_id": None}
FLOW = (
    Spoken("POST", "/threads", {"metadata": {"name": "Zoë"}}, THREAD),
    Spoken("POST", "/threads/thread_1/messages", {"role": "user", "content": "hi"}, MESSAGE),
    Spoken("GET", "/threads/thread_1", None, THREAD),
    Spoken("DELETE", "/threads/thread_1", None, {"id": "thread_1", "object": "thread.deleted", "deleted": True}),
)
NAMES = sorted(WRITERS)
NO_REQUEST_HEADERS = ("nock.json", "wiremock.json")  # matched by others, if at all


def written(folder: Path, name: str) -> Path:
    """The flow in a recorder's shape, in a file of this name."""
    path = folder / name
    path.write_bytes(WRITERS[name][1](FLOW))
    return path


def play(path: Path, **settings: Any) -> list[Any]:
    """What an app gets that asks for the flow."""
    with use_cassette(path, **settings), openai.OpenAI(api_key="x") as client:
        threads = client.beta.threads
        made = threads.create(metadata={"name": "Zoë"})
        said = threads.messages.create(made.id, role="user", content="hi")
        return [made.metadata, said.id, threads.retrieve(made.id).id, threads.delete(made.id).deleted]


PLAYED = [METADATA, "msg_1", "thread_1", True]


@pytest.mark.parametrize("name", NAMES)
def test_every_recorders_file_is_read(tmp_path: Path, name: str) -> None:
    """The same exchanges are found in each shape, in the order of their recording, and the recorder is named."""
    contents = contents_of(written(tmp_path, name))
    assert contents.recorder == WRITERS[name][0]
    assert contents.omitted == ()
    found = [(one.method, one.url, one.request_json, one.status, one.json) for one in contents.interactions]
    assert found == [(one.method, one.url, one.sent, 200, one.answer) for one in FLOW]
    assert [one.index for one in contents.interactions] == [0, 1, 2, 3]
    said = [(one.method, one.header("content-type")) for one in contents.interactions]
    assert said == [(one.method, "application/json") for one in FLOW]
    sent = header(contents.interactions[0].request_headers, "content-type")  # decides how a body is compared
    assert sent == (None if name in NO_REQUEST_HEADERS else "application/json")


@pytest.mark.parametrize("name", NAMES)
def test_every_recorders_file_is_played(tmp_path: Path, name: str) -> None:
    """A real client is answered from it, whether nothing is to be recorded or only what is new; the file stays as it is."""
    path = written(tmp_path, name)
    before = path.read_bytes()
    for record in ("none", "once", "new"):
        assert play(path, record=record) == PLAYED
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_every_recorders_file_is_left_alone(tmp_path: Path, name: str) -> None:
    """What is asked besides is refused with the recorder's name and the way on, and so is recording all anew."""
    path = written(tmp_path, name)
    before = path.read_bytes()
    with pytest.raises(CassetteError, match="understudy import") as raised:
        with use_cassette(path, record="new"), openai.OpenAI(api_key="x", max_retries=0) as client:
            client.beta.threads.create(metadata={"another": "one"})
    assert WRITERS[name][0] in str(raised.value)
    with pytest.raises(CassetteError, match="understudy import"), use_cassette(path, record="all"):
        pass
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", NAMES)
def test_every_recorders_file_is_imported(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A new cassette holds the same answers, byte for byte; neither the original nor an existing cassette is changed."""
    path = written(tmp_path, name)
    before = path.read_bytes()
    assert main(["import", str(path), "-o", str(tmp_path / "new")]) == 0
    (new,) = (tmp_path / "new").iterdir()
    assert f"{path} ({WRITERS[name][0]}): 4 exchanges -> {new}" in capsys.readouterr().out
    assert [(one.body, one.status) for one in load(new)] == [(one.body, one.status) for one in load(path)]
    assert play(new) == PLAYED
    assert contents_of(new).foreign is None
    assert path.read_bytes() == before
    text = new.read_bytes()
    assert main(["import", str(path), "-o", str(tmp_path / "new")]) == 1
    assert "already" in capsys.readouterr().err
    assert new.read_bytes() == text


@pytest.mark.parametrize("name", NAMES)
def test_show_and_check_read_them(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both commands say what is in them, as of any cassette."""
    path = written(tmp_path, name)
    assert main(["show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert WRITERS[name][0] in shown
    assert "4 exchanges" in shown
    assert main(["check", "--unplayed", "ignore", str(tmp_path)]) == 0
    assert "1 cassette, 0 findings" in capsys.readouterr().out


Wrap = Callable[[bytes], bytes]
WRAPPINGS: dict[str, Wrap] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "utf-8 with a mark": lambda text: codecs.BOM_UTF8 + text,
    "utf-16": lambda text: text.decode().encode("utf-16"),
    "utf-32": lambda text: text.decode().encode("utf-32"),
    "gzip of utf-16": lambda text: gzip.compress(text.decode().encode("utf-16")),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("write", [foreign.vcrpy_yaml, foreign.vcrpy_json, foreign.ruby_vcr, foreign.cassetter_toml])
def test_wrapped_files_are_read(tmp_path: Path, write: Callable[..., bytes], wrapping: str) -> None:
    """Compressed, in another Unicode coding, with a mark: played as they are, and not recorded to."""
    path = tmp_path / "c.yaml.gz"
    path.write_bytes(WRAPPINGS[wrapping](write(FLOW)))
    before = path.read_bytes()
    assert play(path) == PLAYED
    with pytest.raises(CassetteError, match="understudy import"), use_cassette(path, record="all"):
        pass
    assert path.read_bytes() == before


def test_import_names_the_new_file_beside_the_old_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its suffix becomes .yaml; where that is the file itself, .imported.yaml. What is not there is said, with status 2."""
    for name in ("go-1.yaml", "browser.har"):
        assert main(["import", str(written(tmp_path, name))]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "browser.har",
        "browser.yaml",
        "go-1.imported.yaml",
        "go-1.yaml",
    ]
    assert main(["import", str(tmp_path / "none.yml")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_an_import_that_could_not_be_used_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No exchanges, a secret that gets past the scrubber, or what could not be read back: refused, with the reason."""
    path, key = tmp_path / "nock.json", "sk-proj-abcdefghijklmnop1234567890"
    path.write_text('{"version": 1, "interactions": []}')
    assert main(["import", str(path)]) == 1
    assert "it has no exchanges, so there is nothing to import" in capsys.readouterr().err
    document = json.loads(foreign.nock(FLOW))
    document[1]["body"]["content"] = f"my key is {key}"
    path.write_text(json.dumps(document))
    with monkeypatch.context() as patch:
        patch.setattr(Scrubber, "body", lambda self, body: body)
        assert main(["import", str(path)]) == 1
    said = capsys.readouterr().err
    assert "would still contain secrets after scrubbing" in said
    assert "--scrub PATTERN" in said
    assert key not in said
    with monkeypatch.context() as patch:
        patch.setattr(importing, "parse", lambda text, path: [])
        assert main(["import", str(path)]) == 1
    assert "could not be read back unchanged" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        path.write_text(foreign.vcrpy_json(FLOW).decode().replace("/threads/thread_1/messages", f"/threads/{key}/messages"))
        patch.setattr(scrubbing, "parse", lambda text, path: [])
        assert main(["scrub", str(path)]) == 1
    assert "would not be read back unchanged" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_import_scrubs_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No key, cookie or organisation of the original gets into the cassette; each place is listed, without the secret."""
    document = json.loads(foreign.nock(FLOW))
    key = "sk-proj-abcdefghijklmnop1234567890"
    document[1]["reqheaders"] = {"authorization": f"Bearer {key}"}
    document[1]["rawHeaders"] += [
        "OpenAI-Organization",
        "acme-research",
        "Set-Cookie",
        "__cf_bm=abcDEF123456.abcdef; path=/",
    ]
    document[1]["body"]["content"] = f"my key is {key}"
    (tmp_path / "nock.json").write_text(json.dumps(document))
    assert main(["import", str(tmp_path / "nock.json"), "--scrub", "Zo."]) == 0
    out, text = capsys.readouterr().out, (tmp_path / "nock.yaml").read_text()
    for secret in (key, "acme-research", "abcDEF123456", "Zoë"):
        assert secret not in text + out
    assert "#1: the header authorization, the header openai-organization, the header set-cookie, the request's body" in out
    assert load(tmp_path / "nock.yaml")[1].json == MESSAGE


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"consumer": {}, "provider": {}, "interactions": []}, "a pact"),
        ({"data": {"pairs": []}, "meta": {"schemaVersion": "v5"}}, "Hoverfly"),
        ({"data": {"pairs": []}}, "Hoverfly"),
        ({"meta": {"schemaVersion": "v5"}}, "Hoverfly"),
        ({"imposters": []}, "Mountebank"),
        (
            {"info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": []},
            "Postman",
        ),
        ({"_type": "export", "__export_format": 4, "resources": []}, "Insomnia"),
        ({"openapi": "3.1.0", "paths": {}}, "OpenAPI"),
        ([{"httpRequest": {}, "httpResponse": {}}], "MockServer"),
        ({"meta": {}, "req": {}, "res": {}}, "Talkback"),
        (
            {"name": "tape", "interactions": [{"recorded": "2020-01-01", "request": {}, "response": {}}]},
            "Betamax or OkReplay",
        ),
        ({"name": "x", "interactions": [{"request": {}, "response": {}}]}, "DVR"),
        ([{"Request": {}, "Response": {}}], "EasyVCR or Scotch"),
        ({"version": "1.0", "interactions": [{"request": {}, "response": {"body_type": "json"}}]}, "ReqCassette"),
        ({"bananas": 1}, "not a cassette of any recorder known here .*nock.*begins with the key `bananas`"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, document: Any, says: str) -> None:
    """A healthy file in a format that is not read is called by its name, with a way on; nobody is to delete it."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps(document))
    with pytest.raises(CassetteError, match=says) as raised:
        load(path)
    assert "export the traffic as HAR" in str(raised.value)
    assert "corrupt" not in str(raised.value)
    assert "delete" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"SQLite format 3\x00\x10\x00", "SQLite"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"\x0b\x0e\x0a\xc1\x00", "qs2"),
        (b"1462:9:websocket;0:~", "mitmdump"),
        (b"\x0a\x0d\x0d\x0a\x00", "pcap"),
        (b"---\n- !ruby/struct:VCR::HTTPInteraction\n", "Ruby VCR 1.*migrate_cassettes"),
        (b"!tape\nname: x\n", "OkReplay"),
        (b"var path = require('path');\n", "JavaScript"),
    ],
)
def test_what_is_not_text_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    """Databases, archives and captures are told by their first bytes."""
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(CassetteError, match=says) as raised:
        load(tmp_path / "c")
    assert "corrupt" not in str(raised.value)


Change = Callable[[Any], object]


def changed(write: Callable[..., bytes], change: Change) -> bytes:
    """A recorder's JSON after a change."""
    document = json.loads(write(FLOW))
    change(document)
    return json.dumps(document).encode()


def _first(document: Any) -> Any:
    return document["log"]["entries"][-1]  # written last to first


@pytest.mark.parametrize(
    ("content", "left_out"),
    [
        (changed(foreign.har, lambda d: _first(d)["response"].update(status=0, _error="net::ERR_ABORTED")), "ERR_ABORTED"),
        (changed(foreign.har, lambda d: _first(d)["response"]["content"].pop("text")), "was not saved with it"),
        (changed(foreign.exvcr, lambda d: d[0]["response"].update(type="error", body={"reason": "econnrefused"})), "failed"),
        (changed(foreign.exvcr, lambda d: d[0]["request"].update(url="~r/.*/")), "any URL that matches"),
        (changed(foreign.nock, lambda d: d[0].update(path={})), "any path that matches"),
        (changed(foreign.wiremock, lambda d: d["mappings"][-1].update(response={"fault": "EMPTY_RESPONSE"})), "a fault"),
        (
            changed(foreign.wiremock, lambda d: d["mappings"][-1].update(request={"urlPattern": ".*"})),
            "any URL that matches",
        ),
        (changed(foreign.wiremock, lambda d: d["mappings"][-1]["request"].pop("method")), "any method"),
        (
            changed(
                foreign.wiremock, lambda d: d["mappings"][-1]["request"].update(queryParameters={"a": {"matches": "b"}})
            ),
            "any query that matches",
        ),
        (
            changed(foreign.wiremock, lambda d: d["mappings"][-1].update(response={"bodyFileName": "../../secret"})),
            "another file, '../../secret'",
        ),
        (foreign.r_vcr_1(FLOW).replace(b"file: no", b"file: yes", 1), "another file"),
    ],
)
def test_what_a_file_does_not_hold_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, left_out: str
) -> None:
    """An exchange without an answer is left out, never answered empty: show, check and import say so, the others play."""
    path = tmp_path / "c.json"
    path.with_suffix(".har" if content[:1] in b"{[" else ".yml").write_bytes(content)
    (path,) = tmp_path.iterdir()
    contents = contents_of(path)
    assert [one.method for one in contents.interactions] == ["POST", "GET", "DELETE"]
    (sentence,) = contents.omitted
    assert left_out in sentence
    assert main(["show", str(path)]) == 0
    assert main(["check", "--unplayed", "ignore", str(path)]) == 1
    assert main(["import", str(path), "-o", str(tmp_path / "new")]) == 0
    assert " ".join(capsys.readouterr().out.split()).count(left_out) == 3  # lines are as wide as the terminal


@pytest.mark.parametrize("key", ["text", "data"])
def test_a_ruby_body_under_another_key_is_refused(tmp_path: Path, key: str) -> None:
    """It would be played as an empty body, which matches what was never sent: the key is named."""
    document = foreign.yaml.safe_load(foreign.ruby_vcr(FLOW))
    document["http_interactions"][0]["request"]["body"] = {"encoding": "UTF-8", key: "{}"}
    path = tmp_path / "c.yml"
    path.write_text(foreign.yaml.safe_dump(document))
    with pytest.raises(CassetteError, match=f"the request has its body under `{key}`"):
        load(path)


def test_times_of_a_har_with_and_without_a_zone(tmp_path: Path) -> None:
    """A time without a zone is in UTC: the order of recording is found where entries come from several writers."""
    document = json.loads(foreign.har(FLOW))
    for number, entry in enumerate(document["log"]["entries"]):
        minute = 10 - number
        entry["startedDateTime"] = f"2026-11-26T18:{minute:02}:00" if number % 2 else f"2026-11-26T20:{minute:02}:00+02:00"
    (tmp_path / "c.har").write_text(json.dumps(document))
    expected = [(entry["request"]["method"], entry["request"]["url"]) for entry in reversed(document["log"]["entries"])]
    assert [(one.method, one.url) for one in load(tmp_path / "c.har")] == expected


def test_a_file_that_holds_no_exchange_is_refused(tmp_path: Path) -> None:
    """Where all of it is left out, nothing could be played: the first reason is given."""
    path = tmp_path / "stub.json"
    path.write_text(json.dumps({"request": {"urlPathPattern": "/v1/.*", "method": "GET"}, "response": {"status": 200}}))
    with pytest.raises(CassetteError, match=r"WireMock's, and holds no exchange. Its exchange 0 .* any URL that matches"):
        load(path)


def test_wiremocks_bodies_lie_beside_the_mappings(tmp_path: Path) -> None:
    """A stub's `bodyFileName` is read from `__files`; one stub alone is a file, too."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "__files").mkdir()
    (tmp_path / "__files" / "thread.json").write_text('{"id": "thread_1"}')
    stub = {"request": {"url": "/v1/threads/thread_1", "method": "GET"}, "response": {"bodyFileName": "thread.json"}}
    path = tmp_path / "mappings" / "stub.json"
    path.write_text(json.dumps(stub))
    assert load(path)[0].json == {"id": "thread_1"}


@pytest.mark.parametrize("name", ["wiremock", "nock", "r"])
def test_a_stub_for_any_body_matches_any(tmp_path: Path, name: str) -> None:
    """A stub that compares no body, and R's vcr when it keeps none, match any body; after an import, too."""
    document = json.loads(foreign.wiremock(FLOW)) if name == "wiremock" else json.loads(foreign.nock(FLOW))
    for stub in document["mappings"] if name == "wiremock" else document:
        stub.get("request", {}).pop("bodyPatterns", None)
        stub.pop("body", None)
    if name == "r":
        document = foreign.yaml.safe_load(foreign.r_vcr_2(FLOW))
        for one in document["http_interactions"]:
            del one["request"]["body"], one["request"]["headers"]
    (tmp_path / "c.json").write_text(json.dumps(document))
    assert main(["import", str(tmp_path / "c.json")]) == 0
    for path in (tmp_path / "c.json", tmp_path / "c.yaml"):
        assert play(path) == PLAYED
        assert load(path)[0].request_body is None


@pytest.mark.parametrize(
    ("content", "sent", "body"),
    [
        ((b'[{"scope": "https://h", "path": "/v1/files", "method": "POST", "body": "89504eff", "response": "aaff", '
         b'"responseIsBinary": true, "headers": {}}]'), b"\x89PN\xff", b"\xaa\xff"),
        (b'[{"scope": "http://h:80", "path": "/v1/files", "method": "POST", "body": "plain text", "response": "text"}]',
         b"plain text", b"text"),
        ((b"version: 2\ninteractions:\n- request: {method: '', url: 'https://h/v1/x', body: '', form: {a: [b c, d]}, "
         b"headers: {}}\n  response: {code: 200, body: !!binary gIE=, headers: {}}\n"), b"a=b+c&a=d", b"\x80\x81"),
        ((b'{"Entries": [{"RequestUri": "https://h/v1/x", "RequestMethod": "POST", "RequestHeaders": {"Content-Type": '
         b'"multipart/form-data; boundary=x"}, "RequestBody": "gIE=", "StatusCode": 200, "ResponseHeaders": '
         b'{"Content-Type": "text/event-stream"}, "ResponseBody": ["event: done\\n", "data: [DONE]\\n\\n"]}]}'),
         b"\x80\x81", b"event: done\ndata: [DONE]\n\n"),
        ((b'{"log": {"entries": [{"request": {"method": "POST", "url": "https://h/v1/x", "headers": [], "postData": {"mime'
         b'Type": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "b c"}]}}, "response": {"status": '
         b'200, "headers": [], "content": {"encoding": "base64", "text": "gIE="}}}]}}'), b"a=b+c", b"\x80\x81"),
        ((b"- request: {method: POST, url: 'https://h/v1/x', headers: {}, post_fields: {a: b c}}\n"
         b"  response: {status: {code: '200'}, headers: {Content-Transfer-Encoding: binary}, body: gIE=}\n"),
         b"a=b+c", b"\x80\x81"),
        ((b"version: 1\ninteractions:\n- request: {method: POST, uri: 'https://h/v1/x', headers: {}, body: {type: text, "
         b"content: 12:30}}\n  response: {status: 200, headers: {}, body: {type: binary, content: '8081'}}\n"),
         b"12:30", b"\x80\x81"),
        ((b'{"Entries": [{"RequestUri": "https://h/v1/x", "RequestMethod": "POST", "RequestHeaders": {"Content-Type": '
         b'"application/octet-stream"}, "RequestBody": "of no type!", "StatusCode": 200, "ResponseHeaders": {}, '
         b'"ResponseBody": null}]}'), b"of no type!", b""),
        ((b'version = 1\n[[interactions]]\n[interactions.request]\nmethod = "POST"\nuri = "https://h/v1/x"\n'
         b'body_type = "base64"\nbody_content = "gIE="\n[interactions.response]\nstatus = 200\nbody_type = "none"\n'),
         b"\x80\x81", b""),
        ((b'{"log": {"entries": [{"request": {"method": "POST", "url": "https://h/v1/x", "headers": [], "postData": {"mime'
         b'Type": "image/png", "encoding": "base64", "text": "gIE="}}, "response": {"status": 200, "headers": [], '
         b'"content": {"_isBinary": true, "text": "8081"}}}]}}'), b"\x80\x81", b"\x80\x81"),
        ((b'{"log": {"entries": [{"request": {"method": "POST", "url": "https://h/v1/x", "headers": [], "postData": {"mime'
         b'Type": "multipart/form-data", "params": [{"name": "file", "fileName": "a.txt"}]}}, "response": {"status": 204, '
         b'"headers": []}}]}}'), None, b""),
        ((b'[{"scope": "https://h", "path": "/v1/x", "method": "POST", "body": "666f6f", "response": {"half": "\\ud83d"}, '
         b'"rawHeaders": [["Content-Type", "application/json"]]}]'), b"666f6f", b'{\n  "half": "\\ud83d"\n}'),
        ((b"interactions:\n- request: {method: POST, uri: 'https://h/v1/x', headers: {}, parsed_body: {a: 1}}\n"
         b"  response: {status: {code: 200, message: OK}, headers: {}, body: {string: plain}}\nversion: 1\n"),
         b'{\n  "a": 1\n}', b"plain"),
        ((b"- request: {method: POST, url: 'https://h/v1/x', headers: {}, post_files: [{name: a.txt}]}\n"
         b"  response: {status: 200, headers: {}, body: done}\n"), None, b"done"),
        ((b"http_interactions:\n- request: {method: delete, uri: 'https://h/v1/x', headers: {}, body: {string: ''}}\n"
         b"  response: {status: {code: 204}, headers: {}, answered: nothing}\n"
         b"recorded_with: VCR 6.2.0\n"), b"", None),
        ((b'{"request": {"url": "/v1/x", "method": "POST", "bodyPatterns": [{"ignoreCase": true}, {"equalTo": "a b"}]}, '
         b'"response": {"base64Body": "gIE="}}'), b"a b", b"\x80\x81"),
        (b'{"request": {"url": "/v1/x", "method": "POST", "bodyPatterns": [{"binaryEqualTo": "gIE="}]}, "response": {}}',
         b"\x80\x81", b""),
        ((b'{"request": {"url": "/v1/x", "method": "DELETE"}, "response": {"status": 200, "statusMessage": "OK", "headers": '
         b'{}, "transformers": ["t"], "transformerParameters": {"a": "b"}, "fromConfiguredStub": "yes"}}'), b"", b""),
        ((b"version: 2\ninteractions:\n- request: {method: DELETE, url: 'https://h/v1/x', body: '', form: {}, headers: {}}\n"
         b"  response: {code: 200, body: '', headers: {}}\n"), b"", b""),
        ((b'{"log": {"entries": [{"request": {"method": "POST", "url": "https://h/v1/x", "headers": [], "postData": {"mime'
         b'Type": "application/x-www-form-urlencoded", "params": [{"name": "flag"}, {"name": "a", "value": "b"}]}}, '
         b'"response": {"status": 200, "headers": [], "content": {}}}]}}'), b"flag=&a=b", b""),
    ],
)  # fmt: skip
def test_bodies_that_are_not_json(tmp_path: Path, content: bytes, sent: bytes | None, body: bytes | None) -> None:
    """Binary, forms and streams are what was sent, however the recorder writes them down; None where it kept nothing."""
    (tmp_path / "c").write_bytes(content)
    (one,) = load(tmp_path / "c")
    assert (one.request_body, one.body) == (sent, body)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda one: one["response"].update(body=None, json={"id": "thread_1"}), "json"),
        (lambda one: (one["response"].pop("body"), one["response"].update(payload='{"id": "thread_1"}')), "payload"),
        (lambda one: one["response"].update(body={"json": {"id": "thread_1"}}), "json"),
        (lambda one: one["response"].update(body={"id": "thread_1"}), "id"),
        (lambda one: one["response"].update(body={"string": {"id": "thread_1"}}), "string"),
        (lambda one: one["request"].update(body={"count": 1}), "count"),
        (lambda one: one["response"].update(body={"string": "", "file": "answer-1.json"}), "file"),
        (lambda one: (one["response"].pop("body"), one["response"].update(content={"encoding": "", "text": "{}"})), "text"),
        (lambda one: (one["request"].pop("body"), one["request"].update(data={"a": 1})), "data"),
        (lambda one: (one["response"].pop("body"), one.update(response_body="{}")), "response_body"),
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_bodies_under_unknown_keys_are_refused(tmp_path: Path, change: Change, key: str, suffix: str) -> None:
    """They would be played as empty answers, and lost at the next recording: the key is named, the file stays as it is."""
    document = json.loads(foreign.vcrpy_json(FLOW))
    change(document["interactions"][0])
    path = tmp_path / f"c{suffix}"
    path.write_text(json.dumps(document) if suffix == ".json" else foreign.yaml.safe_dump(document))
    before = path.read_bytes()
    for record in ("none", "once", "new", "all"):
        with pytest.raises(CassetteError, match=f"number 0, .*`{key}`") as raised, use_cassette(path, record=record):
            pass
        assert "corrupt" not in str(raised.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (foreign.go_vcr_2(FLOW).replace(b"code: 200", b"code: 0"), "not as go-vcr writes it.*0 is not an HTTP status"),
        (foreign.cassetter_yaml(FLOW).replace(b"type: json", b"type: protobuf"), "expected a body of type 'protobuf'"),
        (foreign.cassetter_toml(FLOW).replace(b'"json"', b'"protobuf"'), "type 'protobuf', which understudy does not know"),
        (foreign.cassetter_yaml(FLOW).replace(b"type: json", b"type: text"), "expected a body of type 'text', got dict"),
        (changed(foreign.exvcr, lambda d: d[0]["response"].update(body="aGk=")), "not an Erlang binary"),
        (changed(foreign.nock, lambda d: d[0].pop("response")), "no `response`"),
        (changed(foreign.har, lambda d: _first(d)["response"].update(status=7)), "c: this file has .*7 is not an HTTP"),
    ],
)
def test_what_a_recorder_would_not_write_is_refused_by_its_name(tmp_path: Path, content: bytes, says: str) -> None:
    """A value that is not as the recorder writes it is named; the file is not called corrupt."""
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(CassetteError, match=says) as raised:
        load(tmp_path / "c")
    assert "corrupt" not in str(raised.value)
