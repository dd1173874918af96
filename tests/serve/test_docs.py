"""docs/serve.md keeps its word: every curl command and every piece of JavaScript on it is executed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serve.serving import Serve
from understudy._serve.admin import KNOWN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "serve.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCES = FENCE.findall(PAGE.read_text("utf-8"))


def test_every_verb_is_described() -> None:
    """Each verb has a section, with its body in JSON, a curl command and JavaScript that say the same."""
    sections = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL))
    assert set(sections) == set(KNOWN)
    for verb, text in sections.items():
        said = dict(FENCE.findall(text)[:3])
        body = json.loads(said["json"])
        assert json.loads(re.search(r"-d '(.*)'", said["sh"])[1]) == body  # type: ignore[index]
        assert f"/_understudy/{verb} " in said["sh"]
        assert said["javascript"] == f'await say("{verb}", {json.dumps(body)});\n'


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_commands(serve: Serve) -> None:
    """Executed from top to end, each is answered as the page says."""
    url = serve()
    for kind, text in FENCES:
        if kind == "sh":
            command = text.replace("http://127.0.0.1:8000", url)
            done = subprocess.run(["bash", "-ec", command], capture_output=True, text=True, timeout=60, check=True)
            if "/_understudy/" in command:
                assert json.loads(done.stdout)["ok"] is True, text + done.stdout
            else:
                assert '"status": "in_progress"' in done.stdout
                assert "rate limit" in done.stdout


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_javascript(serve: Serve, tmp_path: Path) -> None:
    """Executed from top to end in Node, with nothing installed, it gets through."""
    script = tmp_path / "page.mjs"
    script.write_text("\n".join(text for kind, text in FENCES if kind == "javascript"))
    environment = {"PATH": str(Path(str(shutil.which("node"))).parent), "UNDERSTUDY": f"{serve()}/w/js"}
    done = subprocess.run(["node", str(script)], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
