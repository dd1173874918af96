"""The SDK's own CPU for one request before a canned transport: how fast the machine is right now."""

from __future__ import annotations

import json
import sys

from apps import floor
from measure import in_turn
from simulate import creating

ANSWER = {"id": "thread_abc", "object": "thread", "created_at": 1700000000, "metadata": {}, "tool_resources": {}}


def main() -> None:
    client = floor(json.dumps(ANSWER).encode(), {"content-type": "application/json"})
    sys.stdout.write(f"{in_turn({'floor': creating(client)}, count=5, rounds=400)['floor']:.1f}\n")


if __name__ == "__main__":
    main()
