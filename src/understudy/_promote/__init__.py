"""Promotion: turn a recording into a scenario that the simulator can continue.

Every object that was there before is seeded under its own id, every run gets the script that its recording shows, and what
the session made gets the recorded ids again. From there on the app may leave the recorded path.
"""

from understudy._promote.fallback import backend_fallback
from understudy._promote.promotion import code_of, code_of_test, from_cassette

__all__ = ["backend_fallback", "code_of", "code_of_test", "from_cassette"]
