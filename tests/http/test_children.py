"""A process that is started while anything is active never reaches the network: it is refused, by name where it can be."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor

import pytest
from openai import OpenAI

import understudy as us
from tests.http.children_asking import ask
from understudy._http.child_environment import NOWHERE

REFUSED = "GET /v1/models was sent by a child process"
METHODS = multiprocessing.get_all_start_methods()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_is_refused() -> None:
    """A child that was forked has a copy of the service; it is refused rather than answered unseen."""
    reading, writing = os.pipe()
    with us.simulate() as backend:
        child = os.fork()
        if child == 0:
            os.write(writing, repr(ask()).encode())
            os._exit(0)
        os.waitpid(child, 0)
        assert ask()[0] == 200  # the parent is answered as ever
        assert len(backend.requests) == 1
    said = os.read(reading, 10_000).decode()
    os.close(reading)
    os.close(writing)
    assert "501" in said
    assert REFUSED in said


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_processes_of_multiprocessing_are_refused(method: str) -> None:
    """However multiprocessing starts a process, what it asks is refused, and the message names the fixture that helps."""
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    with us.simulate():
        process = context.Process(target=ask, args=(queue,))
        process.start()
        status, said = queue.get()
        process.join()
    queue.close()
    assert (status, said.startswith(f"understudy: {REFUSED}")) == (501, True)
    assert "understudy_server" in said


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_pool_of_processes_is_refused() -> None:
    """The same for the workers of a pool that is started inside."""
    with us.simulate(), ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(ask).result()[0] == 501


@pytest.mark.skipif("fork" not in METHODS, reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_process_that_no_test_starts_is_let_be() -> None:
    """While a thread of a block that is over keeps the hooks in place, other processes start as they always do."""
    go = threading.Event()
    with us.simulate():
        thread = threading.Thread(target=go.wait, args=(20,))
        thread.start()
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
    go.set()
    thread.join()
    assert process.exitcode == 0
    assert not hasattr(process, "understudy_refusal")


def test_commands_get_an_environment_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that the app starts inside has neither the user's key nor a way to the service; outside, both."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com")
    names = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT"]
    code = f"import os; print(*[os.environ.get(name) for name in {names}])"

    def told(**settings: object) -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, **settings).stdout  # type: ignore[call-overload]

    with us.simulate():
        assert told() == f"understudy-needs-no-key {NOWHERE}/v1 {NOWHERE}\n"
        assert told(env=dict(os.environ)) == f"understudy-needs-no-key {NOWHERE}/v1 {NOWHERE}\n"
        assert os.environ["OPENAI_API_KEY"] == "sk-mine"
    assert told() == "sk-mine None https://mine.openai.azure.com\n"


def test_commands_that_have_a_server_here_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base URL on this machine, as `understudy_server` sets it, goes on to the command as it is."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")
    code = "import os; print(os.environ['OPENAI_BASE_URL'])"
    with us.simulate():
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told == "http://127.0.0.1:8000/v1\n"


async def test_commands_of_asyncio_as_well() -> None:
    """What asyncio starts is started by the same."""
    with us.simulate():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import os; print(os.environ['OPENAI_BASE_URL'])", stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
    assert said.decode().startswith(NOWHERE)


def test_threads_are_no_children() -> None:
    """A thread is answered: it is this process."""
    said: list[int] = []
    with us.simulate():
        thread = threading.Thread(target=lambda: said.append(ask()[0]))
        thread.start()
        thread.join()
        assert OpenAI().models.list().data
    assert said == [200]


def test_a_spawned_child_ends_without_a_word() -> None:
    """A child that was refused leaves nothing on its standard error when it ends."""
    code = (
        "import multiprocessing, warnings; import understudy as us; from tests.http.children_asking import ask\n"
        "if __name__ == '__main__':\n"
        "    with us.simulate():\n"
        "        child = multiprocessing.get_context('spawn').Process(target=ask); child.start(); child.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
