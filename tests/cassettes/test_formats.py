"""A cassette of every format there ever was is read for ever; one of a newer format is refused by name.

The files in `data` were written by the version that they are named for, and are never written again: who changes the format
adds one.
"""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from understudy import use_cassette
from understudy._cassettes import load
from understudy._cassettes.load import OUR_FORMAT
from understudy.errors import CassetteError

DATA = Path(__file__).parent / "data"


def talk(client: openai.OpenAI, streamed: bool) -> list[str]:
    """The conversation that all of them hold; gives what was said, newest first."""
    beta = client.beta
    assistant = beta.assistants.create(model="gpt-4o")
    thread = beta.threads.create()
    beta.threads.messages.create(thread.id, role="user", content="grüß 🎭")
    run = beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed"
    if streamed:
        with beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
            stream.until_done()
        assert client.files.create(file=("a.bin", b"\x00\xff\r\nbinary"), purpose="assistants").filename == "a.bin"
    page = beta.threads.messages.list(thread.id)
    return [message.content[0].to_dict()["text"]["value"] for message in page]  # type: ignore[index]


@pytest.mark.parametrize("name", ["format-1.yaml", "format-1.json", "vcrpy-9.yaml"])
def test_it_is_read_and_played(name: str) -> None:
    """The conversation is played to its end, nothing is left over, and the file stays as it is."""
    path = DATA / name
    old = path.read_bytes()
    streamed = name == "format-1.yaml"
    with use_cassette(path, unplayed="error"), openai.OpenAI(max_retries=2) as client:
        said = talk(client, streamed)
    assert said == ["streamed in several pieces"] * streamed + ["polled", "grüß 🎭"]
    assert path.read_bytes() == old


def test_what_format_1_adds_to_vcrpys() -> None:
    """Times, tests, dropped connections and the bytes of an upload are read as they were written."""
    interactions = load(DATA / "format-1.yaml")
    assert all(one.recorded_at for one in interactions)
    assert [one.broken[0] for one in interactions if one.broken] == ["RemoteProtocolError"]
    (stream,) = [one for one in interactions if one.is_stream]
    assert stream.timings[-1][1] == len(stream.body or b"")
    assert b"\x00\xff\r\nbinary" in next(one.request_body or b"" for one in interactions if one.path == "/files")


def test_every_format_has_its_file() -> None:
    """A new format does not come without a cassette that holds it to its word."""
    assert all((DATA / f"format-{number}.yaml").exists() for number in range(1, OUR_FORMAT + 1))


def test_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    """A cassette of a later understudy names its format, file and line, and what to do."""
    path = tmp_path / "c.yaml"
    path.write_text((DATA / "format-1.yaml").read_text().replace("  format: 1\n", f"  format: {OUR_FORMAT + 1}\n"))
    line = path.read_text().splitlines().index(f"  format: {OUR_FORMAT + 1}") + 1
    with pytest.raises(CassetteError, match=rf"c\.yaml:{line}: this file was written in format 2 of understudy.* Upgrade"):
        load(path)
