"""Reusable blocks: context managers that are decorators of any function, too."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")


def block(opening: Callable[P, Iterator[T]]) -> Callable[P, Block[T]]:
    """Make a generator function return a `Block`: a reusable `contextmanager`."""

    @functools.wraps(opening)
    def made(*args: P.args, **kwargs: P.kwargs) -> Block[T]:
        return Block(opening.__name__, lambda: contextmanager(opening)(*args, **kwargs))

    return made


class Block(AbstractContextManager[T, None], AbstractAsyncContextManager[T, None], Generic[T]):
    """A reusable context manager, also for `async with` and as a decorator.

    As a decorator it is entered anew for each call, and for the whole of it: of a function, a coroutine function (until the
    coroutine is done), a generator or an async generator (until it is exhausted or closed, pauses included).

    Args:
        name: the name of the function that makes such blocks, for messages.
        make: returns a context manager for one use.
    """

    def __init__(self, name: str, make: Callable[[], AbstractContextManager[T]]) -> None:
        self._name = name
        self._make = make
        self._open: AbstractContextManager[T] | None = None
        self._is_used = False

    def __enter__(self) -> T:
        if self._open is not None:
            raise RuntimeError(
                f"this {self._name}(...) is already open, and one object can be open only once at a time. For another block "
                f"inside or beside it, call {self._name}(...) again."
            )
        self._is_used = True
        opened = self._make()
        self._open = opened
        try:
            return opened.__enter__()
        except BaseException:
            self._open = None
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        opened, self._open = self._open, None
        assert opened is not None  # only an entered block is left
        assert not opened.__exit__(kind, error, traceback)  # no block suppresses an exception

    async def __aenter__(self) -> T:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    if not TYPE_CHECKING:  # pragma: no branch - type checkers know that a block is not what it opens

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise AttributeError(
                f"{self._name}(...) is a block that is not open yet, so it has no {name!r}: write "
                f"`with {self._name}(...) as opened:` and `opened.{name}` inside it"
            )

    def __del__(self) -> None:
        if not getattr(self, "_is_used", True):
            warnings.warn(
                f"{self._name}(...) was never opened, so it answers nothing: write "
                f"`with {self._name}(...):`, or use it as a decorator",
                RuntimeWarning,
                stacklevel=2,
            )

    def __call__(self, function: F) -> F:
        """Decorate a function: the block is open for the duration of each call.

        Raises:
            TypeError: not a function. Also raised by a call that returns a coroutine or generator, which would run only
                after the block, of a function that is not recognisable as a coroutine or generator function.
        """
        self._is_used = True
        if isinstance(function, type) or not callable(function):
            raise TypeError(
                f"@{self._name}(...) decorates a function, a coroutine function or a generator function, not {function!r}"
            )
        decorated: Any = functools.wraps(function)(self._wrapper(function))
        return decorated  # type: ignore[no-any-return]

    def _wrapper(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if _is(inspect.isasyncgenfunction, function):
            return _async_generator(self._make, function)
        if _is(inspect.iscoroutinefunction, function):
            return _coroutine(self._make, function)
        if _is(inspect.isgeneratorfunction, function):
            return _generator(self._make, function)
        return self._plain(function)

    def _plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            with self._make():
                result = function(*args, **kwargs)
                if inspect.iscoroutine(result) or inspect.isgenerator(result) or inspect.isasyncgen(result):
                    if not inspect.isasyncgen(result):
                        result.close()
                    raise TypeError(
                        f"@{self._name}(...): {getattr(function, '__name__', function)} returns {result!r}, which runs "
                        f"only after the block. Put @{self._name}(...) before the `async def` or generator itself."
                    )
                return result

        return called


def _is(kind: Callable[[Any], bool], function: Any) -> bool:
    """Return whether a function, or another callable, is of a kind."""
    return kind(function) or (not inspect.isroutine(function) and kind(getattr(function, "__call__", None)))  # noqa: B004


def _coroutine(make: Callable[[], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    async def called(*args: Any, **kwargs: Any) -> Any:
        with make():
            return await function(*args, **kwargs)

    return called


def _generator(make: Callable[[], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with make():
            return (yield from function(*args, **kwargs))

    return called


def _async_generator(make: Callable[[], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    async def called(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with make():
            inner = function(*args, **kwargs)
            step = inner.asend(None)
            while True:
                try:
                    value = await step
                except StopAsyncIteration:
                    return
                try:
                    step = inner.asend((yield value))
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:
                    step = inner.athrow(error)

    return called
