"""`time="sleep"`: the app's sleeping moves the virtual clock instead of waiting.

It covers `time.sleep` and the clocks of `time` in the threads of the test (`time_patches`), asyncio's loops (`event_loops`),
and trio, with a clock to pass to it (`trio_clock`). Nothing here knows the service; everything ends in `Clock.advance`.
"""

from understudy._virtual_time.activation import sleeping

__all__ = ["sleeping"]
