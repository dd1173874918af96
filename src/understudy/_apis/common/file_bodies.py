"""The JSON bodies of uploads and vector stores: what each may hold. [SPEC, with the corrections of real recordings]"""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.bodies import CHUNKING_STRATEGY
from understudy._apis.common.forms import EXPIRES_AFTER
from understudy._apis.common.schema import (
    Check,
    Fields,
    anything,
    array,
    attributes,
    boolean,
    decimal,
    either,
    enum,
    integer,
    metadata,
    nullable,
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
        "expires_after": nullable(EXPIRES_AFTER),
    },
    required=("filename", "purpose", "bytes", "mime_type"),
)
COMPLETE_UPLOAD = Fields({"part_ids": array(string(), of="strings"), "md5": nullable(string())}, required=("part_ids",))

# -- vector stores ------------------------------------------------------------

_LIFETIME = nullable(
    Fields({"anchor": enum("last_active_at"), "days": integer(1, 365)}, required=("anchor", "days")),
)
CREATE_VECTOR_STORE = Fields(
    {
        "file_ids": nullable(array(string(), of="strings", most=500)),
        "name": nullable(string()),
        "description": nullable(string()),
        "expires_after": _LIFETIME,
        "chunking_strategy": nullable(CHUNKING_STRATEGY),
        "metadata": metadata,
    }
)
MODIFY_VECTOR_STORE = Fields({"name": nullable(string()), "expires_after": _LIFETIME, "metadata": metadata})

_STORE_FILE: dict[str, Check] = {
    "file_id": string(),
    "chunking_strategy": nullable(CHUNKING_STRATEGY),
    "attributes": attributes,
}
ADD_STORE_FILE = Fields(_STORE_FILE, required=("file_id",))
MODIFY_STORE_FILE = Fields({"attributes": attributes}, required=("attributes",))


class _Batch(Fields):
    """Either `file_ids` or `files`. [SPEC; the refusals' texts INF]"""

    def __call__(self, value: Any, path: str = "") -> Any:
        checked = super().__call__(value, path)
        if "files" in checked and "file_ids" in checked:
            raise ApiError("exclusive", path="files", other="file_ids")
        if "files" not in checked and "file_ids" not in checked:
            raise ApiError("missing", path="file_ids")
        return checked


CREATE_FILE_BATCH = _Batch(
    {
        "file_ids": array(string(), of="strings", least=1, most=2000),
        "files": array(ADD_STORE_FILE, of="objects", least=1, most=2000),
        "chunking_strategy": nullable(CHUNKING_STRATEGY),
        "attributes": attributes,
    }
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


def _filter(value: Any, path: str) -> Any:
    if path.count(".filters[") > FILTER_DEPTH:
        raise ApiError("filter.deep", path=path, most=FILTER_DEPTH)
    return _FILTER(value, path)


def _list_comparison(value: Any, path: str) -> Any:
    checked = _COMPARISON(value, path)
    return checked | {"value": array(anything)(checked["value"], f"{path}.value")}


_COMPOUND = Fields({"type": anything, "filters": array(_filter, of="objects")}, required=("type", "filters"))
_FILTER = tagged(
    "type",
    dict.fromkeys(_COMPARISONS, _COMPARISON)
    | dict.fromkeys(("in", "nin"), _list_comparison)
    | dict.fromkeys(("and", "or"), _COMPOUND),
)
SEARCH = Fields(
    {
        "query": either((str, string()), (list, array(string(), of="strings", least=1)), expected="a string or an array"),
        "rewrite_query": nullable(boolean),
        "max_num_results": nullable(integer(1, 50)),
        "filters": nullable(_filter),
        "ranking_options": nullable(
            Fields({"ranker": enum("none", "auto", "default-2024-11-15"), "score_threshold": decimal(0, 1)})
        ),
    },
    required=("query",),
)
