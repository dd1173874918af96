"""What is in a cassette, as values.

Where it comes from, its exchanges, its runs, and what is wrong with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from understudy._apis import faces
from understudy._cassettes import Interaction
from understudy._cassettes.load import Contents
from understudy._cassettes.secrets import Scrubber, without_secrets
from understudy._common.shape_errors import SHAPE_ERRORS, is_about_data
from understudy._common.short_text import short
from understudy._diagnostics.timeline import Timeline
from understudy._inspect.conversation import conversation
from understudy._inspect.conversation_entry import ConversationEntry
from understudy._inspect.findings import CassetteFinding, findings, unreadable_parts
from understudy._inspect.response_conversation import output_entries
from understudy._inspect.runs import text_of, timelines
from understudy._reconstruct.timestamps import newest, sent_at

_T = TypeVar("_T")
_DAY = 86_400
_CLOUDS = ((".openai.azure.com", "Azure OpenAI"), ("api.openai.com", "OpenAI"))


@dataclass(frozen=True)
class Line:
    """One or more exchanges in a row with the same request and the same answer.

    Attributes:
        first, last: their numbers in the recording.
        count: how many polls there were, including those that the recorder left out.
        what: what the answer says, in words.
    """

    first: int
    last: int
    count: int
    method: str
    path: str
    operation: str
    status: int
    what: str


@dataclass(frozen=True, kw_only=True)
class CassetteView:
    """A cassette as it is shown.

    Attributes:
        recorded: first and last moment of the recording in unix seconds; None if nothing in it shows them.
        now: when it is shown, in unix seconds.
        clients, servers: who recorded it, and from whom; the most frequent first.
        no_runs, no_conversation: why these could not be reconstructed; "" if they could.
        exchanges: all of them, without secrets.
        conversation: who said, called and returned what.
        unreadable: parts that are lost; each a sentence.
        recorder: whose format the file is in; "" if that is not known.
    """

    path: Path
    interactions: int
    recorded: tuple[float, float] | None
    now: float
    clients: tuple[str, ...]
    servers: tuple[str, ...]
    lines: tuple[Line, ...]
    runs: tuple[Timeline, ...]
    no_runs: str
    unreadable: tuple[str, ...]
    findings: tuple[CassetteFinding, ...]
    exchanges: tuple[Interaction, ...] = ()
    conversation: tuple[ConversationEntry, ...] = ()
    no_conversation: str = ""
    recorder: str = ""

    @property
    def age(self) -> str:
        """When it was recorded, in words."""
        if self.recorded is None:
            return "unknown: nothing in it says when"
        day = datetime.fromtimestamp(self.recorded[0], UTC).strftime("%Y-%m-%d %H:%M UTC")
        days = int((self.now - self.recorded[0]) // _DAY)
        return f"{day}, {days} days ago" if days else f"{day}, today"


def view_of(path: Path, interactions: Sequence[Interaction], now: float, contents: Contents | None = None) -> CassetteView:
    """Return the view of a cassette.

    It contains no secrets: they are taken out here, since a secret that is cut off later no longer
    has its shape.

    Args:
        path: of the file.
        interactions: its exchanges.
        now: in unix seconds; its age is counted from it.
        contents: of its file, if it has one.
    """
    scrubber = Scrubber()
    found = tuple(findings(path, interactions, scrubber, contents.text if contents else ""))
    interactions = [without_secrets(interaction, scrubber) for interaction in interactions]
    runs, no_runs = _reconstructed(timelines, interactions)
    said, no_conversation = _reconstructed(conversation, interactions)
    return CassetteView(
        path=path,
        interactions=len(interactions),
        recorded=_recorded(interactions),
        now=now,
        clients=_most_frequent(filter(None, map(client_of, interactions))),
        servers=_most_frequent(map(server_of, interactions)),
        lines=tuple(_lines(interactions)),
        runs=tuple(runs),
        no_runs=no_runs,
        unreadable=(*unreadable_parts(interactions), *(contents.omitted if contents else ())),
        findings=found,
        exchanges=tuple(interactions),
        conversation=tuple(said),
        no_conversation=no_conversation,
        recorder=contents.recorder if contents else "",
    )


def _reconstructed(
    reconstruct: Callable[[Sequence[Interaction]], Sequence[_T]], interactions: Sequence[Interaction]
) -> tuple[Sequence[_T], str]:
    """Return what a function makes of a recording, and why it could not.

    It cannot if another server's objects are shaped differently.
    """
    try:
        return reconstruct(interactions), ""
    except SHAPE_ERRORS as error:
        if not is_about_data(error):
            raise
        return (), f"its objects are not shaped as the API's: {error!r}"


def _most_frequent(names: Any) -> tuple[str, ...]:
    return tuple(name for name, _ in Counter(names).most_common())


# -- where it comes from ----------------------------------------------------------


def client_of(interaction: Interaction) -> str:
    """Return the client that sent a request, by its headers; "" if they do not say."""
    headers = {name.lower(): value for name, value in interaction.request_headers}
    language, version = headers.get("x-stainless-lang"), headers.get("x-stainless-package-version")
    if language and version:
        return f"OpenAI SDK for {language} {version}"
    return headers.get("user-agent", "")


def server_of(interaction: Interaction) -> str:
    """Return whose server answered, by its host.

    `openai-version` shows that it was the real one, or imitates it.
    """
    name = next((name for end, name in _CLOUDS if interaction.host.endswith(end)), "")
    said = [name, f"openai-version {version}" if (version := interaction.header("openai-version")) else ""]
    about = ", ".join(filter(None, said))
    return f"{interaction.host or 'an unknown host'}{f' ({about})' if about else ''}"


def _recorded(interactions: Sequence[Interaction]) -> tuple[float, float] | None:
    """Return the first and the last moment of a recording, in unix seconds.

    By what the recorder wrote, else the answers' dates, else the newest objects that they show;
    None if none of these is there.
    """
    for read_moment in (_written_down, lambda one: sent_at(one.header("date")), _newest_object):
        moments = [moment for moment in map(read_moment, interactions) if moment]
        if moments:
            return min(moments), max(moments)
    return None


def _written_down(interaction: Interaction) -> float:
    try:
        return datetime.fromisoformat(interaction.recorded_at or "").timestamp()
    except ValueError:
        return sent_at(interaction.recorded_at)  # Ruby VCR's way to write it


def _newest_object(interaction: Interaction) -> float:
    return newest([data for _, data in interaction.events] or interaction.json)


# -- its exchanges ------------------------------------------------------------------


def _lines(interactions: Sequence[Interaction]) -> Iterator[Line]:
    described = [(interaction, operation_of(interaction), what_of(interaction)) for interaction in interactions]
    for (path, operation, status, what), group in groupby(
        described, key=lambda one: (f"{one[0].method} {_path(one[0])}", one[1], one[0].status, one[2])
    ):
        members = [interaction for interaction, _, _ in group]
        method, _, rest = path.partition(" ")
        polls = sum(member.dwell[1] for member in members)
        yield Line(members[0].index, members[-1].index, polls, method, rest, operation, status, what)


def _path(interaction: Interaction) -> str:
    query = "&".join(f"{name}={value}" for name, value in interaction.query)
    return f"{interaction.path}?{query}" if query else interaction.path


def operation_of(interaction: Interaction) -> str:
    """Return the name of the operation that an exchange requested."""
    operation = faces.ALL.find(interaction.method, interaction.path).operation
    return operation.name if operation is not None else "an operation that is not simulated"


def what_of(interaction: Interaction) -> str:
    """Return what an answer says, in a few words."""
    if interaction.body is None:
        return "lost"
    if interaction.is_stream:
        names = [name for name, _ in interaction.events if name != "done"]
        return f"{len(names)} events, {names[0]} to {names[-1]}" if names else "an empty stream"
    value = interaction.json
    if not isinstance(value, dict):
        return f"{len(interaction.body)} bytes"
    if isinstance(value.get("error"), dict):
        return short(str(value["error"].get("message")))
    return _what_of_object(value)


def _what_of_object(value: dict[str, Any]) -> str:
    if isinstance(value.get("data"), list):
        more = " and more" if value.get("has_more") else ""
        return f"{len(value['data'])} listed{more}"
    if value.get("object") == "thread.message":
        try:
            return f"{value.get('role')}: {short(text_of(value))!r}"
        except SHAPE_ERRORS as error:  # another server's idea of a message
            if not is_about_data(error):
                raise
            return "a message"
    if value.get("object") == "response":
        return _what_of_response(value)
    said = (value.get("id"), value.get("status"), "deleted" if value.get("deleted") else None)
    return ", ".join(str(item) for item in said if item)


def _what_of_response(value: dict[str, Any]) -> str:
    output = value.get("output")
    said = [f"{entry.label} {short(entry.words)!r}" for entry in output_entries(output)]
    return f"{value.get('status')}: {', '.join(said)}" if said else f"{value.get('id')}, {value.get('status')}"
