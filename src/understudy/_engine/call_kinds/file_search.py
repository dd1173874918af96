"""Calls of the file search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from understudy._common.code_repr import first
from understudy._engine.items import CallState, CallView, Reading
from understudy._engine.moves.base import CallMove, as_tuple, tool_of
from understudy._engine.ports import SearchHit, Surroundings
from understudy.errors import ImpossibleScript

DEFAULT_RANKER = "default_2024_08_21"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A passage found by a file search. `score`: from 0 to 1."""

    file_id: str
    score: float = 1.0
    text: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise ImpossibleScript(f"SearchResult(score={self.score!r}): expected a number from 0 to 1")


@dataclass(frozen=True, slots=True, repr=False)
class FileSearch(CallMove):
    """The model searches the files.

    Args:
        results: what it finds; None to search the attached vector stores for `query`.
        query: what to search for; None for the last user message.
    """

    needs_tool: ClassVar[str] = "file_search"
    file_fields: ClassVar[tuple[str, ...]] = ("results",)
    results: Sequence[SearchResult] | None = first(default=None)
    query: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.results is not None:
            object.__setattr__(self, "results", as_tuple("FileSearch(results)", self.results))
        if self.results is not None and self.query is not None:
            raise ImpossibleScript("FileSearch takes results or query=..., not both")

    def call(self, surroundings: Surroundings, **identity: Any) -> FileSearchCallState:
        tool = tool_of(surroundings.tools, "file_search")
        query = self.query or surroundings.last_user_text
        if self.results is None:
            results = surroundings.ports.search(tool, query)
        else:
            results = tuple(_hit(surroundings, result) for result in self.results)
        return FileSearchCallState(
            query=query,
            results=results,
            # the tool's ranking options [REC]
            ranker=tool.options.get("ranker", DEFAULT_RANKER),
            score_threshold=tool.options.get("score_threshold", 0.0),
            **identity,
        )


def _hit(surroundings: Surroundings, result: SearchResult) -> SearchHit:
    name = surroundings.ports.file_name(result.file_id) or ""
    return SearchHit(result.file_id, name, result.score, result.text)


def _details(call: FileSearchCallState, with_content: bool) -> dict[str, Any]:
    return _shown(call, [_result(hit, with_content=with_content) for hit in call.results])


def _opened(call: FileSearchCallState, with_content: bool) -> dict[str, Any]:  # noqa: ARG001
    """Return the details that a stream opens with: no results yet.

    They come with the completed step. [REC]
    """
    return _shown(call, [])


def _shown(call: FileSearchCallState, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"ranking_options": {"ranker": call.ranker, "score_threshold": call.score_threshold}, "results": results}


def _result(hit: SearchHit, *, with_content: bool) -> dict[str, Any]:
    result = {"file_id": hit.file_id, "file_name": hit.file_name, "score": hit.score, "attributes": dict(hit.attributes)}
    if with_content:
        result["content"] = [{"type": "text", "text": hit.text}]
    return result


def _read(call_id: str, details: dict[str, Any], reading: Reading) -> FileSearch:  # noqa: ARG001 - as every kind
    return FileSearch(tuple(_passage(result, reading) for result in details.get("results") or ()))


def _passage(result: dict[str, Any], reading: Reading) -> SearchResult:
    text = "".join(piece.get("text", "") for piece in result.get("content") or ())
    return SearchResult(reading.served(result["file_id"]), result["score"], text)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSearchCallState(CallState):
    """A file search call. A poll shows its results from the beginning [REC]."""

    kind: ClassVar[str] = "file_search"
    faces: ClassVar[Mapping[str, Any]] = {"assistants": CallView(_details, lambda piece: {}, _read, _opened)}  # noqa: ARG005
    query: str = ""
    results: tuple[SearchHit, ...] = ()
    ranker: str = DEFAULT_RANKER
    score_threshold: float = 0.0

    @property
    def words(self) -> str:
        return f"file_search, {len(self.results)} result(s)"
