"""The guard: what answers where neither a simulation nor a cassette does.

It lets nothing out, and remembers what it met.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from understudy._common.messages import Answer, HostRules, Request, host_names
from understudy._http.hosts import own_base_url
from understudy.errors import RequestBlocked, envelope

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Guard:
    """Refuses every request of ours.

    Args:
        hosts: more host names whose requests are refused.
        pass_hosts: host names whose requests are let out. Loopback is among them unless `hosts` lists it: a server that a
            test talks to on its own machine is no network.

    Attributes:
        test: what runs now, as the refusal names it.
    """

    def __init__(self, hosts: Sequence[str] = (), pass_hosts: Sequence[str] = ()) -> None:
        self.test = "A session"
        self._hosts = host_names(hosts)
        self._pass_hosts = (*pass_hosts, *(host for host in LOOPBACK if host not in self._hosts))
        self._met: list[RequestBlocked] = []
        self._lock = threading.Lock()

    @property
    def rules(self) -> HostRules:
        return HostRules((*HostRules().hosts, *own_base_url(), *self._hosts), self._pass_hosts)

    def handle(self, request: Request) -> Answer:
        """Refuse a request in a 501 that no SDK retries."""
        url = request.url.partition("?")[0]
        problem = RequestBlocked(
            f"{self.test} sent {request.method} {url}, and has neither a simulator nor a cassette that answers (the guard "
            "is on: `understudy_guard`). Either simulate it: let the test ask for the fixture `understudy`, or wrap the "
            "call in `with understudy.simulate()`. Or replay it: mark the test `@pytest.mark.cassette`, and record it with "
            f"`--understudy-record=once`. If it is to be sent: `understudy_pass_hosts = {request.host}` in the pytest ini."
        )
        with self._lock:
            self._met.append(problem)
        return envelope(problem)

    def take(self) -> list[RequestBlocked]:
        """Return what was refused since this was asked last."""
        with self._lock:
            met, self._met = self._met, []
        return met
