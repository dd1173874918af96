"""Faults carried out: which one a request meets, and what becomes of its answer.

Their values are in `understudy.faults`.
"""

from understudy._faulting.schedule import Faults

__all__ = ["Faults"]
