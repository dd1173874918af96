"""Answers only the first of the calls that a run waits for."""

from bug_zoo import asking, hunting
from understudy import strategies as us


def broken(client, assistant_id, thread_id):
    run = asking.begin(client, assistant_id, thread_id)
    while run.status not in asking.OVER:
        if run.status == "requires_action":
            run = client.beta.threads.runs.submit_tool_outputs(
                run.id, thread_id=thread_id, tool_outputs=asking.outputs(run)[:1]
            )
        else:
            run = asking.again(client, run)
    return asking.answer(client, run)


def mended(client, assistant_id, thread_id):
    return asking.finish(client, asking.begin(client, assistant_id, thread_id))


def hunt(app):
    return hunting.drawn(app, us.run_scripts())
