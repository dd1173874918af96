"""The guard: answers where neither a simulation nor a cassette does.

It refuses every API request, and records the refusals.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from understudy._common.messages import Answer, HostRules, Request, host_names
from understudy._http.hosts import own_base_url
from understudy.errors import RequestBlocked, envelope

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Guard:
    """Refuses every API request.

    Args:
        hosts: further host names whose requests are refused.
        pass_hosts: host names whose requests are passed through. Loopback is among them unless `hosts` lists it: a server on
            the test's own machine is not the network.

    Attributes:
        test: the name of what runs now, for the refusal.
    """

    def __init__(self, hosts: Sequence[str] = (), pass_hosts: Sequence[str] = ()) -> None:
        self.test = "A session"
        self._hosts = host_names(hosts)
        self._pass_hosts = (*pass_hosts, *(host for host in LOOPBACK if host not in self._hosts))
        self._refused: list[RequestBlocked] = []
        self._lock = threading.Lock()

    @property
    def rules(self) -> HostRules:
        return HostRules((*HostRules().hosts, *own_base_url(), *self._hosts), self._pass_hosts)

    def handle(self, request: Request) -> Answer:
        """Refuse a request with a 501 that no SDK retries."""
        url = request.url.partition("?")[0]
        problem = RequestBlocked(
            f"{self.test} sent {request.method} {url}, but has neither a simulator nor a cassette to answer it (the guard "
            "is on: `understudy_guard`). To simulate it, request the fixture `understudy` or wrap the call in `with "
            "understudy.simulate()`. To replay it, mark the test `@pytest.mark.cassette` and record it with "
            f"`--understudy-record=once`. To send it, set `understudy_pass_hosts = {request.host}` in the pytest ini file."
        )
        with self._lock:
            self._refused.append(problem)
        return envelope(problem)

    def take(self) -> list[RequestBlocked]:
        """Return the refusals since the last call."""
        with self._lock:
            refused, self._refused = self._refused, []
        return refused
