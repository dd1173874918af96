"""When each key of the Responses API appeared.

The recordings that this project was tested against prove it.
"""

from __future__ import annotations

from typing import NamedTuple


class Era(NamedTuple):
    """A key of an object, and when it was there first.

    Attributes:
        owner: the `object` field of the object it is in, or the type of an event; "" outside of any.
        path: the path of what has the key, relative to that object, `[]` being an item; "" for the object itself.
        tag: what kind of thing that is, see `tag_of`.
        key: the key.
        since: a day in ISO form.
        operation: only in the answers of this one; "" for all.
    """

    owner: str
    path: str
    tag: str
    key: str
    since: str
    operation: str = ""


KNOWN_OF_RESPONSES = (
    Era("response", "", "", "background", "2025-05-29"),
    Era("response", "", "", "billing", "2025-09-18"),
    Era("response", "", "", "completed_at", "2025-12-26"),
    Era("response", "", "", "frequency_penalty", "2026-01-13"),
    Era("response", "", "", "max_tool_calls", "2025-06-26"),
    Era("response", "", "", "moderation", "2026-04-29"),
    Era("response", "", "", "presence_penalty", "2026-01-13"),
    Era("response", "", "", "prompt_cache_key", "2025-07-23"),
    Era("response", "", "", "prompt_cache_retention", "2025-11-06"),
    Era("response", "", "", "safety_identifier", "2025-07-23"),
    Era("response", "", "", "service_tier", "2025-05-09"),
    Era("response", "", "", "tool_usage", "2026-06-25"),
    Era("response", "", "", "top_logprobs", "2025-06-26"),
    Era("response", "", "without output", "completed_at", "2026-02-10"),
    Era("response", "", "without output", "frequency_penalty", "2026-02-10"),
    Era("response", "", "without output", "presence_penalty", "2026-02-10"),
    Era("response", "", "without output", "prompt_cache_retention", "2026-02-10"),
    Era("response", "output[]", "mcp_call", "status", "2025-10-23"),
    Era("response", "output[]", "reasoning", "content", "2026-06-09"),
    Era("response", "output[].action", "search", "queries", "2026-01-18"),
    Era("response", "output[].content[]", "output_text", "logprobs", "2025-06-26"),
    Era("response", "output[].tools[]", "function", "output_schema", "2026-07-10"),
    Era("response", "reasoning", "", "context", "2026-05-28"),
    Era("response", "reasoning", "", "summary", "2025-09-16", "responses.retrieve"),
    Era("response", "reasoning", "of a model that reasons", "context", "2026-06-09"),
    Era("response", "reasoning", "of a model that reasons", "mode", "2026-07-10"),
    Era("response", "reasoning", "of a model that reasons", "summary", "2025-06-06"),
    Era("response", "text", "", "verbosity", "2025-08-15"),
    Era("response", "tools[]", "function", "output_schema", "2026-07-10"),
    Era("response", "tools[]", "image_generation", "model", "2025-11-13"),
    Era("response", "tools[]", "mcp", "server_description", "2025-09-26"),
    Era("response", "tools[]", "web_search", "return_token_budget", "2026-05-08"),
    Era("response", "tools[]", "web_search", "search_content_types", "2026-07-24"),
    Era("response", "tools[].container", "auto", "file_ids", "2025-09-26"),
    Era("response", "tools[].require_approval.always", "", "read_only", "2025-09-26"),
    Era("response", "tools[].tools[]", "function", "output_schema", "2026-07-20"),
    Era("response", "usage.input_tokens_details", "", "cache_write_tokens", "2026-07-10"),
    Era("response in an event", "", "", "background", "2025-05-31"),
    Era("response in an event", "", "", "completed_at", "2026-01-13"),
    Era("response in an event", "", "", "frequency_penalty", "2026-01-13"),
    Era("response in an event", "", "", "max_tool_calls", "2025-06-26"),
    Era("response in an event", "", "", "moderation", "2026-04-23"),
    Era("response in an event", "", "", "presence_penalty", "2026-01-13"),
    Era("response in an event", "", "", "prompt_cache_key", "2025-08-15"),
    Era("response in an event", "", "", "prompt_cache_retention", "2025-11-07"),
    Era("response in an event", "", "", "safety_identifier", "2025-08-15"),
    Era("response in an event", "", "", "service_tier", "2025-05-09"),
    Era("response in an event", "", "", "tool_usage", "2026-07-07"),
    Era("response in an event", "", "", "top_logprobs", "2025-06-26"),
    Era("response in an event", "", "without output", "background", "2025-05-31"),
    Era("response in an event", "", "without output", "completed_at", "2026-01-13"),
    Era("response in an event", "", "without output", "frequency_penalty", "2026-01-13"),
    Era("response in an event", "", "without output", "max_tool_calls", "2025-06-26"),
    Era("response in an event", "", "without output", "moderation", "2026-04-23"),
    Era("response in an event", "", "without output", "presence_penalty", "2026-01-13"),
    Era("response in an event", "", "without output", "prompt_cache_key", "2025-08-15"),
    Era("response in an event", "", "without output", "prompt_cache_retention", "2025-11-07"),
    Era("response in an event", "", "without output", "safety_identifier", "2025-08-15"),
    Era("response in an event", "", "without output", "service_tier", "2025-05-09"),
    Era("response in an event", "", "without output", "tool_usage", "2026-07-07"),
    Era("response in an event", "", "without output", "top_logprobs", "2025-06-26"),
    Era("response in an event", "output[]", "reasoning", "content", "2026-07-21"),
    Era("response in an event", "output[].action", "search", "queries", "2026-01-18"),
    Era("response in an event", "output[].content[]", "output_text", "logprobs", "2025-06-26"),
    Era("response in an event", "reasoning", "", "context", "2026-06-12"),
    Era("response in an event", "reasoning", "", "summary", "2025-05-09"),
    Era("response in an event", "reasoning", "of a model that reasons", "context", "2026-07-21"),
    Era("response in an event", "reasoning", "of a model that reasons", "mode", "2026-07-21"),
    Era("response in an event", "text", "", "verbosity", "2025-08-15"),
    Era("response in an event", "tools[]", "function", "output_schema", "2026-07-28"),
    Era("response in an event", "tools[]", "tool_search", "execution", "2026-05-11"),
    Era("response in an event", "tools[]", "web_search", "return_token_budget", "2026-07-30"),
    Era("response in an event", "tools[]", "web_search", "search_content_types", "2026-07-30"),
    Era("response in an event", "usage.input_tokens_details", "", "cache_write_tokens", "2026-07-21"),
    Era(
        "response.code_interpreter_call_code.delta",
        "",
        "response.code_interpreter_call_code.delta",
        "obfuscation",
        "2025-10-01",
    ),
    Era("response.compaction", "usage.input_tokens_details", "", "cache_write_tokens", "2026-08-13"),
    Era("response.completed", "", "response.completed", "sequence_number", "2025-05-31"),
    Era("response.content_part.added", "", "response.content_part.added", "sequence_number", "2025-05-31"),
    Era("response.content_part.added", "part", "output_text", "logprobs", "2025-06-26"),
    Era("response.content_part.done", "", "response.content_part.done", "sequence_number", "2025-05-31"),
    Era("response.content_part.done", "part", "output_text", "logprobs", "2025-06-26"),
    Era("response.created", "", "response.created", "sequence_number", "2025-05-31"),
    Era("response.function_call_arguments.delta", "", "response.function_call_arguments.delta", "obfuscation", "2025-08-15"),
    Era(
        "response.function_call_arguments.delta",
        "",
        "response.function_call_arguments.delta",
        "sequence_number",
        "2025-07-08",
    ),
    Era(
        "response.function_call_arguments.done", "", "response.function_call_arguments.done", "sequence_number", "2025-07-08"
    ),
    Era("response.in_progress", "", "response.in_progress", "sequence_number", "2025-05-31"),
    Era("response.output_item.added", "", "response.output_item.added", "sequence_number", "2025-05-31"),
    Era("response.output_item.added", "item", "reasoning", "content", "2026-07-21"),
    Era("response.output_item.added", "item", "web_search_call", "action", "2026-01-27"),
    Era("response.output_item.done", "", "response.output_item.done", "sequence_number", "2025-05-31"),
    Era("response.output_item.done", "item", "reasoning", "content", "2026-07-21"),
    Era("response.output_item.done", "item.action", "search", "queries", "2026-01-18"),
    Era("response.output_item.done", "item.content[]", "output_text", "logprobs", "2025-06-26"),
    Era("response.output_text.delta", "", "response.output_text.delta", "logprobs", "2025-06-26"),
    Era("response.output_text.delta", "", "response.output_text.delta", "sequence_number", "2025-05-31"),
    Era("response.output_text.delta", "", "response.output_text.delta", "obfuscation", "2025-08-15", "responses.create"),
    Era("response.output_text.done", "", "response.output_text.done", "logprobs", "2025-06-26"),
    Era("response.output_text.done", "", "response.output_text.done", "sequence_number", "2025-05-31"),
    Era("response.reasoning_summary_text.delta", "", "response.reasoning_summary_text.delta", "obfuscation", "2025-09-12"),
)
