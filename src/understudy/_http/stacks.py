"""Every HTTP library whose requests are answered, patched while anything is active.

One that the process has not imported yet is patched when it is imported.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from understudy._http.patching import Undo


@dataclass(frozen=True, slots=True)
class Stack:
    """A library that is patched.

    Attributes:
        module: the module of it that holds what is patched.
        adapter: our module that knows how, with `patches() -> Iterator[Undo]` and, where it can be tried out without a
            network, `probe(host) -> int`.
        name: of the library, for messages.
    """

    module: str
    adapter: str
    name: str

    def probe(self, host: str) -> int | None:
        """Return the status that a request to a host gets; None where there is nothing to try."""
        adapter = importlib.import_module(f"understudy._http.{self.adapter}")
        probe: Callable[[str], int] | None = getattr(adapter, "probe", None)
        return None if probe is None else probe(host)


STACKS = (
    Stack("http.client", "http_client_stack", "http.client"),
    Stack("urllib3.connectionpool", "urllib3_stack", "urllib3"),
    Stack("aiohttp.connector", "aiohttp_stack", "aiohttp"),
    Stack("multiprocessing.process", "children", "multiprocessing"),
    Stack("subprocess", "child_environment", "subprocess"),
)

LIBRARIES = ("httpx", "httpx2")  # hooked by `activation`, which is called when one is imported
when_imported: list[Callable[[ModuleType], None]] = []

_turn = threading.RLock()  # one thread a time patches, or puts back
_lock = threading.RLock()  # of what follows; nothing is imported while it is held, or two threads could wait for each other
_holders = 0
_undo: list[Undo] = []
_patched: list[Stack] = []
_tried: set[str] = set()


def hold() -> None:
    """Patch every library that is imported, and watch for those that are not yet, until `release` is called as often."""
    global _holders
    with _turn:
        with _lock:
            _holders += 1
            if _holders > 1:
                return
        keep_watch()
        try:
            for stack in STACKS:
                if stack.module in sys.modules:
                    importlib.import_module(stack.module)  # another thread may be importing it right now
                    _patch(stack)
        except BaseException:
            release()
            raise


def release() -> None:
    """Put everything back when nobody holds the patches any more."""
    global _holders
    with _turn, _lock:
        _holders -= 1
        if _holders:
            return
        if _watch in sys.meta_path:  # unless it was put back meanwhile as it had been before
            sys.meta_path.remove(_watch)
        _patched.clear()
        while _undo:
            _undo.pop()()


def keep_watch() -> None:
    """Watch for imports, also where `sys.meta_path` was put back as it had been before: pytester does so after a run."""
    with _lock:
        if _watch not in sys.meta_path:
            sys.meta_path.insert(0, _watch)


def untried() -> list[Stack]:
    """Return the patched libraries that have not been tried out in this process."""
    with _lock:
        return [stack for stack in _patched if stack.name not in _tried]


def tried(stack: Stack) -> None:
    """A library was tried out, and its requests are answered."""
    _tried.add(stack.name)


def _patch(stack: Stack) -> None:
    adapter = importlib.import_module(f"understudy._http.{stack.adapter}")
    with _lock:
        if not _holders or stack in _patched:
            return
        _patched.append(stack)
        try:
            for undo in adapter.patches():
                _undo.append(undo)  # noqa: PERF402  what was made before one fails is undone
        except AttributeError as error:
            raise cannot_intercept(stack.name, str(error)) from error


def cannot_intercept(name: str, why: str) -> RuntimeError:
    """Return what is said of a library in a version that is not as expected."""
    version = getattr(sys.modules.get(name.partition(".")[0]), "__version__", "?")
    return RuntimeError(
        f"understudy cannot intercept {name} {version}: {why}. Nothing was sent. Please report this; until it is mended, an "
        f"older {name} works."
    )


# -- libraries that are imported meanwhile ------------------------------------------


class _Watch(MetaPathFinder):
    """Patches a library as soon as it is imported.

    Finds nothing itself: the finders after it do.
    """

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        patch = _patch_of(fullname)
        if patch is None:
            return None
        spec = _found_by_others(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _PatchingLoader(spec.loader, patch)
        return spec


def _patch_of(fullname: str) -> Callable[[ModuleType], None] | None:
    """Return what patches a module when it is imported; None for one that is not patched."""
    if fullname in LIBRARIES:
        return _library_imported
    stack = next((one for one in STACKS if one.module == fullname), None)
    return None if stack is None else lambda _: _patch(stack)


def _library_imported(library: ModuleType) -> None:
    with _lock:
        if not _holders:
            return
        for call in when_imported:
            call(library)


def _found_by_others(fullname: str, path: Any) -> ModuleSpec | None:
    for finder in sys.meta_path:
        if finder is not _watch:
            spec = finder.find_spec(fullname, path)
            if spec is not None:
                return spec
    return None


class _PatchingLoader(Loader):
    def __init__(self, loader: Loader, patch: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._patch(module)


_watch = _Watch()
