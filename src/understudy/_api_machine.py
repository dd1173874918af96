"""A hypothesis state machine to build on, for apps that keep threads over time."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from understudy import strategies as us
from understudy._backend.backend import Backend
from understudy._backend.simulate import simulate
from understudy.errors import raise_all


class ApiMachine(RuleBasedStateMachine):
    """A `RuleBasedStateMachine` with a simulated service for every example.

    The service is `self.backend`.

    Write the app's actions as rules, and what must always hold as invariants. The service's part is here already: what the
    next runs do, and how much time passes between the app's actions. A mistake on the test's side ends the example.

    Attributes:
        backend: the service; it answers every OpenAI client that the app builds.
        scripts: what runs do; a strategy. For an app on Responses: `us.run_scripts(api="responses")`.
        settings_of_simulation: arguments of `understudy.simulate`.
    """

    scripts: ClassVar[st.SearchStrategy[Any]] = us.run_scripts(most=2)
    settings_of_simulation: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.backend: Backend = self._stack.enter_context(simulate(**self.settings_of_simulation))

    @rule(script=st.runner().flatmap(lambda machine: machine.scripts))
    def runs_will_go(self, script: Any) -> None:
        """Use this script for every later run."""
        self.backend.perform(script)

    @rule(seconds=st.integers(1, 30) | st.integers(590, 700))
    def time_passes(self, seconds: int) -> None:
        """Let some seconds pass, or about as long as a run lives (600 s)."""
        self.backend.clock.advance(seconds)

    @invariant()
    def the_test_is_sound(self) -> None:
        """End the example at once for a problem on the test's side."""
        raise_all(self.backend.problems)

    def teardown(self) -> None:
        self._stack.close()
