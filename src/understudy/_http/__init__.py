"""Gets between an HTTP client and the network. Knows requests, answers and hosts; nothing of assistants.

`activate(handler)` is the whole door: from then on every httpx and httpx2 client of this context asks the handler first.
"""

from understudy._http.activation import activate, transport_for
from understudy._http.current import current_handler

__all__ = ["activate", "current_handler", "transport_for"]
