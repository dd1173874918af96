"""Fidelity: how closely a fake resembles the real service.

Recorded sessions are sent to it again, and its answers are compared with the recorded ones.

Works on any server that speaks the API; on our own, the derived scripts make the runs go as they were recorded.
"""

from __future__ import annotations

from understudy._fidelity.conform import conform

__all__ = ["conform"]
