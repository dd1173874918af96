"""Adds a message while a run is active: the thread is locked, and it is refused (openai-python#1023)."""

from bug_zoo import asking, hunting
from understudy import strategies as us


def broken(client, assistant_id, thread_id):
    run = asking.begin(client, assistant_id, thread_id)
    client.beta.threads.messages.create(thread_id, role="user", content="And quickly, please.")
    return asking.finish(client, run)


def mended(client, assistant_id, thread_id):
    asking.finish(client, asking.begin(client, assistant_id, thread_id))
    client.beta.threads.messages.create(thread_id, role="user", content="And now?")
    return asking.finish(client, asking.begin(client, assistant_id, thread_id))


def hunt(app):
    return hunting.drawn(app, us.run_scripts())
