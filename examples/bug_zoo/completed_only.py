"""`while run.status != "completed"`: never ends with a run that failed."""

from bug_zoo import asking, hunting


def broken(client, assistant_id, thread_id):
    run = asking.begin(client, assistant_id, thread_id)
    while run.status != "completed":
        run = asking.again(client, run)
    return asking.answer(client, run)


def mended(client, assistant_id, thread_id):
    return asking.finish(client, asking.begin(client, assistant_id, thread_id))


def hunt(app):
    return hunting.enumerated(app, depth=1)
