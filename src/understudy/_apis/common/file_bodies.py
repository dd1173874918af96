"""The allowed JSON bodies of uploads and vector stores.

[SPEC, with the corrections of real recordings.]
"""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.bodies import CHUNKING_STRATEGY, FILE_ID
from understudy._apis.common.bounds import Rule
from understudy._apis.common.forms import EXPIRES_AFTER, check_extension
from understudy._apis.common.metadata import (
    attributes,
    metadata,
)
from understudy._apis.common.schema import (
    Check,
    Fields,
    Id,
    anything,
    array,
    boolean,
    decimal,
    either,
    enum,
    integer,
    string,
    tagged,
)
from understudy._engine.api_error import ApiError

UPLOAD_BYTES = 8 * 2**30  # the most an upload may hold [SPEC]

# -- uploads ------------------------------------------------------------------

CREATE_UPLOAD = Fields(
    {
        "filename": string(least=1),
        "purpose": enum("assistants", "batch", "fine-tune", "vision", "user_data", "evals"),
        "bytes": integer(1, UPLOAD_BYTES),
        "mime_type": string(),
        "expires_after": EXPIRES_AFTER,
    },
    required=("filename", "purpose", "bytes", "mime_type"),
    rules=(
        Rule(
            "the file's extension is one of those of its purpose",
            "file.extension",
            "INF",
            lambda body, _: check_extension(body["filename"], body["purpose"]),
        ),
    ),
)
COMPLETE_UPLOAD = Fields({"part_ids": array(Id("part"), of="strings"), "md5": string()}, required=("part_ids",))

# -- vector stores ------------------------------------------------------------

_LIFETIME = Fields({"anchor": enum("last_active_at"), "days": integer(1, 365)}, required=("anchor", "days"))
CREATE_VECTOR_STORE = Fields(
    {
        "file_ids": array(FILE_ID, of="strings", most=500),
        "name": string(),
        "description": string(),
        "expires_after": _LIFETIME,
        "chunking_strategy": CHUNKING_STRATEGY,
        "metadata": metadata,
    }
)
MODIFY_VECTOR_STORE = Fields({"name": string(), "expires_after": _LIFETIME, "metadata": metadata})

_STORE_FILE: dict[str, Check] = {
    "file_id": FILE_ID,
    "chunking_strategy": CHUNKING_STRATEGY,
    "attributes": attributes,
}
ADD_STORE_FILE = Fields(_STORE_FILE, required=("file_id",))
MODIFY_STORE_FILE = Fields({"attributes": attributes}, required=("attributes",), nulls=("attributes",))


def _one_kind(batch: Any, _: str) -> None:
    if "files" in batch and "file_ids" in batch:
        raise ApiError("exclusive", path="files", other="file_ids")


def _some_kind(batch: Any, _: str) -> None:
    if "files" not in batch and "file_ids" not in batch:
        raise ApiError("missing", path="file_ids")


CREATE_FILE_BATCH = Fields(
    {
        "file_ids": array(FILE_ID, of="strings", least=1, most=2000),
        "files": array(ADD_STORE_FILE, of="objects", least=1, most=2000),
        "chunking_strategy": CHUNKING_STRATEGY,
        "attributes": attributes,
    },
    rules=(
        Rule("`file_ids` or `files`, not both", "exclusive", "SPEC", _one_kind),
        Rule("`file_ids` or `files` is there", "missing", "SPEC", _some_kind),
    ),
)

# -- search -------------------------------------------------------------------

FILTER_DEPTH = 20  # how deep filters may be nested; a bound of ours [INF]
_SCALARS: tuple[tuple[type, Check], ...] = ((str, anything), (int, anything), (float, anything))
_COMPARISON = Fields(
    {
        "type": anything,
        "key": string(),
        "value": either(
            *_SCALARS,
            (bool, anything),
            (list, array(either(*_SCALARS, expected="a string or a number"))),
            expected="a string, a number, a boolean or an array",
        ),
    },
    required=("type", "key", "value"),
)
_COMPARISONS = ("eq", "ne", "gt", "gte", "lt", "lte")


def search_filter(value: Any, path: str) -> Any:
    if path.count(".filters[") > FILTER_DEPTH:
        raise ApiError("filter.deep", path=path, most=FILTER_DEPTH)
    return _FILTER(value, path)


def _list_comparison(value: Any, path: str) -> Any:
    checked = _COMPARISON(value, path)
    return checked | {"value": array(anything)(checked["value"], f"{path}.value")}


_COMPOUND = Fields({"type": anything, "filters": array(search_filter, of="objects")}, required=("type", "filters"))
_FILTER = tagged(
    "type",
    dict.fromkeys(_COMPARISONS, _COMPARISON)
    | dict.fromkeys(("in", "nin"), _list_comparison)
    | dict.fromkeys(("and", "or"), _COMPOUND),
)
SEARCH = Fields(
    {
        "query": either((str, string()), (list, array(string(), of="strings", least=1)), expected="a string or an array"),
        "rewrite_query": boolean,
        "max_num_results": integer(1, 50),
        "filters": search_filter,
        "ranking_options": Fields({"ranker": enum("none", "auto", "default-2024-11-15"), "score_threshold": decimal(0, 1)}),
    },
    required=("query",),
)
