"""A real server on 127.0.0.1 that answers with any handler: recording is tested over real sockets.

Streams are sent chunk by chunk, each as soon as the handler gives it; an `Abort` cuts the connection.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from understudy._common.messages import Abort, Answer, Request, Response


@contextmanager
def served(handler: Any) -> Iterator[str]:
    """Serve `handler.handle(Request) -> Response | Abort`; gives the base URL, `http://127.0.0.1:PORT`."""

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two writes: the second would wait for the client, 40 ms

        def answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            request = Request(self.command, self.path, tuple(self.headers.items()), self.rfile.read(size))
            try:
                self.give(handler.handle(request))
            except (BrokenPipeError, ConnectionResetError):  # the client went away, as some tests want it to
                self.close_connection = True

        do_GET = do_POST = do_DELETE = answer  # noqa: N815  the names that the standard library calls

        def give(self, answer: Answer) -> None:
            if not isinstance(answer, Response):
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.stream is None:
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
                return
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for chunk in answer.stream:
                if isinstance(chunk, Abort):
                    self.close_connection = True
                    return
                if isinstance(chunk, bytes):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
