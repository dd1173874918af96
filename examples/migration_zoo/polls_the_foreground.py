"""Kept the loop that polls, with its deadline and its cancel, but asks in the foreground: the create itself waits, past
every deadline, until the client's timeout (openai-agents-python#3471).
"""

from migration_zoo import asking, hunting


def broken(client):
    response = asking.create(client)
    response = asking.wait(client, response, seconds=60)
    while asking.calls(response):
        response = asking.create(client, asking.outputs(response), previous_response_id=response.id)
        response = asking.wait(client, response, seconds=60)
    return asking.answer(response)


def mended(client):
    response = asking.create(client, background=True)
    response = asking.wait(client, response, seconds=60)
    while asking.calls(response):
        response = asking.create(client, asking.outputs(response), previous_response_id=response.id, background=True)
        response = asking.wait(client, response, seconds=60)
    return asking.answer(response)


def hunt(app):
    return hunting.enumerated(app, depth=3, hangs=True)
