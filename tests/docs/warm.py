"""Executes commands of the documentation, each in a process of its own, forked from one that has imported what they need.

Importing openai and pytest takes longer than most pages' tests. Reads a command per line as JSON (`module`, `arguments`,
`cwd`, `env`, `out`), executes it, with what it prints in the file `out`, and answers with its exit status.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import runpy
import sys
import traceback
from typing import Any

import openai
import openai.resources.beta.beta  # what `OpenAI().beta` imports when it is first asked for
import openai.resources.responses
import pytest  # noqa: F401 - the commands use it
import vcr.serialize  # noqa: F401
import yaml  # noqa: F401

import understudy

for module in pkgutil.walk_packages(understudy.__path__, "understudy."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in [name for name in sys.modules if name.startswith("understudy.pytest_plugin")]:
    del sys.modules[name]  # pytest wants to import its plugins itself


def main() -> None:
    assert openai.OpenAI(api_key="none").beta.threads.runs is not None
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _execute(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _execute(command: dict[str, Any]) -> None:
    out = os.open(command["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    sys.argv[1:] = command["arguments"]
    sys.path[:0] = filter(None, command["env"].get("PYTHONPATH", "").split(os.pathsep))
    status: Any = 0
    try:
        runpy.run_module(command["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code
    except BaseException:  # as the interpreter itself would: to stderr, and status 1
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    main()
