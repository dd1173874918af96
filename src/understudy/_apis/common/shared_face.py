"""The face shared by all APIs: files, uploads, models, vector stores."""

from __future__ import annotations

from understudy._apis.common.face import Face
from understudy._apis.common.operations import OPERATIONS

SHARED = Face(
    name="shared",
    operations=OPERATIONS,
    id_prefixes={"vector_store_id": "vs", "batch_id": "vsfb", "upload_id": "upload"},
)
