"""Asks a human before it submits: if that takes more than ten minutes, the run has expired, and the app falls over."""

import openai

from bug_zoo import asking, hunting


def broken(client, assistant_id, thread_id):
    return asking.finish(client, asking.begin(client, assistant_id, thread_id))


def mended(client, assistant_id, thread_id):
    run = asking.begin(client, assistant_id, thread_id)
    while run.status not in asking.OVER:
        if run.status == "requires_action":
            try:
                run = asking.submit(client, run)
            except openai.BadRequestError:  # too late; look what became of it
                run = asking.again(client, run)
        else:
            run = asking.again(client, run)
    return asking.answer(client, run)


def hunt(app):
    return hunting.enumerated(app, depth=4, expires_while_waiting=True)
