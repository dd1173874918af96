"""A file for each kind of call: its move, its state, its pieces, its words, and how each face shows it.

To add a kind: write its file and import it here. A `CallMove` with a `CallState` that has a `kind` is all there is to it;
`CallState.kinds` knows it from then on, and `understudy.scripts` has its moves.
"""

from understudy._engine.call_kinds import code_interpreter, file_search, function

__all__ = ["code_interpreter", "file_search", "function"]
