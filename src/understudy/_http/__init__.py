"""Interception of HTTP clients: requests, answers and hosts, nothing of any API.

After `activate(handler)`, every HTTP client of this context asks the handler first, whatever its library.
"""

from understudy._http.activation import activate, transport_for
from understudy._http.current import current_handler

__all__ = ["activate", "current_handler", "transport_for"]
