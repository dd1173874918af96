"""What has to exist before a session, or before the exchange that first shows it.

It is seeded from what the recording shows.

A run that a session only reads is performed before: started with the settings that its recording shows, on the script that
its recording shows. What the recording does not show (a thread's only message, a file's bytes) is filled with something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction
from understudy._reconstruct.moves import NOT_SHOWN
from understudy._reconstruct.object_references import ObjectReference, object_references
from understudy._reconstruct.session_facts import Facts, Json, RunFacts
from understudy._reconstruct.timestamps import newest

_ORDER = {
    "file": 0,
    "vector_store": 1,
    "file_batch": 2,
    "upload": 2,
    "assistant": 3,
    "thread": 4,
    "message": 5,
    "run": 5,
    "conversation": 6,
    "response": 7,
}
_SETTINGS = ("model", "instructions", "tools", "temperature", "top_p", "reasoning_effort", "response_format")
_RUN_ONLY = ("metadata", "max_completion_tokens", "max_prompt_tokens", "truncation_strategy", "tool_choice")
_NO_FILES: Json = {"file_ids": [], "further_files": 0, "failed_files": 0}
_UNKNOWN_ASSISTANT = f"asst_{'0' * 24}"  # of a run that answers only refer to


@dataclass(frozen=True)
class Seed:
    """One object to seed.

    Attributes:
        id, kind: of the object.
        before: the index of the exchange before which it has to exist.
        created_at: in unix seconds.
        verb: the method of `Backend` (and of the admin route) that makes it; or `request`: then
            `given` is the path and the body of a POST, and the object gets its id by `next_ids`.
        given: what it is made from.
        run: the facts of a run to perform.
    """

    id: str
    kind: str
    before: int
    created_at: int
    verb: str
    given: Json
    run: RunFacts | None = None


class Seeds:
    """The objects that one session needs.

    `start`: when it began, as far as it shows, in unix seconds.
    """

    def __init__(self, session: Sequence[Interaction], facts: Facts) -> None:
        self._session = session
        self._facts = facts
        self._names = object_references(session)
        self.start = self._started_at()

    def in_order(self) -> list[Seed]:
        """Return the seeds, in the order in which they have to be made."""
        belongs = {key for run in self._facts.runs.values() for key in (*run.steps, *run.messages)}
        seeds = [
            self._seed(name)
            for name in self._names.values()
            if not name.made and name.id not in belongs and name.kind in _ORDER and not self._is_started(name.id)
        ]
        if any(seed.run is not None and not seed.run.assistant_id for seed in seeds):
            seeds.append(self._older("assistant", self.start - 1, {"id": _UNKNOWN_ASSISTANT}))
        seeds += self._further()
        return sorted(seeds, key=self._rank)

    def _rank(self, seed: Seed) -> tuple[int, int, bool, tuple[float, int]]:
        """Return the sort key of a seed: its kind, then its age.

        A run comes after the message of the same second, which it answers.
        """
        return (_ORDER[seed.kind], seed.created_at, seed.kind == "run", self._facts.age(seed.id))

    def _started_at(self) -> int:
        """Return when the session began, in unix seconds.

        That is the age of the oldest object it created; if it created none, everything it refers to
        is older.
        """
        views = self._facts.first_views
        made = [views[name.id].get("created_at") for name in self._names.values() if name.made and name.id in views]
        stamps = [stamp for stamp in made if isinstance(stamp, int)]
        return min(stamps) if stamps else int(newest(list(views.values())) or 1_700_000_000) + 1

    def _is_started(self, run_id: str) -> bool:
        """Return True if the session itself starts this run."""
        run = self._facts.runs.get(run_id)
        return run is not None and run.created is not None

    def _seed(self, name: ObjectReference) -> Seed:
        view = self._facts.first_views.get(name.id, {})
        created_at = view.get("created_at") or self.start - 1
        before = 0 if created_at <= self.start else name.index
        run = self._facts.runs.get(name.id)
        given: Json = getattr(self, f"_{name.kind}")(name.id, view)
        if name.kind in ("file_batch", "upload", "run", "response"):
            return Seed(name.id, name.kind, before, created_at, "request", given, run)
        given |= {"id": name.id, "created_at": created_at}
        return Seed(name.id, name.kind, before, created_at, f"add_{name.kind}", given)

    # -- one kind each -----------------------------------------------------------

    def _file(self, file_id: str, view: Json) -> Json:
        given: Json = {"content": NOT_SHOWN.encode(), **self._file_name(file_id)}
        for exchange in self._session:
            if exchange.status == 200 and exchange.path == f"/files/{file_id}/content" and exchange.body:
                given |= {"content": exchange.body, "purpose": "fine-tune"}  # others cannot be downloaded [REP]
                name = (exchange.header("content-disposition") or "").partition('filename="')[2].rstrip('"')
                given |= {"filename": name} if name else {}
        shown = view if view.get("object") == "file" else {}
        return given | {key: shown[key] for key in ("filename", "purpose") if key in shown}

    def _file_name(self, file_id: str) -> Json:
        """Return a file's name as a file search shows it, if no answer shows the file."""
        steps = (step for run in self._facts.runs.values() for step in run.steps.values())
        calls = (call for step in steps for call in step["step_details"].get("tool_calls") or ())
        results = (result for call in calls for result in call.get("file_search", {}).get("results") or ())
        return next(({"filename": result["file_name"]} for result in results if result["file_id"] == file_id), {})

    def _vector_store(self, store_id: str, view: Json) -> Json:
        given = {key: view[key] for key in ("name", "metadata", "expires_after") if view.get(key)}
        in_batch = any(name.kind == "file_batch" and not name.made for name in self._names.values())
        file_ids = [] if in_batch else self._files_in(store_id)
        counts = {} if in_batch else view.get("file_counts", {})
        further = max(0, counts.get("total", 0) - len(file_ids))
        return given | {
            "file_ids": file_ids,
            "further_files": further,
            "failed_files": min(further, counts.get("failed", 0)),
        }

    def _files_in(self, store_id: str) -> list[str]:
        """Return the files that a store or its batch holds from the start.

        Those shown or requested in it that no exchange added.
        """
        root = f"/vector_stores/{store_id}/"
        put: set[str] = set()
        asked: list[str] = []
        for exchange in self._session:
            if exchange.path.startswith(root) and exchange.status < 400:
                ids = faces.ALL.find(exchange.method, exchange.path).ids
                asked += [ids["file_id"]] if "file_id" in ids else []
                body = exchange.request_json if isinstance(exchange.request_json, dict) else {}
                put |= {*body.get("file_ids", ()), body.get("file_id", "")}
        shown = sorted((key for key in self._facts.first_views if key.startswith(f"{store_id}/")), key=self._facts.age)
        contents = [*(key.partition("/")[2] for key in shown), *asked]
        return [file_id for file_id in dict.fromkeys(contents) if file_id not in put]

    def _file_batch(self, batch_id: str, view: Json) -> Json:
        store_id = view.get("vector_store_id") or self._beside(batch_id, "batch_id", "vector_store_id")
        file_ids = self._files_in(store_id)
        further = max(0, view.get("file_counts", {}).get("total", 1) - len(file_ids))
        return {"path": f"/vector_stores/{store_id}/file_batches", "file_ids": file_ids, "further_files": further}

    def _upload(self, upload_id: str, view: Json) -> Json:
        body = {"filename": "file.txt", "purpose": "assistants", "bytes": 1, "mime_type": "text/plain"}
        return {"path": "/uploads", "body": body | {key: view[key] for key in body if key in view}, "id": upload_id}

    def _assistant(self, assistant_id: str, view: Json) -> Json:
        """Return the settings of an assistant; if no answer shows it, those of its runs."""
        keys: tuple[str, ...] = (*_SETTINGS, "name", "description", "metadata", "tool_resources")
        if not view:
            runs = (run for run in self._facts.runs.values() if run.assistant_id == assistant_id)
            view, keys = next((shown for run in runs for _, shown in run.views), {"model": "gpt-4o"}), _SETTINGS
        return _given(view, keys)

    def _thread(self, thread_id: str, view: Json) -> Json:
        given = {"metadata": view["metadata"]} if view.get("metadata") else {}
        resources = {key: value for key, value in (view.get("tool_resources") or {}).items() if any(value.values())}
        return given | {"tool_resources": resources, "messages": self._filler_message(thread_id)}

    def _filler_message(self, thread_id: str) -> list[str]:
        """Return the text of a message that a run needs and no answer shows, if any.

        A run needs a user message or instructions; where no answer shows either, there was one all
        the same.
        """
        for view in self._facts.first_views.values():
            if view["object"] == "thread.message" and view.get("thread_id") == thread_id and not view.get("run_id"):
                return []
        runs = [run for run in self._facts.runs.values() if run.thread_id == thread_id]
        has_instructions = [any(view.get("instructions") for _, view in run.views) for run in runs]
        return [] if all(has_instructions) else [NOT_SHOWN]

    def _conversation(self, conversation_id: str, view: Json) -> Json:
        """Return a conversation with the items that were in it from the start.

        Those shown or requested that no exchange added.
        """
        root = f"/conversations/{conversation_id}/items"
        made: set[str] = set()
        found: dict[str, Json] = {}
        for exchange in self._session:
            if not exchange.path.startswith(root) or exchange.status != 200:
                if exchange.status == 200 and exchange.method == "POST" and exchange.path == "/responses":
                    break  # what is listed from here on may have been added by the session's responses
                continue
            shown = _listed(exchange)
            if exchange.method == "POST":
                made |= {item["id"] for item in shown}
            asked = exchange.path.removeprefix(root).strip("/")
            views = {item["id"]: item for item in shown} or ({asked: _FILLER} if asked else {})
            found |= {item_id: item for item_id, item in views.items() if item_id not in found}
        items = {item_id: _input_item(item) for item_id, item in found.items() if item_id not in made}
        return _given(view, ("metadata",)) | {"items": list(items.values()), "item_ids": list(items)}

    def _response(self, response_id: str, view: Json) -> Json:
        """Return the request that creates a response which the session only continues.

        Whatever was asked then, the response was there.
        """
        pages = (exchange for exchange in self._session if exchange.path == f"/responses/{response_id}/input_items")
        page = next((exchange for exchange in pages if exchange.status == 200), None)
        items = [_input_item(item) for item in _listed(page)] if page is not None else []
        body = _given(view, ("instructions", "metadata", "temperature", "top_p", "max_output_tokens", "truncation"))
        return {"path": "/responses", "body": body | {"model": view.get("model") or "gpt-4o", "input": items or NOT_SHOWN}}

    def _message(self, message_id: str, view: Json) -> Json:
        if not view:
            return {"thread_id": self._beside(message_id, "message_id", "thread_id"), "content": NOT_SHOWN}
        content = [part | {"text": part["text"]["value"]} if part["type"] == "text" else part for part in view["content"]]
        given = {"thread_id": view["thread_id"], "content": content or NOT_SHOWN, "role": view["role"]}
        return given | {key: view[key] for key in ("attachments", "metadata") if view.get(key)}

    def _run(self, run_id: str, view: Json) -> Json:
        run = self._facts.runs[run_id]
        body = _given(view, (*_SETTINGS, *_RUN_ONLY, "parallel_tool_calls"))
        if "tools" not in body:
            body["tools"] = _tools_used(run)
        body["assistant_id"] = run.assistant_id or _UNKNOWN_ASSISTANT
        return {"path": f"/threads/{run.thread_id}/runs", "body": body}

    def _beside(self, object_id: str, name: str, wanted: str) -> str:
        """Return the id `wanted` of a path that has `object_id` as its `name`."""
        paths = (faces.ALL.find(exchange.method, exchange.path).ids for exchange in self._session)
        return next(ids[wanted] for ids in paths if ids.get(name) == object_id)

    # -- what only a list shows --------------------------------------------------

    def _further(self) -> list[Seed]:
        """Return seeds for the objects that a list says follow the oldest one seen.

        One for each kind, older than all of them.
        """
        seeds = []
        fillers: dict[str, Json] = {"assistant": {}, "vector_store": _NO_FILES, "file": {"content": NOT_SHOWN.encode()}}
        for kind, given in fillers.items():
            pages = [exchange.json for exchange in self._session if _lists(exchange, kind)]
            seen = [view for page in pages for view in page["data"]]
            oldest = min(seen, key=lambda view: self._facts.age(view["id"]), default=None)
            if oldest is not None and any(page.get("has_more") and page["data"][-1]["id"] == oldest["id"] for page in pages):
                seeds.append(self._older(kind, oldest["created_at"] - 1, given))
        return seeds

    def _older(self, kind: str, created_at: int, given: Json) -> Seed:
        return Seed(given.get("id", ""), kind, 0, created_at, f"add_{kind}", {**given, "created_at": created_at})


_FILLER: Json = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": NOT_SHOWN}]}


def _listed(exchange: Interaction) -> list[Json]:
    """Return the items that an answer shows, oldest first."""
    value = exchange.json if isinstance(exchange.json, dict) else {}
    page = value.get("data")
    items: list[Json] = page if isinstance(page, list) else [value] if "type" in value else []
    is_oldest_first = exchange.method == "POST" or ("order", "asc") in exchange.query
    return items if is_oldest_first else items[::-1]


def _input_item(item: Json) -> Json:
    """Return an item as it can be sent."""
    return {key: value for key, value in item.items() if key not in ("id", "status")}


def _given(view: Json, keys: Sequence[str]) -> Json:
    """Return the fields of a create request that an object shows."""
    return {key: view[key] for key in keys if view.get(key) not in (None, [], {})}


def _tools_used(run: RunFacts) -> list[Json]:
    """Return the tools that the run's steps show in use.

    Calls that are only answered do not show even the function's name.
    """
    calls = [call for step in run.steps.values() for call in step["step_details"].get("tool_calls") or ()]
    calls += [call for waited in run.calls_waited_for() for call in waited.calls]
    names = sorted({call["function"]["name"] for call in calls if call["type"] == "function"})
    hosted = {call["type"]: call[call["type"]] for call in calls if call["type"] != "function"}
    return [*map(_hosted_tool, hosted.items()), *({"type": "function", "function": {"name": name}} for name in names)]


def _hosted_tool(shown: tuple[str, Json]) -> Json:
    kind, details = shown
    options = details.get("ranking_options")
    return {"type": kind, kind: {"ranking_options": options}} if options else {"type": kind}


def _lists(exchange: Interaction, kind: str) -> bool:
    page: Any = exchange.json
    is_page = exchange.is_read and exchange.status == 200 and isinstance(page, dict) and page.get("object") == "list"
    views = page.get("data") if is_page else None
    return bool(views) and isinstance(views, list) and all(_is_of(view, kind) for view in views)


def _is_of(view: Any, kind: str) -> bool:
    return isinstance(view, dict) and view.get("object") == kind and "id" in view
