"""Sends the history, as chat completions needed it, and the chain as well: an item comes twice (agents-python#1789)."""

from migration_zoo import asking, hunting
from understudy import strategies as us


def broken(client):
    history = [{"role": "user", "content": asking.QUESTION}]
    response = asking.create(client, history)
    while asking.calls(response):
        history += [*response.output, *asking.outputs(response)]
        response = asking.create(client, history, previous_response_id=response.id)
    return asking.answer(response)


def mended(client):
    history = [{"role": "user", "content": asking.QUESTION}]
    response = asking.create(client, history)
    while asking.calls(response):
        history += [*response.output, *asking.outputs(response)]
        response = asking.create(client, history)
    return asking.answer(response)


def hunt(app):
    return hunting.drawn(app, us.run_scripts(api="responses"))
