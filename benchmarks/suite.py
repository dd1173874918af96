"""CPU of a suite of 300 tests whose app builds its own client: ours, a hand-written fake, and other tools beside it.

Each test asks the assistant one question (six requests: assistant, thread, run, two polls, messages) and checks the
answer. *A fake, injected* hands the app a client with a canned transport, so that no client of its own is built; it is
the least that such tests cost. *A fake under the app's own client* replaces the transport under the client that the app
builds. A start of pytest with 300 empty tests is taken off each. Peers that are not installed, or cannot answer the
installed SDK, are left out. openai-responses has no runs that go on: its test has no polls, and reads back the question.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from measure import children_cpu, heading, in_short, low, row

import understudy

os.environ.setdefault("OPENAI_API_KEY", "sk-benchmark")  # for the apps under the peers, which supply none
TESTS = 300
APP = '''\
"""The app under test: asks an assistant one question, with a client of its own unless it is given one."""

from openai import OpenAI


def ask(question, client=None):
    client = client or OpenAI()
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": question}])
    run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    while run.status in ("queued", "in_progress"):
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    return client.beta.threads.messages.list(thread.id).data[0].content[0].text.value
'''
FAKE = '''\
"""What people write by hand: the answers of the service, the run's by how often it was asked for."""

import json
from pathlib import Path

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text(encoding="utf-8"))


class Fake:
    def __init__(self):
        self.polls = 0

    def answer(self, method, path):
        if path.endswith("/messages"):
            return ANSWERS["messages"]
        if "/runs" in path:
            if method == "POST":
                return ANSWERS["runs"][0]
            self.polls += 1
            return ANSWERS["runs"][self.polls]
        return ANSWERS["thread" if path.endswith("/threads") else "assistant"]
'''
HEADER = """\
import openai._base_client
import pytest
from app import ask
from fake import Fake

http = getattr(openai._base_client, "httpx2", None) or openai._base_client.httpx
each = pytest.mark.parametrize("number", range({tests}))


def respond(fake, request, lib=http):
    return lib.Response(200, json=fake.answer(request.method, request.url.path))


def check(answer):
    assert answer == "It is sunny."

"""
SUITES = {
    "empty tests": """
@each
def test_nothing(number):
    pass
""",
    "a fake, injected": """
@each
def test_ask(number):
    fake = Fake()
    transport = http.MockTransport(lambda request: respond(fake, request))
    check(ask("How is the weather?", openai.OpenAI(http_client=http.Client(transport=transport))))
""",
    "a fake under the app's own client": """
@each
def test_ask(number, monkeypatch):
    fake = Fake()
    monkeypatch.setattr(http.HTTPTransport, "handle_request", lambda self, request: respond(fake, request))
    check(ask("How is the weather?"))
""",
    "ours": """
from understudy import Reply

@each
def test_ask(number, understudy):
    understudy.next_run(Reply("It is sunny."))
    check(ask("How is the weather?"))
""",
    "ours, replayed": """
from pathlib import Path
import understudy as us

@each
def test_ask(number):
    with us.use_cassette(Path(__file__).parent / "cassette.yaml"):
        check(ask("How is the weather?"))
""",
    "respx": """
import httpx
import respx

@each
def test_ask(number):
    fake = Fake()
    with respx.mock(base_url="https://api.openai.com") as router:
        router.route().mock(side_effect=lambda request: respond(fake, request, httpx))
        check(ask("How is the weather?"))
""",
    "vcrpy": """
from pathlib import Path
import vcr

@each
def test_ask(number):
    with vcr.use_cassette(str(Path(__file__).parent / "cassette.yaml"), record_mode="none"):
        check(ask("How is the weather?"))
""",
    "openai-responses": """
import openai_responses

@each
def test_ask(number):
    mock = openai_responses.OpenAIMock()
    run = {"status": "completed", "model": "gpt-4o", "thread_id": "thread_1", "tools": []}
    mock.beta.threads.runs.create.response = run
    with mock.router:
        assert ask("How is the weather?")
""",
}
NEEDED = {"respx": "respx", "vcrpy": "vcr", "openai-responses": "openai_responses"}
BARE = "empty tests"
FLOOR = "a fake, injected"
OWN = "a fake under the app's own client"
ROUNDS = {FLOOR: 6, "ours": 6, BARE: 6, "ours, replayed": 3}  # the others, slow and far off, once


def answers() -> dict[str, Any]:
    """The answers of the service to the app's requests."""
    backend = understudy.Backend()
    backend.next_run(understudy.Reply("It is sunny."))
    raw = backend.client().with_raw_response.beta
    assistant = json.loads(raw.assistants.create(model="gpt-4o").text)
    thread = json.loads(raw.threads.create(messages=[{"role": "user", "content": "How is the weather?"}]).text)
    runs = [json.loads(raw.threads.runs.create(thread["id"], assistant_id=assistant["id"]).text)]
    while runs[-1]["status"] in ("queued", "in_progress"):
        runs.append(json.loads(raw.threads.runs.retrieve(runs[-1]["id"], thread_id=thread["id"]).text))
    messages = json.loads(raw.threads.messages.list(thread["id"]).text)
    return {"assistant": assistant, "thread": thread, "runs": runs, "messages": messages}


def cassette(found: dict[str, Any]) -> str:
    """The same exchanges as a cassette of vcrpy's."""
    thread, runs = f"/threads/{found['thread']['id']}", found["runs"]
    question = {"messages": [{"role": "user", "content": "How is the weather?"}]}
    exchanges: list[tuple[str, str, Any, Any]] = [
        ("POST", "/assistants", {"model": "gpt-4o"}, found["assistant"]),
        ("POST", "/threads", question, found["thread"]),
        ("POST", f"{thread}/runs", {"assistant_id": found["assistant"]["id"]}, runs[0]),
        *(("GET", f"{thread}/runs/{run['id']}", None, run) for run in runs[1:]),
        ("GET", f"{thread}/messages", None, found["messages"]),
    ]
    interactions = [
        {
            "request": {
                "method": method,
                "uri": f"https://api.openai.com/v1{path}",
                "body": body and json.dumps(body),
                "headers": {},
            },
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"content-type": ["application/json"]},
                "body": {"string": json.dumps(answer)},
            },
        }
        for method, path, body, answer in exchanges
    ]
    return json.dumps({"version": 1, "interactions": interactions})  # JSON is YAML, too


def write(directory: Path, tests: int = TESTS) -> dict[str, Path]:
    """Write the app, the fake and a file of so many tests for each tool that is installed."""
    found = answers()
    for name, text in {
        "app.py": APP,
        "fake.py": FAKE,
        "answers.json": json.dumps(found),
        "cassette.yaml": cassette(found),
    }.items():
        (directory / name).write_text(text, encoding="utf-8")
    files = {}
    for number, (name, body) in enumerate(SUITES.items()):
        if name not in NEEDED or find_spec(NEEDED[name]) is not None:
            files[name] = directory / f"test_suite{number}.py"
            files[name].write_text(HEADER.format(tests=tests) + body, encoding="utf-8")
    return files


def options(name: str) -> list[str]:
    """Options of pytest for a suite: no plugin but ours, and that only where it is used."""
    plugins = [] if name.startswith("ours") else ["-p", "no:understudy"]
    others = ["-p", "no:openai_responses", "-p", "no:recording", "-p", "no:hypothesispytest"]
    return ["-W", "ignore", *plugins, *others]


def run(name: str, file: Path) -> float | None:
    """CPU milliseconds of one run of a suite; None if its tests fail, as a peer's do that cannot answer this SDK."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *options(name), file.name]
    try:
        return children_cpu(command, file.parent)
    except subprocess.CalledProcessError:
        if name in NEEDED:
            return None
        raise


def main() -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as once, tempfile.TemporaryDirectory() as name:
        for suite, file in write(Path(once), tests=1).items():
            run(suite, file)  # compiles what the suites import
        files = write(Path(name))
        samples: dict[str, list[float]] = {suite: [] for suite in files}
        for suite in turns(list(files)):
            if suite in samples:
                took = run(suite, files[suite])
                if took is None:
                    del samples[suite]
                else:
                    samples[suite].append(took)
    show({suite: low(values) for suite, values in samples.items()})


def turns(suites: list[str]) -> Iterator[str]:
    """The suites in the order of their runs: the rounds of each spread over the time, every second one backwards."""
    most = max(ROUNDS.values())
    for turn in range(most):
        for suite in sorted(suites, reverse=turn % 2 == 1):
            count = ROUNDS.get(suite, 1)
            if turn * count // most != (turn + 1) * count // most:
                yield suite


def show(totals: dict[str, float]) -> None:
    """Print what each suite costs, pytest's own share taken off, and over the injected fake."""
    bare = totals.pop(BARE)
    each = {suite: (total - bare) / TESTS for suite, total in totals.items()}
    heading(f"{TESTS} tests that build their own client", "CPU s, all", "CPU ms a test, without pytest's own", "ratio")
    row("empty tests", f"{bare / 1000:.2f}", "-", "-")
    for suite, total in totals.items():
        row(suite, f"{total / 1000:.2f}", f"{each[suite]:.1f}", f"{total / totals[FLOOR]:.2f}")
    beside = ", ".join(
        f"{suite} {total / totals[FLOOR]:.2f}x" for suite, total in totals.items() if suite not in ("ours", FLOOR)
    )
    in_short(
        f"{TESTS} tests that build their own client, over an injected fake",
        f"{totals['ours'] / totals[FLOOR]:.2f}x",
        goal="1.3x",
        beside=beside,
    )


if __name__ == "__main__":
    main()
