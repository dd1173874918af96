"""The Dockerfile and the GitHub Action: what their commands do, as far as that can be seen without Docker and GitHub."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = str(Path(sys.executable).parent)


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def test_the_containers_commands() -> None:
    """The entry point serves on all addresses and shows requests; the health check finds it, and says when it is gone."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    port = free_port()
    entry = json.loads(re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[1].replace("8000", port))  # type: ignore[index]
    check = json.loads(re.search(r"HEALTHCHECK .*?CMD (.*)$", text, re.MULTILINE)[1].replace("8000", port))  # type: ignore[index]
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    process = subprocess.Popen(entry, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert f"http://0.0.0.0:{port}/v1" in process.stdout.readline()
    subprocess.run(check, env=environment, check=True, timeout=60)
    by_service = httpx.get(f"http://127.0.0.1:{port}/v1/models", headers={"host": socket.gethostname()})
    assert by_service.status_code in (200, 401)
    process.terminate()
    assert "GET    " in process.communicate(timeout=60)[0]
    assert subprocess.run(check, env=environment, capture_output=True, timeout=60, check=False).returncode != 0


def test_what_the_image_copies_is_there() -> None:
    """The files that building a wheel needs are let through to Docker, and no others."""
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert all((ROOT / name).exists() for name in allowed)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for needed in re.findall(r'^readme = "(.*)"|^"(\S+)" = "understudy/data', project, re.MULTILINE):
        assert "".join(needed) in allowed


def steps() -> list[dict[str, Any]]:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert action["runs"]["using"] == "composite"
    return list(action["runs"]["steps"])


def run_step(tmp_path: Path, port: str, arguments: str) -> subprocess.CompletedProcess[str]:
    """The step that starts the server, as a runner would execute it; the server is this test's to stop."""
    (step,) = [step for step in steps() if step.get("id") == "start"]
    assert set(step["env"]) == {"PORT", "ARGUMENTS"}
    files = {"GITHUB_ENV": str(tmp_path / "env"), "GITHUB_OUTPUT": str(tmp_path / "output"), "RUNNER_TEMP": str(tmp_path)}
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **files, "PORT": port, "ARGUMENTS": arguments}
    script = step["run"].replace("server=$!", 'server=$!\necho "$server" > "$RUNNER_TEMP/pid"')
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_action_starts_a_server(tmp_path: Path) -> None:
    """When its step is over the server answers, and the steps that follow know where it is."""
    port = free_port()
    done = run_step(tmp_path, port, "--strict")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        told = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
        assert (told["OPENAI_BASE_URL"], bool(told["OPENAI_API_KEY"])) == (f"http://127.0.0.1:{port}/v1", True)
        assert told["AZURE_OPENAI_ENDPOINT"] == f"http://127.0.0.1:{port}"
        assert (tmp_path / "output").read_text() == f"url=http://127.0.0.1:{port}\n"
        state = httpx.post(f"{told['AZURE_OPENAI_ENDPOINT']}/_understudy/state", json={}).json()
        assert state["strict"] is True
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_action_says_why_it_cannot(tmp_path: Path) -> None:
    """A server that does not start fails the step, with its own words."""
    done = run_step(tmp_path, free_port(), "--tiem poll")
    assert (done.returncode, "unrecognized arguments: --tiem poll" in done.stdout) == (1, True), done.stdout
