"""Leaves it to retries to get a message through: when the answer was lost, the message is there twice."""

import openai

from bug_zoo import asking, hunting


def broken(client, assistant_id, thread_id):
    client.beta.threads.messages.create(thread_id, role="user", content="May I?")  # the SDK retries
    return _run(client, assistant_id, thread_id)


def mended(client, assistant_id, thread_id):
    sent = client.with_options(max_retries=0).beta.threads.messages
    while not client.beta.threads.messages.list(thread_id).data:
        try:
            sent.create(thread_id, role="user", content="May I?")
        except openai.InternalServerError:
            continue
    return _run(client, assistant_id, thread_id)


def _run(client, assistant_id, thread_id):
    created = client.with_options(max_retries=0).beta.threads.runs
    run = None
    while run is None:
        try:
            run = created.create(thread_id, assistant_id=assistant_id)
        except openai.InternalServerError:
            run = next(iter(client.beta.threads.runs.list(thread_id).data), None)
    return asking.finish(client, run)


def hunt(app):
    return hunting.enumerated(app, depth=1, faults=1)
