"""Takes the end of a stream for the end of the run: what arrived before it broke off is not the answer."""

import understudy
from bug_zoo import asking, hunting
from understudy import strategies as us


def broken(client, assistant_id, thread_id):
    text, run, _ = _read(client, assistant_id, thread_id)
    return text if run.status not in ("failed", "incomplete", "expired", "cancelled") else None


def mended(client, assistant_id, thread_id):
    text, run, complete = _read(client, assistant_id, thread_id)
    return text if complete else asking.finish(client, asking.again(client, run))


def _read(client, assistant_id, thread_id):
    """What a stream said, the run as it last stood, and whether it was there to the end."""
    client.beta.threads.messages.create(thread_id, role="user", content="May I?")
    text, run = "", None
    for event in client.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True):
        if event.event == "thread.message.delta":
            text += "".join(part.text.value or "" for part in event.data.delta.content)
        elif event.event.startswith("thread.run.") and not event.event.startswith("thread.run.step."):
            run = event.data
    return text, run, run.status == "completed"


def hunt(app):
    cuts = us.fault_schedules(streams=True, most=1).filter(lambda faults: all("Cut()" in repr(fault) for fault in faults))
    return hunting.drawn(app, cuts.map(lambda faults: understudy.Trajectory([understudy.Reply("Yes, do.")], faults=faults)))
