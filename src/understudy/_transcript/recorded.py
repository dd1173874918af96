"""The transcript of a recording, of either API: polled or streamed, whole or not. What it does not show is unknown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from understudy._cassettes import Interaction, load
from understudy._reconstruct.session_facts import dicts_in
from understudy._transcript.recorded_responses import recorded_responses
from understudy._transcript.recorded_runs import recorded_runs
from understudy._transcript.transcript import Transcript
from understudy._transcript.turns import turns_of
from understudy._transcript.unknown import UNKNOWN
from understudy.errors import CassetteError

# What making sense of objects comes to that are not shaped as they should be.
_ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def transcript(path: str | os.PathLike[str]) -> Transcript:
    """Give the transcript of a cassette: of Assistants, of Responses, or of both; polled or streamed, whole or not.

    What the recording does not show is unknown, and equal to anything.

    Args:
        path: of the cassette, in any format that `use_cassette` reads. It is not changed.

    Raises:
        CassetteError: it cannot be read, or not be made sense of.
    """
    return transcript_of(load(Path(path)), path)


def transcript_of(session: Sequence[Interaction], path: str | os.PathLike[str]) -> Transcript:
    """Give the transcript of a cassette's exchanges; see `transcript`."""
    try:
        return recorded_transcript(session)
    except _ODD as error:
        raise CassetteError(
            f"{path}: its runs or responses could not be made sense of ({type(error).__name__}: {error}). Look at it with "
            f"`understudy show {path}`."
        ) from error


def recorded_transcript(session: Sequence[Interaction]) -> Transcript:
    """Give the transcript of recorded exchanges."""
    names = _file_names(session)

    def name_of(file_id: str) -> Any:
        return names.get(file_id, UNKNOWN)

    turns = recorded_runs(session, name_of)
    records = recorded_responses(session, name_of)
    apis = [api for api, found in (("assistants", turns), ("responses", records)) if found]
    return Transcript([*turns, *turns_of(records, len(turns) + 1)], "+".join(apis))


def _file_names(session: Sequence[Interaction]) -> dict[str, str]:
    """Give the names of files, by id, wherever an answer shows one: in files, search results, citations."""
    found: dict[str, str] = {}
    for exchange in session:
        for value in [data for _, data in exchange.events] or [exchange.json]:
            for held in dicts_in(value):
                file_id = held.get("id") if held.get("object") == "file" else held.get("file_id")
                name = held.get("filename") or held.get("file_name")
                if isinstance(file_id, str) and isinstance(name, str):
                    found[file_id] = name
    return found
