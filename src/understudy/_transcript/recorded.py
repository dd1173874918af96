"""The transcript of a recording, of either API.

Polled or streamed, whole or not. What the recording does not show is unknown.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from understudy._cassettes import Interaction, load
from understudy._common.shape_errors import SHAPE_ERRORS, is_about_data
from understudy._reconstruct.session_facts import dicts_in
from understudy._transcript.recorded_responses import recorded_responses
from understudy._transcript.recorded_runs import recorded_runs
from understudy._transcript.transcript import Transcript
from understudy._transcript.turns import turns_of
from understudy._transcript.unknown import UNKNOWN
from understudy.errors import CassetteError


def transcript(path: str | os.PathLike[str]) -> Transcript:
    """Return the transcript of a cassette.

    Of Assistants, of Responses, or of both; polled or streamed, whole or not.

    What the recording does not show is unknown, and equal to anything.

    Args:
        path: of the cassette, in any format that `use_cassette` reads. It is not changed.

    Raises:
        CassetteError: it cannot be read, or its objects do not have the API's shape.
    """
    return transcript_of(load(Path(path)), path)


def transcript_of(session: Sequence[Interaction], path: str | os.PathLike[str]) -> Transcript:
    """Return the transcript of a cassette's exchanges; see `transcript`."""
    try:
        return recorded_transcript(session)
    except SHAPE_ERRORS as error:
        if not is_about_data(error):
            raise
        raise CassetteError(
            f"{path}: its runs or responses do not have the API's shape ({type(error).__name__}: {error}). Look at it with "
            f"`understudy show {path}`."
        ) from error


def recorded_transcript(session: Sequence[Interaction]) -> Transcript:
    """Return the transcript of recorded exchanges."""
    names = _file_names(session)

    def name_of(file_id: str) -> Any:
        return names.get(file_id, UNKNOWN)

    turns = recorded_runs(session, name_of)
    records = recorded_responses(session, name_of)
    apis = [api for api, found in (("assistants", turns), ("responses", records)) if found]
    return Transcript([*turns, *turns_of(records, len(turns) + 1)], "+".join(apis))


def _file_names(session: Sequence[Interaction]) -> dict[str, str]:
    """Return the names of files by id, wherever an answer shows one.

    In files, search results, citations.
    """
    found: dict[str, str] = {}
    for exchange in session:
        for value in [data for _, data in exchange.events] or [exchange.json]:
            for shown in dicts_in(value):
                file_id = shown.get("id") if shown.get("object") == "file" else shown.get("file_id")
                name = shown.get("filename") or shown.get("file_name")
                if isinstance(file_id, str) and isinstance(name, str):
                    found[file_id] = name
    return found
