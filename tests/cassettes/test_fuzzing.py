"""Whatever happens to a cassette file, it is loaded and can be used, or refused by name and line; and it stays as it is."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cassettes import fuzzing
from tests.effort import examples


@settings(examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32), number=st.integers(0, len(fuzzing.CASSETTES) - 1), as_json=st.booleans())
def test_a_harmed_cassette(tmp_path: Path, seed: int, number: int, as_json: bool) -> None:
    """Cut, with bits flipped, lines lost or twice, tags, anchors without end, other types: no traceback, no crash."""
    data = fuzzing.mutated(fuzzing.CASSETTES[number].read_bytes(), random.Random(seed))
    fuzzing.check(tmp_path / ("c.json" if as_json and data[:1] == b"{" else "c.yaml"), data)
