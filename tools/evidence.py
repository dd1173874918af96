"""Evidence for the ledger, beyond what the code shows.

Which parameters real recordings contain, and which do less than their names promise.

`RECORDED` was counted over 186 real sessions (April 2024 to March 2026): per operation the number of exchanges, and the
parameters that appear in them. `EFFECTS` names every parameter that is taken but not, or not fully, acted on.
"""

from __future__ import annotations

RECORDED: dict[str, tuple[int, str]] = {
    "assistants.create": (167, "instructions metadata model name response_format tool_resources tools"),
    "assistants.delete": (4, ""),
    "assistants.list": (48, "after limit order"),
    "assistants.retrieve": (12, ""),
    "assistants.update": (14, "metadata name response_format tool_resources"),
    "files.content": (11, ""),
    "files.create": (142, "file purpose"),
    "files.delete": (19, ""),
    "files.list": (4, ""),
    "files.retrieve": (12, ""),
    "messages.create": (26, "content metadata role"),
    "messages.delete": (5, ""),
    "messages.list": (23, "limit order"),
    "messages.retrieve": (4, ""),
    "messages.update": (4, "metadata"),
    "models.retrieve": (4, ""),
    "runs.cancel": (3, ""),
    "runs.create": (
        39,
        "additional_messages assistant_id include[] instructions metadata model response_format stream temperature",
    ),
    "runs.list": (9, "limit order"),
    "runs.retrieve": (298, ""),
    "runs.submit_tool_outputs": (6, "stream tool_outputs"),
    "runs.update": (3, "metadata"),
    "steps.list": (39, "after include[] limit order"),
    "steps.retrieve": (9, "include[]"),
    "threads.create": (43, "messages metadata tool_resources"),
    "threads.create_and_run": (6, "assistant_id stream thread"),
    "threads.delete": (3, ""),
    "threads.retrieve": (3, ""),
    "threads.update": (6, "metadata tool_resources"),
    "uploads.cancel": (2, ""),
    "uploads.create": (7, "bytes filename mime_type purpose"),
    "uploads.parts.create": (2, "data"),
    "vector_stores.create": (36, "chunking_strategy expires_after file_ids metadata name"),
    "vector_stores.delete": (5, ""),
    "vector_stores.file_batches.cancel": (1, ""),
    "vector_stores.file_batches.create": (13, "file_ids"),
    "vector_stores.file_batches.list_files": (57, "after before filter limit order"),
    "vector_stores.file_batches.retrieve": (1, ""),
    "vector_stores.files.create": (16, "file_id"),
    "vector_stores.files.delete": (3, ""),
    "vector_stores.files.list": (15, "after limit"),
    "vector_stores.files.retrieve": (1, ""),
    "vector_stores.list": (4, "order"),
    "vector_stores.retrieve": (1, ""),
    "vector_stores.update": (1, "metadata"),
}

_ECHOED = "kept and echoed; a script decides what the model does, so it changes nothing"
_MODEL = "kept and echoed; models that the Assistants API did not take are refused"
_TOOLS = "kept and echoed; a script may only call what is in it"
_SETTINGS = {
    "model": _MODEL,
    "tools": _TOOLS,
    "reasoning_effort": _ECHOED,
    "temperature": _ECHOED + "; refused for reasoning models",
    "top_p": _ECHOED + "; refused for reasoning models",
    "response_format": _ECHOED + "; `json_schema` beside hosted tools is refused",
}
_RUN = {
    **_SETTINGS,
    "max_prompt_tokens": _ECHOED + "; see `Incomplete`",
    "max_completion_tokens": _ECHOED + "; see `Incomplete`",
    "truncation_strategy": _ECHOED,
    "tool_choice": _ECHOED,
    "parallel_tool_calls": _ECHOED,
}

# operation -> parameter -> what is done with it; parameters that are not here are acted on in full
EFFECTS: dict[str, dict[str, str]] = {
    "assistants.create": _SETTINGS,
    "assistants.update": _SETTINGS,
    "runs.create": {
        **_RUN,
        "additional_instructions": "appended to the instructions after a blank line, which is a guess",
    },
    "threads.create_and_run": _RUN,
    "uploads.create": {"mime_type": "checked to be a string; not compared with the purpose"},
    "files.list": {"purpose": "filters; a purpose that does not exist finds nothing"},
    "vector_stores.search": {
        "query": "ranked by the share of the query's words in a passage, not by embeddings",
        "rewrite_query": "taken; the query is never rewritten, `search_query` shows it as sent",
        "ranking_options": "`score_threshold` is acted on; every `ranker` ranks alike",
    },
}

# Parameters that these recordings lack, but whose effect others saw.
ELSEWHERE = {"before": "RUN"}

# Behaviour that is not faked at all.
NOT_FAKED = (
    "Rate limits by themselves: a test asks for them with `understudy.fault(RateLimited(...))`.",
    "Text in PDF, DOCX and other binary files: only UTF-8 content is searched and shown as parsed content.",
    "Ranking by embeddings, the rewriting of queries, hybrid search.",
    "The check of a MIME type against an upload's purpose; sizes above what memory holds.",
    "The 100,000,000 `file_ids` of an inline vector store, the 100,000 messages of a thread: taken without being counted.",
    "Projects and organisations: every key sees everything, and no key is wrong but an empty one.",
    "Permissions, but that the service's own models cannot be deleted.",
    "Waiting of a run for files that are still being indexed: they are found at once.",
    "Tokens: counted as a quarter of the characters.",
)
