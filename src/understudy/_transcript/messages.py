"""Messages and replies of either API, from their JSON, in one form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from understudy._transcript.entries import SeenMessage
from understudy._transcript.normal_forms import Files, said
from understudy._transcript.turns import Action
from understudy._transcript.unknown import UNKNOWN, json_or_text, plain

Json = dict[str, Any]
_SILENT = ("reasoning", "mcp_list_tools", "compaction")  # what no user sees, and no app answers


def thread_message(shown: Mapping[str, Any], name_of: Files) -> SeenMessage:
    """Return a message of a thread: as REST shows it, or as the app sent it."""
    content = shown.get("content") or []
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    texts = [_thread_text(part) for part in parts if part["type"] == "text"]
    images = [_image(part[part["type"]], name_of) for part in parts if part["type"] in ("image_file", "image_url")]
    attached = [one["file_id"] for one in shown.get("attachments") or () if one.get("file_id")]
    return SeenMessage(
        role=shown["role"],
        text=said(" ".join(texts)),
        images=tuple(images),
        files=tuple(name_of(file_id) for file_id in attached),
    )


def _thread_text(part: Mapping[str, Any]) -> str:
    text = part["text"]
    return str(text["value"] if isinstance(text, dict) else text)


def _image(image: Any, name_of: Files) -> Any:
    return name_of(image["file_id"]) if image.get("file_id") else image.get("url")


def input_message(item: Mapping[str, Any], name_of: Files) -> SeenMessage:
    """Return a message of a response's input, or of a conversation."""
    content = item.get("content") or []
    parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
    texts = [
        part.get("text") or part.get("refusal") or ""
        for part in parts
        if str(part.get("type")).endswith(("text", "refusal"))
    ]
    images = [part for part in parts if part.get("type") == "input_image"]
    files = [part for part in parts if part.get("type") == "input_file"]
    return SeenMessage(
        role=item["role"],
        text=said(" ".join(texts)),
        images=tuple(name_of(one["file_id"]) if one.get("file_id") else one.get("image_url") for one in images),
        files=tuple(_input_file(one, name_of) for one in files),
    )


def _input_file(part: Mapping[str, Any], name_of: Files) -> Any:
    if part.get("filename"):
        return part["filename"]
    return name_of(part["file_id"]) if part.get("file_id") else part.get("file_url") or UNKNOWN


def input_messages(items: Iterable[Mapping[str, Any]], name_of: Files) -> list[SeenMessage]:
    """Return the messages among items."""
    return [input_message(item, name_of) for item in items if item.get("type", "message") == "message" and "role" in item]


def reply(texts: Sequence[str], images: int, cited: Iterable[Any]) -> list[Action]:
    """Return a message of the model as actions.

    Its text without markers, how many images it shows, the names of the files it cites.
    """
    text = said("\n".join(texts))
    value: Any = text if not images else {"text": text, "images": [f"{images} made by the model"]}
    return [("reply", value), *(("citation", name) for name in cited)]


def thread_reply(shown: Mapping[str, Any], name_of: Files) -> list[Action]:
    """Return the reply of a run, from the message as REST shows it."""
    parts = shown.get("content") or []
    if not parts:
        return [("reply", UNKNOWN)]
    texts = [part["text"] for part in parts if part["type"] == "text"]
    notes = [note for text in texts for note in text.get("annotations") or ()]
    cited = [name_of(note[note["type"]]["file_id"]) for note in notes if note["type"] in note]
    images = sum(part["type"].startswith("image") for part in parts)
    return reply([text["value"] for text in texts], images, cited)


def output_reply(item: Mapping[str, Any], name_of: Files) -> list[Action]:
    """Return the reply of a response, from its output item."""
    parts = item.get("content") or []
    notes = [note for part in parts for note in part.get("annotations") or () if note.get("file_id")]
    cited = [note.get("filename") or name_of(note["file_id"]) for note in notes]
    return reply([part.get("text") or part.get("refusal") or "" for part in parts], 0, cited)


def output_actions(item: Mapping[str, Any], name_of: Files) -> Iterator[Action]:
    """Return the actions of an output item of a response.

    A reply, or a call and what it found.
    """
    kind = str(item.get("type"))  # one without a type is shown as it is
    if kind == "message":
        yield from output_reply(item, name_of)
    elif kind == "function_call" and item.get("status") == "in_progress":
        yield hosted_call(item["name"], UNKNOWN)  # a stream that broke off in its arguments
    elif kind == "function_call":
        yield call(item["name"], item.get("arguments") or "")
    elif kind == "code_interpreter_call":
        yield hosted_call("code_interpreter", item.get("code") or UNKNOWN)
        if item.get("outputs"):
            yield hosted_output(
                "code_interpreter", "\n".join(one["logs"] for one in item["outputs"] if one.get("type") == "logs")
            )
    elif kind == "file_search_call":
        yield hosted_call("file_search", UNKNOWN)
        if item.get("results") is not None:
            yield search_output(
                [one.get("filename", UNKNOWN) for one in item["results"]], [one.get("text") for one in item["results"]]
            )
    elif kind not in _SILENT and not kind.endswith("_output"):
        yield given_call(item)


def call(name: str, arguments: str) -> Action:
    """Return a call of a function; arguments are equal when they are as JSON."""
    return ("call", {"name": name, "arguments": json_or_text(arguments)})


def hosted_call(name: str, arguments: Any) -> Action:
    """Return a call of a tool that the service carries out."""
    return ("call", {"name": name, "arguments": arguments})


def given_call(item: Mapping[str, Any]) -> Action:
    """Return a call that only a response can make: a web search, a custom tool, ..."""
    name = str(item.get("name") or str(item.get("type")).removesuffix("_call"))
    given = item.get("arguments", item.get("input", item.get("action")))
    return ("call", {"name": name, "arguments": json_or_text(given) if isinstance(given, str) else given})


def hosted_output(name: str, output: Any) -> Action:
    """Return the output of a tool of the service: what it found or printed."""
    return ("output", {"name": name, "output": output})


def search_output(names: Any, texts: Sequence[str | None]) -> Action:
    """Return the output of a file search.

    The files it found; the passages, too, where they are all shown.
    """
    kind, value = hosted_output("file_search", names)
    if texts and all(text is not None for text in texts):
        value["passages"] = [plain(str(text)) for text in texts]
    return kind, value


def output(text: Any) -> Any:
    """Return an output that the app handed in, as it is compared."""
    return json_or_text(text) if isinstance(text, str) else UNKNOWN if text is UNKNOWN else plain(str(text or ""))


def failed(code: Any, message: Any) -> str:
    """Return the outcome of a failure."""
    return f"failed: {code}: {plain(str(message))}"


# One name for each reason: the two APIs name the same reasons differently.
_REASONS = {"max_completion_tokens": "max_output_tokens", "max_prompt_tokens": "max_output_tokens"}


def incomplete(reason: Any) -> str:
    """Return the outcome of an incomplete run or response."""
    return f"incomplete: {_REASONS.get(reason, reason)}"
