"""Part three of the demo: the tutorial's conversation, ported to Responses.

It reports how the port differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy._parity.report import ParityReport


def parity_with_port(assistant: str, instructions: str, question: str, answer: str, *, planted: bool) -> ParityReport:
    """Run the tutorial's conversation on both APIs, on the same script.

    Args:
        planted: whether the port has a mistake, which the report names: it forgets the run's instructions.
    """
    import openai

    import understudy
    from understudy import Reply

    def old_app() -> Any:
        threads: Any = openai.OpenAI().beta.threads
        thread = threads.create()
        threads.messages.create(thread.id, role="user", content=question)
        threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant, instructions=instructions)
        return threads.messages.list(thread.id).data[0].content[0].text.value

    def new_app() -> str:
        response = openai.OpenAI().responses.create(
            model="gpt-4o",
            instructions=None if planted else instructions,
            input=question,
            tools=[{"type": "code_interpreter", "container": {"type": "auto"}}],
        )
        return response.output_text

    def set_up(backend: understudy.Backend) -> None:
        backend.add_assistant(id=assistant, model="gpt-4o", tools=[{"type": "code_interpreter"}])

    return understudy.parity(old_app, new_app, script=(Reply(answer),), set_up=set_up)
