from __future__ import annotations

from typing import Any

import openai
import pytest

from understudy._backend.backend import Backend
from understudy._common.messages import Request, Response


def upload(client: Any, name: str = "notes.txt", content: bytes = b"hello", purpose: str = "assistants", **more: Any) -> Any:
    return client.files.create(file=(name, content), purpose=purpose, **more)


def test_a_file_is_kept_as_it_was_uploaded(backend: Backend, client: Any) -> None:
    """Name, size, purpose and bytes of an upload are what is retrieved, listed and downloaded."""
    content = bytes(range(256)) + b"\r\n--not a boundary\r\n"
    made = upload(client, '数据 "x".png', content, "vision")
    assert made.filename == '数据 "x".png'
    assert (made.bytes, made.status, made.purpose) == (len(content), "processed", "vision")
    assert client.files.retrieve(made.id) == made
    assert client.files.list().data == [made]
    assert client.files.content(made.id).read() == content
    assert backend.files == [made.to_dict()]


def test_keys_stand_in_the_recorded_order(client: Any) -> None:
    """The keys of a file, of a deleted file and of a list of files are ordered as the real service's are."""
    made = upload(client)
    assert list(client.files.with_raw_response.retrieve(made.id).http_response.json()) == [
        "object", "id", "purpose", "filename", "bytes", "created_at", "expires_at", "status", "status_details"
    ]  # fmt: skip
    listed = client.files.with_raw_response.list().http_response.json()
    assert list(listed) == ["object", "data", "has_more", "first_id", "last_id"]
    assert list(client.files.with_raw_response.delete(made.id).http_response.json()) == ["object", "deleted", "id"]


def test_content_comes_as_an_attachment(client: Any) -> None:
    """A download has the recorded content type and the file's name in its disposition."""
    made = upload(client, "image.png", purpose="vision")
    headers = client.files.content(made.id).response.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == 'attachment; filename="image.png"'
    other = upload(client, "naïve.png", purpose="vision")
    assert client.files.content(other.id).response.headers["content-disposition"] == (
        "attachment; filename*=utf-8''na%C3%AFve.png"
    )


def test_lists_filter_by_purpose_and_page(client: Any) -> None:
    """A list of files knows purpose, order, limit and after, and gives everything when no limit is asked for."""
    names = [upload(client, f"{n}.png", purpose="assistants" if n % 2 else "vision").filename for n in range(30)]
    assert [file.filename for file in client.files.list()] == names[::-1]
    assert [file.filename for file in client.files.list(purpose="vision")] == names[::-1][1::2]
    some = client.files.list(purpose="vision", limit=3)
    assert ([file.filename for file in some.data], some.has_more) == (names[::-1][1:7:2], True)
    page = client.files.list(order="asc", limit=3)
    assert [file.filename for file in page.data] == names[:3]
    assert [file.filename for file in client.files.list(order="asc", limit=3, after=page.data[-1].id).data] == names[3:6]
    with pytest.raises(openai.BadRequestError, match="Expected a value <= 10000, but got 10001 instead"):
        client.files.list(limit=10_001)


def test_a_deleted_file_is_gone(client: Any) -> None:
    """What was deleted cannot be retrieved, downloaded or deleted again, in the recorded words."""
    made = upload(client)
    assert client.files.delete(made.id).deleted
    for act in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError) as caught:
            act(made.id)
        message = f"No such File object: {made.id}"
        assert caught.value.response.json() == {
            "error": {"message": message, "type": "invalid_request_error", "param": "id", "code": None},
            "detail": {"message": message, "code": None},
        }


def test_a_wrong_purpose_is_refused_in_the_recorded_words(client: Any) -> None:
    """The purpose error speaks as the service's older parts do, and repeats itself under `detail`."""
    with pytest.raises(openai.BadRequestError) as caught:
        upload(client, purpose="world_domination")
    message = (
        "'world_domination' is not one of ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals'] - 'purpose'"
    )
    assert caught.value.response.json() == {
        "error": {"message": message, "type": "invalid_request_error", "param": "purpose", "code": None},
        "detail": {"message": message, "code": None},
    }


def test_what_was_put_there_for_assistants_is_not_downloaded(client: Any) -> None:
    """The content of a file of purpose `assistants` is refused with 400."""
    made = upload(client)
    with pytest.raises(openai.BadRequestError, match="Not allowed to download files of purpose: assistants"):
        client.files.content(made.id)


def test_a_file_that_expires_is_gone_at_its_time(backend: Backend, client: Any) -> None:
    """`expires_after` sets expires_at, and the clock takes the file away then, not before."""
    made = upload(client, expires_after={"anchor": "created_at", "seconds": 3600})
    assert made.expires_at == made.created_at + 3600
    backend.clock.advance(3599)
    assert client.files.retrieve(made.id) == made
    backend.clock.advance(1)
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(made.id)


def test_a_batch_file_expires_by_itself(backend: Backend, client: Any) -> None:
    """Files for batches are kept for 30 days; others, until they are deleted."""
    assert upload(client).expires_at is None
    made = upload(client, "lines.jsonl", purpose="batch")
    assert made.expires_at == made.created_at + 30 * 86_400
    longer = upload(client, "lines.jsonl", purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600})
    assert longer.expires_at == longer.created_at + 3600


def test_a_deleted_file_does_not_expire_again(backend: Backend, client: Any) -> None:
    """When the time of a deleted file comes, another that was given its id in the meantime is left alone."""
    made = upload(client, expires_after={"anchor": "created_at", "seconds": 3600})
    client.files.delete(made.id)
    backend.add_file(id=made.id, content="another")
    backend.clock.advance(3600)
    assert client.files.retrieve(made.id).bytes == len("another")


def test_an_expiry_out_of_range_is_refused(client: Any) -> None:
    """The fields of `expires_after`, sent in brackets, are checked like those of a JSON body."""
    with pytest.raises(openai.BadRequestError, match=r"Invalid 'expires_after.seconds': integer below minimum value"):
        upload(client, expires_after={"anchor": "created_at", "seconds": 60})


def test_seeded_files_are_there(backend: Backend, client: Any) -> None:
    """A file made by the test has the id, name, content and time it was given."""
    held = backend.add_file(id="file-abc", filename="a.md", content="ä", purpose="fine-tune", created_at=1_600_000_000)
    assert (held.id, held.bytes, held.created_at) == ("file-abc", 2, 1_600_000_000)
    assert client.files.content("file-abc").read() == "ä".encode()
    with pytest.raises(ValueError, match="already a file with the id 'file-abc'"):
        backend.add_file(id="file-abc")
    with pytest.raises(ValueError, match="Did you mean 'assistants'"):
        backend.add_file(purpose="assistant")


_NAMED = b'Content-Disposition: form-data; name="%s"'


def _field(head: bytes, value: bytes = b"x") -> bytes:
    return b"--x\r\n%s\r\n\r\n%s\r\n" % (head, value)


@pytest.mark.parametrize(
    ("content_type", "body", "message"),
    [
        ("application/json", b"{}", "Invalid Content-Type header (application/json), expected multipart/form-data."),
        ("multipart/form-data", b"", "Missing boundary in multipart/form-data Content-Type header."),
        ("multipart/form-data; boundary=x", b"", "Could not parse multipart form"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--", "Could not parse multipart form"),
        ("multipart/form-data; boundary=x", b"--x--", "'file' is a required property"),
        ("multipart/form-data; boundary=x", _field(b"type: text") + b"--x--", "Could not parse multipart form"),
        (
            "multipart/form-data; boundary=x",
            _field(b"content-disposition: form-data") + b"--x--",
            "Could not parse multipart form",
        ),
        ("multipart/form-data; boundary=x", _field(_NAMED % b"colour") + b"--x--", "not allowed ('colour' was unexpected)"),
        (
            "multipart/form-data; boundary=x",
            _field(_NAMED % b"file") + _field(_NAMED % b"purpose", b"assistants") + b"--x--",
            "Expected 'file' to be a file, but it has no filename.",
        ),
    ],
)
def test_a_body_that_is_no_form_is_refused(backend: Backend, content_type: str, body: bytes, message: str) -> None:
    """Broken forms are the app's mistake: 400, and nothing is stored."""
    headers = (("authorization", "Bearer x"), ("content-type", content_type))
    answer = backend.handle(Request("POST", "https://api.openai.com/v1/files", headers, body))
    assert isinstance(answer, Response)
    assert answer.status == 400
    assert message in answer.body.decode()
    assert backend.files == []
