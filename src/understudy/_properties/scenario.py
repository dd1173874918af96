"""A whole situation that an app is put into, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from understudy._common.code_repr import CodeRepr
from understudy.scripts import Reply

if TYPE_CHECKING:
    from understudy._apis.assistants.object_views import AssistantView, ThreadView
    from understudy._backend.backend import Backend
    from understudy.faults import Fault


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Scenario(CodeRepr):
    """A situation that an app is put into.

    An assistant, a thread with a history, what its runs do, what goes wrong, and how long ago the
    thread was made.

    Attributes:
        scripts: what the first run does, the second, ...; further ones are answered in a sentence.
        history: the texts of the thread's messages; the user's and the assistant's take turns, the user's is the last.
        faults: what goes wrong. One that the app gives no occasion for is not a mistake.
        tools: the assistant's tools.
        age: how many seconds before the start the thread was made.
    """

    scripts: tuple[Any, ...] = ((Reply("Done."),),)
    history: tuple[str, ...] = ("Hello?",)
    faults: tuple[Fault, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    age: int = 0

    def set_up(self, backend: Backend) -> tuple[AssistantView, ThreadView]:
        """Put a backend into this situation; return the assistant and the thread."""
        then = backend.clock.now() - self.age
        assistant = backend.add_assistant(tools=list(self.tools), created_at=then)
        thread = backend.add_thread(created_at=then)
        for turn, text in enumerate(reversed(self.history)):
            backend.add_message(thread.id, text, role="assistant" if turn % 2 else "user", created_at=then - turn)
        scripts = iter(self.scripts)
        backend.every_run(lambda run: next(scripts, (Reply("Done."),)))  # noqa: ARG005 - a script is asked with its run
        backend.perform_faults(self.faults)
        backend.generated("assistant, thread = {}.set_up(backend)", self)
        return assistant, thread
