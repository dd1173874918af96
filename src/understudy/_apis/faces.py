"""The faces of the real service, as values: a `Backend` has them by default."""

from __future__ import annotations

from understudy._apis.assistants.face import ASSISTANTS
from understudy._apis.common.routing import Faces
from understudy._apis.common.shared_face import SHARED
from understudy._apis.responses.face import RESPONSES

__all__ = ["ALL", "ASSISTANTS", "ASSISTANTS_AND_SHARED", "RESPONSES", "SHARED"]

ALL = Faces(ASSISTANTS, SHARED, RESPONSES)
ASSISTANTS_AND_SHARED = Faces(ASSISTANTS, SHARED)  # for recordings of Assistants apps, and lifecycle coverage
