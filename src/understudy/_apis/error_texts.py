"""The error texts of the service: one table, with the evidence for each.

REC: a real recording shows it. REP: users quoted the real body. SPEC, DOCS: published. INF: inferred, a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from understudy._apis.common.json_encoding import pretty
from understudy._common.messages import Headers, Response


class Refusal(NamedTuple):
    """The parts of an error response, and the evidence for them.

    `message`, `param` and `code` may have the names of facts in braces.
    """

    status: int
    message: str
    param: str | None
    code: str | None
    mark: str
    detail: bool = False  # the body has a second key, `detail`, as in the file operations [REC]


_CANCEL = "Cannot cancel run with status '{status}'."
_MIGRATE = "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."

REFUSALS: dict[str, Refusal] = {
    # -- not found
    "assistant.not_found": Refusal(404, "No assistant found with id '{id}'.", None, None, "REP"),
    "thread.not_found": Refusal(404, "No thread found with id '{id}'.", None, None, "REC"),
    "message.not_found": Refusal(404, "No message found with id '{id}'.", None, None, "REP"),
    "run.not_found": Refusal(404, "No run found with id '{id}'.", None, None, "INF"),
    "step.not_found": Refusal(404, "No run step found with id '{id}'.", None, None, "REC"),
    "store.not_found": Refusal(404, "No vector store found with id '{id}'.", None, None, "REP"),
    "store_file.not_found": Refusal(404, "No file found with id '{id}' in vector store '{store_id}'.", None, None, "REP"),
    "batch.not_found": Refusal(404, "No file batch found with id '{id}' in vector store '{store_id}'.", None, None, "INF"),
    "file.not_found": Refusal(404, "No such File object: {id}", "id", None, "REC", detail=True),
    "file.unknown": Refusal(404, "No file found with id '{id}'.", None, None, "INF"),
    "upload.not_found": Refusal(404, "No such Upload object: {id}", "id", None, "INF"),
    "model.not_found": Refusal(404, "The model '{id}' does not exist", "model", "model_not_found", "REC"),
    # -- files and uploads
    "file.not_downloadable": Refusal(400, "Not allowed to download files of purpose: {purpose}", None, None, "REP"),
    "file.extension": Refusal(400, "Invalid extension {extension}. Supported formats: {formats}", None, None, "REP"),
    "file.large": Refusal(400, "File is too large.", None, None, "REP"),
    "form.purpose": Refusal(400, "{value} is not one of {allowed} - '{path}'", "{path}", None, "REC", detail=True),
    "form.missing": Refusal(400, "'{path}' is a required property", None, None, "INF", detail=True),
    "form.unknown": Refusal(
        400, "Additional properties are not allowed ('{path}' was unexpected)", None, None, "INF", detail=True
    ),
    "form.not_a_file": Refusal(400, "Expected '{path}' to be a file, but it has no filename.", "{path}", None, "INF"),
    "form.not_multipart": Refusal(
        400,
        "Invalid Content-Type header ({got}), expected multipart/form-data. (HINT: If you're using curl, you can pass -H "
        "'Content-Type: multipart/form-data')",
        None,
        None,
        "REP",
    ),
    "form.no_boundary": Refusal(400, "Missing boundary in multipart/form-data Content-Type header.", None, None, "INF"),
    "form.broken": Refusal(400, "Could not parse multipart form", None, None, "INF"),
    "upload.not_pending": Refusal(400, "Upload {id} is {status} and cannot be changed.", None, None, "INF"),
    "upload.part_large": Refusal(400, "Part exceeds maximum size of {most} bytes: got {length} bytes.", "data", None, "INF"),
    "upload.unknown_part": Refusal(400, "Part {id} does not belong to upload {upload_id}.", "part_ids", None, "INF"),
    "upload.other_size": Refusal(
        400,
        "The number of bytes uploaded ({length}) does not match the number of bytes specified when the Upload was created "
        "({announced}).",
        None,
        None,
        "INF",
    ),
    "upload.other_md5": Refusal(400, "The MD5 checksum of the uploaded bytes is not {md5}.", "md5", None, "INF"),
    "model.not_yours": Refusal(403, "You have insufficient permissions for this operation.", None, None, "INF"),
    # -- vector stores
    "store.expired": Refusal(400, "Vector store '{id}' has expired.", None, None, "REP"),
    "store.unreadable_files": Refusal(
        400,
        "Files with extensions [{endings}] are not supported for retrieval. See "
        "https://platform.openai.com/docs/assistants/tools/file-search/supported-files",
        "file_ids",
        "unsupported_file",
        "REP",
    ),
    "chunk.overlap": Refusal(
        400,
        "Invalid '{path}': the overlap must not exceed half of 'max_chunk_size_tokens'.",
        "{path}",
        "invalid_value",
        "INF",
    ),
    "filter.deep": Refusal(400, "Invalid '{path}': filters are nested too deeply.", "{path}", "invalid_value", "INF"),
    "exclusive": Refusal(
        400, "Mutually exclusive parameters: '{other}' and '{path}'.", "{path}", "mutually_exclusive_parameters", "INF"
    ),
    # -- models and tools
    "model.unsupported": Refusal(
        400, "The requested model '{id}' cannot be used with the Assistants API.", "model", "unsupported_model", "REP"
    ),
    "model.parameter": Refusal(
        400,
        "Unsupported parameter: '{path}' is not supported with this model.",
        "{param}",
        "unsupported_parameter",
        "REP",
    ),
    # [REP: openai/openai-python#2112, openai-php/client#518]
    "effort.unsupported": Refusal(
        400,
        "Unsupported value: 'reasoning_effort' does not support '{value}' with this model.",
        None,
        "unsupported_value",
        "REP",
    ),
    "tools.json_schema": Refusal(
        400,
        "Invalid tools: all tools must be of type `function` when `response_format` is of type `json_schema`.",
        None,
        None,
        "REP",
    ),
    "schema.function": Refusal(
        400,
        "Invalid schema for function '{schema_of}': {what}",
        "{path}",
        "invalid_function_parameters",
        "REP",
    ),
    "schema.response_format": Refusal(
        400, "Invalid schema for response_format '{schema_of}': {what}", "{path}", "invalid_json_schema", "INF"
    ),
    "outputs.large": Refusal(
        400,
        "'{path}' too large: the combined tool outputs must be less than 512kb.",
        "{path}",
        "invalid_value",
        "REP",
    ),
    # -- state
    "thread.locked_for_messages": Refusal(
        400, "Can't add messages to {thread_id} while a run {run_id} is active.", None, None, "REP"
    ),
    "thread.has_active_run": Refusal(400, "Thread {thread_id} already has an active run {run_id}.", None, None, "REP"),
    "run.nothing_to_run_on": Refusal(
        400,
        "Run creation requires a Thread with a user message or an assistant with instructions.",
        None,
        "invalid_thread",
        "REC",
    ),
    "run.cannot_cancel": Refusal(400, _CANCEL, None, None, "REC"),
    "run.cannot_update": Refusal(400, "Cannot update run with status '{status}'.", None, None, "REC"),
    "run.takes_no_outputs": Refusal(400, 'Runs in status "{status}" do not accept tool outputs.', None, None, "REC"),
    "run.other_outputs_expected": Refusal(
        400, "Expected tool outputs for call_ids {expected}, got {got}", None, None, "REP"
    ),
    # -- paths and headers
    "url.unknown": Refusal(404, "Invalid URL ({method} {path})", None, None, "REP"),
    "auth.missing": Refusal(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API "
        "from your browser and are prompted for a username and password. You can obtain an API key from "
        "https://platform.openai.com/account/api-keys.",
        None,
        None,
        "REP",
    ),
    "content_type": Refusal(
        400,
        "Unsupported content type: '{got}'. This API method only accepts 'application/json' requests, but you specified the "
        "header 'Content-Type: {got}'. Please try again with a supported content type.",
        None,
        "unsupported_content_type",
        "REP",
    ),
    "beta.missing": Refusal(
        400,
        f"You must provide the 'OpenAI-Beta' header to access the Assistants API. {_MIGRATE}",
        None,
        "invalid_beta",
        "REP",
    ),
    "beta.v1": Refusal(
        400,
        f"The v1 Assistants API has been deprecated. {_MIGRATE} See the migration guide for more information: "
        "https://platform.openai.com/docs/assistants/migration.",
        None,
        "invalid_beta",
        "REP",
    ),
    # -- bodies and queries; `{path}` is the parameter's path
    "body.not_json": Refusal(
        400,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
        None,
        None,
        "REP",
    ),
    # The whole body is not a parameter. [INF: so it is where the body is not JSON]
    "body.type": Refusal(400, "Invalid body: expected an object, but got {got} instead.", None, "invalid_type", "INF"),
    "unknown": Refusal(400, "Unknown parameter: '{path}'.", "{path}", "unknown_parameter", "REP"),
    # Measured for creates of responses, in August 2026. [REP: kangminlee-maker/local-OAuth-CLI-API-adapter]
    "unknown.near": Refusal(400, "Unknown parameter: '{path}'. Did you mean {close}?", "{path}", "unknown_parameter", "REP"),
    "missing": Refusal(400, "Missing required parameter: '{path}'.", "{path}", "missing_required_parameter", "REP"),
    # Quoted for chat completions ("You provided 'urls', did you mean to provide 'url'?"); INF for assistants.
    "missing.near": Refusal(
        400,
        "Missing required parameter: '{path}'. You provided '{given}', did you mean to provide '{meant}'?",
        "{path}",
        "missing_required_parameter",
        "REP",
    ),
    "type": Refusal(
        400, "Invalid type for '{path}': expected {expected}, but got {got} instead.", "{path}", "invalid_type", "REC"
    ),
    "enum": Refusal(400, "Invalid value: {value}. Supported values are: {allowed}.", "{path}", "invalid_value", "REP"),
    "id": Refusal(
        400,
        "Invalid '{path}': '{value}'. Expected an ID that begins with '{prefix}'.",
        "{path}",
        "invalid_value",
        "REP",
    ),
    "string.long": Refusal(
        400,
        "Invalid '{path}': string too long. Expected a string with maximum length {most}, but got a string with length "
        "{length} instead.",
        "{path}",
        "string_above_max_length",
        "REP",
    ),
    "url": Refusal(
        400,
        "Invalid '{path}'. Expected a valid URL, but got a value with an invalid format.",
        "{path}",
        "invalid_value",
        "REP",
    ),
    "string.empty": Refusal(
        400,
        "Invalid '{path}': empty string. Expected a string with minimum length 1, but got an empty string instead.",
        "{path}",
        "empty_string",
        "REP",
    ),
    "string.pattern": Refusal(
        400,
        "Invalid '{path}': string does not match pattern. Expected a string that matches the pattern '{pattern}'.",
        "{path}",
        "invalid_value",
        "REP",
    ),
    "array.long": Refusal(
        400,
        "Invalid '{path}': array too long. Expected an array with maximum length {most}, but got an array with length "
        "{length} instead.",
        "{path}",
        "array_above_max_length",
        "REP",
    ),
    "array.empty": Refusal(
        400,
        "Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        "{path}",
        "empty_array",
        "REP",
    ),
    "object.large": Refusal(
        400,
        "Invalid '{path}': too many properties. Expected an object with at most {most} properties, but got an object with "
        "{length} properties instead.",
        "{path}",
        "object_above_max_properties",
        "REP",
    ),
    "number.large": Refusal(
        400,
        "Invalid '{path}': {kind} above maximum value. Expected a value <= {most}, but got {value} instead.",
        "{path}",
        "{kind}_above_max_value",
        "REP",
    ),
    "number.small": Refusal(
        400,
        "Invalid '{path}': {kind} below minimum value. Expected a value >= {least}, but got {value} instead.",
        "{path}",
        "{kind}_below_min_value",
        "REP",
    ),
    "cursor.unknown": Refusal(400, "Invalid '{path}': no object found with id '{value}'.", "{path}", "invalid_value", "INF"),
}


# By the name of an id in a path: the refusal if its object does not exist.
_MISSING = {
    "assistant_id": "assistant.not_found",
    "thread_id": "thread.not_found",
    "message_id": "message.not_found",
    "run_id": "run.not_found",
    "step_id": "step.not_found",
    "file_id": "file.not_found",
    "upload_id": "upload.not_found",
    "model": "model.not_found",
    "vector_store_id": "store.not_found",
    "batch_id": "batch.not_found",
    "response_id": "response.not_found",
    "conversation_id": "conversation.not_found",
    "item_id": "item.not_found",
}


def missing_object(ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the refusal of the last object that a path names, and its facts.

    `ids`: the ids in the path, in order.
    """
    name, value = list(ids.items())[-1]
    if name == "file_id" and "vector_store_id" in ids:
        return "store_file.not_found", {"id": value, "store_id": ids["vector_store_id"]}
    return _MISSING[name], {"id": value, "store_id": ids.get("vector_store_id", "")}


# The texts of the gateway in front of the service on Azure. Its envelope has a code, which is the status, and a
# message. [REP: SciSharp/BotSharp#386, vibrantlabsai/ragas#478] Refusals by the service itself look like OpenAI's. [REP]
AZURE: dict[str, str] = {
    "auth.missing": "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
    "for an active subscription and use a correct regional API endpoint for your resource.",
    "url.unknown": "Resource not found",
}


def refusal_response(
    name: str, facts: dict[str, Any], texts: Mapping[str, Refusal] = REFUSALS, *, on_azure: bool = False
) -> Response:
    """Return the response for a refusal, in the words of the service.

    `type` is always `invalid_request_error` [REC].
    """
    refusal = texts[name]
    if on_azure and name in AZURE:
        return Response(refusal.status, (), pretty({"error": {"code": str(refusal.status), "message": AZURE[name]}}))
    error = {
        "message": refusal.message.format_map(facts),
        "type": "invalid_request_error",
        "param": refusal.param and refusal.param.format_map(facts),
        "code": refusal.code and refusal.code.format_map(facts),
    }
    body: dict[str, Any] = {"error": error}
    if refusal.detail:
        body["detail"] = {"message": error["message"], "code": error["code"]}
    headers: Headers = (("www-authenticate", 'Bearer realm="OpenAI API"'),) if refusal.status == 401 else ()  # [REC]
    return Response(refusal.status, headers, pretty(body))
