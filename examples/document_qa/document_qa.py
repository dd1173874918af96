"""Questions about a shelf of documents, answered with footnotes: files, a vector store, file search, code interpreter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from openai import OpenAI
from openai.types.beta.threads import Message
from openai.types.beta.threads.text import Text

INSTRUCTIONS = "Answer from the documents only, and cite them. Draw a chart where that helps."


class NoAnswer(Exception):
    """The run did not come to an answer."""


class NotReadable(Exception):
    """Documents that cannot be searched."""


@dataclass(frozen=True)
class Answer:
    """An answer with footnotes: `[1]` in the text stands for the first of the sources. Charts are PNG images."""

    text: str
    sources: tuple[str, ...] = ()
    charts: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"[{number}] {source}" for number, source in enumerate(self.sources, 1))])


class Shelf:
    """Documents, in a vector store that goes when nobody has used it for a week."""

    def __init__(self, client: OpenAI | None = None) -> None:
        self._client = client or OpenAI()
        week = {"anchor": "last_active_at", "days": 7}
        self._store = self._client.vector_stores.create(name="Shelf", expires_after=week)  # type: ignore[arg-type]
        self._assistant = self._client.beta.assistants.create(
            model="gpt-4o",
            instructions=INSTRUCTIONS,
            tools=[{"type": "file_search"}, {"type": "code_interpreter"}],
            tool_resources={"file_search": {"vector_store_ids": [self._store.id]}},
        )

    def add(self, paths: Iterable[Path]) -> None:
        """Put documents on the shelf, and wait until they can be searched.

        Raises:
            NotReadable: some cannot; it names them. The others are on the shelf.
        """
        uploaded = {self._upload(path): path.name for path in paths}
        files = self._client.vector_stores.files
        for file_id in uploaded:
            files.create(vector_store_id=self._store.id, file_id=file_id)
        states = [files.poll(file_id, vector_store_id=self._store.id) for file_id in uploaded]
        failed = [
            f"{uploaded[file.id]}: {file.last_error.message if file.last_error else file.status}"
            for file in states
            if file.status != "completed"
        ]
        if failed:
            raise NotReadable("; ".join(failed))

    def ask(self, question: str) -> Answer:
        """Ask about the documents."""
        threads = self._client.beta.threads
        thread = threads.create(messages=[{"role": "user", "content": question}])
        run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=self._assistant.id)
        if run.status != "completed":
            raise NoAnswer(run.last_error.message if run.last_error else f"The run is {run.status}.")
        return self._with_footnotes(threads.messages.list(thread.id, run_id=run.id, order="asc"))

    def clear(self) -> None:
        """Take everything away: the documents, the store, the assistant."""
        for file in self._client.vector_stores.files.list(self._store.id):
            self._client.files.delete(file.id)
        self._client.vector_stores.delete(self._store.id)
        self._client.beta.assistants.delete(self._assistant.id)

    def _upload(self, path: Path) -> str:
        return self._client.files.create(file=path, purpose="assistants").id

    def _with_footnotes(self, messages: Iterable[Message]) -> Answer:
        cited: list[str] = []  # ids of files, in the order of their numbers
        texts, charts = [], []
        for message in messages:
            for part in message.content:
                if part.type == "text":
                    texts.append(footnoted(part.text, cited))
                elif part.type == "image_file":
                    charts.append(self._client.files.content(part.image_file.file_id).read())
        names = tuple(self._client.files.retrieve(file_id).filename for file_id in cited)
        return Answer("\n".join(texts), names, tuple(charts))


def footnoted(text: Text, cited: list[str]) -> str:
    """A text with its citation markers replaced by numbers. `cited` gets the files that had none yet."""
    pieces, at = [], 0
    for annotation in sorted(text.annotations, key=lambda annotation: annotation.start_index):
        if annotation.type == "file_citation":
            file_id = annotation.file_citation.file_id
            if file_id not in cited:
                cited.append(file_id)
            pieces += [text.value[at : annotation.start_index], f"[{cited.index(file_id) + 1}]"]
            at = annotation.end_index
    return "".join([*pieces, text.value[at:]])
