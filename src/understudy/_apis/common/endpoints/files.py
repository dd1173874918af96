"""Files: create, list, retrieve, delete, content."""

from __future__ import annotations

from urllib.parse import quote

from understudy._apis.common import render_files as render
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._common.messages import Response

LIST_LIMIT = 10_000  # the length of a page, at most and by default [REC]


def create(call: Call) -> Json:
    sent = call.body["file"]
    expiry = call.body.get("expires_after")
    file = call.engine.files.add(
        filename=sent.filename,
        purpose=call.body["purpose"],
        content=sent.data,
        lifetime=expiry and expiry["seconds"],
    )
    return render.file(file)


def list_page(call: Call) -> Json:
    """Return all files, or those of one purpose.

    The keys of the page come in their own order [REC].
    """
    purpose = call.query.get("purpose")
    where = (lambda file: file.purpose == purpose) if purpose is not None else None
    page = page_of(call, call.engine.files.listing, render.file, limit=LIST_LIMIT, where=where)
    return {key: page[key] for key in ("object", "data", "has_more", "first_id", "last_id")}


def retrieve(call: Call) -> Json:
    return render.file(call.engine.files.get(call.ids["file_id"]))


def delete(call: Call) -> Json:
    file = call.engine.files.get(call.ids["file_id"])
    call.engine.files.remove(file)
    return render.deleted_file(file.id)


def content(call: Call) -> Response:
    """Return the bytes, as an attachment [REC]."""
    file = call.engine.files.download(call.ids["file_id"])
    headers = (
        ("content-type", "application/octet-stream"),
        ("content-disposition", f"attachment; {_filename(file.filename)}"),
    )
    return Response(200, headers, file.content)


def _filename(name: str) -> str:
    """Return the `filename` parameter of a Content-Disposition header.

    `filename="image.png"` [REC]; a name that cannot appear in a header is encoded as in RFC 5987 [INF].
    """
    if name.isascii() and name.isprintable() and '"' not in name:
        return f'filename="{name}"'
    return f"filename*=utf-8''{quote(name, safe='')}"
