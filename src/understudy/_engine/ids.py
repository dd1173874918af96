"""Ids in the shapes of the real ones, derived and never random.

An id is derived from the seed, the kind, the parent's id and a count of that kind under that parent. So the same test gives
the same ids on every machine, and adding one object does not shift the ids of objects under other parents.
"""

from __future__ import annotations

import re
import string
from collections import defaultdict, deque
from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain, count

_ALNUM = (string.ascii_uppercase + string.ascii_lowercase + string.digits).encode()
_TO_ALNUM = bytes(_ALNUM[byte % len(_ALNUM)] for byte in range(256))

# kind -> (prefix, length, alphabet). "time+hex": the first eight digits are created_at in hex. [REC, contract 2]
SHAPES: dict[str, tuple[str, int, str]] = {
    "assistant": ("asst_", 24, "alnum"),
    "thread": ("thread_", 24, "alnum"),
    "message": ("msg_", 24, "alnum"),
    "run": ("run_", 24, "alnum"),
    "step": ("step_", 24, "alnum"),
    "call": ("call_", 24, "alnum"),
    "reasoning": ("rs_", 24, "alnum"),
    "file": ("file-", 22, "alnum"),
    "vector_store": ("vs_", 32, "time+hex"),
    "file_batch": ("vsfb_ibj_", 32, "time+hex"),
    "upload": ("upload_", 32, "time+hex"),
    "upload_part": ("part_", 32, "time+hex"),
    "request": ("req_", 32, "hex"),
    "response": ("resp_", 50, "hex"),
    "conversation": ("conv_", 48, "time+hex"),
    "function_item": ("fc_", 50, "hex"),
    "response_item": ("", 50, "hex"),  # the face puts its type's prefix before it
}

OLDER_PREFIXES = {"vsfb_": "file_batch"}  # until Oct 2025 [REC]

_STRIDE = 0x9E3779B97F4A7C15F39CC0605CEDC835  # odd, so that ids repeat only after 2**128 requests
_MASK = 2**128 - 1
_CANNOT_BE_IN_A_PATH = re.compile(r"[/?#%\s\x00-\x1f\x7f]")


def check_id(given: object) -> None:
    """Check an id that a test gives: it has to be a text, and part of a path.

    Raises:
        TypeError: it is not a text.
        ValueError: it is empty, or has a character that no path can have.
    """
    if not isinstance(given, str):
        raise TypeError(f"{given!r} is not an id: expected a text such as 'thread_abc123'")
    if not given or _CANNOT_BE_IN_A_PATH.search(given):
        raise ValueError(f"{given!r} is not an id: a request could not name it. Expected such as 'thread_abc123'")


class Ids:
    """The source of ids of one service.

    Attributes:
        requests: the ids of the next requests. Every answer needs one, so they are counted from a derived number instead of
            hashed.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        first = int.from_bytes(blake2b(f"{seed}|request".encode(), digest_size=16).digest())
        self._counted = map("req_{:032x}".format, map(_MASK.__and__, count(first + _STRIDE, _STRIDE)))
        self.requests: Iterator[str] = self._counted
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        self._pinned: dict[str, deque[str]] = defaultdict(deque)

    def pin(self, *ids: str) -> None:
        """Set the ids of the next objects, each of the kind that its prefix names.

        Several ids of one prefix are used in order.

        Raises:
            ValueError: an id whose prefix no object has.
            TypeError: something that is not an id.
        """
        for wanted in ids:
            check_id(wanted)
        prefixes = {prefix: kind for kind, (prefix, _, _) in SHAPES.items() if prefix} | OLDER_PREFIXES
        for wanted in ids:
            kind = next((kind for prefix, kind in prefixes.items() if wanted.startswith(prefix)), None)
            if kind is None:
                raise ValueError(f"{wanted!r} has none of the prefixes of the API's ids: {', '.join(prefixes)}")
            self._pinned[kind].append(wanted)
            if kind == "request":
                self.requests = chain(iter(lambda: self.pinned("request"), None), self._counted)

    def pinned(self, kind: str) -> str | None:
        """Take the id that the test has pinned for the next object of a kind, or None."""
        waiting = self._pinned[kind]
        return waiting.popleft() if waiting else None

    def new(self, kind: str, parent: str = "", created_at: float = 0) -> str:
        """Return the next id of a kind under a parent.

        `created_at` (unix seconds) is part of the ids that embed it.
        """
        if self._pinned[kind]:
            return self._pinned[kind].popleft()
        count = self._counts[kind, parent]
        self._counts[kind, parent] = count + 1
        prefix, length, alphabet = SHAPES[kind]
        digest = blake2b(f"{self._seed}|{kind}|{parent}|{count}".encode(), digest_size=32)
        if alphabet == "alnum":
            return prefix + digest.digest()[:length].translate(_TO_ALNUM).decode()
        if alphabet == "time+hex":
            return f"{prefix}{int(created_at):08x}{digest.hexdigest()}"[: len(prefix) + length]
        return prefix + digest.hexdigest()[:length]
