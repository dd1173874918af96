"""The official Node SDK against `understudy serve`. Needs node, and the npm package `openai` in `.venv/node` (`.ci/run`
puts it there): `npm install --prefix .venv/node openai`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serve.serving import Serve

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / ".venv" / "node" / "node_modules"


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(not MODULES.exists(), reason="the npm package openai is not in .venv/node (see this file's docstring)")
def test_the_node_sdk_creates_polls_and_streams(serve: Serve, tmp_path: Path) -> None:
    """The Node SDK's own pollers and streams get through a tool call and a streamed reply."""
    shutil.copy(ROOT / "tests" / "serve" / "node" / "conversation.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    url = serve("--time", "poll")
    result = subprocess.run(
        ["node", "conversation.mjs", url], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {
        "waiting": "requires_action",
        "arguments": '{"city":"Paris"}',
        "polled": "completed",
        "streamed": "completed",
        "text": "Streamed to Node.",
        "first": "thread.run.created",
        "last": "thread.run.completed",
        "texts": ["Streamed to Node.", "Sunny.", "Hi"],
    }
