"""Gets between an HTTP client and the network.

Knows requests, answers and hosts; nothing of assistants.

After `activate(handler)`, every HTTP client of this context asks the handler first, whatever library it is of.
"""

from understudy._http.activation import activate, transport_for
from understudy._http.current import current_handler

__all__ = ["activate", "current_handler", "transport_for"]
