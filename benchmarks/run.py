"""Runs the benchmarks in an environment of their own, with the peers beside. Needs only Python and pip."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parent / ".venv-bench"
PEERS = ("openai-responses==0.13.1", "openai<3", "vcrpy", "pytest-recording")  # the peer does not work on openai 3.x
PARTS = ("simulate", "memory", "lists", "stream", "replay", "start")


def main() -> int:
    wanted = sys.argv[1:] or list(PARTS)
    unknown = set(wanted) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    python = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", str(HERE.parent), *PEERS], check=True)
    versions = "import openai, sys; print(f'openai {openai.__version__}, Python {sys.version.split()[0]}')"
    subprocess.run([python, "-c", versions], check=True)
    for part in wanted:
        subprocess.run([python, HERE / f"{part}.py"], check=True, env={**os.environ, "PYTHONHASHSEED": "0"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
