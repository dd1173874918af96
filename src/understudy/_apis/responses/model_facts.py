"""Facts about models: their names, and what they change in a response [REC].

As of August 2026. Names that were not recorded are from the SDK's list; what they change is then a guess from their
family [INF].
"""

from __future__ import annotations

from typing import Any, TypeVar

from understudy._engine.models import MODELS

_T = TypeVar("_T")

# Names that stand for a dated snapshot; every other name is echoed as it is. [REC for those marked so in COVERAGE.md, SDK]
SNAPSHOTS = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-4": "gpt-4-0613",
    "gpt-4-turbo": "gpt-4-turbo-2024-04-09",
    "gpt-3.5-turbo": "gpt-3.5-turbo-0125",
    "o1": "o1-2024-12-17",
    "o1-pro": "o1-pro-2025-03-19",
    "o3": "o3-2025-04-16",
    "o3-mini": "o3-mini-2025-01-31",
    "o4-mini": "o4-mini-2025-04-16",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
    "gpt-5-pro": "gpt-5-pro-2025-10-06",
    "gpt-5.1": "gpt-5.1-2025-11-13",
    "gpt-5.2": "gpt-5.2-2025-12-11",
    "gpt-5.4": "gpt-5.4-2026-03-05",
    "gpt-5.4-mini": "gpt-5.4-mini-2026-03-17",
    "gpt-5.4-nano": "gpt-5.4-nano-2026-03-17",
    "gpt-5.5": "gpt-5.5-2026-04-23",
    "gpt-5.6": "gpt-5.6-sol",
}
# Further names that the SDK lists for this API, by family; most are echoed as they are. [SDK]
_FURTHER = """
gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.6-cyber gpt-5.5-pro gpt-5.5-pro-2026-04-23 gpt-5.4-pro gpt-5.2-pro
gpt-5.2-pro-2025-12-11 gpt-5.1-mini
gpt-5-codex gpt-5.1-codex gpt-5.1-codex-mini gpt-5.1-codex-max gpt-5.2-codex gpt-5.3-codex codex-mini-latest
gpt-5-chat-latest gpt-5.1-chat-latest gpt-5.2-chat-latest gpt-5.3-chat-latest chatgpt-4o-latest
gpt-6-astra gpt-6.1-sol gpt-6.2-astra gpt-6.2-astra-law gpt-6.2-sol gpt-6.1-terra gpt-6-sol gpt-6-luna gpt-6-cyber
gpt-6-rosalind gpt-rosalind-research gpt-daybreak-blue-latest gpt-daybreak-red-latest
computer-use-preview computer-use-preview-2025-03-11 o3-pro o3-pro-2025-06-10 o1-mini-2024-09-12 o1-preview-2024-09-12
o3-deep-research o3-deep-research-2025-06-26 o4-mini-deep-research o4-mini-deep-research-2025-06-26
gpt-4o-search-preview gpt-4o-search-preview-2025-03-11 gpt-4o-mini-search-preview gpt-4o-mini-search-preview-2025-03-11
gpt-4o-audio-preview-2024-10-01 gpt-4o-audio-preview-2024-12-17 gpt-4o-audio-preview-2025-06-03 gpt-4o-mini-audio-preview
gpt-4o-mini-audio-preview-2024-12-17 gpt-audio-mini gpt-audio-mini-2025-12-15 gpt-3.5-turbo-0301
"""
NAMES = frozenset([*MODELS, *SNAPSHOTS, *SNAPSHOTS.values(), *_FURTHER.split()])

_NEW = ("gpt-5.4", "gpt-5.5", "gpt-5.6", "gpt-6")
_LONG_CACHE = ("gpt-5.2", *_NEW)
_KNOWN_EFFORT = {"gpt-5.1": "none", "gpt-5.2": "none", "gpt-5.4": "none"}  # the others: medium
_ONLY_DETAILED = ("o3", "o4", "gpt-5-mini", "gpt-5-nano", "gpt-5-2025", "gpt-5.6")


def exists(name: str) -> bool:
    """Return whether a model exists; fine-tuned ones are assumed to [INF]."""
    return name in NAMES or name.startswith("ft:")


def snapshot(name: str) -> str:
    """Return the name of a model that a response echoes."""
    return SNAPSHOTS.get(name, name)


def reasons(name: str) -> bool:
    """Return whether a model reasons before it responds."""
    return name.removeprefix("ft:").startswith(("o1", "o3", "o4", "gpt-5", "gpt-6")) and "chat" not in name


def thinks(name: str, effort: str | None) -> bool:
    """Return whether a model reasons with this effort, or with its own if None.

    Then it refuses `temperature` and the like. [REP for gpt-5.6 and older ones; DOCS for the effort `none`]
    """
    return reasons(name) and (effort or default_effort(name)) != "none"


def default_effort(name: str) -> str:
    """Return the effort of a model that reasons, if none is sent."""
    return next((effort for start, effort in _KNOWN_EFFORT.items() if name.startswith(start)), "medium")


def verbosities(name: str) -> tuple[str, ...]:
    """Return the verbosities that a model takes [REP].

    All, from gpt-5 on. [enricoros/big-AGI#947, #930, theopenco/llmgateway#2989]
    """
    is_codex = "codex" in name and not name.startswith(("gpt-5.3", *_NEW))
    is_new = name.removeprefix("ft:").startswith(("gpt-5", "gpt-6")) and name != "gpt-5-chat-latest"
    return ("low", "medium", "high") if is_new and not is_codex else ("medium",)


def caches_long(name: str) -> bool:
    """Return whether a model refuses to cache in memory.

    [REP for gpt-5.6, DOCS for gpt-5.5, INF for later ones]
    """
    return name.startswith(("gpt-5.5", "gpt-5.6", "gpt-6"))


_LATEST = ("none", "low", "medium", "high", "xhigh", "max")
# The efforts that a model takes, by how its name begins, the longest first.
# [REC for o4-mini, REP for gpt-5.6: two measured it; DOCS and INF for the others]
_EFFORTS = {
    "gpt-5-pro": ("high",),
    "gpt-5-codex": ("low", "medium", "high"),
    "gpt-5.1-codex-max": ("none", "low", "medium", "high", "xhigh"),
    "gpt-5.1": ("none", "low", "medium", "high"),
    "gpt-5.2": ("none", "low", "medium", "high", "xhigh"),
    "gpt-5.3": ("none", "low", "medium", "high", "xhigh"),
    "gpt-5.4": ("none", "low", "medium", "high", "xhigh"),
    "gpt-5.5": ("none", "low", "medium", "high", "xhigh"),
    "gpt-5.": _LATEST,
    "gpt-5": ("minimal", "low", "medium", "high"),
    "gpt-6": _LATEST,
    "o": ("low", "medium", "high"),
}
# Tokens that a model reads at most, by how its name begins; shorter names come last. [DOCS; INF for models not listed there]
WINDOWS = {
    "gpt-4.1": 1_047_576,
    "gpt-4o": 128_000,
    "gpt-4-turbo": 128_000,
    "gpt-4": 8_192,
    "gpt-3.5": 16_385,
    "o": 200_000,
    "gpt-5.4": 1_050_000,
    "gpt-5.5": 1_050_000,
    "gpt-5.6": 1_050_000,
    "gpt-5": 400_000,
}


def efforts(name: str) -> tuple[str, ...]:
    """Return the efforts that a model takes; none if it does not think first."""
    return _by_start(_EFFORTS, name, ()) if reasons(name) else ()


def window(name: str) -> int:
    """Return how many tokens a model reads at most."""
    return _by_start(WINDOWS, name, 1_050_000)


def _by_start(facts: dict[str, _T], name: str, otherwise: _T) -> _T:
    plain = name.removeprefix("ft:")
    return next((fact for start, fact in facts.items() if plain.startswith(start)), otherwise)


def default_top_p(name: str) -> float:
    """Return the `top_p` that is echoed by default."""
    return 0.98 if name.startswith(_LONG_CACHE) else 1.0


def default_retention(name: str) -> str:
    """Return the `prompt_cache_retention` that is echoed by default."""
    return "24h" if name.startswith(_LONG_CACHE) else "in_memory"


def has_phases(name: str) -> bool:
    """Return whether the messages of a model have a `phase`."""
    return name.startswith(("gpt-5.3", *_NEW))


def reasoning_echo(name: str, given: dict[str, Any] | None) -> dict[str, Any]:
    """Return the `reasoning` that a response echoes."""
    given = given or {}
    if not reasons(name):
        return {"context": given.get("context"), "effort": given.get("effort"), "summary": given.get("summary")}
    effort = given.get("effort") or default_effort(name)
    context = given.get("context") or "auto"
    if context == "auto":
        context = "all_turns" if name.startswith(("gpt-5.6", "gpt-6")) else "current_turn"
    summary = "detailed" if given.get("summary") == "auto" else given.get("summary")
    return {"context": context, "effort": effort, "mode": given.get("mode") or "standard", "summary": summary}
