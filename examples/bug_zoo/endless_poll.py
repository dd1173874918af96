"""Polls until the run is over, but does not know that `incomplete` is an end: it polls for ever (openai-python#1407)."""

from bug_zoo import asking, hunting


def broken(client, assistant_id, thread_id):
    run = asking.begin(client, assistant_id, thread_id)
    while run.status not in ("completed", "failed", "cancelled", "expired"):
        run = asking.submit(client, run) if run.status == "requires_action" else asking.again(client, run)
    return asking.answer(client, run)


def mended(client, assistant_id, thread_id):
    return asking.finish(client, asking.begin(client, assistant_id, thread_id))


def hunt(app):
    return hunting.enumerated(app, depth=2)
