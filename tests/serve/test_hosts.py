"""Which requests a served simulator takes: by host, by origin, by content type."""

from __future__ import annotations

import httpx
import pytest

from tests.serve.serving import Serve
from understudy._cli.main import main
from understudy._common.messages import Request
from understudy._serve.hosts import AllowedHosts


def test_a_request_without_a_host() -> None:
    """HTTP/1.0 needs no host: a request without one comes from no page, and may pass."""
    assert AllowedHosts().refusal(Request("GET", "http://localhost/v1/models", ())) is None


@pytest.mark.parametrize(
    ("host", "listened", "is_allowed"),
    [
        ("localhost:8000", "127.0.0.1", True),
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("127.8.9.1", "127.0.0.1", True),
        ("[::1]:8000", "127.0.0.1", True),
        ("app.localhost:8000", "127.0.0.1", True),
        ("LOCALHOST", "127.0.0.1", True),
        ("mine.test", "127.0.0.1", True),
        ("capital.test:8000", "127.0.0.1", True),
        ("[::1", "127.0.0.1", False),
        ("evil.example:8000", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("192.0.2.7:8000", "127.0.0.1", False),
        ("192.0.2.7:8000", "192.0.2.7", True),
        ("192.0.2.8:8000", "192.0.2.7", False),
        ("192.0.2.7:8000", "0.0.0.0", True),
        ("[2001:db8::1]:8000", "::", True),
        ("evil.example", "0.0.0.0", False),
        ("", "127.0.0.1", False),
    ],
)
def test_hosts(host: str, listened: str, is_allowed: bool) -> None:
    """Loopback, the address listened on and the names allowed may pass; a page's own domain never does."""
    request = Request("GET", f"http://{host}/v1/models", (("host", host),))
    refused = AllowedHosts(listened, ("mine.test", "Capital.test")).refusal(request)
    assert (refused is None) == is_allowed


def test_what_is_remembered_of_hosts_changes_nothing() -> None:
    """A host is answered the same at every request, however many came before it, whatever the URL says."""
    hosts = AllowedHosts()
    for number in (*range(100), *range(100)):
        url = f"http://app-{number}.localhost:8000/"
        assert hosts.refusal(Request("GET", url, (("host", f"app-{number}.localhost:8000"),))) is None
        refused = hosts.refusal(Request("GET", url, (("host", f"evil-{number}.example"),)))
        assert refused is not None
        assert refused.status == 403


def test_another_host_is_refused(serve: Serve) -> None:
    """A name that is pointed at loopback reaches nothing: not the API, not the admin route, not the page."""
    url = serve("--allow-host", "understudy.test")
    for path in ("/v1/models", "/", "/healthz", "/_understudy/openapi.json"):
        refused = httpx.get(url + path, headers={"host": "rebound.example"})
        assert refused.status_code == 403
        assert "--allow-host rebound.example" in refused.json()["error"]
    assert httpx.get(f"{url}/healthz", headers={"host": "understudy.test"}).json()["ok"] is True


def test_no_form_reaches_the_admin_route(serve: Serve) -> None:
    """What a form of another site can send is refused: the admin route takes JSON by POST, and says so."""
    url = serve()
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", None):
        headers = {} if kind is None else {"content-type": kind}
        refused = httpx.post(f"{url}/_understudy/next_run", content=b'{"moves": ["x"]}', headers=headers)
        assert (refused.status_code, "content-type: application/json" in refused.text) == (415, True)
    refused = httpx.get(f"{url}/_understudy/reset")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert httpx.post(f"{url}/_understudy/state", json={}).json()["scripts_left"] == []
    accepted = httpx.post(
        f"{url}/_understudy/state", content=b"", headers={"content-type": "Application/JSON; charset=utf-8"}
    )
    assert accepted.status_code == 200


def test_no_page_may_read_unless_allowed(serve: Serve) -> None:
    """Without `--cors` no answer carries CORS headers and no preflight passes."""
    url = serve()
    origin = {"origin": "https://page.example"}
    answer = httpx.get(f"{url}/healthz", headers=origin)
    assert not any(name.startswith("access-control") for name in answer.headers)
    asked = httpx.options(f"{url}/v1/threads", headers={**origin, "access-control-request-method": "POST"})
    assert (asked.status_code, "--cors https://page.example" in asked.text) == (403, True)


def test_pages_that_were_allowed(serve: Serve) -> None:
    """An origin named may use everything; `*` lets any page use the API, and none the admin route."""
    url = serve("--cors", "*", "--cors", "http://mine.test:3000")
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    for origin, path, status in (
        ("https://page.example", "/v1/threads", 204),
        ("https://page.example", "/_understudy/reset", 403),
        ("https://page.example", "/w/x/_understudy/reset", 403),
        ("http://mine.test:3000", "/w/x/_understudy/reset", 204),
    ):
        asked = httpx.options(url + path, headers={"origin": origin, **preflight})
        assert asked.status_code == status, (origin, path)
        assert (asked.headers.get("access-control-allow-origin") == origin) == (status == 204)
    for origin, status in (("https://page.example", 403), ("http://mine.test:3000", 200)):
        headers = {"origin": origin, "sec-fetch-site": "cross-site"}
        assert httpx.post(f"{url}/_understudy/state", json={}, headers=headers).status_code == status
    answer = httpx.get(f"{url}/v1/models", headers={"origin": "https://page.example"})
    assert answer.headers["access-control-allow-origin"] == "https://page.example"


@pytest.mark.parametrize("origin", ["mine.test", "http://mine.test/path", "http://"])
def test_what_is_not_an_origin(origin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An origin is a scheme and a host."""
    with pytest.raises(SystemExit, match="2"):
        main(["serve", "--cors", origin])
    assert "expected an origin such as http://localhost:3000" in capsys.readouterr().err
