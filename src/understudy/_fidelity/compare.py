"""Compare a served answer with the recorded one.

Every key, type, null, enum, order and text that the masks leave.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from understudy._fidelity.bindings import ID, Bindings, same_kind
from understudy._reconstruct.field_dates import IN_BACKGROUND, Eras, changed_values, has_order, owner_of, tag_of, was_dropped

Json = dict[str, Any]

# Masked: the number differs from run to run. Null and type are compared all the same.
_TOKENS = ("prompt", "completion", "total", "cached", "reasoning", "input", "output", "cache_write", "image", "text")
_COUNTS = frozenset(["bytes", "usage_bytes", *(f"{name}_tokens" for name in _TOKENS)])
_SEALED = frozenset(["encrypted_content", "obfuscation"])  # opaque texts, or such as only the service can read
# What a recorder puts in place of private values: `[REDACTED]`, `**REDACTED**`, `https://host/<redacted>`.
_CUT_OUT = re.compile(r"[\[<*]redacted[\]>*]", re.IGNORECASE)
_OPEN = frozenset(["metadata", "parameters", "schema", "arguments"])  # their content is the app's own

# What time alone may still change: while only these differ, a fake that is behind the recording may catch up.
_STATE = ("status", "started_at", "completed_at", "cancelled_at", "failed_at", "expires_at", "usage", "usage_bytes")
_DETAIL = (
    "required_action",
    "output",
    "service_tier",
    "billing",
    "tool_usage",
    "last_error",
    "incomplete_details",
    "content",
    "step_details",
    "file_counts",
    "file",
)
_PROGRESS = frozenset((*_STATE, *_DETAIL))
# Where a lifetime is counted from. A step's is its run's, so it is not here. [REC, contract 2 and 10]
_LIFETIMES = {"thread.run": "created_at", "upload": "created_at", "vector_store": "last_active_at"}


@dataclass(frozen=True)
class Mismatch:
    """One difference of a served answer.

    Attributes:
        path: where, `data[0].status`; `!status` and `!header NAME` for what is not in the body.
        kind: missing, extra, type, value, id, length, order, events, header, status.
        owner: the `object` field of the object it is in; "" outside of any.
        within: the path relative to that object, `[]` for any item.
        recorded, served: the two values, or what there was instead.
    """

    path: str
    kind: str
    owner: str
    within: str
    recorded: Any
    served: Any

    @property
    def may_pass(self) -> bool:
        """Return True if the difference may be gone when more time has passed."""
        if self.kind == "status":
            return self.recorded == 200 and str(self.served).startswith("404")  # what a run has yet to make
        keys = re.split(r"[.\[]", self.within)
        return bool(_PROGRESS & set(keys)) or (self.kind == "length" and self.owner in ("list", ""))

    def __str__(self) -> str:
        if self.kind == "missing":
            return f"{self.path} is missing (recorded {_short(self.recorded)})"
        if self.kind == "extra":
            return f"{self.path} is {_short(self.served)}, but was never recorded"
        return f"{self.path}: recorded {_short(self.recorded)}, served {_short(self.served)} ({self.kind})"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


@dataclass(frozen=True)
class Place:
    """The place of a value in an answer; see `Mismatch`."""

    path: str = ""
    owner: str = ""
    within: str = ""

    def key(self, name: str) -> Place:
        return Place(_dot(self.path, name), self.owner, _dot(self.within, name))

    def item(self, position: int) -> Place:
        return Place(f"{self.path}[{position}]", self.owner, f"{self.within}[]")

    @property
    def name(self) -> str:
        return self.within.rpartition(".")[2]


def _dot(path: str, name: str) -> str:
    return f"{path}.{name}" if path and path[-1] != " " else path + name


TOP = Place()


def is_of_responses(operation: str) -> bool:
    """Return True if an operation is one of the Responses API."""
    return operation.startswith(("responses.", "conversations."))


def is_cut_out(value: Any) -> bool:
    """Return True if a recorder cut a value out.

    It left a placeholder, or what remains of a request.
    """
    return isinstance(value, str) and _CUT_OUT.search(value) is not None


class Habits(NamedTuple):
    """Properties of the recordings that are compared with.

    Attributes:
        eras: when keys appeared.
        keeps_order: whether the recording shows the order of keys; some recorders sort them.
        keeps_floats: whether it shows which numbers were written with a point; JavaScript loses 1.0.
    """

    eras: Eras
    keeps_order: bool = True
    keeps_floats: bool = True


USUAL = Habits(Eras())


class Comparison:
    """Compares values, and binds ids on the way, in the bindings given.

    Args:
        bindings: recorded to served ids. They grow.
        moment: the time of the recorded answer, in unix seconds: it decides which keys the answer may lack.
        operation: whose answers these are; some of its answers may lack keys that others had.
        shape: only shapes: which keys, which types; for runs on a server that takes no scripts.
        habits: what is known of the recording.
        model: that of the response that is shown; "" where none is.
    """

    def __init__(
        self,
        bindings: Bindings,
        moment: float,
        *,
        operation: str = "",
        shape: bool = False,
        habits: Habits = USUAL,
        model: str = "",
    ) -> None:
        self.bindings = bindings
        self.operation = operation
        self.moment = moment
        self.shape = shape
        self.eras = habits.eras
        self.model = model
        self.habits = habits

    def _has_order(self, place: Place) -> bool:
        is_response = is_of_responses(self.operation)
        if self.operation.endswith(IN_BACKGROUND):
            return False  # in recordings their keys have no fixed order
        return self.habits.keeps_order and has_order(
            self.moment, is_response=is_response, is_event=place.owner.startswith("response.")
        )

    def values(self, recorded: Any, served: Any, place: Place = TOP) -> Iterator[Mismatch]:
        if self._is_beyond_compare(recorded, served, place):
            return
        if isinstance(recorded, dict) and isinstance(served, dict):
            yield from self._dicts(recorded, served, place)
        elif isinstance(recorded, list) and isinstance(served, list):
            yield from self._lists(recorded, served, place)
        elif type(recorded) is not type(served) and not self._is_same_number(recorded, served):
            yield _difference(place, "type", recorded, served)
        elif isinstance(recorded, str):
            yield from self._strings(recorded, served, place)
        elif recorded != served and not _is_masked(place) and not self.shape:
            yield _difference(place, "value", recorded, served)

    def _is_beyond_compare(self, recorded: Any, served: Any, place: Place) -> bool:
        if self.shape and (recorded is None or served is None):
            return True
        if any(is_cut_out(value) for value in (recorded, served)):
            return True
        return place.within in changed_values(place.owner, self.moment)

    def _is_same_number(self, recorded: Any, served: Any) -> bool:
        """Return True if only a recorder wrote a number differently."""
        return not self.habits.keeps_floats and {type(recorded), type(served)} == {int, float}

    def _dicts(self, recorded: Json, served: Json, place: Place) -> Iterator[Mismatch]:
        if (owner := owner_of(recorded, place.within)) is not None:
            place = Place(place.path, owner, "")
        if self.shape and recorded.get("type") != served.get("type"):
            return  # another kind of step, call or part: the run alone decides which kinds there are
        if place.name in _OPEN and not self.shape:
            if self.bindings.value(recorded) != served:
                yield _difference(place, "value", recorded, served)
            return
        for key, value in recorded.items():
            at = place.key(key)
            if key in served:
                yield from self.values(value, served[key], at)
            elif not was_dropped(place.owner, place.within, key, self.moment):
                yield _difference(at, "missing", value, None)
        for key in served:
            if key not in recorded and not self._is_younger(place, served, key):
                yield _difference(place.key(key), "extra", None, served[key])
        common = [key for key in recorded if key in served]
        if self._has_order(place) and common != [key for key in served if key in recorded]:
            yield _difference(place, "order", list(recorded), list(served))
        yield from self._lifetime(recorded, served, place)

    def _is_younger(self, place: Place, served: Json, key: str) -> bool:
        """Return True if a key appeared only after the recording was made."""
        return self.eras.is_younger(place.owner, place.within, tag_of(served), key, self.operation, self.moment, self.model)

    def _lifetime(self, recorded: Json, served: Json, place: Place) -> Iterator[Mismatch]:
        """Yield a difference in how long an object lives; times themselves are masked."""
        start = _LIFETIMES.get(place.owner)
        if place.within or start is None or not recorded.get("expires_at") or not served.get("expires_at"):
            return
        expected, got = (view["expires_at"] - view[start] for view in (recorded, served))
        if expected != got:
            yield _difference(place.key("expires_at"), "value", f"{start} + {expected}", f"{start} + {got}")

    def _lists(self, recorded: list[Any], served: list[Any], place: Place) -> Iterator[Mismatch]:
        if self.shape:
            for value in served[:1] if recorded else []:
                yield from self.values(recorded[0], value, place.item(0))
            return
        if len(recorded) != len(served):
            yield _difference(place, "length", len(recorded), len(served))
        for position, (left, right) in enumerate(zip(recorded, served, strict=False)):
            yield from self.values(left, right, place.item(position))

    def _strings(self, recorded: str, served: str, place: Place) -> Iterator[Mismatch]:
        if recorded == served and not ID.search(recorded):
            return
        if _names_an_id(place) or ID.fullmatch(recorded):
            if not self.bindings.bind(recorded, served) and not (self.shape and same_kind(recorded, served)):
                yield _difference(place, "id", self.bindings.served(recorded), served)
        elif (self.shape and place.name != "object") or place.name in _SEALED:
            return
        elif self._text(recorded) != self._text(served):
            yield _difference(place, "value", recorded, served)

    def _text(self, text: str) -> str:
        """Return a text with its ids replaced, and without unpredictable ones."""
        return re.sub(r"\breq_[0-9a-f]{32}\b", "req_", self.bindings.text(text))


def _names_an_id(place: Place) -> bool:
    name = place.name.removesuffix("[]")
    return (name == "id" and place.owner != "model") or name.endswith(("_id", "_ids"))


def _is_masked(place: Place) -> bool:
    return place.name.endswith("_at") or place.name in _COUNTS or place.within == "created"


def _difference(place: Place, kind: str, recorded: Any, served: Any) -> Mismatch:
    return Mismatch(place.path or "the body", kind, place.owner, place.within, recorded, served)
