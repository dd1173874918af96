"""Reads `output[0]` for the answer, where the first item may be a thought or a call (stanford-crfm/helm#3722)."""

from migration_zoo import asking, hunting
from understudy import strategies as us


def broken(client):
    response = asking.create(client)
    while asking.calls(response):
        response = asking.create(client, asking.outputs(response), previous_response_id=response.id)
    return response.output[0].content[0].text if response.status == "completed" else None


def mended(client):
    return asking.finish(client, asking.create(client))


def hunt(app):
    return hunting.drawn(app, us.run_scripts(api="responses"))
