"""What must hold for every answer, whatever was asked."""

from __future__ import annotations

import json
from typing import Any

from understudy import Reply
from understudy._apis import faces
from understudy._apis.assistants import render
from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.common import render_files
from understudy._apis.common.routing import api_path
from understudy._apis.responses import render as render_responses
from understudy._apis.responses.objects import ResponsesObjects
from understudy._backend.backend import Backend
from understudy._common.messages import Request, Response
from understudy.errors import NotSimulated

from .requests import GOOD, IDS


def world() -> Backend:
    """A small service with one of each, and a clock that only foreground responses move."""
    backend = Backend(time="manual", script=Reply("fine"), strict=False)
    backend.add_file(id=IDS["file"], filename="a.txt", content=b"alpha beta")
    backend.add_vector_store(id=IDS["vector_store"], file_ids=[IDS["file"]])
    backend.add_assistant(id=IDS["assistant"], tools=[{"type": "file_search"}, {"type": "code_interpreter"}])
    backend.add_thread(id=IDS["thread"])
    backend.add_message(IDS["thread"], "hello", id=IDS["message"])
    backend.add_conversation(id=IDS["conversation"], items=[{"role": "user", "content": "hello", "id": IDS["item"]}])
    request = Request("POST", "https://api.openai.com/v1/responses", GOOD, b'{"model": "gpt-4o", "input": "hello"}')
    made = backend.handle(request)
    assert isinstance(made, Response)
    assert json.loads(made.body)["id"] == IDS["response"], made.body  # ids are derived: the same in every run
    return backend


def state(backend: Backend) -> Any:
    """Everything the service holds, as values."""
    held = backend._engine
    objects = held.part(AssistantsObjects)
    threads = [
        (render.thread(thread), [render.message(message) for message in thread.messages()]) for thread in objects.threads
    ]
    runs = [(render.run(run), len(run.execution.events)) for thread in objects.threads for run in thread.runs]
    stores = [
        (render_files.vector_store(store), [render_files.store_file(file) for file in store.files], len(store.batches))
        for store in held.stores.listing
    ]
    files = [render_files.file(file) for file in held.files.listing]
    assistants = [render.assistant(assistant) for assistant in objects.assistants]
    made = held.part(ResponsesObjects)
    responses = [(render_responses.response(one), len(one.execution.events)) for one in made.responses.values()]
    conversations = [
        (render_responses.conversation(one), [render_responses.listed_item(made, item) for item in one.items])
        for one in made.conversations
    ]
    objects_of_both = [threads, runs, stores, files, assistants, responses, conversations]
    return json.dumps([*objects_of_both, len(backend.scripts_left)])


def check(backend: Backend, request: Request) -> int:
    """Send a request, and assert what must hold of its answer. Gives the status."""
    before, known = state(backend), len(backend.problems)
    answer = backend.handle(request)
    assert isinstance(answer, Response), (request, answer)
    operation, _, _, allowed = faces.ALL.find(request.method, api_path(request.path))
    problems = list(backend.problems)[known:]
    if any("2026-11-30" in str(problem) for problem in problems):  # `prompt=`, which is left out on purpose
        assert answer.status == 501, (request, answer)
    elif operation is None and not allowed:
        assert answer.status == 501, (request, answer)
        assert [type(problem) for problem in problems] == [NotSimulated], problems
    else:
        assert not problems, problems
        assert answer.status in (200, 307) or 400 <= answer.status < 500, answer.status
    if answer.status not in (200, 307):
        envelope(answer)
        assert state(backend) == before, f"{answer.status} {answer.body!r}, and yet something has changed"
    return answer.status


def envelope(answer: Response) -> None:
    """Assert that an answer is an error as the service writes it."""
    assert ("content-type", "application/json") in answer.headers
    error = json.loads(answer.body.decode("utf-8"))["error"]
    if list(error) == ["code", "message"]:  # Azure's gate: no key, no such path
        assert error["code"] == str(answer.status) in ("401", "404")
        return
    assert list(error) == ["message", "type", "param", "code"]
    assert isinstance(error["message"], str)
    assert error["message"]
    assert "Traceback" not in error["message"]
    assert error["type"] in ("invalid_request_error", "understudy_error")
    assert all(error[key] is None or isinstance(error[key], str) for key in ("param", "code"))
