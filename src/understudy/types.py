"""The types of understudy's values, for annotations; and the errors.

    from understudy.types import Backend, Cassette, ScriptedRun

    def test_it(understudy: Backend, understudy_cassette: Cassette) -> None: ...

The fields of create requests are TypedDicts; words such as `"poll"` or `"runs.retrieve"` are Literals.
"""

from __future__ import annotations

from understudy._apis.assistants.create_fields import AssistantFields, ThreadFields, VectorStoreFields
from understudy._apis.assistants.object_views import AssistantView, MessageView, RunView, ThreadView
from understudy._apis.common.object_view import FileView, ObjectView, VectorStoreView
from understudy._apis.names import EventName, OperationName
from understudy._backend.backend import Backend
from understudy._backend.preload import FileErrorCode, FilePurpose
from understudy._cassettes import Cassette
from understudy._cassettes.choices import RecordMode, UnplayedMode
from understudy._cassettes.interaction import Interaction
from understudy._common.ids import HasId
from understudy._common.messages import SentRequest
from understudy._diagnostics.client_misuse import ClientMisuse, Finding
from understudy._diagnostics.timeline import Moment, Timeline
from understudy._engine.clock import Clock, TimeMode
from understudy._engine.moves.fail import RunErrorCode
from understudy._engine.moves.hang import OnCancel
from understudy._engine.moves.incomplete import IncompleteReason
from understudy._engine.script import Script
from understudy._engine.script_queue import QueuedScript, When
from understudy._parity.parity import App
from understudy._parity.report import ParityReport, Side
from understudy._transcript.comparing import Difference, DifferenceKind
from understudy._transcript.entries import EntryKind, TranscriptEntry
from understudy._transcript.transcript import Transcript
from understudy.errors import (
    CallableFailed,
    CassetteError,
    ClockNotAdvancing,
    ConflictingClock,
    ImpossibleScript,
    InternalError,
    Livelock,
    NoBackend,
    NoFunction,
    Nondeterministic,
    NoScript,
    NotSimulated,
    RealTimeWait,
    ReplayMiss,
    RequestBlocked,
    UnderstudyError,
    Unused,
)
from understudy.faults import Fault, Phase, ResetKind, What
from understudy.scripts import CallMove, Move, ScriptedRun, ScriptFunction, Step

__all__ = [
    "App",
    "AssistantFields",
    "AssistantView",
    "Backend",
    "CallMove",
    "CallableFailed",
    "Cassette",
    "CassetteError",
    "ClientMisuse",
    "Clock",
    "ClockNotAdvancing",
    "ConflictingClock",
    "Difference",
    "DifferenceKind",
    "EntryKind",
    "EventName",
    "Fault",
    "FileErrorCode",
    "FilePurpose",
    "FileView",
    "Finding",
    "HasId",
    "ImpossibleScript",
    "IncompleteReason",
    "Interaction",
    "InternalError",
    "Livelock",
    "MessageView",
    "Moment",
    "Move",
    "NoBackend",
    "NoFunction",
    "NoScript",
    "Nondeterministic",
    "NotSimulated",
    "ObjectView",
    "OnCancel",
    "OperationName",
    "ParityReport",
    "Phase",
    "QueuedScript",
    "RealTimeWait",
    "RecordMode",
    "ReplayMiss",
    "RequestBlocked",
    "ResetKind",
    "RunErrorCode",
    "RunView",
    "Script",
    "ScriptFunction",
    "ScriptedRun",
    "SentRequest",
    "Side",
    "Step",
    "ThreadFields",
    "ThreadView",
    "TimeMode",
    "Timeline",
    "Transcript",
    "TranscriptEntry",
    "UnderstudyError",
    "UnplayedMode",
    "Unused",
    "VectorStoreFields",
    "VectorStoreView",
    "What",
    "When",
]
