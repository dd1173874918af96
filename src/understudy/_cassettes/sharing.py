"""Cassettes that several tests share: which part of one belongs to which test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from understudy._cassettes.interaction import Interaction
from understudy._common.call_site import current_test


def of_this_test(interactions: list[Interaction], or_all: bool) -> list[Interaction]:
    """Return what this test recorded in a shared cassette, and what names no test.

    Two tests that begin with equal requests would otherwise be given each other's threads.
    `or_all`: the whole cassette if this test has recorded nothing in it, since it may have been
    renamed.
    """
    test = current_test()
    mine = [one for one in interactions if one.test in (test, None)]
    if len(mine) == len(interactions) or test is None or (or_all and all(one.test is None for one in mine)):
        return interactions
    return numbered(mine)


def numbered(interactions: Sequence[Interaction]) -> list[Interaction]:
    """Return the interactions, renumbered from 0."""
    return [replace(one, index=number) for number, one in enumerate(interactions)]
