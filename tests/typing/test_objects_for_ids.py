"""What users mistake at first in code: objects where ids go, blocks without `with`, arguments of another method."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import understudy as us
from understudy import Backend, RateLimited, Reply


def finished(backend: Backend) -> Any:
    """A run that has ended, as the SDK shows it."""
    beta = backend.client().beta
    return beta.threads.create_and_run_poll(assistant_id=backend.add_assistant(instructions="Teach.").id)


def test_an_object_goes_where_its_id_goes() -> None:
    """Objects of the backend's, of the SDK's and of the app's own are taken for their ids."""
    backend = Backend()
    thread = backend.add_thread()
    message = backend.add_message(thread, "Hi")
    assert backend.messages(SimpleNamespace(id=thread.id)) == [message]
    run = finished(backend)
    assert str(backend.timeline(run)) == str(backend.timeline(run.id)) == str(backend.timeline(backend.runs[0]))
    file = backend.add_file(content="x")
    backend.fail_file(file)
    assert backend.add_vector_store(file_ids=[file, file.id][:1]).file_counts.failed == 1


def test_a_script_and_a_fault_take_objects() -> None:
    """`assistant=` and `thread=` of a script, and `run=` of a fault, take the object, too."""
    backend = Backend()
    assistant = backend.add_assistant(instructions="Teach.")
    backend.next_run(Reply("for another"), assistant=backend.add_assistant())
    backend.next_run(Reply("for this one"), assistant=assistant)
    backend.every_run(Reply("for its thread"), thread=backend.add_thread())
    run = backend.client().beta.threads.create_and_run_poll(assistant_id=assistant.id)
    assert backend.messages(run.thread_id)[-1].text == "for this one"
    backend.fault(RateLimited(), run=run, on="runs.retrieve")
    assert backend.faults[0].run == run.id


def test_what_has_no_id_is_refused() -> None:
    """The message says what came, and what is expected."""
    backend: Any = Backend()
    with pytest.raises(TypeError, match=r"messages\(None\): expected the id of a thread \(a str\), or an object with such"):
        backend.messages(None)
    with pytest.raises(TypeError, match=r"assistant=5: expected an id \(a str\)"):
        backend.next_run(Reply("x"), assistant=5)


def test_what_a_backend_hands_out_has_attributes() -> None:
    """`dir()` and completion know every field, and the text of a message."""
    backend = Backend()
    thread = backend.add_thread(messages=["Hi"])
    assert {"id", "metadata", "to_dict"} <= set(dir(thread))
    assert {"text", "role", "content"} <= set(dir(backend.messages(thread)[0]))
    with pytest.raises(AttributeError, match="thread has no 'idd'; it has id, "):
        thread.idd  # type: ignore[attr-defined]  # noqa: B018


def test_arguments_of_another_method() -> None:
    """`next_run(when=)` names the method that takes it; bare `@every_lifecycle` names its depth."""
    backend: Any = Backend()
    with pytest.raises(TypeError, match=r"next_run\(\) has no argument when='rain': .*every_run\(\.\.\., when=\.\.\.\)"):
        backend.next_run(Reply("x"), when="rain")
    every: Any = us.every_lifecycle
    with pytest.raises(TypeError, match=r"bare before finished: .*@every_lifecycle\(depth=3\)"):
        every(finished)


def test_a_block_without_with() -> None:
    """Its attributes are refused with what to write; one that nobody opens warns where it was made."""
    made: Any = us.simulate()
    with pytest.raises(AttributeError, match=r"write `with simulate\(\.\.\.\) as opened:` and `opened.next_run`"):
        made.next_run(Reply("x"))
    with pytest.warns(RuntimeWarning, match=r"simulate\(\.\.\.\) was never opened"):
        del made


async def test_a_block_with_async_with() -> None:
    """`async with` opens a block as `with` does."""
    async with us.simulate(strict=False) as backend:
        assert (await backend.async_client().models.list()).data
    assert len(backend.requests) == 1


def test_a_backend_says_what_it_is() -> None:
    """The repr gives the clock, the requests, the runs by status and the scripts that are queued."""
    backend = Backend()
    assert repr(backend) == "<Backend time='poll', 0 s after its start, 0 requests, 0 runs, 0 scripts queued>"
    finished(backend)
    backend.next_run(Reply("x"))
    assert "1 run (1 completed), 1 script queued" in repr(backend)
