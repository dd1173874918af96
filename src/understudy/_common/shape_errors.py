"""Tells errors of recorded data from defects of the code that reads it.

Reading JSON that does not have the API's shape raises ordinary errors, and so does a defect of ours. They differ in what
the error is about: a JSON value, or an object or function of the code.
"""

from __future__ import annotations

import re

# What reading objects raises when they are not shaped as the API's.
SHAPE_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration)

_JSON_TYPES = (dict, list, str, int, float, bool, type(None))
_NAMES = frozenset(kind.__name__ for kind in _JSON_TYPES)
_METHODS = frozenset().union(*(vars(kind) for kind in _JSON_TYPES))  # what one of them has, and another lacks
_QUOTED = re.compile(r"['\"](\w+)['\"]")
_OF_A_CALL = re.compile(r"\(\) (?:takes|missing|got)|not callable")


def is_about_data(error: Exception) -> bool:
    """Return True if an error can come from the shape of recorded data.

    That is the case if a key, an item or a method is missing on a JSON value, or one is of another type than expected.
    A wrong call, and whatever is missing on an object that is not JSON, is a defect of the code.
    """
    if isinstance(error, AttributeError):
        return isinstance(error.obj, _JSON_TYPES) and error.name in _METHODS
    if isinstance(error, TypeError):
        text = str(error)
        return _OF_A_CALL.search(text) is None and _NAMES.issuperset(_QUOTED.findall(text))
    return isinstance(error, SHAPE_ERRORS)
