"""Adding to a cassette: what was there before is answered as before, and what is not understood stays."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.cassettes import foreign
from tests.cassettes.building import TOOL_CALL, entry, written
from tests.cassettes.foreign import WRITERS, Spoken
from tests.cassettes.loopback import served
from understudy import use_cassette
from understudy._cassettes import Interaction, load
from understudy._cassettes.dump import as_yaml
from understudy._cassettes.importing import import_cassette
from understudy._cassettes.load import contents_of
from understudy._cassettes.secrets import Scrubber
from understudy._cassettes.storage import Storage
from understudy._cli.main import main
from understudy._common.messages import Request, Response
from understudy.errors import CassetteError

SHARED = Path(__file__).parents[3] / "shared"
REAL = sorted(path for path in SHARED.glob("recordings*/**/*") if path.suffix in (".yaml", ".yml", ".json"))
ONE_MORE = Interaction(
    index=0,
    method="POST",
    url="https://api.openai.com/v1/threads",
    request_headers=(("content-type", "application/json"),),
    request_body=b'{\n  "metadata": {\n    "one": "more"\n  }\n}',
    headers=(("content-type", "application/json"),),
    body=b'{\n  "id": "thread_new",\n  "text": "  two\\n\\n lines \xf0\x9f\x98\x80"\n}',
    recorded_at="2026-11-26T20:00:00.000+00:00",
)
FOLDERS = sorted({str(path.parent.relative_to(SHARED)) for path in REAL})


class Echo:
    """A server that makes a new thread of every request."""

    def handle(self, request: Request) -> Response:
        body = {"id": "thread_" + "new" * 8, "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {}}
        return Response(
            200, (("content-type", "application/json"), ("openai-organization", "globex-team")), json.dumps(body).encode()
        )


def add_one(path: Path) -> None:
    """Record one exchange more to a cassette, as a recording session does."""
    storage = Storage(path, Scrubber(), rename_ids=False, keep_polls=True, force=False)
    storage.read()
    storage.save([ONE_MORE], replace=False, failed=False)


def answered(interactions: list[Interaction]) -> list[Any]:
    """What a recording answers, and to what; header values apart, in which an organisation may be scrubbed."""
    return [
        (
            one.method,
            one.url,
            one.request_body,
            one.status,
            one.body,
            one.timings,
            one.broken,
            one.dwell,
            one.recorded_at,
            *tuple(name for name, _ in one.headers),
        )
        for one in interactions
    ]


@pytest.mark.parametrize("folder", FOLDERS or [pytest.param("", marks=pytest.mark.skip("no real recordings here"))])
@pytest.mark.parametrize("most", [1, pytest.param(None, marks=pytest.mark.deep)], ids=["smallest", "all"])
@pytest.mark.filterwarnings("ignore:.*recorded before held secrets:RuntimeWarning")
def test_every_real_recording_is_answered_as_before(tmp_path: Path, folder: str, most: int | None) -> None:
    """Load, save with one exchange more, load again: whatever was answered before is answered so, byte for byte."""
    recorded = sorted((path for path in REAL if path.parent == SHARED / folder), key=lambda path: path.stat().st_size)
    for number, real in enumerate(recorded[:most]):
        path = tmp_path / f"{number}{real.suffix}"
        path.write_bytes(real.read_bytes())
        before = load(path)
        add_one(path)
        after = load(path)
        assert answered(after[:-1]) == answered(before), real
        assert after[-1].body == ONE_MORE.body


SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def holds_no_secret(data: Any) -> bool:
    """Say whether a cassette keeps this as it is: an old secret is cleaned, with a warning (see below)."""
    body = json.dumps(data).encode()
    return Scrubber().body(body) == body


# hypothesis draws strings of the modules' own, too: "secret", "api_key"
JSON = st.dictionaries(st.text(min_size=1, max_size=8), DATA, max_size=4).filter(holds_no_secret)
EXCHANGES = st.lists(
    st.builds(
        lambda path, sent, answer: Spoken("POST" if sent is not None else "GET", f"/threads/{path}", sent, answer),
        st.text("abcdef0123456789", min_size=1, max_size=6),
        st.none() | JSON,
        JSON,
    ),
    min_size=1,
    max_size=4,
)
PLAIN = {"c.yaml": foreign.vcrpy_yaml, "c.json": foreign.vcrpy_json}


@given(exchanges=EXCHANGES, name=st.sampled_from([*PLAIN, *sorted(WRITERS)]))
def test_the_law(tmp_path_factory: pytest.TempPathFactory, exchanges: list[Spoken], name: str) -> None:
    """Of any recorder's file, or of what is imported from it: one exchange more changes none of those before."""
    folder = tmp_path_factory.mktemp("law")
    path = folder / name
    path.write_bytes(PLAIN[name](exchanges) if name in PLAIN else WRITERS[name][1](exchanges))
    original, before = path.read_bytes(), load(path)
    assert [one.json for one in before] == [one.answer for one in exchanges]
    if name not in PLAIN:
        with pytest.raises(CassetteError, match="understudy import"):
            add_one(path)
        assert path.read_bytes() == original
        path = import_cassette(path, folder / "new", Scrubber()).path
    add_one(path)
    assert answered(load(path)[:-1]) == answered(before)


def unknown_keys(document: dict[str, Any]) -> dict[str, Any]:
    """A cassette with keys of somebody's own on every level."""
    document = copy.deepcopy(document)
    document["reviewed"] = {"by": "Ada", "when": "2024-06-24", "at": "12:30", "ok": True}
    for one in document["interactions"]:
        one["note"] = "do not\nchange"
        one["request"]["note"] = [1, 2.5, None]
        one["response"]["note"] = {"a": "b"}
        one["response"]["body"]["note"] = "x"
        one["response"]["status"]["message"] = "Very OK"
    return document


def without(document: dict[str, Any], number: int) -> dict[str, Any]:
    """A cassette's data less its last exchanges, and less what understudy marks it with."""
    document = {**document, "interactions": document["interactions"][:number]}
    document.pop("understudy", None)
    return document


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_unknown_keys_survive(tmp_path: Path, suffix: str) -> None:
    """Of the document, an exchange, a request, an answer, a body: they are there after a recording, with the same values."""
    document = unknown_keys({"version": 1, "interactions": [entry(one) for one in TOOL_CALL[:3]]})
    path = tmp_path / f"c{suffix}"
    text = json.dumps(document) if suffix == ".json" else "# ours\n" + yaml.safe_dump(document) + "# the end\n"
    path.write_text(text)
    add_one(path)
    after = path.read_text()
    assert without(yaml.safe_load(after), 3) == document
    assert len(load(path)) == 4
    if suffix == ".yaml":  # what is not new is the same text, comments and layout included
        kept = [line for line in text.splitlines() if line in after.splitlines()]
        assert kept == text.splitlines()


@pytest.mark.parametrize(
    "text",
    [
        (
            "version: 1\ninteractions:\n  -\n    request: {method: GET, uri: 'https://h/v1/threads/a', body: null}\n"
            "    response: {status: {code: 200, message: OK}, headers: {}, body: {string: '{}'}}"
        ),
        (
            "interactions: [{request: {method: GET, uri: 'https://h/v1/threads/a', body: null}, response: {status: "
            "{code: 200, message: OK}, headers: {}, body: {string: '{}'}}}]\nversion: 1\nmine: yes\n"
        ),
        (
            "---\ninteractions:\n# first\n- request: {method: GET, uri: 'https://h/v1/threads/a', body: null}\n"
            "  response:\n    status: {code: 200, message: OK}\n    headers: {}\n    body:\n      string: |\n        - a\n"
            "        - b\n\n# then\n\nversion: 1\n...\n"
        ),
        "interactions: []\nversion: 1\nmine: 1\n",
        (
            "interactions: !!seq\n- request: {method: GET, uri: 'https://h/v1/threads/a', body: null}\n"
            "  response: {status: {code: 200, message: OK}, headers: {}, body: {string: '{}'}}\nversion: 1\n"
        ),
        (
            "interactions:\n- &a\n  request: {method: GET, uri: 'https://h/v1/threads/a', body: null}\n"
            "  response: {status: {code: 200, message: OK}, headers: {}, body: {string: '{}'}}\n"
            "- *a\nversion: 1\n"
        ),
        (
            "interactions:\n- &a\n  request: {method: GET, uri: 'https://h/v1/threads/a', body: null}\n"
            "  response: &b {status: {code: 200, message: OK}, headers: {}, body: {string: '{}'}}\n"
            "- request: {method: GET, uri: 'https://h/v1/threads/b', body: null}\n  response: *b\n"
            "- *a\nversion: 1\n"
        ),
    ],
)
def test_every_layout_takes_one_more(tmp_path: Path, text: str) -> None:
    """Indented, in flow style, with comments, tags or aliases, empty, the exchanges last: added to all the same."""
    path = tmp_path / "c.yaml"
    path.write_text(text)
    before = load(path)
    add_one(path)
    assert load(path)[:-1] == before
    assert {*yaml.safe_load(text)} <= {*yaml.safe_load(path.read_text())}
    add_one(path)
    assert len(load(path)) == len(before) + 2


def test_old_exchanges_are_cleaned_and_it_is_said(tmp_path: Path) -> None:
    """Cookies, organisations and keys of an old cassette are scrubbed when something is added; the rest stays as it is."""
    entries = [entry(one) for one in TOOL_CALL[:3]]
    key = "sk-proj-abcdefghijklmnop1234567890"
    entries[0]["response"]["headers"] |= {
        "set-cookie": ["__cf_bm=abcDEF123456.abcdef-1; path=/", "other=abcdefgh12345; domain=.api.openai.com"],
        "openai-organization": ["acme-research"],
        "x-note": ["acme-research is all right here"],
    }
    entries[1]["request"]["headers"]["authorization"] = [f"Bearer {key}"]
    entries[1]["note"] = f"with {key}"
    entries[1]["response"]["status"]["message"] = "Fine"
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"interactions": entries, "version": 1}))
    third = path.read_text().split("\n- ")[3].partition("\nversion")[0]
    with served(Echo()) as base, pytest.warns(RuntimeWarning, match="replaced by SCRUBBED") as warned:
        with use_cassette(path, record="new", hosts=["127.0.0.1"]), openai.OpenAI(api_key="x", base_url=base) as client:
            client.beta.threads.create(metadata={"one": "more"})
    text, said = path.read_text(), "".join(str(one.message) for one in warned if "SCRUBBED" in str(one.message))
    for secret in (key, "abcDEF123456", "abcdefgh12345"):
        assert secret not in text + said
    assert "#0: the header openai-organization, the header set-cookie\n" in said
    assert "#1: the header authorization" in said
    assert "#2" not in said
    assert third in text
    first, second, *_ = load(path)
    assert (first.json, first.status) == ({"id": "thread_1", "object": "thread"}, 200)
    assert first.header("openai-organization") == "SCRUBBED"
    assert yaml.safe_load(text)["interactions"][1]["note"] == "with sk-SCRUBBED"
    assert yaml.safe_load(text)["interactions"][1]["response"]["status"]["message"] == "Fine"
    assert second.header("content-type") == "application/json"


def test_what_is_kept_beside_an_exchange_is_cleaned(tmp_path: Path) -> None:
    """A secret under a key that is not understood is scrubbed, too, and said."""
    entries = [entry(one) for one in TOOL_CALL[:2]]
    entries[0]["curl"] = ["curl -H 'Authorization: Bearer sk-proj-abcdefghijklmnop1234567890'"]
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": entries}))
    with pytest.warns(RuntimeWarning, match="#0: what is kept beside it"):
        add_one(path)
    assert "sk-proj-abc" not in path.read_text()
    assert "curl -H" in json.loads(path.read_text())["interactions"][0]["curl"][0]


def test_bytes_beside_an_exchange_are_cleaned(tmp_path: Path) -> None:
    """The same for what YAML holds as bytes."""
    entries = [entry(one) for one in TOOL_CALL[:2]]
    entries[0]["raw"] = [b"with sk-proj-abcdefghijklmnop1234567890", 5]
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"interactions": [*entries], "version": 1}, default_flow_style=False))
    assert main(["scrub", str(path)]) == 0
    (raw, five) = yaml.safe_load(path.read_text())["interactions"][0]["raw"]
    assert (raw, five) == (b"with sk-SCRUBBED", 5)


def test_an_alias_of_an_exchange_is_cleaned(tmp_path: Path) -> None:
    """An exchange that is there twice by an alias is written out when it has to be changed."""
    text = (
        "interactions:\n- &a\n  request: {method: POST, uri: 'https://h/v1/threads', "
        "body: sk-proj-abcdefghijklmnop1234567890}\n"
        "  response: {status: {code: 200, message: OK}, headers: {}, body: {string: '{}'}}\n- *a\nversion: 1\n"
    )
    path = tmp_path / "c.yaml"
    path.write_text(text)
    assert main(["scrub", str(path)]) == 0
    assert [one.request_body for one in load(path)] == [b"sk-SCRUBBED"] * 2


def test_recording_anew_keeps_what_is_not_an_exchange(tmp_path: Path) -> None:
    """`all` replaces the exchanges, and nothing else: unknown keys of the document and comments stay."""
    document = {"interactions": [entry(one) for one in TOOL_CALL[:1]], "mine": {"a": 1}, "version": 1}
    path = tmp_path / "c.yaml"
    path.write_text("# made by hand\n" + yaml.safe_dump(document))
    with served(Echo()) as base, use_cassette(path, record="all", hosts=["127.0.0.1"]):
        openai.OpenAI(api_key="x", base_url=base).beta.threads.create()
    assert path.read_text().startswith("# made by hand\n")
    assert yaml.safe_load(path.read_text())["mine"] == {"a": 1}
    assert len(load(path)) == 1


def test_a_symbolic_link_is_written_through(tmp_path: Path) -> None:
    """It stays a link, to another folder or to nothing yet; its target is what was recorded to."""
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    link, target = tmp_path / "links" / "c.yaml", tmp_path / "real" / "c.yaml"
    link.symlink_to(Path("..") / "real" / "c.yaml")
    for count in (1, 2):
        with served(Echo()) as base, use_cassette(link, record="new", hosts=["127.0.0.1"]):
            openai.OpenAI(api_key="x", base_url=base).beta.threads.create(metadata={"count": str(count)})
        assert link.is_symlink()
        assert len(load(target)) == count
    assert [path.name for path in (tmp_path / "links").iterdir()] == ["c.yaml"]
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["c.yaml"]


def test_binary_goes_into_json_only_where_it_may_become_yaml(tmp_path: Path) -> None:
    """JSON cannot hold it: a file that is not named .json becomes YAML, any other is refused and stays."""
    binary = replace(ONE_MORE, body=b"\x80\x81")
    for name in ("c.yaml", "c.json"):
        path = written(tmp_path / name, TOOL_CALL[:2])
        before, text = load(path), path.read_text()
        storage = Storage(path, Scrubber(), rename_ids=False, keep_polls=True, force=False)
        if name == "c.json":
            with pytest.raises(CassetteError, match=r"name that ends in \.yaml"):
                storage.save([binary], replace=False, failed=False)
            assert path.read_text() == text
        else:
            storage.save([binary], replace=False, failed=False)
            assert load(path)[:-1] == before
            assert load(path)[-1].body == b"\x80\x81"


def test_a_key_in_a_binary_value_beside_the_exchanges(tmp_path: Path) -> None:
    """Nothing is added to a cassette that goes on holding a key, in base64 as in plain text."""
    key = "sk-proj-" + "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"
    path = tmp_path / "c.yaml"
    path.write_text(as_yaml({"interactions": [entry(TOOL_CALL[0])], "attached": b"\xff\xfe" + key.encode(), "version": 1}))
    before = path.read_bytes()
    storage = Storage(path, Scrubber(), rename_ids=False, keep_polls=True, force=False)
    with pytest.raises(CassetteError, match=r"was not written: .*\n  a binary value: "):
        storage.save([ONE_MORE], replace=False, failed=False)
    assert path.read_bytes() == before


def test_a_cassette_that_became_foreign_is_left_alone(tmp_path: Path) -> None:
    """Another recorder wrote the file while the test ran: the save is refused, the file is its."""
    path = written(tmp_path / "c.json", TOOL_CALL[:1])
    storage = Storage(path, Scrubber(), rename_ids=True, keep_polls=False, force=True)
    storage.read()
    text = foreign.betamax([Spoken("GET", "/threads/a", None, {})])
    path.write_bytes(text)
    for anew in (True, False):
        with pytest.raises(CassetteError, match="a file of betamax"):
            storage.save([ONE_MORE], replace=anew, failed=False)
    assert path.read_bytes() == text
    assert contents_of(path).recorder == "betamax"


TWICE = {
    "JSON": '{"version": 1, "interactions": [@, @]}'.replace("@", json.dumps(entry(("GET", "/threads/thread_1", None, {})))),
    "YAML in one line": "interactions: [@]\nversion: 1\n".replace(
        "@", json.dumps(entry(("GET", "/threads/thread_1", None, {})))
    ),
}


@pytest.mark.parametrize("kind", TWICE)
def test_a_key_that_is_there_twice_is_not_dropped(tmp_path: Path, kind: str) -> None:
    """Where a rewrite would keep one of two equal keys, it is refused, and names the key; the file stays as it was."""
    path = tmp_path / "c.yaml"
    path.write_text(TWICE[kind].replace('"method"', '"method": "PUT", "method"', 1))
    before = path.read_bytes()
    with pytest.raises(CassetteError, match="the key `method` occurs twice"):
        add_one(path)
    assert path.read_bytes() == before
    path.write_text(TWICE[kind])
    count = len(load(path))
    add_one(path)
    assert len(load(path)) == count + 1


def test_a_key_that_is_there_twice_stays_where_the_text_does(tmp_path: Path) -> None:
    """YAML in blocks is added to without being rewritten: what occurs twice in it stays so."""
    path = tmp_path / "c.yaml"
    text = yaml.safe_dump({"interactions": [entry(("GET", "/threads/thread_1", None, {}))], "version": 1})
    path.write_text(text.replace("    method: GET", "    method: PUT\n    method: GET"))
    add_one(path)
    assert path.read_text().count("    method: PUT\n    method: GET") == 1
    assert [one.method for one in load(path)] == ["GET", "POST"]
