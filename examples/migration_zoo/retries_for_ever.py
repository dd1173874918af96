"""Asks on while a response runs in the conversation, and tries again as long as it is locked (careme#379)."""

import time

import openai

from migration_zoo import asking, hunting
from understudy import strategies as us


def _ask(client, attempts):
    conversation = client.conversations.create()
    first = asking.create(client, conversation=conversation.id, background=True)
    while True:
        try:
            second = asking.create(client, "And now?", conversation=conversation.id)
        except openai.BadRequestError as error:
            attempts -= 1
            if error.code != "conversation_locked" or not attempts:
                return asking.answer(client.responses.cancel(first.id))
            time.sleep(10)
        else:
            return asking.answer(second)


def broken(client):
    return _ask(client, attempts=-1)


def mended(client):
    return _ask(client, attempts=12)


def hunt(app):
    return hunting.drawn(app, us.run_scripts(api="responses", calls=False, hangs=True))
