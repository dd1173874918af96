"""A page of the documentation, executed from its top to its end in a folder of its own, as its reader would.

What the fences mean:

* `python`, `ini`, `toml`, `yaml` with a comment as first line that is a file's name (`# tutor.py`): that file is written;
  `# tutor.py, continued` adds to it. The steps of a workflow of GitHub's are executed at the end, but for installing.
* `python` without: executed; if it defines tests, pytest runs them.
* `console`: the commands behind `$` are executed. The lines shown are printed, in this order (`...` stands for any others;
  durations do not count). The exit status is 0, or 1 where tests are shown to fail, or as `exit status 2` says. A command
  that ends in `&` goes on until the end of the page.
* `sh`: for the reader's machine only; nothing but installing. `text`: what is only read. `mermaid`: pictures.
* `<!-- given: FILE = FILE OF THE REPOSITORY -->` puts a file there that a reader of the page has.

Tests that no command ran are run at the end; warnings in them are errors.

Neither Sybil nor pytest-examples: those evaluate one block of code after the other, while a page is a session, with
files that it writes, commands that read them, what they print, and servers that go on until its end.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.docs_runner import Block
from tests.docs_runner import execute as execute_python

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_GIVEN = re.compile(r"^<!-- given: (\S+) = (\S+) -->$", re.MULTILINE)
_FILE = re.compile(r"# ([\w./-]+\.(?:py|ini|toml|yaml|yml))(, continued)?$")
_MODULES, _TOOLS = ("pytest", "understudy"), ("cat", "ls")
_READ_ONLY = ("text", "mermaid")
_INSTALLING = re.compile(r"(pip install |python3? -m venv |mkdir |cd |\. \.venv|#)")
_IGNORED = (
    "The Assistants API is deprecated",
    "deprecated",
    'The configuration option "asyncio_default_fixture_loop_scope"',
)
_STRICT = ("-Werror", *(f"-Wignore:{message}" for message in _IGNORED))
PLUGINS = {"": "understudy.pytest_plugin", "pytest-asyncio": "pytest_asyncio.plugin", "xdist": "xdist.plugin"}
_PORT = "8000"  # what pages show; a free one takes its place


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block: its kind, the line its text begins at, its text, and the file it is to be, if any."""

    kind: str
    line: int
    text: str

    @property
    def file(self) -> tuple[str, bool] | None:
        """The name of the file, and whether the text is added to it."""
        found = _FILE.match(self.text.partition("\n")[0])
        return (found[1], found[2] is not None) if found else None


def fences(text: str) -> list[Fence]:
    """The fenced blocks of a page, in order."""
    return [Fence(each[1], text[: each.start()].count("\n") + 2, each[2]) for each in _FENCE.finditer(text)]


class Warm:
    """Executes Python modules as commands; see `docs.warm`."""

    def __init__(self, scratch: Path) -> None:
        self._out = scratch / "printed.txt"
        argv = [sys.executable, "-P", str(Path(__file__).with_name("warm.py"))]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, argv: list[str], cwd: Path, environment: dict[str, str]) -> tuple[int, str]:
        """Execute `[module, *arguments]`; gives its exit status and what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        module, *arguments = argv
        command = {"module": module, "arguments": arguments, "cwd": str(cwd), "env": environment, "out": str(self._out)}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        return status, self._out.read_text(encoding="utf-8")

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Project:
    """The folder of a page being executed."""

    def __init__(self, page: Path, folder: Path, warm: Warm) -> None:
        self.page, self.folder, self._warm = page, folder, warm
        self._text = page.read_text(encoding="utf-8")
        self._tested = False
        self._examples: list[str] = []
        self._steps: list[str] = []
        self._servers: list[subprocess.Popen[str]] = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port = str(listener.getsockname()[1])

    def execute(self) -> None:
        """Execute the page; an AssertionError says at which line it does not keep its word."""
        for name, source in _GIVEN.findall(self._text):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, self.folder / name)
        found = fences(self._text)
        if not any(fence.kind in ("ini", "toml") for fence in found):
            (self.folder / "pytest.ini").write_text("[pytest]\n")
        try:
            for fence in found:
                self._fence(fence)
            self._rest()
        finally:
            for server in self._servers:
                server.terminate()
                server.communicate()

    def _fence(self, fence: Fence) -> None:
        where = f"{self.page}:{fence.line}"
        if fence.file is not None:
            self._write(fence)
        elif fence.kind == "console":
            for command in re.split(r"^\$ ", fence.text, flags=re.MULTILINE)[1:]:
                self._command(command, where)
        elif fence.kind == "python" and re.search(r"^(async )?def test_", fence.text, re.MULTILINE):
            name = f"test_line_{fence.line}.py"
            (self.folder / name).write_text(fence.text, encoding="utf-8")
            self._examples.append(name)
        elif fence.kind == "python":
            execute_python(Block(self.page, fence.line, "", fence.text))
        elif fence.kind == "sh":
            assert all(_INSTALLING.match(line) for line in fence.text.splitlines()), f"{where}: not executed by anything"
        else:
            assert fence.kind in _READ_ONLY, f"{where}: nothing executes a block of kind {fence.kind!r}"

    def _write(self, fence: Fence) -> None:
        assert fence.file is not None
        name, is_continued = fence.file
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") + "\n\n" if is_continued else ""
        path.write_text(before + fence.text, encoding="utf-8")
        if path.suffix in (".yaml", ".yml"):
            jobs = yaml.safe_load(fence.text).get("jobs", {})
            self._steps += [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]

    def _command(self, command: str, where: str) -> None:
        line, *shown = command.replace(_PORT, self._port).splitlines()
        words = shlex.split(line.removesuffix(" &"))
        settings = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        program, *arguments = words[len(settings) :]
        self._tested |= program == "pytest"
        if line.endswith(" &"):
            self._serve([program, *arguments], settings)
            return
        status, printed = self._run([program, *arguments], settings)
        assert status == _status(shown), f"{where}: {line}: exit status {status}\n{printed}"
        rest = iter(map(_plain, printed.splitlines()))
        for said in shown:
            if said and said != "..." and not said.startswith("exit status"):
                found = any(_plain(said) in one for one in rest)
                assert found, f"{where}: {line} does not print (here)\n{said}\nbut\n{printed}"

    def _run(self, argv: list[str], settings: dict[str, str]) -> tuple[int, str]:
        environment = self._environment(settings)
        if argv[0] in _MODULES:
            return self._warm.run(argv, self.folder, environment)
        if argv[0] == "python":
            argv = [sys.executable, *argv[1:]]
        else:
            assert argv[0] in _TOOLS, f"{self.page}: nothing executes {argv[0]!r}"
        done = subprocess.run(argv, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def _serve(self, argv: list[str], settings: dict[str, str]) -> None:
        assert argv[0] in _MODULES
        command = [sys.executable, "-P", "-m", *argv]  # -P: as the installed commands, which do not look here
        environment = self._environment(settings)
        server = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True)
        self._servers.append(server)
        assert server.stdout is not None
        assert server.stdout.readline(), f"{self.page}: {argv} did not start"  # it says when it is ready

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "PYTEST_"))}
        own = {"COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}  # CI: hypothesis draws the same for everybody
        named = [plugin for name, plugin in PLUGINS.items() if name in self._text]  # not whatever else is installed
        plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": ",".join(named)}
        return {**inherited, **own, **plugins, **settings}

    def _rest(self) -> None:
        """Run the steps of workflows, and the tests that no command of the page ran."""
        for step in self._steps:
            if not _INSTALLING.match(step.removeprefix("python -m ")):
                self._command(step, f"{self.page}: step")
        has_tests = any(self.folder.rglob("test_*.py"))
        if self._examples or (has_tests and not self._tested):
            chosen = self._examples if self._tested else []
            status, printed = self._run(["pytest", "-q", *_STRICT, *chosen], {})
            assert status == 0, f"{self.page}\n{printed}"


def _status(shown: list[str]) -> int:
    said = next((line for line in shown if line.startswith("exit status")), None)
    if said is not None:
        return int(said.split()[2])
    return int(any(re.search(r"\b\d+ (failed|error)", line) for line in shown))


def _plain(line: str) -> str:
    return re.sub(r"\d+\.\d+s\b", "0.00s", " ".join(line.split()))
