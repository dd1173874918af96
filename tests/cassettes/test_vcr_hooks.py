"""The hooks and filters of vcrpy do here what they do there: recorded from `understudy serve`, replayed without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.cassettes.loopback import served
from tests.pytest_plugin.conftest import INI
from tests.serve.serving import Serve
from tests.serve.serving import serve as serve
from understudy import use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import load
from understudy._cassettes.secrets import Scrubber
from understudy._cassettes.vcr_config import settings_of
from understudy.errors import CassetteError, ReplayMiss

OFFICIAL = "https://api.openai.com/v1"
BETA = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer key-of-the-test"}


def talk(base: str, note: str = "one") -> str:
    """Make a thread and a message in it with the SDK; gives the message's text."""
    with openai.OpenAI(base_url=base, api_key="key-of-the-test") as client:
        thread = client.beta.threads.create(metadata={"note": note})
        said = client.beta.threads.messages.create(thread.id, role="user", content="I am Mr. Smith")
        return str(said.content[0].to_dict()["text"]["value"])  # type: ignore[index]


def anonymous(request: Any) -> Any:
    """vcrpy's own example of a request hook: change what is written."""
    if request.body:
        request.body = request.body.replace(b"Mr. Smith", b"NN")
    return request


def anonymous_answer(response: dict[str, Any]) -> dict[str, Any]:
    """The same for what is answered."""
    response["body"]["string"] = response["body"]["string"].replace(b"Mr. Smith", b"NN")
    return response


def test_request_and_answer_hooks_change_what_is_recorded(serve: Serve, tmp_path: Path) -> None:
    """What the hooks took out is not in the file; the app got the true answer, and the replay finds what it asks."""
    hooks: Any = {"before_record_request": anonymous, "before_record_response": anonymous_answer}
    path = tmp_path / "c.yaml"
    with use_cassette(path, record="once", **hooks):
        assert talk(f"{serve()}/v1") == "I am Mr. Smith"
    assert "Smith" not in path.read_text()
    assert load(path)[1].request_json["content"] == "I am NN"
    with use_cassette(path, unplayed="error", **hooks):
        assert talk(OFFICIAL) == "I am NN"
    with pytest.raises(ReplayMiss, match=r"Mr\. Smith"), use_cassette(path), pytest.raises(openai.APIError):
        talk(OFFICIAL)  # without the request hook this is another request


def test_hooks_see_vcrpys_values(tmp_path: Path) -> None:
    """A hook gets vcrpy's Request, with the headers as sent, and the answer as vcrpy's cassettes hold it."""
    import vcr.request

    seen: list[Any] = []

    def keep(value: Any) -> Any:
        seen.append(value)
        return value

    with (
        served(Backend()) as base,
        use_cassette(tmp_path / "c.yaml", record="once", before_record_request=[keep], before_record_response=keep),
    ):
        talk(f"{base}/v1")
    request, answer = seen[0], seen[1]
    assert isinstance(request, vcr.request.Request)
    assert (request.method, request.path, request.headers["Authorization"]) == (
        "POST",
        "/v1/threads",
        "Bearer key-of-the-test",
    )
    assert answer["status"]["code"] == 200
    assert answer["headers"]["content-type"] == ["application/json"]
    assert json.loads(answer["body"]["string"])["object"] == "thread"
    assert len(seen) == 4  # once for each request, once for each answer


@pytest.mark.parametrize("record", ["once", "none"])
def test_a_request_that_a_hook_leaves_out_goes_out_unrecorded(tmp_path: Path, record: Any) -> None:
    """None from the request hook: the request is answered by the real server, in replay too, and is not in the file."""
    path = tmp_path / "c.yaml"
    path.write_text('{"version": 1, "interactions": []}') if record == "none" else None

    def not_threads(request: Any) -> Any:
        return None if request.path.endswith("/threads") else request

    with served(Backend()) as base, use_cassette(path, record=record, before_record_request=not_threads) as cassette:
        with openai.OpenAI(base_url=f"{base}/v1", api_key="key-of-the-test") as client:
            assert client.beta.threads.create().id.startswith("thread_")
            if record == "once":
                client.beta.assistants.list()
        assert cassette.problems == []
    assert [one.path for one in load(path)] == (["/assistants"] if record == "once" else [])


def test_an_answer_that_a_hook_leaves_out_is_not_recorded(tmp_path: Path) -> None:
    """None from the answer hook: the app has its answer, the file has not; nor has the journal."""
    path = tmp_path / "c.yaml"
    journals: list[str] = []

    def no_messages(response: dict[str, Any]) -> Any:
        journals.extend(file.read_text() for file in tmp_path.glob(".c.yaml.*.journal"))
        return None if b"thread.message" in response["body"]["string"] else response

    with served(Backend()) as base, use_cassette(path, record="once", before_record_response=no_messages):
        talk(f"{base}/v1")
    assert [one.path for one in load(path)] == ["/threads"]
    assert "Smith" not in "".join(journals)
    assert journals


def test_loading_asks_the_hooks_too(tmp_path: Path) -> None:
    """A cassette recorded without hooks is replayed with what they change and leave out, as vcrpy does."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base, use_cassette(path, record="once"):
        talk(f"{base}/v1")
    old = path.read_text()
    with use_cassette(path, before_record_request=anonymous, before_record_response=anonymous_answer):
        assert talk(OFFICIAL) == "I am NN"
    with use_cassette(path, after_load_interaction=lambda request, answer: (request, answer)) as cassette:
        assert len(cassette.unplayed) == 2
    with use_cassette(path, after_load_interaction=lambda request, answer: None) as cassette:
        assert cassette.unplayed == []
    assert path.read_text() == old


def test_hooks_leave_out_when_loading_too(tmp_path: Path) -> None:
    """What the request hook wants out of a cassette goes to the real server, here a port that nobody listens on."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base, use_cassette(path, record="once"):
        talk(f"{base}/v1")

    def no_threads(request: Any) -> Any:
        return None if request.path.endswith("/threads") else request

    with use_cassette(path, before_record_request=no_threads) as cassette:
        assert [one.path.rpartition("/")[2] for one in cassette.unplayed] == ["messages"]
        with pytest.raises(httpx.ConnectError):
            httpx.post("http://127.0.0.1:9/v1/threads", json={}, headers=BETA)
        assert cassette.problems == []


def test_save_hooks_leave_out(tmp_path: Path) -> None:
    """None from `before_save_interaction`: that exchange is not written; the others are."""

    def no_threads(request: Any, answer: Any) -> Any:
        return None if request.path.endswith("/threads") else (request, answer)

    path = tmp_path / "c.yaml"
    with served(Backend()) as base, use_cassette(path, record="once", before_save_interaction=no_threads):
        talk(f"{base}/v1")
    assert [one.path.rpartition("/")[2] for one in load(path)] == ["messages"]


def test_save_hooks_see_both_sides(tmp_path: Path) -> None:
    """An answer may be changed by what was asked, in the file only."""

    def mark(request: Any, answer: Any) -> Any:
        answer["headers"]["x-request-id"] = [f"req-{request.path.rpartition('/')[2]}"]
        return request, answer

    path = tmp_path / "c.yaml"
    with served(Backend()) as base, use_cassette(path, record="once", before_save_interaction=mark):
        talk(f"{base}/v1")
    assert [one.header("x-request-id") for one in load(path)] == ["req-threads", "req-messages"]


def test_filters(tmp_path: Path) -> None:
    """Headers, query parameters and fields of the body are taken out or replaced, and still match on replay."""
    filters: Any = {
        "filter_headers": ["x-stainless-lang", ("user-agent", "an app")],
        "filter_query_parameters": ["order", ("limit", "7")],
        "filter_post_data_parameters": ["metadata", ("name", "somebody")],
    }
    path = tmp_path / "c.yaml"

    def ask(base: str, number: int) -> None:
        with openai.OpenAI(base_url=base, api_key="key-of-the-test") as client:
            client.beta.assistants.create(model="gpt-4o", name=f"n{number}", metadata={"number": str(number)})
            client.beta.assistants.list(limit=number, order="asc")

    with served(Backend()) as base, use_cassette(path, record="once", **filters):
        ask(f"{base}/v1", 1)
    made, listed = load(path)
    assert made.request_json == {"model": "gpt-4o", "name": "somebody"}
    assert listed.query == [("limit", "7")]
    headers = dict(listed.request_headers)
    assert (headers["user-agent"], "x-stainless-lang" in headers) == ("an app", False)
    with use_cassette(path, unplayed="error", **filters):
        ask(OFFICIAL, 2)


def test_ignored_hosts_go_out(tmp_path: Path) -> None:
    """ignore_hosts and ignore_localhost let requests out unrecorded."""
    path = tmp_path / "c.yaml"
    for setting in ({"ignore_localhost": True}, {"ignore_hosts": ["127.0.0.1"]}):
        with served(Backend()) as base, use_cassette(path, record="once", **setting):  # type: ignore[arg-type]
            talk(f"{base}/v1")
    assert not path.exists()


def test_sensitive_data(tmp_path: Path) -> None:
    """filter_sensitive_data writes the placeholder and replays the value; a vcrpy without it is named as too old."""
    import inspect

    import vcr

    path = tmp_path / "c.yaml"
    setting: Any = {"filter_sensitive_data": {"<NAME>": "Mr. Smith"}}
    if "filter_sensitive_data" not in inspect.signature(vcr.VCR.__init__).parameters:
        with pytest.raises(TypeError, match="newer vcrpy"), use_cassette(path, **setting):
            pass
        return
    with served(Backend()) as base, use_cassette(path, record="once", **setting):
        talk(f"{base}/v1")
    assert "I am <NAME>" in path.read_text()
    assert "Smith" not in path.read_text()
    with use_cassette(path, **setting):
        assert talk(OFFICIAL) == "I am Mr. Smith"


def test_a_setting_of_a_newer_vcrpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that the installed vcrpy does not know yet is named before anything is replayed."""
    monkeypatch.setattr("vcr.VCR.__init__", lambda self, filter_headers=(): None)
    with pytest.raises(TypeError, match="filter_query_parameters= needs a newer vcrpy than the one installed"):
        with use_cassette(tmp_path / "c.yaml", filter_query_parameters=["key"]):
            pass


def test_the_last_look_has_the_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook that puts a secret in is scrubbed after; with the scrubber out of order, nothing is written."""
    secret = "ghp_" + "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"

    def leak(response: dict[str, Any]) -> dict[str, Any]:
        response["body"]["string"] = json.dumps({"id": "thread_1", "said": secret}).encode()
        return response

    path = tmp_path / "c.yaml"
    with served(Backend()) as base:
        with use_cassette(path, record="once", before_record_response=leak):
            httpx.post(f"{base}/v1/threads", json={}, headers=BETA)
        assert "SCRUBBED" in path.read_text()
        monkeypatch.setattr(Scrubber, "body", lambda self, body: body)
        again = tmp_path / "again.yaml"
        with pytest.raises(CassetteError, match="possible secrets"):
            with use_cassette(again, record="once", before_record_response=leak):
                httpx.post(f"{base}/v1/threads", json={}, headers=BETA)
    assert secret not in path.read_text()
    assert not again.exists()


def test_a_key_that_a_filter_took_out_is_still_known(tmp_path: Path) -> None:
    """The header is filtered away before it is written, and its value is scrubbed wherever else it stands."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base, use_cassette(path, record="once", filter_headers=["authorization"]):
        headers = {**BETA, "Authorization": "Bearer a plain sentence as a key"}
        httpx.post(f"{base}/v1/threads", json={"metadata": {"note": "Bearer a plain sentence as a key"}}, headers=headers)
    assert "plain sentence" not in path.read_text()


@pytest.mark.parametrize("hook", ["before_record_request", "before_record_response", "before_save_interaction"])
def test_a_hook_that_fails_is_named(tmp_path: Path, hook: str) -> None:
    """A hook's own exception fails the block with the hook's name, and nothing is written that it might have hidden."""

    def broken(*_: Any) -> Any:
        raise KeyError("typo")

    path = tmp_path / "c.yaml"
    settings: Any = {hook: broken}
    refused = pytest.raises(CassetteError, match=rf"{hook} failed on POST (/v1)?/threads: KeyError\('typo'\)")
    with served(Backend()) as base, refused, use_cassette(path, record="once", **settings):
        httpx.post(f"{base}/v1/threads", json={}, headers=BETA)
    assert not path.exists()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"before_record_respons": len}, "'before_record_respons' is not a setting; did you mean 'before_record_response'"),
        ({"reccord": "once"}, "did you mean 'record'"),
        ({"record_mode": "once"}, "record_mode= is not adopted from vcrpy: .*record="),
        ({"serializer": "json"}, "suffix"),
    ],
)
def test_unknown_settings_are_named(settings: Any, says: str) -> None:
    """use_cassette refuses what it does not know, with the nearest that it does."""
    with pytest.raises(TypeError, match=says), use_cassette("c.yaml", **settings):
        pass


@pytest.mark.parametrize(
    ("config", "taken"),
    [
        ({}, {}),
        ({"record_mode": "none", "decode_compressed_response": True, "serializer": "yaml"}, {}),
        ({"custom_patches": (), "drop_unused_requests": False, "cassette_library_dir": None}, {}),
        ({"match_on": ["method", "url"]}, {"match_on": ["method", "uri"]}),
        ({"additional_matchers": ["host"]}, {"match_on": ["method", "path", "query", "body", "host"]}),
        ({"filter_headers": ["authorization"]}, {"filter_headers": ["authorization"]}),
    ],
)
def test_what_a_vcr_config_comes_to(config: Any, taken: Any) -> None:
    """Hooks and filters are taken over, what is always so here is passed, names are translated."""
    assert settings_of(config) == taken


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"filter_header": []}, "did you mean 'filter_headers'"),
        ({"match": []}, "did you mean 'match_on'"),
        ({"record_mode": "all"}, "record_mode='all' is not adopted.*--understudy-record"),
        ({"serializer": "json"}, "ends in .json"),
        ({"custom_patches": (1,)}, "intercepts HTTP clients in its own way"),
        ({"path_transformer": len}, "understudy_cassettes"),
        ({"record_on_exception": False}, "never replaces"),
        ({"drop_unused_requests": True}, "--understudy-unplayed"),
    ],
)
def test_what_cannot_be_taken_over_says_what_to_do(config: Any, says: str) -> None:
    """Nothing of vcrpy's settings is dropped in silence."""
    with pytest.raises(TypeError, match=says):
        settings_of(config)


def test_the_fixture_vcr_config(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project's `vcr_config` holds for its marked tests; the marker says the last word; both plugins may read it."""
    pytester.makeini(INI)
    pytester.makepyfile(
        conftest="""
        import pytest

        def anonymous(request):
            request.body = (request.body or b"").replace(b"Mr. Smith", b"NN")
            return request

        @pytest.fixture(scope="module")
        def vcr_config():
            return {"before_record_request": anonymous, "record_mode": "none", "filter_headers": ["user-agent"]}
        """,
        test_it="""
        import openai, pytest

        def talk():
            with openai.OpenAI() as client:
                client.beta.threads.create(messages=[{"role": "user", "content": "I am Mr. Smith"}])

        @pytest.mark.cassette
        def test_config():
            talk()

        @pytest.mark.cassette(before_record_request=None)
        def test_marker():
            talk()
        """,
    )
    with served(Backend()) as base:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{base}/v1")
        pytester.runpytest("--understudy-record=once").assert_outcomes(passed=2)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    pytester.runpytest("--understudy-unplayed=error").assert_outcomes(passed=2)
    cassettes = pytester.path / "cassettes" / "test_it"
    texts = [(cassettes / name).read_text() for name in ("test_config.yaml", "test_marker.yaml")]
    assert ["Smith" in text for text in texts] == [False, True]
    assert ["user-agent" in text for text in texts] == [False, False]


def test_a_vcr_config_that_is_not_understood(pytester: pytest.Pytester) -> None:
    """A misspelt key is a usage error that names the fixture and the nearest key; a broken fixture is told as it is."""
    pytester.makeini(INI)
    pytester.makepyfile(
        test_it="""
        import pytest

        class TestMisspelt:
            @pytest.fixture
            def vcr_config(self):
                return {"filter_heders": ["authorization"]}

            @pytest.mark.cassette
            def test_it(self):
                pass

        class TestBroken:
            @pytest.fixture
            def vcr_config(self, no_such_fixture):
                return {}

            @pytest.mark.cassette
            def test_it(self):
                pass
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*fixture `vcr_config`*'filter_heders'*did you mean 'filter_headers'*"])
    result.stdout.fnmatch_lines(["*fixture 'no_such_fixture' not found*"])


def test_a_refused_save_fails_the_test_itself(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """What must not be written is told in the call phase: FAILED, with no error at teardown, and the cassette kept."""
    pytester.makeini(INI)
    pytester.makepyfile(
        test_it="""
        import openai, pytest

        @pytest.mark.cassette("c.yaml")
        def test_it():
            with openai.OpenAI(max_retries=0) as client:
                try:
                    client.beta.threads.retrieve("thread_1")
                except openai.NotFoundError:
                    pass
        """
    )
    place = pytester.path / "cassettes" / "c.yaml"
    place.parent.mkdir()
    with served(Backend()) as base:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{base}/v1")
        backend = Backend()
        backend.add_thread(id="thread_1")
        with served(backend) as good, use_cassette(place, record="once"):
            httpx.get(f"{good}/v1/threads/thread_1", headers=BETA)
        old = place.read_text()
        result = pytester.runpytest("--understudy-record=all")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*c.yaml was kept as it was: GET /threads/thread_1 answered 404 now*"])
    assert place.read_text() == old
    assert [file.name for file in place.parent.iterdir()] == ["c.yaml"]


def test_a_refused_save_does_not_hide_the_tests_own_failure(tmp_path: Path) -> None:
    """In a block, too, the test's exception is what is raised; the refusal stands in its notes."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base, pytest.raises(ZeroDivisionError) as raised:
        with use_cassette(path, record="new", before_record_response=lambda answer: answer["no such key"]):
            httpx.post(f"{base}/v1/threads", json={}, headers=BETA)
            raise ZeroDivisionError
    assert "before_record_response failed" in raised.value.__notes__[0]
    assert not path.exists()
