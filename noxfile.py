"""The cells of the support matrix.

`.ci/run` runs all of them, `nox -s NAME` one, `nox -l` lists them.

A cell says so and passes where this machine has no Node, no Chromium, no other Python. `uv` is used where it is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|venv"
nox.options.error_on_external_run = False
nox.options.stop_on_first_error = True

ROOT = Path(__file__).parent
COVERAGE = ("python", "-m", "coverage", "run", "-m", "pytest", "-q")
GENERATIONS = (  # what depends on the SDK's generation or on the interpreter
    "tests/test_tutorial.py", "tests/http", "tests/pytest_plugin", "tests/properties", "tests/engine",
)  # fmt: skip
RECORDINGS = ROOT.parent / "shared" / "recordings"


def newest_python() -> str:
    """Find the newest Python on this machine.

    On the PATH (where pyenv's shims may not work), or installed by pyenv.
    """
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in (14, 13, 12, 11):
        for python in (shutil.which(f"python3.{minor}"), *map(str, kept.glob(f"3.{minor}.*/bin/python"))):
            if python and subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0:
                return python
    raise LookupError("no Python from 3.11 on")


def python_of_the_readme(session: nox.Session) -> str:
    """Return the Python of the README's environment; skip the session without one."""
    python = ROOT / ".venv" / "bin" / "python"
    if not python.exists():
        session.skip("needs .venv as the README's second command makes it")
    return str(python)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types, and what type checkers say of users' mistakes."""
    session.install(".[test,lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy", "src")
    session.run("pyright", "--pythonpath", shutil.which("python", path=session.bin), "tests/typing/test_public_api.py")
    session.run("python", "-m", "pytest", "-q", "-m", "tools or not tools", "tests/typing")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation as a site; warnings are errors."""
    session.install(".[docs]")
    session.run("mkdocs", "build", "--strict", "-q", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def tools(session: nox.Session) -> None:
    """Run what needs a tool: schemathesis, Node's SDK, Chromium; each where it is."""
    session.install(".[test,ci]")
    if shutil.which("npm"):
        session.run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", ".venv/node", "openai")
    session.run(*COVERAGE, "-rs", "-m", "tools", "--ignore=tests/typing")


@nox.session
def deep(session: nox.Session) -> None:
    """Run the exhaustive and slow tests, and every law on all of its examples."""
    session.install(".[test]")
    session.run(
        "python", "-m", "pytest", "-q", "-n", "2", "-m", "(deep or hypothesis) and not tools", "--hypothesis-profile=deep"
    )


@nox.session
def oldest(session: nox.Session) -> None:
    """Run the suite on openai 1.109 and the lowest declared version of everything."""
    session.install(".[test]", "coverage>=7.10", "-r", ".ci/lowest.txt")
    session.run(*COVERAGE, "-n", "2")


@nox.session
def openai2(session: nox.Session) -> None:
    """Run what depends on the SDK's generation, on openai 2.x."""
    session.install(".[test]", "openai<3")
    cassettes = ("tests/cassettes/test_with_the_sdk.py", "tests/cassettes/test_recording.py")
    session.run("python", "-m", "pytest", "-q", "-n", "2", *GENERATIONS, *cassettes)


@nox.session(python=newest_python())
def newest(session: nox.Session) -> None:
    """Run what depends on the interpreter, on the newest one here.

    It must produce the same bytes as the README's one.
    """
    other = python_of_the_readme(session)
    sdk = str(session.run(other, "-c", "import openai; print(openai.__version__)", silent=True, log=False)).strip()
    session.install(".[test]", "coverage>=7.10", f"openai=={sdk}")
    session.run(*COVERAGE, "-n", "2", *GENERATIONS, "tests/apis", "tests/serve")
    chosen = ("-m", "tools", "tests/engine/test_determinism.py")
    session.run("python", "-m", "pytest", "-q", *chosen, env={"UNDERSTUDY_OTHER_PYTHON": other})


@nox.session
def coverage(session: nox.Session) -> None:
    """Check that every branch of src ran in a measured cell (docs/testing.md)."""
    session.install("coverage>=7.10")
    session.run("coverage", "combine", "-q")
    if not RECORDINGS.is_dir():
        session.log("without the real recordings, some of derivation, fidelity and promote is not run")
    session.run("coverage", "report", "--skip-covered", *([] if RECORDINGS.is_dir() else ["--fail-under=90"]))


@nox.session
def openai126(session: nox.Session) -> None:
    """Show that the explorer finds the endless poll of openai 1.26.0."""
    python = python_of_the_readme(session)
    session.install(".")
    session.install("openai==1.26.0", "httpx<0.28", silent=True)  # below the declared bound, on purpose
    old = shutil.which("python", path=session.bin)
    command = (python, "-m", "pytest", "-q", "-m", "tools", "tests/properties/test_the_sdks_poller.py")
    session.run(*command, env={"UNDERSTUDY_OPENAI_1_26": old})


@nox.session
def wheel(session: nox.Session) -> None:
    """Test the wheel instead of the source tree.

    The sdist must contain what git does, and its wheel nothing else.
    """
    shutil.rmtree("dist", ignore_errors=True)
    session.install("build")
    session.run("python", "-m", "build", ".", silent=True)
    (sdist,), (built,) = Path("dist").glob("*.tar.gz"), Path("dist").glob("*.whl")
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()} - {"PKG-INFO"}
        archive.extractall("dist", filter="data")
    known = set(str(session.run("git", "ls-files", silent=True, log=False)).splitlines())
    if packed != known:
        session.error(f"only in the sdist: {sorted(packed - known)}; only in git: {sorted(known - packed)}")
    session.install(f"{built}[test]")
    tests = [f"tests/{name}.py" for name in ("test_package", "test_tutorial", "test_readme", "pytest_plugin/test_simulate")]
    session.chdir(str(sdist).removesuffix(".tar.gz"))
    session.run("python", "-m", "pytest", "-q", "-n", "2", *tests)


@nox.session
def autogen(session: nox.Session) -> None:
    """Run an app on a framework that still speaks the protocol."""
    session.install(".", "./examples/autogen[test]")
    session.chdir("examples/autogen")
    session.run("python", "-m", "pytest", "-q")


@nox.session
def marvin(session: nox.Session) -> None:
    """Run an unchanged third-party client of the Assistants API (examples/clients)."""
    session.install(".", "marvin==2.3.8")
    session.chdir("examples/clients")
    session.run("python", "-m", "pytest", "-q", "test_marvin.py")


@nox.session
def frameworks(session: nox.Session) -> None:
    """Run three unchanged frameworks on the Responses API (examples/frameworks)."""
    session.install(".", "./examples/frameworks[test]")
    session.chdir("examples/frameworks")
    session.run("python", "-m", "pytest", "-q")
