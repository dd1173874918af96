"""Uploads: create, add a part, complete, cancel."""

from __future__ import annotations

from understudy.wire import render_files as render
from understudy.wire.call import Call, Json


def create(call: Call) -> Json:
    """Announce a file. The MIME type is checked to be a string, and not echoed. [REC]"""
    body = call.body
    expiry = body.get("expires_after")
    upload = call.world.files.start_upload(
        filename=body["filename"],
        purpose=body["purpose"],
        bytes=body["bytes"],
        file_lifetime=expiry and expiry["seconds"],
    )
    return render.upload(upload)


def add_part(call: Call) -> Json:
    upload = call.world.files.upload(call.ids["upload_id"])
    return render.upload_part(call.world.files.add_part(upload, call.body["data"].data))


def complete(call: Call) -> Json:
    upload = call.world.files.upload(call.ids["upload_id"])
    call.world.files.complete_upload(upload, call.body["part_ids"], call.body.get("md5"))
    return render.upload(upload)


def cancel(call: Call) -> Json:
    upload = call.world.files.upload(call.ids["upload_id"])
    call.world.files.cancel_upload(upload)
    return render.upload(upload)
