"""The checks of key-value pairs that many objects have: metadata and attributes."""

from __future__ import annotations

from understudy._apis.common.schema import Pairs, String, anything, either

_METADATA_VALUE = String(most=512)
_ATTRIBUTE = either(
    (str, _METADATA_VALUE),
    (int, anything),
    (float, anything),
    (bool, anything),
    expected="a string, a number or a boolean",
)
metadata = Pairs(_METADATA_VALUE, expected="a metadata object")
# Of a file in a vector store: like metadata, but values may also be numbers and booleans. [SPEC]
attributes = Pairs(_ATTRIBUTE)
