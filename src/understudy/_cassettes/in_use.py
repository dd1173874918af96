"""A block that is answered from a cassette, and which cassette answers here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Literal, Unpack

from understudy._cassettes.cassette import Cassette
from understudy._cassettes.choices import RecordMode, UnplayedMode
from understudy._cassettes.matching import CustomMatcher
from understudy._cassettes.session import CassetteSession
from understudy._cassettes.vcr_config import VcrConfig
from understudy._common.block import block
from understudy._http import current_handler
from understudy.errors import raise_all


def cassette_in_use() -> Cassette | None:
    """Return the cassette that answers here; None if none does."""
    handler = current_handler()
    return handler.cassette if isinstance(handler, CassetteSession) else None


@block
def use_cassette(
    path: str | os.PathLike[str],
    *more: str | os.PathLike[str],
    record: RecordMode = "none",
    match_on: Sequence[str | CustomMatcher] | None = None,
    ignore: Sequence[str] = (),
    pace: Literal["epochs", "recorded"] = "epochs",
    speed: float | None = None,
    rename_ids: bool = True,
    keep_polls: bool = False,
    scrub: Sequence[str] = (),
    hosts: Sequence[str] = (),
    unplayed: UnplayedMode = "ignore",
    force: bool = False,
    **vcr: Unpack[VcrConfig],
) -> Iterator[Cassette]:
    """Replay a cassette to every OpenAI client in this block, or record one.

    Settings as `CassetteSession`'s.

    Raises:
        ReplayMiss: at the end of the block, for a request that the recording has no answer to (the app got a 501).
        CassetteError: a cassette that cannot be read or written.
    """
    session = CassetteSession(
        path,
        more=more,
        record=record,
        match_on=match_on,
        ignore=ignore,
        pace=pace,
        speed=speed,
        rename_ids=rename_ids,
        keep_polls=keep_polls,
        scrub=scrub,
        hosts=hosts,
        unplayed=unplayed,
        force=force,
        **vcr,
    )
    with session:
        yield session.cassette
        raise_all(session.finish())
