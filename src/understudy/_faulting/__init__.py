"""Faults at work: which fault a request meets, and its effect on the answer.

The fault values are in `understudy.faults`.
"""

from understudy._faulting.schedule import Faults

__all__ = ["Faults"]
