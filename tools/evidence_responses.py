"""Evidence for the ledger: the parameters of the Responses API.

What is known of each, and what the simulator does with it.
"""

from __future__ import annotations

# By operation: how many exchanges were recorded, and which parameters they show.
RECORDED: dict[str, tuple[int, str]] = {
    "responses.create": (
        936,
        (
            "background context_management conversation include input instructions max_output_tokens metadata "
            "model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key "
            "prompt_cache_retention reasoning service_tier store stream temperature text tool_choice tools top_p "
            "truncation user"
        ),
    ),
    "responses.delete": (1, ""),
    "responses.input_items.list": (39, "after limit order"),
    "responses.retrieve": (17, "starting_after stream"),
    "responses.compact": (8, "input instructions model previous_response_id"),
    "conversations.items.create": (1, "items"),
    "conversations.create": (7, "items metadata"),
    "conversations.delete": (8, ""),
    "conversations.items.delete": (1, ""),
    "conversations.retrieve": (2, ""),
    "conversations.items.list": (4, "limit order"),
    "conversations.items.retrieve": (2, ""),
    "conversations.update": (1, "metadata"),
    "responses.cancel": (2, ""),
    "responses.input_tokens.count": (10, "input model text tool_choice tools"),
}
# What no SDK and no recording has, but the service was seen to know.
REPORTED = {"presence_penalty", "frequency_penalty"}
_ECHOED = "checked and echoed; a script decides what the model does, so it changes nothing"
_TAKEN = "checked for its type alone, and without effect"
_ECHOED_NAMES = """
temperature top_p presence_penalty frequency_penalty parallel_tool_calls max_tool_calls max_output_tokens
reasoning truncation prompt_cache_key prompt_cache_options prompt_cache_retention safety_identifier
service_tier top_logprobs user moderation tool_choice metadata text
"""
_TAKEN_NAMES = "access_programs background_options context_management image personality"
EFFECTS = {
    **dict.fromkeys(_ECHOED_NAMES.split(), _ECHOED),
    **dict.fromkeys(_TAKEN_NAMES.split(), _TAKEN),
    "prompt": "refused with a sentence: it ends on 2026-11-30",
    "tools": "echoed; functions, file search and code interpreter are performed, others by `ResponseItem`",
    "include": "results, outputs and encrypted reasoning are shown; the others are without effect",
}
