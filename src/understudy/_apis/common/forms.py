"""Bodies sent as forms: file uploads and upload parts.

These are older parts of the service, which report errors in the words of Python's jsonschema:
`'world_domination' is not one of [...] - 'purpose'`. [REC for a wrong purpose; the other texts INF]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from understudy._apis.common.bounds import Rule
from understudy._apis.common.multipart import Part, parse
from understudy._apis.common.schema import Fields, enum, integer
from understudy._common.messages import Request
from understudy._engine.api_error import ApiError

# The extensions that a purpose accepts; other purposes accept any. A name without an extension is accepted. [REC]
# For assistants: openai/openai-dotnet#270 [REP]; for vision, the images that models see [DOCS, sentence INF]; for batch,
# what its guide asks for [DOCS, sentence INF]. Files for fine-tuning were accepted with any extension. [REC]
EXTENSIONS: dict[str, str] = {
    "assistants": "c cpp css csv docx gif go html java jpeg jpg js json md pdf php pkl png pptx py rb tar tex ts txt webp "
    "xlsx xml zip",
    "vision": "gif jpeg jpg png webp",
    "batch": "jsonl",
}
FILE_BYTES = 512 * 2**20  # the most a file may hold [SPEC]

FormCheck = Callable[[Part, str], Any]

# In the order in which the refusal lists them. [REC]
PURPOSES = ("fine-tune", "assistants", "batch", "user_data", "vision", "evals")


class Form:
    """A form of known fields.

    Args:
        known: field name to its check; `expires_after[seconds]` is in `nested`, as `expires_after`.
        required: the names of the required fields.
        nested: fields sent as `name[key]`, with the check of the whole.
        rules: what must hold between the fields.
    """

    def __init__(
        self,
        known: Mapping[str, FormCheck],
        required: tuple[str, ...],
        nested: Mapping[str, Callable[[Any, str], Any]] | None = None,
        rules: tuple[Rule, ...] = (),
    ) -> None:
        self.known = dict(known)
        self.required = required
        self.nested = dict(nested or {})
        self.rules = rules

    def read(self, request: Request) -> dict[str, Any]:
        """Return the checked fields of a request's form."""
        parts = parse(request.header("content-type") or "", request.body)
        given: dict[str, Any] = {}
        objects: dict[str, dict[str, Any]] = {}
        for part in parts:
            name, key = _split(part.name)
            if key is not None and name in self.nested:
                objects.setdefault(name, {})[key] = _scalar(part.text)
            elif part.name in self.known:
                given[part.name] = part
            else:
                raise ApiError("form.unknown", path=part.name)
        for name in self.required:
            if name not in given:
                raise ApiError("form.missing", path=name)
        checked = {name: self.known[name](part, name) for name, part in given.items()}
        checked |= {name: self.nested[name](value, name) for name, value in objects.items()}
        for rule in self.rules:
            rule.check(checked, "")
        return checked


def _split(name: str) -> tuple[str, str | None]:
    base, bracket, key = name.partition("[")
    return (base, key[:-1]) if bracket and key.endswith("]") else (name, None)


def _scalar(text: str) -> Any:
    return int(text) if text.isdecimal() and len(text) < 20 else text


def _file(part: Part, path: str) -> Any:
    """Return a field that is a file: one with a file name."""
    if part.filename is None:
        raise ApiError("form.not_a_file", path=path)
    return part


def _data(part: Part, path: str) -> Any:  # noqa: ARG001 - every check has two parameters
    return part


def _purpose(part: Part, path: str) -> Any:
    if part.text not in PURPOSES:
        raise ApiError("form.purpose", path=path, value=repr(part.text), allowed=list(PURPOSES))
    return part.text


def check_extension(filename: str, purpose: str) -> None:
    """Refuse a file whose extension its purpose does not accept."""
    _, dot, extension = filename.rpartition(".")
    allowed = EXTENSIONS.get(purpose, "").split()
    if dot and allowed and extension.lower() not in allowed:
        formats = ", ".join(f'"{name}"' for name in allowed)
        raise ApiError("file.extension", extension=extension, formats=formats)


def _check_size(part: Part) -> None:
    if len(part.data) > FILE_BYTES:
        raise ApiError("file.large")


EXPIRES_AFTER = Fields({"anchor": enum("created_at"), "seconds": integer(3600, 2_592_000)}, required=("anchor", "seconds"))
CREATE_FILE = Form(
    {"purpose": _purpose, "file": _file},
    ("file", "purpose"),
    {"expires_after": EXPIRES_AFTER},
    rules=(
        Rule(
            "the file's extension is one of those of its purpose",
            "file.extension",
            "REP",
            lambda form, _: check_extension(form["file"].filename, form["purpose"]),
        ),
        Rule("the file has at most 512 MB", "file.large", "SPEC", lambda form, _: _check_size(form["file"])),
    ),
)
ADD_UPLOAD_PART = Form({"data": _data}, ("data",))
