"""Submits the outputs, does not look at what it is told, and submits them again: the run does not wait any more."""

from bug_zoo import asking, hunting


def broken(client, assistant_id, thread_id):
    run = asking.begin(client, assistant_id, thread_id)
    while run.status not in asking.OVER:
        if run.status == "requires_action":
            asking.submit(client, run)
            asking.submit(client, run)  # as two workers do that both saw `requires_action`
        run = asking.again(client, run)
    return asking.answer(client, run)


def mended(client, assistant_id, thread_id):
    return asking.finish(client, asking.begin(client, assistant_id, thread_id))


def hunt(app):
    return hunting.enumerated(app, depth=4)
