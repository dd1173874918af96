"""`time="sleep"`: the app's own sleeping moves a world's clock instead of waiting.

`time.sleep` and the clocks of `time` for the threads of the test (`time_patches`), asyncio's loops (`event_loops`), and a
clock to pass to trio (`trio_clock`). Nothing here knows the service; all of it ends in `Clock.advance`.
"""

from understudy._virtual_time.activation import sleeping

__all__ = ["sleeping"]
