from __future__ import annotations

import hashlib
from typing import Any

import openai
import pytest

from understudy._backend.backend import Backend


def start(client: Any, size: int) -> Any:
    return client.uploads.create(filename="big.txt", purpose="assistants", bytes=size, mime_type="text/plain")


def test_parts_become_a_file_in_the_order_named(client: Any) -> None:
    """An upload is pending until it is completed; its file has the parts in the order of `part_ids`."""
    upload = start(client, 6)
    assert (upload.status, upload.expires_at, upload.file) == ("pending", upload.created_at + 3600, None)
    second = client.uploads.parts.create(upload.id, data=b"def")
    first = client.uploads.parts.create(upload.id, data=b"abc")
    assert first.upload_id == upload.id
    done = client.uploads.complete(upload.id, part_ids=[first.id, second.id], md5=hashlib.md5(b"abcdef").hexdigest())
    assert done.status == "completed"
    assert (done.file.filename, done.file.bytes) == ("big.txt", 6)
    assert client.files.retrieve(done.file.id) == done.file


def test_the_sdk_uploads_a_file_in_chunks(backend: Backend, client: Any) -> None:
    """`upload_file_chunked` of the SDK works, whatever the size of a part."""
    done = client.uploads.upload_file_chunked(
        file=b"0123456789", filename="n.txt", bytes=10, mime_type="text/plain", purpose="fine-tune", part_size=3
    )
    assert done.status == "completed"
    assert client.files.content(done.file.id).read() == b"0123456789"


def test_what_does_not_add_up_is_refused_and_stays_pending(client: Any) -> None:
    """A wrong size, a wrong checksum or an unknown part fails the completion, which can be tried again."""
    upload = start(client, 3)
    part = client.uploads.parts.create(upload.id, data=b"abc")
    for wrong in ({"part_ids": []}, {"part_ids": [part.id], "md5": "0" * 32}, {"part_ids": ["part_x"]}):
        with pytest.raises(openai.BadRequestError) as refused:
            client.uploads.complete(upload.id, **wrong)
    assert "part_x" in str(refused.value)
    assert client.uploads.complete(upload.id, part_ids=[part.id]).status == "completed"


def test_nothing_happens_to_an_upload_that_is_over(backend: Backend, client: Any) -> None:
    """Completed, cancelled and expired uploads take no parts and cannot be ended again."""
    cancelled, expired = start(client, 1), start(client, 1)
    assert client.uploads.cancel(cancelled.id).status == "cancelled"
    backend.clock.advance(3600)
    for upload, status in ((cancelled, "cancelled"), (expired, "expired")):
        for act in (
            lambda id_: client.uploads.parts.create(id_, data=b"x"),
            lambda id_: client.uploads.complete(id_, part_ids=[]),
            client.uploads.cancel,
        ):
            with pytest.raises(openai.BadRequestError, match=f"{upload.id} is {status}"):
                act(upload.id)
    with pytest.raises(openai.NotFoundError):
        client.uploads.cancel("upload_nope")


def test_a_part_beyond_the_limit_is_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that is too large is refused with both sizes; the upload stays pending and takes smaller ones."""
    from understudy._engine import files

    monkeypatch.setattr(files, "MAX_PART_BYTES", 3)
    upload = start(client, 3)
    with pytest.raises(openai.BadRequestError, match="Part exceeds maximum size of 3 bytes: got 4 bytes"):
        client.uploads.parts.create(upload.id, data=b"abcd")
    part = client.uploads.parts.create(upload.id, data=b"abc")
    assert client.uploads.complete(upload.id, part_ids=[part.id]).status == "completed"


def test_an_upload_is_checked_when_it_is_announced(client: Any) -> None:
    """Purpose and size are checked at once."""
    with pytest.raises(openai.BadRequestError, match=r"Invalid value: 'x'. Supported values are: 'assistants', 'batch'"):
        client.uploads.create(filename="a", purpose="x", bytes=1, mime_type="text/plain")
    with pytest.raises(openai.BadRequestError, match="Expected a value <= 8589934592"):
        client.uploads.create(filename="a", purpose="batch", bytes=2**40, mime_type="text/plain")
