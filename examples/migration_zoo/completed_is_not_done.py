"""Takes `completed` for the end: there is no `requires_action`, and a response that calls is completed (promptfoo#5172)."""

from migration_zoo import asking, hunting


def broken(client):
    response = asking.create(client)
    return response.output_text if response.status == "completed" else None


def mended(client):
    return asking.finish(client, asking.create(client))


def hunt(app):
    return hunting.enumerated(app, depth=3)
