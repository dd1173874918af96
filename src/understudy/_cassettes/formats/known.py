"""Every reader, and the choice among them by what a document contains."""

from __future__ import annotations

from typing import Any

from understudy._cassettes.formats import (
    azure_test_proxy,
    betamax,
    cassetter,
    exvcr,
    go_vcr,
    har,
    nock,
    parsed_body,
    php_vcr,
    r_vcr,
    ruby_vcr,
    vcrpy,
    wiremock,
)
from understudy._cassettes.formats.reader import Reader

# The first that recognizes a document reads it: those that check more come before those that check less.
READERS: tuple[Reader, ...] = (
    har.READER,
    azure_test_proxy.READER,
    wiremock.READER,
    nock.READER,
    exvcr.READER,
    php_vcr.READER,
    betamax.READER,
    r_vcr.READER,
    ruby_vcr.READER,
    parsed_body.READER,
    cassetter.READER,
    go_vcr.READER,
    vcrpy.READER,
)


def reader_of(document: Any) -> Reader | None:
    """Return the reader of a document; None if no known recorder wrote it."""
    return next((reader for reader in READERS if reader.recognizes(document)), None)
