"""Ids that are chosen, since the service sorts by them.

The files of a batch are listed in the order of their ids.

Ids are the service's own choice and masked in every comparison. So that a list which is sorted by them can be compared at
all, files that a session uploads and then puts into a batch get ids which sort as the recorded lists show them.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction


def ranked_ids(session: Sequence[Interaction]) -> dict[str, str]:
    """Return the ids that uploads are to give, by recorded file id."""
    shown: dict[str, list[str]] = {}
    batches = {exchange.path.partition("/file_batches")[0] for exchange in session if "/file_batches" in exchange.path}
    for exchange in session:
        operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
        name = operation.name if operation else ""
        if name not in ("vector_stores.file_batches.list_files", "vector_stores.files.list") or exchange.status != 200:
            continue
        if f"/vector_stores/{ids['vector_store_id']}" in batches and isinstance(exchange.json, dict):
            listed = [item["id"] for item in exchange.json["data"]]
            in_batch = "batch_id" in ids
            # The store itself is listed newest first, a batch in the order of ids whichever order is asked for. [REC]
            asc = in_batch or ("order", "asc") in exchange.query
            _merge(shown.setdefault(ids["vector_store_id"], []), listed, at_end=asc)
    return {
        file_id: f"file-{number:04d}{rank:018d}"
        for number, file_ids in enumerate(shown.values())
        for rank, file_id in enumerate(file_ids)
    }


def _merge(known: list[str], listed: list[str], *, at_end: bool) -> None:
    """Add what a page shows for the first time.

    After what is known, or (newest first) before it.
    """
    new = [file_id for file_id in listed if file_id not in known]
    if at_end:
        known += new
    else:
        known[:0] = reversed(new)
