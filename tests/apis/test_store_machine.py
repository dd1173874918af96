"""The store against a naive model: whatever an app does, in whatever order, the service and a plain dict agree."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from tests.effort import examples
from tests.observed_spec import check_answer
from understudy._backend.backend import Backend
from understudy._common.messages import Request, Response

KEY = (("authorization", "Bearer x"), ("openai-beta", "assistants=v2"))
METADATA = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)


class Service(RuleBasedStateMachine):
    """Objects are made, changed, deleted and listed; the model is lists and dicts."""

    assistants = Bundle("assistants")
    threads = Bundle("threads")
    messages = Bundle("messages")  # (thread id, message id)
    files = Bundle("files")
    stores = Bundle("stores")

    def __init__(self) -> None:
        super().__init__()
        self.backend = Backend(time="manual")
        self.held: dict[str, dict[str, dict[str, Any]]] = {"/assistants": {}, "/files": {}, "/vector_stores": {}}
        self.all_threads: dict[str, dict[str, str]] = {}
        self.in_store: dict[str, list[str]] = {}

    def ask(self, method: str, path: str, body: Any = None, expected: int = 200) -> Any:
        request = Request(
            method, f"https://api.openai.com/v1{path}", KEY, b"" if body is None else json.dumps(body).encode()
        )
        answer = check_answer(request, self.backend.handle(request))
        assert isinstance(answer, Response)
        assert answer.status == expected, answer.body
        return json.loads(answer.body)

    # -- assistants, threads, messages ----------------------------------------

    @rule(target=assistants, metadata=METADATA)
    def create_assistant(self, metadata: dict[str, str]) -> Any:
        made = self.ask("POST", "/assistants", {"model": "gpt-4o", "metadata": metadata})
        self.held["/assistants"][made["id"]] = made
        return made["id"]

    @rule(id_=assistants, metadata=METADATA)
    def modify_assistant(self, id_: str, metadata: dict[str, str]) -> None:
        changed = self.ask("POST", f"/assistants/{id_}", {"metadata": metadata})
        self.held["/assistants"][id_]["metadata"] = metadata
        assert changed == self.held["/assistants"][id_]

    @rule(id_=consumes(assistants))
    def delete_assistant(self, id_: str) -> None:
        self.ask("DELETE", f"/assistants/{id_}")
        del self.held["/assistants"][id_]
        self.ask("GET", f"/assistants/{id_}", expected=404)

    @rule(target=threads)
    def create_thread(self) -> Any:
        made = self.ask("POST", "/threads", {})
        self.held[f"/threads/{made['id']}/messages"] = {}
        return made["id"]

    @rule(target=messages, thread=threads, text=st.text(min_size=1, max_size=5))
    def add_message(self, thread: str, text: str) -> Any:
        path = f"/threads/{thread}/messages"
        if path not in self.held:
            self.ask("POST", path, {"role": "user", "content": text}, expected=404)
            return multiple()
        made = self.ask("POST", path, {"role": "user", "content": text})
        assert made["content"][0]["text"]["value"] == text
        self.held[path][made["id"]] = made
        return path, made["id"]

    @rule(message=consumes(messages))
    def delete_message(self, message: Any) -> None:
        path, id_ = message
        is_there = id_ in self.held.get(path, {})
        self.ask("DELETE", f"{path}/{id_}", expected=200 if is_there else 404)
        if is_there:
            del self.held[path][id_]

    @rule(thread=consumes(threads))
    def delete_thread(self, thread: str) -> None:
        self.ask("DELETE", f"/threads/{thread}")
        del self.held[f"/threads/{thread}/messages"]

    # -- files and stores -----------------------------------------------------

    @rule(target=files, content=st.binary(max_size=5))
    def add_file(self, content: bytes) -> Any:
        made = self.backend.add_file(content=content).to_dict()
        self.held["/files"][made["id"]] = made
        return made["id"]

    @rule(id_=consumes(files))
    def delete_file(self, id_: str) -> None:
        self.ask("DELETE", f"/files/{id_}")
        del self.held["/files"][id_]
        for held in self.in_store.values():
            if id_ in held:
                held.remove(id_)

    @rule(target=stores, chosen=st.lists(files, max_size=3, unique=True))
    def create_store(self, chosen: list[str]) -> Any:
        made = self.ask("POST", "/vector_stores", {"file_ids": chosen})
        assert made["status"] == ("in_progress" if chosen else "completed")
        self.held["/vector_stores"][made["id"]] = made
        self.in_store[made["id"]] = list(chosen)
        return made["id"]

    @rule(store=stores, file=files)
    def put_into_store(self, store: str, file: str) -> None:
        added = self.ask("POST", f"/vector_stores/{store}/files", {"file_id": file})
        assert added["status"] == "in_progress"
        held = self.in_store[store]
        if file in held:
            held.remove(file)
        held.append(file)

    @rule(store=consumes(stores))
    def delete_store(self, store: str) -> None:
        self.ask("DELETE", f"/vector_stores/{store}")
        del self.held["/vector_stores"][store], self.in_store[store]

    # -- time, and what must always hold ---------------------------------------

    @rule(seconds=st.sampled_from([0.5, 1, 60]))
    def time_passes(self, seconds: float) -> None:
        self.backend.clock.advance(seconds)

    @rule(data=st.data(), limit=st.integers(1, 5), order=st.sampled_from(["asc", "desc"]))
    def page(self, data: Any, limit: int, order: str) -> None:
        """A page is a slice of the model's list."""
        path = data.draw(st.sampled_from(sorted(self.held)))
        every = list(self.held[path]) if order == "asc" else list(self.held[path])[::-1]
        after = data.draw(st.sampled_from([None, *every]))
        start = every.index(after) + 1 if after is not None else 0
        page = self.ask("GET", f"{path}?order={order}&limit={limit}" + (f"&after={after}" if after else ""))
        assert [item["id"] for item in page["data"]] == every[start : start + limit]
        assert page["has_more"] == (start + limit < len(every))

    @invariant()
    def nothing_is_lost(self) -> None:
        for kind in ("/assistants", "/files"):
            for id_, expected in self.held[kind].items():
                assert self.ask("GET", f"{kind}/{id_}") == expected

    @invariant()
    def counts_add_up(self) -> None:
        for id_, files in self.in_store.items():
            store = self.ask("GET", f"/vector_stores/{id_}")
            counts = store["file_counts"]
            listed = self.ask("GET", f"/vector_stores/{id_}/files?limit=100&order=asc")["data"]
            assert sorted(file["id"] for file in listed) == sorted(files)
            assert counts["total"] == len(files) == counts["in_progress"] + counts["completed"]
            assert (store["status"] == "in_progress") == (counts["in_progress"] > 0)
            assert store["usage_bytes"] == sum(file["usage_bytes"] for file in listed)

    def teardown(self) -> None:
        assert self.backend.close() == []


TestService = Service.TestCase
TestService.settings = settings(examples(40), stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
