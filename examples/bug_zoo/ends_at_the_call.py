"""Takes `requires_action` for the end of polling: submits, and reads the answer before there is one (openai-python#1470)."""

from bug_zoo import asking, hunting


def broken(client, assistant_id, thread_id):
    run = asking.begin(client, assistant_id, thread_id)
    while run.status not in (*asking.OVER, "requires_action"):
        run = asking.again(client, run)
    if run.status == "requires_action":
        run = asking.submit(client, run)
    return asking.answer(client, run)


def mended(client, assistant_id, thread_id):
    return asking.finish(client, asking.begin(client, assistant_id, thread_id))


def hunt(app):
    return hunting.enumerated(app, depth=4)
