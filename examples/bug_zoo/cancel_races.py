"""Gives up after 30 seconds, cancels, and waits for `cancelled`: but a run may still end before the cancel gets to it."""

import time
from contextlib import suppress

import openai

from bug_zoo import asking, hunting


def broken(client, assistant_id, thread_id):
    run = _patiently(client, asking.begin(client, assistant_id, thread_id))
    if run.status in asking.OVER:
        return asking.answer(client, run)
    client.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    while run.status != "cancelled":
        time.sleep(1)
        run = asking.again(client, run)
    return None


def mended(client, assistant_id, thread_id):
    run = _patiently(client, asking.begin(client, assistant_id, thread_id))
    if run.status not in asking.OVER:
        with suppress(openai.BadRequestError):  # it ended in between
            client.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    while run.status not in asking.OVER:
        time.sleep(1)
        run = asking.again(client, run)
    return asking.answer(client, run)


def _patiently(client, run):
    """Poll for 30 seconds at most."""
    deadline = time.monotonic() + 30
    while run.status not in asking.OVER and time.monotonic() < deadline:
        time.sleep(1)
        run = asking.again(client, run)
    return run


def hunt(app):
    return hunting.enumerated(app, depth=2, time="sleep")
