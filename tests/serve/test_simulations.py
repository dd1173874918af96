"""Simulations of one server: workers in parallel, each with a service of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from openai import AzureOpenAI, OpenAI

from tests.serve.serving import Serve
from understudy._serve import simulations
from understudy._serve.simulations import Simulations, split
from understudy.errors import UnderstudyError

WORKER = Path(__file__).with_name("node") / "worker.mjs"
HEADERS = {"openai-beta": "assistants=v2", "authorization": "Bearer sk-loopback"}


def say(url: str, verb: str, **body: object) -> httpx.Response:
    return httpx.post(f"{url}/_understudy/{verb}", json=body, timeout=60)


def work(url: str, names: list[str], tests: int) -> list[tuple[int, str]]:
    """Run a worker in Node for each name, all at once; gives their exit statuses and what they said."""
    commands = [["node", str(WORKER), url.format(name), name, str(tests)] for name in names]
    workers = [subprocess.Popen(one, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for one in commands]
    said = [worker.communicate(timeout=300)[0] for worker in workers]
    return [(worker.returncode, text) for worker, text in zip(workers, said, strict=True)]


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_eight_workers_in_node(serve: Serve) -> None:
    """Eight workers with a simulation each run 200 tests at once, and none of them sees another's."""
    names = [f"worker-{number}" for number in range(8)]
    done = work(serve() + "/w/{}", names, 25)
    assert done == [(0, "ok\n")] * 8


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_workers_that_share_a_simulation_interfere(serve: Serve) -> None:
    """The same workers in one simulation do see each other: it is the simulations that keep them apart."""
    done = work(serve(), [f"worker-{number}" for number in range(4)], 25)
    assert any(status != 0 for status, _ in done)


def test_names_of_dropped_simulations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest names that were dropped are refused as such; an older one is new again."""
    monkeypatch.setattr(simulations, "_MAX_GONE_NAMES", 1)
    made: list[str] = []
    kept = Simulations(lambda name: made.append(name) or object(), kept=1)  # type: ignore[arg-type, func-returns-value, return-value]
    for name in ("a", "b", "c"):
        kept.get(name)
    with pytest.raises(UnderstudyError, match="/w/b was dropped"):
        kept.get("b")
    kept.get("a")
    assert made == ["a", "b", "c", "a"]


def test_each_prefix_is_a_service_of_its_own(serve: Serve) -> None:
    """OpenAI's and Azure's clients reach a simulation by its prefix; objects, scripts, clocks and resets are its own."""
    url = serve()
    client = OpenAI(base_url=f"{url}/w/threads/v1", api_key="sk-loopback", max_retries=0)
    azure = AzureOpenAI(azure_endpoint=f"{url}/w/threads", api_version="2024-05-01-preview", api_key="k")
    assistant = client.beta.assistants.create(model="gpt-4o")
    assert azure.beta.assistants.retrieve(assistant.id).id == assistant.id
    for other in (url, f"{url}/w/other"):
        assert httpx.get(f"{other}/v1/assistants/{assistant.id}", headers=HEADERS).status_code == 404
        assert say(other, "clock", advance=60).json()["now"] == 1_700_000_060
    assert say(f"{url}/w/threads", "clock").json()["now"] == 1_700_000_000
    say(f"{url}/w/other", "reset")
    assert client.beta.assistants.retrieve(assistant.id).id == assistant.id
    (asked,) = [one for one in say(f"{url}/w/threads", "requests").json()["requests"] if one["method"] == "POST"]
    assert asked["path"] == "/v1/assistants"
    assert httpx.get(f"{url}/healthz").json()["worlds"] == 3


def test_idle_simulations_are_bounded(serve: Serve) -> None:
    """Beyond the bound the simulation not asked for longest goes, says so when it is asked, and can be begun anew."""
    url = serve("--worlds", "2")
    for name in ("a", "b", "a", "c"):
        assert say(f"{url}/w/{name}", "state").status_code == 200
    gone = httpx.get(f"{url}/w/b/v1/assistants", headers=HEADERS)
    assert (gone.status_code, gone.headers["x-should-retry"]) == (501, "false")
    message = gone.json()["error"]["message"]
    assert message.startswith("understudy: /w/b was dropped: this server keeps 2 simulations")
    assert message.endswith("or start it anew: POST /w/b/_understudy/reset.")
    assert say(f"{url}/w/a", "state").status_code == 200
    assert say(f"{url}/w/b", "reset").status_code == 200
    assert httpx.get(f"{url}/w/b/v1/assistants", headers=HEADERS).status_code == 200


@pytest.mark.parametrize("name", ["a b", "ä", "a" * 201, "%2e%2e", ".", ".."])
def test_what_cannot_be_a_name(name: str) -> None:
    """The name of a simulation is of letters, digits and four signs; what is wrong with another is said."""
    with pytest.raises(UnderstudyError, match="1 to 200 letters, digits and"):
        Simulations(lambda name: pytest.fail(name)).get(name)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/v1/threads", ("", "/v1/threads")),
        ("/w/x/v1/threads", ("x", "/v1/threads")),
        ("/w/w/w/x", ("w", "/w/x")),
        ("/w/x", ("x", "")),
        ("/", ("", "/")),
        ("/wide/x", ("", "/wide/x")),
        ("//w/x/v1/threads", ("x", "/v1/threads")),
        ("/w/x//v1/threads", ("x", "//v1/threads")),
    ],
)
def test_the_prefix_is_taken_off(path: str, parts: tuple[str, str]) -> None:
    """Only `/w/NAME` at the beginning is a prefix."""
    assert split(path) == parts


@pytest.mark.parametrize("path", ["/w//v1/threads", "/w//x/v1/threads", "//w//v1/threads", "/w/"])
def test_a_name_that_is_missing_is_refused(path: str) -> None:
    """A worker whose name is not set does not reach the default simulation, where it would meet others."""
    with pytest.raises(UnderstudyError, match="the name of the simulation is empty"):
        split(path)


def test_slashes_before_a_name_do_not_lead_elsewhere(serve: Serve) -> None:
    """A base URL that ends with a slash reaches the simulation that is named, and none when the name is empty."""
    url = serve()
    for prefix in ("/w/x", "//w/x", "/w/x/"):
        assert httpx.post(f"{url}{prefix}/v1/threads", json={}, headers=HEADERS).status_code == 200
    refused = httpx.post(f"{url}/w//v1/threads", json={}, headers=HEADERS)
    assert (refused.status_code, "expected /w/NAME/v1" in refused.text) == (501, True)
    assert say(url, "state").json()["threads"] == []
    assert len(say(f"{url}/w/x", "state").json()["threads"]) == 3
