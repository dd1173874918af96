"""The error texts of the Responses API, where they differ from the shared ones.

Marks as in `_apis.error_texts`; see also [REC, contract 20].
"""

from __future__ import annotations

from collections import ChainMap

from understudy._apis import error_texts
from understudy._apis.error_texts import Refusal

_OWN = {
    "model.unknown": Refusal(400, "The requested model '{id}' does not exist.", "model", "model_not_found", "REC"),
    "model.parameter": Refusal(
        400, "Unsupported parameter: '{path}' is not supported with this model.", "{path}", None, "REC"
    ),
    # [REP: RageAgainstThePixel/OpenAI-DotNet#500, BoundaryML/baml#2708]
    "reasoning.none": Refusal(
        400,
        "Unsupported parameter: '{path}' is not supported with this model.",
        "{path}",
        "unsupported_parameter",
        "REP",
    ),
    "value.other": Refusal(
        400,
        "Unsupported value: '{value}' is not supported with the '{model}' model. Supported values are: {allowed}.",
        "{path}",
        "unsupported_value",
        "REC",
    ),
    # [REP: kangminlee-maker/local-OAuth-CLI-API-adapter]
    "logprobs.reasoning": Refusal(
        400, "logprobs are not supported with reasoning models.", "{path}", "unsupported_parameter", "REP"
    ),
    # [REP: microsoft/agent-framework#7483, #7577]
    "encrypted.none": Refusal(400, "Encrypted content is not supported with this model.", "include", None, "REP"),
    # [REP: kangminlee-maker/local-OAuth-CLI-API-adapter]
    "retention.long": Refusal(
        400,
        "This model is compatible only with 24h extended prompt caching",
        "prompt_cache_retention",
        "invalid_parameter",
        "REP",
    ),
    # Looked for in the input, not in the instructions. [REP: pydantic/pydantic-ai quotes it, and says so]
    "json.unsaid": Refusal(
        400,
        "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
        "input",
        None,
        "REP",
    ),
    # Quoted by many for stores that were deleted; that it is a 404 is said once. [REP]
    "store.not_found": Refusal(404, "Vector store with id ['{id}'] not found.", None, None, "REP"),
    "context.exceeded": Refusal(
        400,
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        "input",
        "context_length_exceeded",
        "REC",
    ),
    # [REP: OpenHands/software-agent-sdk#755, lobehub/lobehub#8116]
    "parameter.moved": Refusal(
        400,
        "Unsupported parameter: '{path}'. In the Responses API, this parameter has moved to '{meant}'. Try again with the "
        "new parameter. See the API documentation for more information: "
        "https://platform.openai.com/docs/api-reference/responses/create.",
        None,
        "unsupported_parameter",
        "REP",
    ),
    # [REC for its first sentence and the code; the rest INF]
    "body.not_json": Refusal(
        400,
        "Invalid body: failed to parse JSON value. Please check the value to ensure it is valid JSON. (Common errors "
        "include trailing commas, missing closing brackets, missing quotation marks, etc.)",
        None,
        "invalid_json",
        "REC",
    ),
    "response.not_found": Refusal(404, "Response with id '{id}' not found.", None, None, "REC"),
    "conversation.not_found": Refusal(404, "Conversation with id '{id}' not found.", None, None, "REC"),
    "item.not_found": Refusal(404, "Item with id '{id}' not found in conversation.", None, None, "REC"),
    "previous.not_found": Refusal(
        400,
        "Previous response with id '{id}' not found.",
        "previous_response_id",
        "previous_response_not_found",
        "REP",
    ),
    "previous.running": Refusal(
        400, "Previous response with id '{id}' is not completed.", "previous_response_id", "invalid_value", "INF"
    ),
    "both": Refusal(
        400,
        "Mutually exclusive parameters: ''. Ensure you are only providing one of: 'pre..._id' or 'conversation'.",
        None,
        "mutually_exclusive_parameters",
        "REC",
    ),
    "conversation.locked": Refusal(
        400,
        "Another process is currently operating on this conversation. Please retry in a few seconds.",
        "conversation",
        "conversation_locked",
        "REP",
    ),
    "call.unanswered": Refusal(400, "No tool output found for function call {id}.", "input", None, "REP"),
    "output.uncalled": Refusal(400, "No tool call found for function call output with call_id {id}.", "input", None, "REP"),
    "item.twice": Refusal(
        400,
        "Duplicate item found with id {id}. Remove duplicate items from your input and try again.",
        "input",
        None,
        "REP",
    ),
    "file.kind": Refusal(
        400,
        "Invalid file data: '{path}'. Expected a base64-encoded data URL with a valid file MIME type (e.g. "
        "'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but got {wrong}. Please see "
        "https://platform.openai.com/docs/assistants/tools/file-search#supported-files for supported file types.",
        "{path}",
        "invalid_value",
        "REC",
    ),
    "item.unknown": Refusal(404, "Item with id '{id}' not found.", "input", None, "REP"),
    "item.not_stored": Refusal(
        404,
        "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again with `store` set to "
        "true, or remove this item from your input.",
        "input",
        None,
        "REP",
    ),
    "reasoning.alone": Refusal(
        400, "Item '{id}' of type 'reasoning' was provided without its required following item.", "input", None, "REC"
    ),
    "reasoning.missing": Refusal(
        400,
        "Item '{id}' of type '{kind}' was provided without its required 'reasoning' item: '{reasoning}'.",
        "input",
        None,
        "REP",
    ),
    "input.missing": Refusal(
        400,
        "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.",
        None,
        "missing_required_parameter",
        "REP",
    ),
    "cancel.synchronous": Refusal(400, "Cannot cancel a synchronous response.", None, None, "REP"),
    "background.unstored": Refusal(400, "Background mode requires 'store' to be true.", "background", None, "INF"),
    "schema.function": error_texts.REFUSALS["schema.function"]._replace(mark="REC"),
    # [REP: mavam/pi-web-providers#14]
    "schema.response_format": error_texts.REFUSALS["schema.response_format"]._replace(mark="REP"),
    # [REP: earendil-works/pi#1022]
    "id.characters": Refusal(
        400,
        "Invalid '{path}': '{value}'. Expected an ID that contains letters, numbers, underscores, or dashes, but this value "
        "contained additional characters.",
        "{path}",
        "invalid_value",
        "REP",
    ),
    # [REP: vllm-project/vllm and others quote it]
    "tool_choice.alone": Refusal(
        400, "Tool choice 'required' must be specified with 'tools' parameter.", "tool_choice", None, "REP"
    ),
    "tool_choice.unknown": Refusal(400, "Tool choice '{tool}' not found in 'tools' parameter.", "tool_choice", None, "REP"),
    "stream.cursor": Refusal(
        400, "'starting_after' is only supported when 'stream' is true.", "starting_after", None, "INF"
    ),
}
REFUSALS: ChainMap[str, Refusal] = ChainMap(_OWN, error_texts.REFUSALS)
