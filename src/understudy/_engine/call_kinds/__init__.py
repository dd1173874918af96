"""The kinds of tool call, one file each.

A file holds the kind's move, state, pieces and words, and how each face shows it. To add a kind, write its file and import
its moves here: `CallState.kinds` and `understudy.scripts` then include it.
"""

from understudy._engine.call_kinds.code_interpreter import CodeInterpreter
from understudy._engine.call_kinds.file_search import FileSearch, SearchResult
from understudy._engine.call_kinds.function import AnyFunctionCall, FunctionCall
from understudy._engine.call_kinds.response_item import ResponseItem

__all__ = ["AnyFunctionCall", "CodeInterpreter", "FileSearch", "FunctionCall", "ResponseItem", "SearchResult"]
