"""What is written in one turn of the server leaves in one piece, in order, and never late."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from understudy._common.messages import Abort, Chunk, Pause, Request, Response
from understudy._serve.asgi import EVENTS_A_TURN, Application


class Transport:
    """Where bytes leave: each write is a call of the system."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.writes.append(data)

    def close(self) -> None:
        self.closed = True


class Exchange:
    """What uvicorn makes of a request: its method `send` writes each message to the transport."""

    def __init__(self) -> None:
        self.transport: Any = Transport()
        self.where = self.transport

    async def send(self, message: dict[str, Any]) -> None:
        is_head = message["type"] == "http.response.start"
        self.transport.write(f"[{message['status']}]".encode() if is_head else message["body"])
        if not is_head and not message.get("more_body"):
            self.transport.write(b"[end]")


def sent(response: Response) -> Transport:
    """Return where the bytes of a response went."""
    exchange = Exchange()
    asked = [{"type": "http.request", "body": b""}]

    async def receive() -> dict[str, Any]:
        if not asked:
            if exchange.where.closed:
                return {"type": "http.disconnect"}
            await asyncio.Event().wait()
        return asked.pop()

    async def handle(request: Request) -> Response:
        return response

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http", "headers": []}
    asyncio.run(Application(handle)(scope, receive, exchange.send))
    return exchange.where  # type: ignore[no-any-return]


def streamed(*chunks: Chunk) -> Transport:
    return sent(Response(200, stream=iter(chunks)))


def test_head_and_body_leave_in_one_piece() -> None:
    """The head of a response waits for its body."""
    assert sent(Response(200, body=b"body")).writes == [b"[200]body", b"[end]"]


def test_events_of_a_turn_leave_in_one_piece() -> None:
    """Events between which no other connection can proceed are one write; the last goes with the end."""
    events = [f"<{number}>".encode() for number in range(EVENTS_A_TURN + 2)]
    first, rest = events[:EVENTS_A_TURN], events[EVENTS_A_TURN:]
    assert streamed(*events).writes == [b"[200]" + b"".join(first), b"".join(rest), b"[end]"]


def test_nothing_waits_for_a_pause() -> None:
    """What comes before a pause has left when the pause begins."""
    seen: list[list[bytes]] = []
    exchange_writes: list[Transport] = []

    def chunks() -> Any:
        yield b"before"
        yield Pause(0)
        seen.append(list(exchange_writes[0].writes))
        yield b"after"

    original = Exchange.__init__

    def watched(self: Exchange) -> None:
        original(self)
        exchange_writes.append(self.where)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Exchange, "__init__", watched)
        assert sent(Response(200, stream=chunks())).writes == [b"[200]before", b"after", b"[end]"]
    assert seen == [[b"[200]before"]]


def test_what_comes_before_a_break_is_sent() -> None:
    """A stream that breaks off has sent all that came before, and then the connection is closed."""
    transport = streamed(b"one", b"two", Abort("ReadError", "broken"))
    assert (transport.writes, transport.closed) == ([b"[200]onetwo"], True)


@given(st.lists(st.binary(min_size=1, max_size=3) | st.just(Pause(0)), max_size=20))
@settings(examples(60), deadline=None)
def test_no_byte_is_lost_or_moved(chunks: Sequence[bytes | Pause]) -> None:
    """Whatever a stream is made of, its bytes arrive once and in order."""
    expected = b"".join(chunk for chunk in chunks if isinstance(chunk, bytes))
    assert b"".join(streamed(*chunks).writes) == b"[200]" + expected + b"[end]"
