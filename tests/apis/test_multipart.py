"""The form parser: what clients send is what comes out, and nothing else comes out."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from understudy._apis.common.multipart import Part, parse
from understudy._engine.api_error import ApiError

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).filter(
    lambda name: "%" not in name
)


def form(parts: list[Part], boundary: str) -> bytes:
    """A form as httpx writes it."""
    written = b""
    for part in parts:
        name = part.name.replace("\\", "\\\\").replace('"', '\\"')
        head = f'Content-Disposition: form-data; name="{name}"'
        if part.filename is not None:
            escaped = part.filename.replace("\\", "\\\\").replace('"', '\\"')
            head += f'; filename="{escaped}"\r\nContent-Type: application/octet-stream'
        written += f"--{boundary}\r\n{head}\r\n\r\n".encode() + part.data + b"\r\n"
    return written + f"--{boundary}--\r\n".encode()


@given(st.lists(st.builds(Part, NAMES, st.none() | NAMES, st.binary()), max_size=4))
def test_what_is_sent_comes_out(parts: list[Part]) -> None:
    """Names, file names and bytes of every part survive, in order."""
    boundary = "b0undary"
    assume(not any(boundary.encode() in part.data for part in parts))
    assume(not any((part.filename or "").startswith("=?") for part in parts))
    assert parse(f'multipart/form-data; boundary="{boundary}"', form(parts, boundary)) == parts


@given(st.binary(max_size=200))
def test_anything_is_parsed_or_refused(body: bytes) -> None:
    """No body makes the parser fail in any other way."""
    try:
        parts = parse("multipart/form-data; boundary=x", b"--x" + body + b"--x--")
    except ApiError:
        return
    assert all(isinstance(part, Part) for part in parts)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("filename=plain.txt", "plain.txt"),
        ('filename="quo\\"ted.txt"', 'quo"ted.txt'),
        ('filename="quo%22ted.txt"', 'quo"ted.txt'),
        ("filename=\"x\"; filename*=UTF-8''%E4%BD%A0%E5%A5%BD.txt", "你好.txt"),
        ("filename=\"plain.txt\"; filename*=ISO-8859-1''%E4.txt", "plain.txt"),
        ('filename="plain.txt"; filename*=unquoted.txt', "plain.txt"),
        ('filename="=?utf-8?B?5L2g5aW9LnR4dA==?="', "你好.txt"),
        ('filename="你好.txt"', "你好.txt"),
        ('filename=""', ""),
        ('filename="=?utf-8?B?a?="', "=?utf-8?B?a?="),
        ('filename="=?nope?Q?a?="', "=?nope?Q?a?="),
    ],
)
def test_file_names_come_in_many_spellings(disposition: str, name: str) -> None:
    """Browsers, curl, Python, .NET and mail write a file name each in its own way."""
    body = f'--x\r\nContent-Disposition: form-data; name="file"; {disposition}\r\n\r\ndata\r\n--x--\r\n'.encode()
    assert parse("multipart/form-data; boundary=x", body) == [Part("file", name, b"data")]


def test_a_preamble_and_padding_are_passed_over() -> None:
    """RFC 2046 allows text before the first boundary, and blanks after one."""
    body = b'hello\r\n--x  \r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\nbye'
    assert parse("multipart/form-data; boundary=x", body) == [Part("a", None, b"1")]
