"""schemathesis against the served simulator, by the observed spec: no 5xx, no undocumented shape. Bounded.

Needs the extra `ci`; `.ci/run` installs it. By hand, with more examples:
`UNDERSTUDY_EXAMPLES=50 pytest tests/serve/test_schema.py`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import understudy
from tests.serve.serving import Serve

SPEC = Path(understudy.__file__).parent / "data" / "assistants-openapi.observed.json"
CHECKS = "not_a_server_error,response_schema_conformance"


def corrected(spec: dict[str, Any]) -> dict[str, Any]:
    """The observed spec with one correction more: the cursors of an empty list are null. [REC]"""
    for schema in spec["components"]["schemas"].values():
        for name in ("first_id", "last_id"):
            if name in schema.get("properties", {}):
                schema["properties"][name] = {"type": ["string", "null"]}
    return spec


@pytest.mark.tools
@pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed (extra `ci`)")
def test_every_answer_has_a_documented_shape(serve: Serve, tmp_path: Path) -> None:
    """Generated requests to all 51 operations: every answer is documented, and none is a server error."""
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(corrected(json.loads(SPEC.read_text()))))
    url = serve("--time", "poll")
    examples = os.environ.get("UNDERSTUDY_EXAMPLES", "5")
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(spec), "--url", f"{url}/v1", "-n", examples]
    command += ["--phases", "examples,fuzzing", "--checks", CHECKS, "--seed", "1", "--generation-database", "none"]
    command += ["-H", "Authorization: Bearer sk-loopback", "-H", "OpenAI-Beta: assistants=v2", "--no-color"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False)
    assert result.returncode == 0, result.stdout[-6000:]
    assert "Tested: 51" in result.stdout
