"""`understudy scrub`: secrets out of a cassette, and nothing else of it changed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.cassettes.building import TOOL_CALL, written
from understudy._cassettes import load
from understudy._cassettes.binary_values import binary_values
from understudy._cassettes.yaml_reader import yaml_data
from understudy._cli.main import main

KEY = "sk-proj-abcdefghijklmnop1234567890"
TEXT = f"""\
# a comment of its owner
interactions:
- request:
    body: '{{"metadata":{{}}}}'
    headers:
      authorization: [Bearer {KEY}]
    method: POST
    uri: https://api.openai.com/v1/threads
  response:
    body: {{string: '{{"id": "thread_1", "object": "thread"}}'}}
    headers: {{content-type: [application/json]}}
    status: {{code: 200, message: OK}}
- request: {{body: null, headers: {{}},   method: GET, uri: 'https://api.openai.com/v1/threads/thread_1'}}
  response:
    body: {{string: '{{"id": "thread_1", "object": "thread"}}'}}
    headers: {{content-type: [application/json]}}
    status: {{code: 200, message: OK}}
version: 1
"""


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """A cassette with a key in one of its two exchanges."""
    path = tmp_path / "leaky.yaml"
    path.write_text(TEXT)
    return path


def test_in_place_with_a_backup(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The key is gone, the original is beside it for its owner alone, and what held no secret is as it was written."""
    assert main(["scrub", str(leaky)]) == 0
    said = capsys.readouterr().out
    assert f"{leaky}: #0: the header authorization" in said
    assert KEY not in said
    text = leaky.read_text()
    assert KEY not in text
    assert text.startswith("# a comment of its owner\n")
    assert "headers: {},   method: GET" in text
    backup = leaky.with_name("leaky.yaml.bak")
    assert backup.read_text() == TEXT
    assert backup.stat().st_mode & 0o077 == 0
    assert [one.json for one in load(leaky)] == [one.json for one in load(backup)]
    assert main(["scrub", str(leaky)]) == 0
    assert "no secret found" in capsys.readouterr().out
    assert leaky.read_text() == text
    assert len(list(leaky.parent.glob("*.bak*"))) == 1


def test_backups_are_not_overwritten(leaky: Path) -> None:
    """A second original gets a name of its own."""
    main(["scrub", str(leaky)])
    leaky.write_text(TEXT.replace("thread_1", "thread_2"))
    main(["scrub", str(leaky)])
    assert leaky.with_name("leaky.yaml.bak").read_text() == TEXT
    assert "thread_2" in leaky.with_name("leaky.yaml.bak2").read_text()


def test_dry_run(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what would be scrubbed, exits 1, and writes nothing."""
    assert main(["scrub", "--dry-run", str(leaky)]) == 1
    assert "#0: the header authorization" in capsys.readouterr().out
    assert leaky.read_text() == TEXT
    assert [path.name for path in leaky.parent.iterdir()] == ["leaky.yaml"]


def test_elsewhere(leaky: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With -o the original stays as it is; a place that is taken is refused."""
    target = tmp_path / "clean.yaml"
    assert main(["scrub", str(leaky), "-o", str(target)]) == 0
    assert KEY not in target.read_text()
    assert leaky.read_text() == TEXT
    assert main(["scrub", str(leaky), "-o", str(target)]) == 2
    assert f"{target}: this file already exists" in capsys.readouterr().err
    (tmp_path / "folder").mkdir()
    assert main(["scrub", str(leaky), str(target), "-o", str(tmp_path / "folder")]) == 0
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["clean.yaml", "leaky.yaml"]


def test_a_key_that_turns_up_elsewhere(tmp_path: Path) -> None:
    """What a header shows to be secret is taken out of bodies, too, though it has no shape of a key."""
    path = tmp_path / "c.yaml"
    path.write_text(TEXT.replace(KEY, "quite-plain-words").replace('"object": "thread"', '"note": "quite-plain-words"'))
    assert main(["scrub", str(path)]) == 0
    assert "quite-plain-words" not in path.read_text()


def test_own_patterns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pattern of the user's own is scrubbed as a key is."""
    path = written(tmp_path / "c.json", TOOL_CALL)
    assert main(["scrub", str(path), "--scrub", "text [12]"]) == 0
    assert "text 1" not in path.read_text()
    assert "the answer's body" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT[:300], "is cut off or corrupt"),
        (f"# {KEY}\n{TEXT}", "it would still contain secrets"),
        (
            json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": []}}),
            "was not scrubbed: it is a file of",
        ),
    ],
    ids=["cut", "a secret in a comment", "another recorder's"],
)
def test_what_is_not_understood_whole(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused with the reason and stays as it is; no backup is left behind."""
    path = tmp_path / "c.yaml"
    path.write_text(text)
    assert main(["scrub", str(path)]) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert KEY not in shown
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir() if not each.name.startswith(".")] == ["c.yaml"]


BLOB = b"\x89PNG\r\n\xff\xfe" + b"\x00" * 41 + KEY.encode() + b"\xff" * 60
ENCODED = "".join(f"      {line}\n" for line in base64.encodebytes(BLOB).decode().splitlines())
PICKLED = "!!python/object/new:_io.BytesIO\n  state: !!python/tuple\n  - !!binary |\n" + ENCODED + "  - 0\n  - null\n"
HARMLESS = TEXT.replace(f"Bearer {KEY}", "none")


@pytest.mark.parametrize(
    "beside",
    [
        f"  attached: !!binary |\n{ENCODED}",
        f"  attached: {{deep: [1, !<tag:yaml.org,2002:binary> {base64.b64encode(BLOB).decode()}]}}\n",
        f"  attached: {PICKLED}".replace("\n", "\n  ").rstrip() + "\n",
    ],
    ids=["a block", "deep", "a pickled file"],
)
def test_a_key_in_a_binary_value(beside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A binary value under an unknown key is searched byte for byte, and keeps the bytes around the key."""
    path = tmp_path / "c.yaml"
    path.write_text(HARMLESS.replace("version: 1\n", f"{beside}version: 1\n"))
    assert main(["scrub", str(path), "--dry-run"]) == 1
    assert main(["scrub", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "#1: what is kept beside it" in shown
    assert KEY not in shown
    [left] = binary_values(yaml_data(path.read_text()))
    assert KEY.encode() not in left
    assert left.startswith(BLOB[:48])
    assert left.endswith(BLOB[-60:])
    assert main(["scrub", str(path)]) == 0
    assert "no secret found" in capsys.readouterr().out


@pytest.mark.parametrize(
    "beside",
    [
        f"attached: !!binary |\n{ENCODED}",
        f"attached: {{? !!binary {base64.b64encode(BLOB).decode()} : 1}}\n",
        f"attached: !!set {{? !!binary {base64.b64encode(BLOB).decode()}}}\n",
    ],
    ids=["beside the exchanges", "as a key", "in a set"],
)
def test_a_key_in_a_binary_value_out_of_reach(beside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it cannot be taken out, the cassette is refused and stays as it is."""
    path = tmp_path / "c.yaml"
    path.write_text(HARMLESS + beside)
    assert main(["scrub", str(path)]) == 1
    shown = capsys.readouterr().err
    assert "it would still contain secrets" in shown
    assert "a binary value: " in shown
    assert KEY not in shown
    assert path.read_text() == HARMLESS + beside


def test_aliases_beside_the_exchanges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A part that is referred to again and again is searched once."""
    aliases = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 4))
    path = tmp_path / "c.yaml"
    path.write_text(f"{HARMLESS}a0: &a0 [!!binary aGk=]\n{aliases}")
    assert main(["scrub", str(path)]) == 0
    assert "no secret found" in capsys.readouterr().out


def test_files_that_do_not_exist(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The nearest is named, exit status 2, and nothing is scrubbed."""
    assert main(["scrub", str(leaky), str(leaky.with_name("leeky.yaml"))]) == 2
    assert f"no such file. Did you mean {leaky}?" in capsys.readouterr().err
    assert leaky.read_text() == TEXT
