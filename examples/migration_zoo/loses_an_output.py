"""Brings the output of one call where there are several; the next turn is refused (openai-agents-python#673)."""

from migration_zoo import asking, hunting
from understudy import strategies as us


def broken(client):
    response = asking.create(client)
    while asking.calls(response):
        response = asking.create(client, asking.outputs(response)[:1], previous_response_id=response.id)
    return asking.answer(response)


def mended(client):
    return asking.finish(client, asking.create(client))


def hunt(app):
    return hunting.drawn(app, us.run_scripts(api="responses"))
