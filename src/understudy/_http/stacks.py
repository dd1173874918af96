"""The HTTP libraries that are patched during an activation.

A library that has not been imported yet is patched on import.
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
        module: the module to patch.
        adapter: our module for it, with `patches() -> Iterator[Undo]` and, if it can be tested without a network,
            `probe(host) -> int`.
        name: of the library, for messages.
    """

    module: str
    adapter: str
    name: str

    def probe(self, host: str) -> int | None:
        """Return the status of a request to a host; None without a probe."""
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

LIBRARIES = ("httpx", "httpx2")  # hooked by `activation`, through `when_imported`
when_imported: list[Callable[[ModuleType], None]] = []

_turn = threading.RLock()  # one thread at a time patches or restores
_lock = threading.RLock()  # guards the following; nothing is imported while it is locked, to avoid deadlocks
_is_held = False
_undo: list[Undo] = []
_patched: list[Stack] = []
_tried: set[str] = set()


def hold() -> None:
    """Patch all imported libraries, and watch for the import of the others.

    Until `release` is called.
    """
    global _is_held
    with _turn:
        with _lock:
            _is_held = True
        keep_watch()
        try:
            for stack in STACKS:
                if stack.module in sys.modules:
                    importlib.import_module(stack.module)  # waits for another thread that is importing it
                    _patch(stack)
        except BaseException:
            release()
            raise


def release() -> None:
    """Restore everything."""
    global _is_held
    with _turn, _lock:
        _is_held = False
        if _watch in sys.meta_path:  # unless something else has restored `sys.meta_path`
            sys.meta_path.remove(_watch)
        _patched.clear()
        while _undo:
            _undo.pop()()


def keep_watch() -> None:
    """Watch for imports, even if something else has restored `sys.meta_path`.

    pytester does so after a run.
    """
    with _lock:
        if _watch not in sys.meta_path:
            sys.meta_path.insert(0, _watch)


def untried() -> list[Stack]:
    """Return the patched libraries that have not been self-tested in this process."""
    with _lock:
        return [stack for stack in _patched if stack.name not in _tried]


def mark_tried(stack: Stack) -> None:
    """Record that a library has passed the self-test."""
    _tried.add(stack.name)


def _patch(stack: Stack) -> None:
    adapter = importlib.import_module(f"understudy._http.{stack.adapter}")
    with _lock:
        if not _is_held or stack in _patched:
            return
        _patched.append(stack)
        try:
            for undo in adapter.patches():
                _undo.append(undo)  # noqa: PERF402  if one fails, the earlier ones are undone
        except AttributeError as error:
            raise cannot_intercept(stack.name, str(error)) from error


def cannot_intercept(name: str, why: str) -> RuntimeError:
    """Return the error for a library of an unexpected version."""
    version = getattr(sys.modules.get(name.partition(".")[0]), "__version__", "?")
    return RuntimeError(
        f"understudy cannot intercept {name} {version}: {why}. Nothing was sent. Please report this; until it is fixed, use "
        f"an older version of {name}."
    )


# -- libraries that are imported later ------------------------------------------


class _Watch(MetaPathFinder):
    """Patches a library as soon as it is imported.

    It finds nothing itself: the other finders do.
    """

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002
        patch = _patch_of(fullname)
        if patch is None:
            return None
        spec = _find_elsewhere(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _PatchingLoader(spec.loader, patch)
        return spec


def _patch_of(fullname: str) -> Callable[[ModuleType], None] | None:
    """Return the function that patches a module once imported, or None."""
    if fullname in LIBRARIES:
        return _hook_imported
    stack = next((one for one in STACKS if one.module == fullname), None)
    return None if stack is None else lambda _: _patch(stack)


def _hook_imported(library: ModuleType) -> None:
    with _lock:
        if not _is_held:
            return
        for call in when_imported:
            call(library)


def _find_elsewhere(fullname: str, path: Any) -> ModuleSpec | None:
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
        assert module.__spec__ is not None  # set by importlib before
        module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._patch(module)


_watch = _Watch()
