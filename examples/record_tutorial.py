"""Records cassettes/tutorial.yaml: the tutorial conversation, from the simulator on a real loopback socket.

Run it from the top of the repository: `python examples/record_tutorial.py`. It serves the simulator (as `understudy serve`
does), points an ordinary OpenAI client at it, and lets the project's own recorder write what goes over the wire.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
import warnings
from pathlib import Path

import openai
import uvicorn

import understudy
from understudy._cli import demo
from understudy._serve.asgi import Application

CASSETTE = Path(__file__).resolve().parents[1] / "cassettes" / demo.CASSETTE
NOTE = "Recorded by examples/record_tutorial.py from understudy's simulator on loopback; not from OpenAI's service."


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)
    backend = understudy.Backend(start=demo.ASKED_AT)
    demo.set_up(backend)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(Application(backend.handle), log_level="warning", server_header=False, date_header=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", api_key="sk-loopback")
    with understudy.use_cassette(CASSETTE, record="all", rename_ids=False):
        demo.converse(client, print, before_run=lambda: backend.clock.advance(demo.RUN_AT - demo.ASKED_AT))
    server.should_exit = True
    thread.join()
    text = CASSETTE.read_text(encoding="utf-8")
    if not text.startswith("#"):  # a comment that is there stays when a cassette is recorded again
        CASSETTE.write_text(f"# {NOTE}\n{text}", encoding="utf-8")
    print(f"\nwrote {CASSETTE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
