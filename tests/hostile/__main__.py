"""The slow run: `python -m tests.hostile [NUMBER]`, 100,000 by default."""

from __future__ import annotations

import sys
import time

from .campaign import campaign

number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
start = time.monotonic()
seen = campaign(number)
seconds = time.monotonic() - start
print(f"{seen.total():,} hostile requests in {seconds:.0f} s, nothing broke.")
for api in ("Assistants", "Responses", "neither"):
    statuses = {status: count for (of, status), count in sorted(seen.items()) if of == api}
    answers = ", ".join(f"{status}: {count:,}" for status, count in statuses.items())
    print(f"{api}: {sum(statuses.values()):,} ({answers})")
