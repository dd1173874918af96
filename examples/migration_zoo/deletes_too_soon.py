"""Gives up after ten seconds and deletes the conversation; the response in it runs on, and is paid for (caracal#414)."""

import time

from migration_zoo import asking, hunting
from understudy import strategies as us


def _ask(client, gives_up):
    conversation = client.conversations.create()
    response = asking.create(client, conversation=conversation.id, background=True)
    until = time.monotonic() + 10
    while True:
        while response.status not in asking.OVER:
            if time.monotonic() > until:
                response = gives_up(client, response)
                client.conversations.delete(conversation.id)
                return asking.answer(response)
            time.sleep(1)
            response = client.responses.retrieve(response.id)
        if not asking.calls(response):
            client.conversations.delete(conversation.id)
            return asking.answer(response)
        response = asking.create(client, asking.outputs(response), conversation=conversation.id, background=True)


def broken(client):
    return _ask(client, lambda client, response: response)  # noqa: ARG005 - it only goes


def mended(client):
    return _ask(client, lambda client, response: client.responses.cancel(response.id))


def hunt(app):
    return hunting.drawn(app, us.run_scripts(api="responses", hangs=True))
