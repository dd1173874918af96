"""Uploads: create, add a part, complete, cancel."""

from __future__ import annotations

from understudy._apis.common import render_files as render
from understudy._apis.common.operation_call import Call, Json


def create(call: Call) -> Json:
    """Start an upload.

    The MIME type is checked to be a string, and not echoed [REC].
    """
    body = call.body
    expiry = body.get("expires_after")
    upload = call.engine.files.start_upload(
        filename=body["filename"],
        purpose=body["purpose"],
        bytes=body["bytes"],
        file_lifetime=expiry and expiry["seconds"],
    )
    return render.upload(upload)


def add_part(call: Call) -> Json:
    upload = call.engine.files.upload(call.ids["upload_id"])
    return render.upload_part(call.engine.files.add_part(upload, call.body["data"].data))


def complete(call: Call) -> Json:
    upload = call.engine.files.upload(call.ids["upload_id"])
    call.engine.files.complete_upload(upload, call.body["part_ids"], call.body.get("md5"))
    return render.upload(upload)


def cancel(call: Call) -> Json:
    upload = call.engine.files.upload(call.ids["upload_id"])
    call.engine.files.cancel_upload(upload)
    return render.upload(upload)
