"""A cassette in use, from opening it until it is saved and its problems reported."""

from __future__ import annotations

import inspect
import os
import threading
import warnings
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self, Unpack

from understudy._apis.common.never_raises import NeverRaises
from understudy._apis.common.routing import api_path
from understudy._cassettes.cassette import Cassette
from understudy._cassettes.choices import Pace, RecordMode, UnplayedMode, check_choices
from understudy._cassettes.content_encoding import uncompressed
from understudy._cassettes.hooks import Hooks
from understudy._cassettes.id_renaming import ids_in
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.matching import CustomMatcher, Matching
from understudy._cassettes.opening import Opening
from understudy._cassettes.recorder import Recorder
from understudy._cassettes.recording import Recording
from understudy._cassettes.replay import Replay
from understudy._cassettes.secrets import Scrubber, scrubbed_error
from understudy._cassettes.sharing import numbered
from understudy._cassettes.storage import Storage
from understudy._cassettes.strict_replay import StrictReplay
from understudy._cassettes.vcr_config import TAKEN, VcrConfig, unknown
from understudy._common.messages import Answer, Forward, HostRules, Request, Response, host_names
from understudy._common.observers import Watch, observer_of
from understudy._http import activate
from understudy._http.hosts import own_base_url
from understudy.errors import CassetteError, ReplayMiss, UnderstudyError, Unused

EXCHANGES_KEPT = 100  # for the report of a failure
_GZIP = b"\x1f\x8b"  # how a compressed body begins


class CassetteSession:
    """A cassette in use, as a context manager for test frameworks.

    Its `finish` returns problems instead of raising them.

    Attributes:
        exchanges: the last requests, each with the second of the machine's clock at which it came, and its answer.
        set_aside: at the end, where the recording of a failed test is, which is not made a cassette; None if there is none.

    Args:
        path: of the cassette; `.json` is JSON, all else YAML.
        more: cassettes that are read after it, in this order, as if they were one; what is recorded goes to `path` alone.
        record: `none` never lets a request out; `once` records a cassette that does not exist; `new` also records what an
            existing one lacks; `all` records everything anew.
        match_on: what makes two requests equal: names (`method`, `path`, `query`, `body`, `host`, `port`, `scheme`, `uri`)
            and callables `(recorded, asked) -> bool`. Default: method, path, query, body.
        ignore: paths into the JSON body that do not count, such as `"metadata.request_id"`.
        pace: `epochs` replays run-aware, `recorded` in the recorded order and count.
        speed: None replays at once; 1.0 keeps the recorded timing of streams, 2.0 halves it.
        rename_ids: whether ids that the server drew are renamed stably when recorded; those the app knew before are kept.
        keep_polls: whether every poll is stored when recording, not only those that show a new state.
        scrub: the user's own patterns of secrets, besides those known; regular expressions.
        hosts: more hosts whose requests are ours.
        unplayed: what to do at the end about recorded interactions that were not played.
        force: whether a recording of errors may replace one of successes.
        may_be_missing: a cassette that does not exist is reported only when something is requested of it.
        fixtures: returns the sessions of fixtures that outlive the test: what they drew has the same ids here.
        is_shared: it belongs to no single test, but to a fixture of several; it owns no threads that are started in it.
        failed: asked at the end whether the test failed; a failed test neither makes nor replaces a cassette.
        on_miss: answers a request that the recording has no answer to, and every one after it: the recorded path is left
            for good. It gets all requests so far, the missed one last. Only without a recorder.
        vcr: vcrpy's hooks and filters, see `VcrConfig`.

    Raises:
        ValueError: a setting that is none of its choices.
        TypeError: a setting that does not exist.
        CassetteError: on entering, a cassette that cannot be read; on leaving, one that cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        more: Sequence[str | os.PathLike[str]] = (),
        record: RecordMode = "none",
        match_on: Sequence[str | CustomMatcher] | None = None,
        ignore: Sequence[str] = (),
        pace: Pace = "epochs",
        speed: float | None = None,
        rename_ids: bool = True,
        keep_polls: bool = False,
        scrub: Sequence[str] = (),
        hosts: Sequence[str] = (),
        unplayed: UnplayedMode = "ignore",
        force: bool = False,
        may_be_missing: bool = False,
        fixtures: Callable[[], Sequence[CassetteSession]] = tuple,
        is_shared: bool = False,
        failed: Callable[[], bool] = lambda: False,
        on_miss: Callable[[list[Request]], Answer] | None = None,
        **vcr: Unpack[VcrConfig],
    ) -> None:
        for name in vcr:
            if name not in TAKEN:
                raise unknown(name, _SETTINGS)
        check_choices(record=record, unplayed=unplayed, pace=pace)
        self.path = Path(path)
        self.problems: list[UnderstudyError] = []
        self._kept: list[UnderstudyError] = []  # those among them that requests ran into, as they were raised
        self.set_aside: Path | None = None
        self.rules = HostRules()
        self._record, self._pace, self._speed, self._unplayed = record, pace, speed, unplayed
        self._more = [Path(other) for other in more]
        self._matching = Matching(match_on, ignore)
        self._scrubber = Scrubber(scrub)
        self._fixtures, self._is_shared = fixtures, is_shared
        self._storage = Storage(
            self.path, self._scrubber, rename_ids=rename_ids, keep_polls=keep_polls, force=force, known=self._known_names
        )
        self._opening = Opening(self._storage, may_be_missing=may_be_missing)
        self._hosts, self._failed, self._on_miss = host_names(hosts), failed, on_miss
        self._hooks = Hooks(vcr) if vcr else None
        self._asked: list[Request] = []
        self.exchanges: deque[tuple[float, Request, Answer]] = deque(maxlen=EXCHANGES_KEPT)
        self._has_left = False
        self._loaded: list[Interaction] = []
        self._played: set[int] = set()  # before it was rewound; `_left` is what was not
        self._left: set[int] | None = None
        self._replay: Replay | StrictReplay | None = None
        self._recorder: Recorder | None = None
        looks_on = observer_of()
        self._watch: Watch | None = looks_on.replay(self.played) if looks_on is not None else None
        self._finished = False
        self._refused = False
        self._not_added: CassetteError | None = None  # the miss that should have been added to the recording
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._never_raises = NeverRaises(self._keep)

    @property
    def cassette(self) -> Cassette:
        return Cassette(self)

    def __enter__(self) -> Self:
        interactions = self._opening.interactions(self._record, self._more)
        if self._opening.records:
            self._recorder = Recorder(self._storage, self._hooks, names_tests=not self._is_shared)
        recorded_hosts = dict.fromkeys(interaction.host for interaction in interactions if interaction.host)
        self.rules = HostRules(hosts=(*HostRules().hosts, *own_base_url(), *self._hosts, *recorded_hosts))
        if self._hooks is not None:
            interactions = self._hooks.loaded(interactions)
        self._loaded = interactions
        if interactions or self._recorder is None:
            self._play(interactions)
        self.resume()
        return self

    @property
    def is_from_scratch(self) -> bool:
        """Whether this is a first recording, with nothing to play."""
        return self._recorder is not None and not self._loaded

    def pause(self) -> None:
        """Answer nothing for a while; keep what was recorded and played so far."""
        self._stack.close()

    def resume(self) -> None:
        """Answer again."""
        self._stack.enter_context(activate(self, owns=not self._is_shared))

    def discard(self) -> None:
        """End without saving anything."""
        self.pause()
        if self._recorder is not None:
            self._recorder.close()
            self._storage.discard()

    def names(self) -> Mapping[str, str]:
        """Return the ids recorded or played so far, with their names in the cassette."""
        if self._recorder is None:
            return ids_in(self._loaded)
        return self._storage.names(self._recorder.interactions())

    def _known_names(self) -> Mapping[str, str]:
        return {old: new for fixture in self._fixtures() for old, new in fixture.names().items()}

    def _play(self, interactions: list[Interaction]) -> None:
        recording = Recording(interactions, self._matching)
        replay = Replay if self._pace == "epochs" else StrictReplay
        self._replay = replay(recording, self.path.name, speed=self._speed)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()
        if self._not_added is not None and isinstance(error, Exception) and error is not self._not_added:
            raise self._not_added from error  # the app's own error only says that it had no answer
        if self._recorder is None:
            return
        recorded = self._recorder.close()
        if self._refused:
            self._storage.leave()
            return
        try:
            if self._recorder.refusal is not None:
                self._storage.leave()
                raise scrubbed_error(self._recorder.refusal, self._scrubber.text)
            failed = bool(error) or self._failed()
            self.set_aside = self._storage.save(recorded, replace=self._record == "all", failed=failed)
            if error is not None and self.set_aside is not None:
                error.add_note(f"No cassette was written, since this failed. What was recorded is in {self.set_aside}.")
        except CassetteError as refusal:
            if error is None:
                raise
            error.add_note(self._scrubber.text(str(refusal)))  # the test's own failure goes first

    def handle(self, request: Request) -> Answer:
        """Answer one request; keep what goes wrong, and report it to the app in a 501."""
        try:
            answer = self._answer(request)
        except Exception as error:
            self._storage.learn(request.headers)  # a hook that failed may quote a key before anything else has seen it
            answer = self._never_raises.answered(error, f"on {request.method} {request.path}")
        self.exchanges.append((monotonic(), request, answer))
        return answer

    def clean(self, text: str) -> str:
        """Take the secrets out of a text, including those of the user's own patterns."""
        return self._scrubber.text(text)

    def _answer(self, request: Request) -> Answer:
        request = _plain(request)
        if self._on_miss is not None:
            self._asked.append(request)
        shown = request if self._hooks is None else self._hooks.request(request)
        if shown is None:  # a hook excludes it
            return Forward()
        if self._replay is not None and not self._has_left:
            try:
                return self._replayed(self._replay, shown)
            except ReplayMiss as miss:
                if self._opening.missing is not None:
                    raise self._opening.missing from None
                if self._opening.unwritable is not None:
                    self._not_added = CassetteError(f"{miss}\n\n{self._opening.unwritable}")
                    raise self._not_added from None
                if self._on_miss is None and self._recorder is None:
                    raise
                self._has_left = self._on_miss is not None and self._recorder is None
        if self._has_left and self._on_miss is not None:
            return self._on_miss(self._asked)
        assert self._recorder is not None
        return Forward(self._recorder.observe(request, shown))

    def _replayed(self, replay: Replay | StrictReplay, request: Request) -> Answer:
        answer = self._recorded_answer(replay, request)
        if isinstance(answer, Response) and answer.stream is not None:
            answer.stream = self._never_raises.guarded(answer.stream, answer.headers, request.path)
        if self._watch is not None:
            self._watch.answered(request.method, api_path(request.path), answer)
        return answer

    def _recorded_answer(self, replay: Replay | StrictReplay, request: Request) -> Answer:
        answer = _answer_or_miss(replay, request)
        if isinstance(answer, ReplayMiss):
            scrubbed = self._scrubber.request(request)  # what was recorded lacks the secrets that this request contains
            if scrubbed is not None:
                # Not inside an `except`: the first miss quotes the secrets, and would be shown as the context of this one.
                answer = _answer_or_miss(replay, scrubbed)
        if isinstance(answer, ReplayMiss):
            raise answer
        return answer

    def _keep(self, problem: UnderstudyError) -> UnderstudyError:
        shown = scrubbed_error(problem, self._scrubber.text)
        with self._lock:
            if not any(problem is kept for kept in self._kept):  # a missing cassette is missed by every request
                self._kept.append(problem)
                self.problems.append(shown)
        return shown

    def played(self) -> list[Interaction]:
        recorded = self._recorder.interactions() if self._recorder else []
        if self._replay is None:
            return recorded
        played = self._played | self._replay.position.played
        return [one for one in self._loaded if one.index in played] + recorded

    def unplayed(self) -> list[Interaction]:
        if self._replay is None:
            return []
        left = [one for one in self._replay.unplayed() if one.index < len(self._loaded)]
        return left if self._left is None else [one for one in left if one.index in self._left]

    def rewind(self) -> None:
        """Play from the start again, including what was just recorded.

        For a test that runs many times over one cassette.
        """
        self._left = {one.index for one in self.unplayed()} if self._replay is not None else None
        self._played |= self._replay.position.played if self._replay is not None else set()
        recorded = self._recorder.interactions() if self._recorder is not None else []
        if self._loaded or recorded:
            self._play(numbered([*self._loaded, *recorded]))

    def finish(self) -> list[UnderstudyError]:
        """Return everything that should fail the test, at the end of its body.

        Calling it again returns nothing new.
        """
        if self._finished:
            return []
        self._finished = True
        self._foresee_refusal()
        left = self.unplayed() if self._unplayed != "ignore" else []
        if left:
            lines = "\n".join(f"  {interaction}" for interaction in left)
            text = self._scrubber.text(f"{self.path.name}: {len(left)} recorded interactions were not played:\n{lines}")
            if self._unplayed == "error":
                self.problems.append(Unused(text))
            else:
                warnings.warn(text, stacklevel=2)
        return list(self.problems)

    def _foresee_refusal(self) -> None:
        """Let what saving would refuse fail the test itself, not its teardown."""
        if self._recorder is None:
            return
        try:
            if self._recorder.refusal is not None:
                raise self._recorder.refusal
            self._storage.check(self._recorder.interactions(), replace=self._record == "all")
        except CassetteError as refusal:
            self.problems.append(scrubbed_error(refusal, self._scrubber.text))
            self._refused = True


_SETTINGS = frozenset(inspect.signature(CassetteSession.__init__).parameters) - {
    *("self", "path", "more", "may_be_missing", "fixtures", "is_shared", "failed", "on_miss", "vcr")
}


def _answer_or_miss(replay: Replay | StrictReplay, request: Request) -> Answer | ReplayMiss:
    """Return the recorded answer, or the miss as a value."""
    try:
        return replay.answer(request)
    except ReplayMiss as miss:
        return miss


def _plain(request: Request) -> Request:
    """Return a request with its body decompressed."""
    if request.body[:2] != _GZIP:
        return request
    return Request(request.method, request.url, request.headers, uncompressed(request.headers, request.body))
