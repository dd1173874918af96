"""The fixture `understudy_server`: the test's own backend, for apps in other processes and in other languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

APP = """
import sys
from openai import OpenAI, AzureOpenAI

client = (AzureOpenAI if "--azure" in sys.argv else OpenAI)()
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
run = client.beta.threads.create_and_run_poll(
    assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": sys.argv[1]}]}
)
if run.status == "completed":
    print(client.beta.threads.messages.list(run.thread_id).data[0].content[0].text.value)
"""
CHILD = """
import subprocess
import sys


def ask(*words):
    command = [sys.executable, "app.py", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project whose app runs in a process of its own: `ask("...")` gives the finished process."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    (pytester.path / "app.py").write_text(APP)
    (pytester.path / "child.py").write_text(CHILD)
    return pytester


def test_an_app_in_another_process(project: pytest.Pytester) -> None:
    """An app in a child process needs no key, address or flag: OpenAI's client and Azure's reach the test's backend."""
    project.makepyfile(
        """
        import os
        import pytest
        from child import ask
        from understudy import Reply

        @pytest.mark.parametrize("flags", [[], ["--azure"]])
        def test_child(understudy_server, flags):
            backend = understudy_server.backend
            assert repr(understudy_server) == f"<ServedBackend {understudy_server.url}>"
            backend.next_run(Reply("Hello from the test."))
            assert ask("Hi", *flags).stdout == "Hello from the test.\\n"
            assert backend.runs[0].status == "completed"
            assert backend.messages(backend.threads[0].id)[0].text == "Hi"
            assert backend.requests[0].path == "/assistants"

        def test_afterwards():
            assert "OPENAI_BASE_URL" not in os.environ
        """
    )
    project.runpytest_inprocess("-q").assert_outcomes(passed=3)


def test_one_server_a_simulation_per_test(project: pytest.Pytester) -> None:
    """Two tests have the same port and never each other's objects; who outlives its test hears so."""
    project.makepyfile(
        """
        import httpx
        urls = []

        def test_first(understudy_server, understudy):
            assert understudy is understudy_server.backend
            urls.append(understudy_server.url)
            understudy.add_assistant(id="asst_first")

        def test_second(understudy_server):
            url, headers = understudy_server.url, {"openai-beta": "assistants=v2"}
            assert url.split("/w/")[0] == urls[0].split("/w/")[0]
            assert httpx.get(f"{url}/v1/assistants/asst_first", headers=headers).status_code in (401, 404)
            late = httpx.get(f"{urls[0]}/v1/assistants/asst_first", headers=headers)
            assert late.status_code == 501
            assert "Did the app outlive its test?" in late.text
        """
    )
    project.runpytest_inprocess("-q").assert_outcomes(passed=2)


def test_mistakes_fail_the_test(project: pytest.Pytester) -> None:
    """A run without a script, an unknown operation and a script left over fail the test, though the app hid them."""
    project.makepyfile(
        """
        import httpx
        import pytest
        from child import ask
        from understudy import Reply

        @pytest.mark.understudy(strict=True)
        def test_no_script(understudy_server):
            assert ask("Hi").returncode == 1

        def test_unknown(understudy_server):
            assert httpx.post(f"{understudy_server.url}/v1/embeddings", json={}).status_code == 501

        def test_left_over(understudy_server):
            understudy_server.backend.next_run(Reply("Never."))

        def test_checked_in_vain(understudy_server):
            httpx.post(f"{understudy_server.url}/_understudy/next_run", json={"moves": ["Never."]})
            assert httpx.post(f"{understudy_server.url}/_understudy/check", json={}).status_code == 409
        """
    )
    result = project.runpytest_inprocess("-q")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["*NoScript: a run of assistant*no script was set for it*"])
    result.stdout.fnmatch_lines(["*NotSimulated: POST /embeddings is not simulated*"])
    result.stdout.fnmatch_lines(["*Unused: 1 script(s) were set, but no run took them:*"])


def test_settings_of_the_marker(project: pytest.Pytester) -> None:
    """The marker's settings are the served backend's, and its messages stay those of a test in Python."""
    project.makepyfile(
        """
        import httpx
        import pytest

        @pytest.mark.understudy(time="manual", start=1_600_000_000)
        def test_settings(understudy_server):
            said = httpx.post(f"{understudy_server.url}/_understudy/clock", json={}).json()
            assert (said["now"], said["mode"]) == (1_600_000_000, "manual")
            refused = httpx.post(f"{understudy_server.url}/_understudy/reset", json={})
            assert (refused.status_code, "belongs to a test" in refused.text) == (409, True)
        """
    )
    project.runpytest_inprocess("-q").assert_outcomes(passed=1)


def test_in_the_same_process(project: pytest.Pytester) -> None:
    """A client of the test's own process goes over the socket; one for api.openai.com still reaches no network."""
    project.makepyfile(
        """
        import httpx
        from openai import OpenAI

        def test_socket(understudy_server, monkeypatch):
            asked = []
            handle = httpx.HTTPTransport.handle_request
            client = OpenAI()
            assistant = client.beta.assistants.create(model="gpt-4o")
            raw = client.beta.assistants.with_raw_response.retrieve(assistant.id)
            assert "transfer-encoding" in raw.headers or "content-length" in raw.headers
            assert str(client.base_url) == f"{understudy_server.url}/v1/"
            other = OpenAI(base_url="https://api.openai.com/v1")
            assert other.beta.assistants.retrieve(assistant.id).id == assistant.id
            assert len(understudy_server.backend.requests) == 3
            admin = httpx.post(f"{understudy_server.url}/_understudy/requests", json={}).json()
            assert len(admin["requests"]) == 2, "what went over the socket"
        """
    )
    project.runpytest_inprocess("-q").assert_outcomes(passed=1)


def test_the_apps_sleeping(project: pytest.Pytester) -> None:
    """With `time="sleep"` an app in the test's process sleeps through a run over the socket, and nobody waits."""
    project.makepyfile(
        """
        import time
        import pytest
        from openai import OpenAI
        from understudy import Reply, Wait

        @pytest.mark.understudy(time="sleep")
        def test_sleep(understudy_server, monkeypatch):
            monkeypatch.undo()
            client = OpenAI()
            understudy_server.backend.next_run(Wait(300), Reply("Slow."))
            assistant = client.beta.assistants.create(model="gpt-4o")
            thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
            run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
            while run.status in ("queued", "in_progress"):
                time.sleep(10)
                run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
            assert run.status == "completed"
            assert understudy_server.backend.clock.now() >= 1_700_000_300
        """
    )
    project.runpytest_inprocess("-q").assert_outcomes(passed=1)


def test_an_app_under_uvicorn(project: pytest.Pytester) -> None:
    """A FastAPI app, served by uvicorn in a child process, answers from the test's backend."""
    project.makepyfile(
        web="""
        from fastapi import FastAPI
        from openai import AsyncOpenAI

        app = FastAPI()

        @app.get("/ask")
        async def ask(question: str) -> str:
            client = AsyncOpenAI()
            assistant = await client.beta.assistants.create(model="gpt-4o")
            thread = {"messages": [{"role": "user", "content": question}]}
            run = await client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
            messages = await client.beta.threads.messages.list(run.thread_id)
            return messages.data[0].content[0].text.value
        """,
        test_web="""
        import socket
        import subprocess
        import sys
        import httpx
        import pytest
        from understudy import Reply

        @pytest.fixture
        def web(understudy_server):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                fd = listener.fileno()
                command = [sys.executable, "-m", "uvicorn", "web:app", "--fd", str(fd)]
                process = subprocess.Popen(command, pass_fds=[fd], stderr=subprocess.DEVNULL)
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
                process.terminate()
                process.wait()

        def test_web(understudy_server, web):
            understudy_server.backend.next_run(Reply("x = 1"))
            answer = httpx.get(f"{web}/ask", params={"question": "3x + 11 = 14"}, timeout=60)
            assert answer.json() == "x = 1"
            assert understudy_server.backend.messages(
                understudy_server.backend.threads[0].id)[0].text == "3x + 11 = 14"
        """,
    )
    project.runpytest_inprocess("-q").assert_outcomes(passed=1)


ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / ".venv" / "node" / "node_modules"


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(not MODULES.exists(), reason="the npm package openai is not in .venv/node (see test_node.py)")
def test_a_node_script(project: pytest.Pytester) -> None:
    """A script in Node finds the server by its environment alone."""
    (project.path / "node_modules").symlink_to(MODULES)
    (project.path / "ask.mjs").write_text(
        'import OpenAI from "openai";\n'
        "const client = new OpenAI();\n"
        'const assistant = await client.beta.assistants.create({ model: "gpt-4o" });\n'
        'const thread = { messages: [{ role: "user", content: "Hi" }] };\n'
        "const run = await client.beta.threads.createAndRunPoll({ assistant_id: assistant.id, thread });\n"
        "const page = await client.beta.threads.messages.list(run.thread_id);\n"
        "console.log(page.data[0].content[0].text.value);\n"
    )
    project.makepyfile(
        """
        import subprocess
        from understudy import Reply

        def test_node(understudy_server):
            understudy_server.backend.next_run(Reply("Hello, Node."))
            done = subprocess.run(["node", "ask.mjs"], capture_output=True, text=True, timeout=120)
            assert done.stdout == "Hello, Node.\\n", done.stderr
        """
    )
    project.runpytest_inprocess("-q").assert_outcomes(passed=1)


def test_without_an_http_server(project: pytest.Pytester) -> None:
    """Where uvicorn is not installed, the fixture says how to install it."""
    project.makeconftest("import sys\n\nsys.modules['uvicorn'] = None\n")
    project.makepyfile("def test_it(understudy_server): ...")
    result = project.runpytest_inprocess("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pip install 'pytest-understudy?serve?'*"])
