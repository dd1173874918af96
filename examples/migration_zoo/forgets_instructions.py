"""Says the instructions once, as to an assistant: they do not travel along the chain (agent-framework#3498 asks for it)."""

from migration_zoo import asking, hunting


def broken(client):
    response = asking.create(client)
    while asking.calls(response):
        response = client.responses.create(
            model=asking.MODEL,
            tools=asking.TOOLS,
            input=asking.outputs(response),
            previous_response_id=response.id,
        )
    return asking.answer(response)


def mended(client):
    return asking.finish(client, asking.create(client))


def hunt(app):
    return hunting.enumerated(app, depth=3)
