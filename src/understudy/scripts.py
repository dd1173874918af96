"""Scripts: what a run does, as values.

A script is a tuple of moves; a list inside it is one step of parallel calls. Moves are frozen, compare by value, and their
repr is code that can be pasted into a test. What a script alone shows to be impossible is refused when it is made or set;
what depends on the run, when the run starts.
"""

from __future__ import annotations

from understudy._engine import call_kinds
from understudy._engine.call_kinds import *  # noqa: F403 - the moves of every kind of call
from understudy._engine.moves.base import CallMove, Move
from understudy._engine.moves.expire import Expire
from understudy._engine.moves.fail import RUN_ERROR_CODES, Fail
from understudy._engine.moves.hang import Hang
from understudy._engine.moves.incomplete import INCOMPLETE_REASONS, Incomplete
from understudy._engine.moves.reason import Reason
from understudy._engine.moves.reply import Reply
from understudy._engine.moves.wait import Wait
from understudy._engine.script import ScriptedRun, ScriptFunction, Step, check_move, check_moves, waits_for_app
from understudy._engine.script_queue import DEFAULT_SENTENCE

__all__ = [
    "DEFAULT_SENTENCE",
    "INCOMPLETE_REASONS",
    "RUN_ERROR_CODES",
    "CallMove",
    "Expire",
    "Fail",
    "Hang",
    "Incomplete",
    "Move",
    "Reason",
    "Reply",
    "ScriptFunction",
    "ScriptedRun",
    "Step",
    "Wait",
    "check_move",
    "check_moves",
    "waits_for_app",
]
__all__ += call_kinds.__all__
