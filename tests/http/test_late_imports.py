"""Nothing is imported that a test does not use, and what it imports meanwhile is answered."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import understudy
from openai import OpenAI

unused = {"httpx", "respx", "vcr", "yaml", "hypothesis", "understudy._cassettes.session"} - set(sys.modules)
with understudy.simulate() as backend:
    thread = OpenAI().beta.threads.create()
    print("needlessly imported:", sorted(unused & set(sys.modules)))
    import httpx
    headers = {"OpenAI-Beta": "assistants=v2", "Authorization": "Bearer key"}
    print(httpx.get(f"https://api.openai.com/v1/threads/{thread.id}", headers=headers).json()["id"] == thread.id)
    asked = len(backend.requests)
hooked = httpx.Client._transport_for_url
print(asked, hooked.__module__)
"""


def test_libraries_are_imported_when_used_and_answered_when_imported() -> None:
    """A simulated test of the SDK imports no other HTTP library; one imported in it is answered, and its own afterwards."""
    program = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    ran = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == ["needlessly imported: []", "True", "2 httpx._client"]
