"""Draws docs/pictures/timeline.svg, the picture of the README: `python examples/draw_timeline.py`."""

from __future__ import annotations

import warnings
from pathlib import Path

import understudy
from understudy import FunctionCall, Reply

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "timeline.svg"


def picture() -> str:
    """A run that calls a function, whose output comes three seconds later, and then answers."""
    warnings.simplefilter("ignore", DeprecationWarning)
    backend = understudy.Backend()
    runs = backend.client().beta.threads.runs
    weather = {"type": "function", "function": {"name": "get_weather"}}
    assistant = backend.add_assistant(tools=[weather])
    thread = backend.add_thread(messages=["What is the weather in Paris?"])
    backend.next_run(FunctionCall("get_weather", {"city": "Paris"}), Reply("It is sunny in Paris."))
    run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.required_action is not None
    [call] = run.required_action.submit_tool_outputs.tool_calls
    backend.clock.advance(3)
    outputs = [{"tool_call_id": call.id, "output": "sunny"}]
    runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)  # type: ignore[arg-type]
    return backend.timeline(run.id).svg()


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"wrote {PICTURE}")
