"""A simulation as part of a server: its API, its verbs, its live events."""

from __future__ import annotations

from understudy._common.messages import Request
from understudy._serve import admin
from understudy._serve.admin_schema import document
from understudy._serve.asgi import LiveResponse, ServedAnswer
from understudy._serve.hosts import json_response
from understudy._serve.simulated import Simulation

_EVENTS = (("content-type", "text/event-stream"), ("cache-control", "no-store"))


class AdministeredSimulation:
    """A simulation with its admin route."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def handle(self, request: Request) -> ServedAnswer:
        """Respond to a request to the API."""
        return self._simulation.handle(request)

    async def admin(self, request: Request, verb: str) -> ServedAnswer:
        """Respond to a request to the admin route."""
        if verb == "events":
            return LiveResponse(200, _EVENTS, self._simulation.feed.events(self._simulation.look))
        if verb == "openapi.json":
            return json_response(200, document())
        return admin.answer(self._simulation, request, verb)
