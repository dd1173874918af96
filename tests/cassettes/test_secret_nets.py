"""Each net by itself: every name, shape and coding it lists, what it must leave alone, and where else it cleans."""

from __future__ import annotations

import base64
import json
import re
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote_plus

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cassettes.driving import recordings
from tests.cassettes.loopback import served
from tests.cassettes.test_secrets import BETA, SECRETS, Leaky, spell
from understudy import use_cassette
from understudy._cassettes import load
from understudy._cassettes.journal import recover
from understudy._cassettes.secrets import Scrubber, names, shapes
from understudy._cassettes.secrets.environment import environment_secrets
from understudy._cassettes.secrets.names import Grade, grade, query_grade
from understudy.errors import CassetteError, ReplayMiss

OPAQUE = spell("q7Z", "f83kLm20PxVb8Ns4PcTy")


@pytest.mark.parametrize("end", names.CERTAIN_ENDS)
def test_each_telling_name_tells(end: str) -> None:
    """A name of the list tells, alone, behind a prefix, and in capitals; the search by stems finds it in JSON."""
    for name in (end, f"my_{end}", f"MY_{end.upper()}"):
        assert grade(name) is Grade.CERTAIN
        text = json.dumps({name: OPAQUE})
        assert Scrubber().text(text) == json.dumps({name: "SCRUBBED"})


@pytest.mark.parametrize("name", names.QUERY_NAMES)
def test_each_name_of_a_query_tells(name: str) -> None:
    """In a URL, a form and a multipart body the name's value is taken out."""
    assert query_grade(name) > Grade.NONE
    assert Scrubber().url(f"https://x/y?a=1&{name}={OPAQUE}&b=2") == f"https://x/y?a=1&{name}=SCRUBBED&b=2"
    assert Scrubber().body(f"a=1&{name}={OPAQUE}".encode()) == f"a=1&{name}=SCRUBBED".encode()
    part = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{{}}\r\n--x--\r\n'
    assert Scrubber().text(part.format(OPAQUE)) == part.format("SCRUBBED")


@pytest.mark.parametrize("issuer", shapes.ISSUERS)
def test_each_issuer_is_known(issuer: str) -> None:
    """A key that begins with the issuer's prefix is found, and what it was is left to read."""
    for end in "-_":
        assert Scrubber().text(f"see {issuer}{end}{OPAQUE}.") == f"see {issuer}{end}SCRUBBED."


@pytest.mark.parametrize("cookie", shapes.COOKIES)
def test_each_cookie_is_known(cookie: str) -> None:
    """A session cookie in a text is found by its name."""
    assert OPAQUE not in Scrubber().text(f"curl -b '{cookie}={OPAQUE}; theme=dark'")


MORE_EXAMPLES = (
    spell("key-", "0123456789abcdef0123456789abcdef"),
    spell("GOCSPX-", "Ab3dEfGhIjKlMnOpQrStUvWx"),
    spell("https://", "Ab3dEfGh1jKlMn0pQrStUvWx@github.com/x"),
    spell("https://discord.example/api/webhooks/", "1234567890123/Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"),
)


@pytest.mark.parametrize("shape", shapes.SHAPES, ids=lambda shape: shape.marks[0])
def test_each_shape_finds_something(shape: shapes.Shape) -> None:
    """Each pattern finds an example, which holds one of its marks: else it would never be tried."""
    found = [example for example in (*SECRETS.values(), *MORE_EXAMPLES) if shape.pattern.search(example)]
    assert found
    for example in found:
        assert _places(shape.matches(example, example.lower())) == _places(shape.pattern.finditer(example))
    assert shape.reach is not None or all(mark == mark.lower() for mark in shape.marks)


_NEAR = st.sampled_from([*SECRETS.values(), *MORE_EXAMPLES, *(mark for shape in shapes.SHAPES for mark in shape.marks)])
_FRAGMENT = _NEAR | st.builds(lambda text, cut: text[cut:], _NEAR, st.integers(1, 6)) | st.text('aA1-_:/@= .+"', max_size=4)


@given(st.lists(_FRAGMENT, max_size=12).map("".join))
def test_trying_a_pattern_where_its_marks_are_finds_what_it_finds_anywhere(text: str) -> None:
    """Whole secrets, parts of them and their marks in any order: each pattern matches as in a search of the whole text."""
    for shape in shapes.SHAPES:
        if shape.reach is not None:
            assert _places(shape.matches(text, text.lower())) == _places(shape.pattern.finditer(text))


@pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")
def test_the_marks_lose_no_secret_of_a_real_recording() -> None:
    """In real cassettes, too; with a secret of each kind put between their exchanges."""
    for path in recordings()[::40]:
        text = "".join(f"{path.read_text('utf-8')[:20_000]}\n{secret}\n" for secret in SECRETS.values())[:60_000]
        for shape in shapes.SHAPES:
            if shape.reach is not None:
                assert _places(shape.matches(text, text.lower())) == _places(shape.pattern.finditer(text))


def _places(matches: Iterable[re.Match[str]]) -> list[tuple[int, int, str | None]]:
    return [(*match.span(), match.groupdict().get("keep")) for match in matches]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ('{"Stripe secret key": "A1b2C3d4E5f6G7h8J9"}', '{"Stripe secret key": "SCRUBBED"}'),
        ('{"password": 12345678}', '{"password": "SCRUBBED"}'),
        ('{"secrets": ["A1b2C3d4E5f6G7h8J9", "x"', '{"secrets": ["SCRUBBED", "x"'),
        (
            '{"credentials": {"user": "bob", "is": "A1b2C3d4E5f6G7h8J9"}}',
            '{"credentials": {"user": "bob", "is": "SCRUBBED"}}',
        ),
        (r'{\\"api_key\\": \\"A1b2C3d4E5f6G7h8J9\\"}', r'{\\"api_key\\": \\"SCRUBBED\\"}'),
        ("sk-12345678901", "sk-SCRUBBED"),
        (
            'data: {"delta": cut off, api_key=A1b2C3d4E5f6G7h8J9\n\ndata: {"delta": "x"}',
            'data: {"delta": cut off, api_key=SCRUBBED\n\ndata: {"delta": "x"}',
        ),
    ],
)
def test_what_a_name_covers_is_scrubbed(text: str, clean: str) -> None:
    """Behind several words, in numbers, in lists and objects cut off, in odd escapes: the value goes, and nothing else."""
    assert Scrubber().body(text.encode()).decode() == clean


def test_known_secrets_that_overlap_are_replaced_as_one() -> None:
    """Where one known secret ends in the beginning of another, the whole of both is replaced once; a short one, too."""
    scrubber = Scrubber()
    for secret in ("abcdefgh12345678", "12345678ijklmnop", "pa55word"):
        assert scrubber.learn(secret)
    assert scrubber.text("x abcdefgh12345678ijklmnop y pa55word z") == "x SCRUBBED y SCRUBBED z"


@pytest.mark.parametrize("spell", [str.upper, str.lower], ids=["upper", "lower"])
def test_a_known_secret_is_found_in_base64_in_a_link(spell: Callable[[str], str]) -> None:
    """In the midst of other bytes, with `+` and `/` percent-encoded in either case."""
    secret = "~>~?~>~?~>~?ok~?"
    scrubber = Scrubber()
    assert scrubber.learn(secret)
    coded = base64.b64encode(f"ab{secret}cd".encode()).decode()
    assert {"+", "/"} <= {*coded}
    link = coded.replace("+", spell("%2b")).replace("/", spell("%2f"))
    assert scrubber.find(f"https://h.example/x?q={link}")
    assert scrubber.find(scrubber.text(f"https://h.example/x?q={link}")) == []


def test_letters_whose_small_form_is_longer_move_nothing() -> None:
    """`İ` has two characters in lower case: what is replaced behind it is the secret, and no letter beside it."""
    scrubber = Scrubber()
    assert scrubber.text(f'İİİ {{"password": "{OPAQUE}"}} İ') == 'İİİ {"password": "SCRUBBED"} İ'
    assert scrubber.learn(OPAQUE)
    for coded in (OPAQUE.upper(), OPAQUE.encode().hex(), OPAQUE.encode().hex().upper()):
        assert scrubber.text(f"İİİ {coded} İ") == "İİİ SCRUBBED İ"


def test_what_is_beside_a_secret_in_a_querys_value_stays() -> None:
    """A value that holds `=` itself, encoded or not, keeps its name: else no request would match the recorded one."""
    scrubber = Scrubber()
    assert scrubber.learn(OPAQUE)
    for value in (f"a=b {OPAQUE}", f"x%3Dy%3D{OPAQUE}", f"{OPAQUE}&next=1"):
        clean = scrubber.url(f"https://h.example/v1/files?note={value}")
        assert OPAQUE not in clean
        expected = unquote_plus(value.partition("&")[0]).replace(OPAQUE, "SCRUBBED")
        assert parse_qs(clean.partition("?")[2])["note"] == [expected]


def test_a_header_that_is_only_like_base64_is_known_as_it_is() -> None:
    """What follows `Basic` and cannot be decoded is a secret nevertheless."""
    assert "A1b2C3d4E5f6G7h8J" in Scrubber().learn_headers((("authorization", "Basic A1b2C3d4E5f6G7h8J"),))


def test_a_name_at_the_very_beginning_is_read_whole() -> None:
    """Whatever the text ends with: the `t` of `token` belongs to the name, the `n` behind a backslash does not."""
    assert Scrubber().text(f"token: {OPAQUE} \\") == "token: SCRUBBED \\"
    assert Scrubber().text(f"a\\ntoken={OPAQUE}") == "a\\ntoken=SCRUBBED"


@pytest.mark.parametrize("name", ["X-User-Session", "x-part-key", "x-access"])
def test_a_header_that_may_hold_a_secret_is_judged_by_its_value(name: str) -> None:
    """Behind a name that is often innocent, what looks like a key is taken out wherever else it is; words are not."""
    scrubber = Scrubber()
    assert scrubber.learn_headers(((name, "granted to all"), (name, OPAQUE))) == [OPAQUE]
    assert scrubber.text(f"granted to all: {OPAQUE}") == "granted to all: SCRUBBED"


def test_a_pattern_of_the_users_is_sought_in_a_whole_path() -> None:
    """What is a secret only to the user is found in a URL's path although parts of it are encoded."""
    assert (
        Scrubber([r"o'brien \d+"]).url("https://h.example/v1/files/o'brien%2012/x")
        == "https://h.example/v1/files/SCRUBBED/x"
    )


@pytest.mark.parametrize(
    "text",
    [
        "the sk-learn-contrib package, see sk-toolbox-installation-guide and sk-toolbox2024-guide",
        '{"token": "Hello", "logprob": -0.31, "bytes": [72, 101], "top_logprobs": []}',
        '{"logprob": -0.31, "token": "A1b2C3d4E5f6G7h8J9", "top_logprobs": []}',
        '{"bytes": null, "logprob": -0.31, "token": "A1b2C3d4E5f6G7h8J9"}',
        '{"max_tokens": 12345678, "prompt_tokens": 123456, "total_tokens": 99999999}',
        '{"next_page_token": "CAUQAA1b2C3d4E5f6G7h8", "nextPageToken": "CAUQAA1b2C3d4E5f6G7h8"}',
        '{"author": "Jane 0Doe 1981", "authors": ["Jane 0Doe"], "authority": "EU 2016/679", "key_points": "a1 b2 c3 d4"}',
        '{"key": "category", "prompt_cache_key": "A1b2C3d4E5f6G7h8J9", "idempotency_key": "A1b2C3d4E5f6G7h8J9"}',
        '{"keyboard": "qwertz102keys", "monkey": "George 2nd", "tokenizer": "cl100k_base", "secretary": "Ms 7of9"}',
        '{"properties": {"password": {"type": "string", "description": "At least 8 characters"}}, "required": ["password"]}',
        '{"auth": "client_credentials", "authorization": "none required", "code": "rate_limit_exceeded"}',
        "sorted(rows, key=operator.itemgetter(1)); code = 12345678; passwords must have 8 characters",
        "see https://host.example:8080/users/@jane and mailto:jane@host.example",
        '{"session_id": "A1b2C3d4E5f6G7h8J9", "signature": "def f(x: int) -> str"}',
        "100%25 of https%3A%2F%2Fx.example%2Fdocs%3Fpage_token%3DCAUQAA1b2C3d4E5f6G7h8&next=%E2%82%AC%FF%",
        base64.b64encode(b"the sk-learn-contrib package, and max_tokens: 12345678, as text").decode(),
        "<keyboard type='x'>qwertz102keys</keyboard>",
        '{"token": ["word"], "key": {"A1b2C3d4E5f6G7h8J9": 1}}',
        'Content-Disposition: form-data; name="password"\r\n\r\n\r\n--b',
        '{"auth": 20240601, "token": 12345678}',
        "sk-toolbox-2024",
    ],
)
def test_no_false_alarm(text: str) -> None:
    """Words, counters, cursors, schemas and the model's own tokens are left alone."""
    assert Scrubber().text(text) == text
    assert Scrubber().find(text) == []


VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=4, max_size=30)


@given(VALUES, st.integers(0, 3), st.booleans())
def test_a_value_behind_a_telling_name_goes_whole(value: str, depth: int, ascii_only: bool) -> None:
    """Whatever characters it holds, at any depth of JSON in JSON; what stands around it stays, and it is still JSON."""
    scrubber = Scrubber()
    text = json.dumps({"a": "before", "password": value, "z": "behind"}, ensure_ascii=ascii_only)
    for _ in range(depth):
        text = json.dumps({"arguments": text}, ensure_ascii=ascii_only)
    clean = scrubber.text(text)
    inner = json.loads(clean)
    for _ in range(depth):
        inner = json.loads(inner["arguments"])
    assert (inner["a"], inner["z"]) == ("before", "behind")
    assert inner["password"] in ("SCRUBBED", value if clean == text else "")
    assert scrubber.find(clean) == [] == scrubber.find(json.dumps(clean))


@given(
    st.text("abcK9-_ +/=", min_size=8, max_size=20).filter(lambda key: len(key.strip()) >= 8), st.integers(1, 7), st.data()
)
def test_a_known_secret_is_found_in_a_stream_however_it_is_cut(key: str, size: int, data: st.DataObject) -> None:
    """The text that the deltas become does not hold it; the deltas around it are as they were."""
    scrubber = Scrubber()
    key = key.strip()
    scrubber.learn(key)
    said = f"<<{key}>>"
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    events = [{"delta": {"content": [{"index": 0, "text": {"value": piece}}]}} for piece in ["Hello ", *pieces, " bye"]]
    stream = "".join(f"event: thread.message.delta\ndata: {json.dumps(event)}\n\n" for event in events)
    clean = scrubber.body(stream.encode()).decode()
    lines = [json.loads(line[6:]) for line in clean.splitlines() if line.startswith("data: ")]
    joined = "".join(event["delta"]["content"][0]["text"]["value"] for event in lines)
    assert key not in joined
    assert joined.startswith("Hello <<")
    assert joined.endswith(">> bye")


def test_a_long_text_is_searched_in_time_in_proportion() -> None:
    """No pattern goes back and forth over what it has seen: texts made to provoke it take no longer for each character."""
    scrubber = Scrubber()
    scrubber.learn(OPAQUE)
    for piece in ('"password": "', "\\", '\\\\"', "a-", "://a:", "key", "token=", "Bearer ", "sk-", "%71", "u0026code="):
        began = time.process_time()
        scrubber.spans(piece * (10_000 // len(piece)))
        assert time.process_time() - began < 5


def test_an_image_beside_a_percent_sign_is_searched_in_time_in_proportion() -> None:
    """A picture of a message is one run of base64: that some other text has a `%` does not make it a matter of minutes."""
    image = base64.b64encode(bytes(range(256)) * 800).decode()
    body = json.dumps(
        {"text": "100% sure", "image_url": f"data:image/png;base64,{image}", "link": f"/?a=api_key%3D{OPAQUE}"}
    )
    began = time.process_time()
    clean = Scrubber().text(body)
    assert time.process_time() - began < 5
    assert clean == body.replace(OPAQUE, "SCRUBBED")


def test_many_forms_are_searched_in_time_in_proportion() -> None:
    """Each part's end is found without a look at all parts before it; a part ends where its own form does."""
    form = '--{0:x}\r\nContent-Disposition: form-data; name="password"\r\n\r\nq7Z\r\n--{1:x}f83k{2}\r\n--{0:x}--\r\n'
    forms = [form.format(number, number + 1, OPAQUE) for number in range(16, 4_016)]
    text = "".join(forms)
    began = time.process_time()
    clean = Scrubber().text(text)
    found = Scrubber().find(text)
    assert time.process_time() - began < 5
    assert OPAQUE not in clean
    assert clean.count("SCRUBBED") == len(forms)
    assert [line for line, _ in found] == [4 + 6 * number for number in range(len(forms))]


def test_a_key_learned_late_leaves_the_journal(tmp_path: Path) -> None:
    """It stood in an early answer as plain text, and became known with a later request: the journal no longer holds it."""
    path = tmp_path / "c.yaml"
    headers = {**BETA, "authorization": f"Bearer {OPAQUE}"}
    with served(Leaky(OPAQUE)) as base, use_cassette(path, record="once"):
        httpx.post(f"{base}/v1/assistants/answer", json={}, headers=BETA)
        (journal,) = tmp_path.glob("*.journal")
        assert OPAQUE in journal.read_text()
        httpx.post(f"{base}/v1/assistants/other", json={}, headers=headers)
        assert OPAQUE not in journal.read_text()
        assert len(journal.read_text().splitlines()) == 2
    assert [one.json["id"] for one in load(path)] == ["asst_1", "asst_1"]


def test_a_recovered_cassette_lacks_what_is_known_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that recovers a journal takes out what it knows itself, and loses nothing else."""
    entry = {
        "request": {"method": "POST", "uri": "https://x/v1/threads", "headers": {}, "body": f"use {OPAQUE}"},
        "response": {"status": {"code": 200, "message": ""}, "headers": {}, "body": {"string": "{}"}},
    }
    (tmp_path / ".c.yaml.1-1.journal").write_text(json.dumps(entry) + "\n")
    monkeypatch.setenv("SOME_API_KEY", OPAQUE)
    with pytest.warns(RuntimeWarning, match="cut off"), use_cassette(tmp_path / "c.yaml", record="once"):
        pass
    (one,) = load(tmp_path / "c.recovered.yaml")
    assert one.request_body == b"use SCRUBBED"
    assert recover(tmp_path / "c.yaml") == []


LEAKY_TEST = """
import os
import httpx
import pytest

@pytest.mark.cassette("c.yaml")
def test_it():
    httpx.post(
        "https://api.openai.com/v1/threads?api_key=" + os.environ["PLANTED"],
        headers={"Authorization": "Bearer " + os.environ["PLANTED"], "OpenAI-Beta": "assistants=v2"},
        json={"metadata": {"password": os.environ["PLANTED"]}, "said": os.environ["PLANTED"]},
    )
"""


@pytest.mark.parametrize("options", [(), ("-vv", "-l"), ("-vv", "-l", "--tb=long"), ("--full-trace",), ("--tb=native",)])
def test_a_miss_shows_no_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Neither its text, nor what it was raised in the midst of, nor what its frames hold, nor the recorded body."""
    recorded = spell("ghp_", "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789")
    entry = {
        "request": {"method": "POST", "uri": "https://api.openai.com/v1/threads", "body": json.dumps({"said": recorded})},
        "response": {"status": {"code": 200, "message": ""}, "body": {"string": "{}"}},
    }
    pytester.mkdir("cassettes").joinpath("c.yaml").write_text(json.dumps({"version": 1, "interactions": [entry]}))
    monkeypatch.setenv("PLANTED", OPAQUE)
    pytester.makepyfile(LEAKY_TEST)
    result = pytester.runpytest("-p", "no:asyncio", *options)
    said = result.stdout.str() + result.stderr.str()
    result.assert_outcomes(failed=1)
    assert "has no answer to POST /threads" in said
    assert "During handling" not in said
    assert OPAQUE not in said
    assert recorded not in said


def test_what_is_kept_of_a_miss_leads_to_no_secret(tmp_path: Path) -> None:
    """The error has no context and no cause; its frames are those of the end of the block."""
    path = tmp_path / "c.yaml"
    with served(Leaky("x")) as base, use_cassette(path, record="once"):
        httpx.post(f"{base}/v1/assistants/answer", json={"password": OPAQUE}, headers=BETA)
    with pytest.raises(ReplayMiss) as raised, use_cassette(path):
        httpx.post("https://api.openai.com/v1/assistants/other", json={"password": OPAQUE}, headers=BETA)
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None
    frames = raised.value.__traceback__
    while frames is not None:
        assert "replay" not in Path(frames.tb_frame.f_code.co_filename).name
        frames = frames.tb_next
    assert OPAQUE not in str(raised.value)


class Exposing(Exception):
    """An error of a hook, with a text, data and a note."""

    def __init__(self, *said: object, note: str) -> None:
        super().__init__(*said)
        self.add_note(note)


@pytest.mark.parametrize("hook", ["before_record_request", "before_record_response", "before_save_interaction"])
def test_the_error_of_a_hook_tells_no_secret(tmp_path: Path, hook: str) -> None:
    """Its cause is kept, for it cannot be mended without; neither its text, nor its data, nor its notes hold the key."""

    def broken(*_: Any) -> Any:
        cause = Exposing(f"sent {OPAQUE}", {"key": [OPAQUE]}, 7, note=f"with {OPAQUE}")
        raise ValueError(f"the key was {OPAQUE}") from cause

    headers = {**BETA, "Authorization": f"Bearer {OPAQUE}"}
    settings: Any = {hook: broken}
    with served(Leaky("x")) as base, pytest.raises(CassetteError, match=f"{hook} failed") as raised:
        with use_cassette(tmp_path / "c.yaml", record="once", **settings):
            httpx.post(f"{base}/v1/assistants/answer", json={}, headers=headers)
    shown = "".join(traceback.format_exception(raised.value))
    assert OPAQUE not in shown
    assert "the key was SCRUBBED" in shown
    outer = raised.value.__cause__
    assert outer is not None
    inner = outer.__cause__
    assert inner is not None
    assert inner.args == ("sent SCRUBBED", "{'key': ['SCRUBBED']}", 7)
    assert inner.__notes__ == ["with SCRUBBED"]


def test_a_refusal_to_save_tells_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the nets fail, the last look names the line and a hint."""
    monkeypatch.setattr(Scrubber, "text", lambda self, text: text)
    with served(Leaky("x")) as base, pytest.raises(CassetteError, match=r"password=\.\.\.") as raised:
        with use_cassette(tmp_path / "c.yaml", record="once"):
            httpx.post(f"{base}/v1/assistants/answer", json={"password": OPAQUE}, headers=BETA)
    assert OPAQUE not in str(raised.value)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12), st.integers(1, 3))
def test_what_is_around_an_encoded_secret_stays(around: str, times: int) -> None:
    """However often it is percent-encoded, the secret alone goes; the rest stays as it was encoded."""
    before, after = f"https://x.example/{around}?password=", f"&b={around}"
    for _ in range(times):
        before, after = quote(before, safe=""), quote(after, safe="")
    clean = Scrubber().text(f"{before}{OPAQUE}{after}")
    assert clean == f"{before}SCRUBBED{after}"
    assert Scrubber().find(clean) == []


@pytest.mark.parametrize("end", ["", "=="])
@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_decoded_and_encoded_again(alphabet: Callable[[bytes], bytes], end: str) -> None:
    """What is in base64 stays so, in its own alphabet and with or without padding; only the secret in it is replaced."""
    plain = f'{{"note": "ÿþ~~~???>>>", "password": "{OPAQUE}"}}'
    coded = alphabet(plain.encode()).decode().rstrip("=")
    clean = Scrubber().text(f"x {coded}{end} y").removeprefix("x ").removesuffix(" y")
    decode = base64.b64decode if alphabet is base64.b64encode else base64.urlsafe_b64decode
    assert json.loads(decode(clean + "=" * (-len(clean) % 4))) == {"note": "ÿþ~~~???>>>", "password": "SCRUBBED"}


def test_a_pattern_of_the_users_is_sought_in_encoded_parts() -> None:
    """So that what the last check finds was taken out before."""
    scrubber = Scrubber([r"emp-\d+"])
    coded = base64.b64encode(b"the employee emp-12345 is in here").decode()
    clean = scrubber.text(f"{coded} x%20emp-12345")
    assert scrubber.find(clean) == []
    assert base64.b64decode(clean.split()[0]) == b"the employee SCRUBBED is in here"


PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n@\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEY", "'@'"),
        ("API_KEY", '"@"'),
        ("API_KEY", "@\r\n"),
        ("API_KEYS", "A1b2C3d4E5f6G7h8J9,@"),
        ("API_TOKENS", "A1b2C3d4E5f6G7h8J9 @"),
        ("API_SECRETS", "first:A1b2C3d4E5f6G7h8J9;second:@"),
        ("SIGNING_PRIVATE_KEY", PEM),
        ("SIGNING_PRIVATE_KEY", PEM.replace("\n", "\\n")),
        ("AUTHORIZATION", "Bearer @"),
        ("PROXY_HEADER", "Authorization: Bearer @"),
        ("REGISTRY_AUTH", base64.b64encode(f"user:{OPAQUE}".encode()).decode()),
        ("SLACK_HOOK", "https://hooks.slack.com/services/T00/B00/@"),
        ("SENTRY_DSN", "https://@@sentry.example/1".replace("@@", "@" + "@")),
        ("CONFIG", '{"db": {"password": "@"}}'),
        ("TOKEN_PROD", "@"),
        ("KEY_OF_STAGING", "@"),
        ("GH_PAT", "@"),
    ],
)
def test_a_variable_is_learned_in_pieces(name: str, value: str) -> None:
    """In quotes, in a list, in lines, in a header's value, in base64: the secret alone is known, too."""
    value = value.replace("@", OPAQUE, 1) if "BEGIN" not in value else value.replace("@", OPAQUE)
    assert OPAQUE in {found.strip() for found in environment_secrets({name: value})}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSH_AUTH_SOCK", "/tmp/ssh-A1b2C3d4E5f6/agent.1234"),
        ("TOKEN_FILE", "./secrets/A1b2C3d4E5f6G7h8J9"),
        ("KEYBOARD_LAYOUT", "A1b2C3d4E5f6G7h8J9"),
        ("PATH", "/usr/local/A1b2C3d4E5f6G7h8J9/bin:/usr/bin"),
        ("PASS_ENV", "HOME,LANG,USER"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("MONKEY_PATCH", "gevent, requests"),
        ("KEY_FORMAT", "pem"),
    ],
)
def test_a_variable_that_holds_no_secret_teaches_none(name: str, value: str) -> None:
    """Paths, settings and lists of words are not taken for secrets, whatever the name has in it."""
    assert list(environment_secrets({name: value})) == []


def test_a_variable_in_base64_without_a_password_is_known_whole() -> None:
    """What is decoded and has no user and password in it teaches no other secret than itself."""
    value = base64.b64encode(b"no user and no colon").decode()
    assert {found.strip("= ") for found in environment_secrets({"REGISTRY_AUTH": value})} == {value.strip("=")}
