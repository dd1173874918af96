"""A block of a test: `with` it, `with` it again, or put it before a function of any kind."""

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
    """Make what a generator function opens and closes a `Block`: `contextlib.contextmanager`, but for more uses."""

    @functools.wraps(opening)
    def made(*args: P.args, **kwargs: P.kwargs) -> Block[T]:
        return Block(opening.__name__, lambda: contextmanager(opening)(*args, **kwargs))

    return made


class Block(AbstractContextManager[T, None], AbstractAsyncContextManager[T, None], Generic[T]):
    """A context manager that may be used one time after the other, with `async with`, and as a decorator.

    As a decorator it holds for the whole call, each call anew: of a function, a coroutine function (until the coroutine is
    done), a generator or an async generator (until it is exhausted or closed, pauses included).

    Args:
        name: of the function that makes such blocks, for messages.
        make: gives a context manager for one use.
    """

    def __init__(self, name: str, make: Callable[[], AbstractContextManager[T]]) -> None:
        self._name = name
        self._make = make
        self._open: AbstractContextManager[T] | None = None
        self._is_used = False

    def __enter__(self) -> T:
        if self._open is not None:
            raise RuntimeError(
                f"this {self._name}(...) is open already: one object is good for one block at a time. For a block inside it "
                f"or beside it, call {self._name}(...) again."
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
        assert opened is not None  # whoever leaves has entered
        assert not opened.__exit__(kind, error, traceback)  # no block keeps an exception for itself

    async def __aenter__(self) -> T:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    if not TYPE_CHECKING:  # checkers know by themselves that a block is not what it opens

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise AttributeError(
                f"{self._name}(...) is a block that is not open yet, and has no {name!r}: write "
                f"`with {self._name}(...) as opened:` and `opened.{name}` inside it"
            )

    def __del__(self) -> None:
        if not getattr(self, "_is_used", True):
            warnings.warn(
                f"{self._name}(...) was made and never opened, so nothing is answered by it: write "
                f"`with {self._name}(...):`, or put it before a function",
                RuntimeWarning,
                stacklevel=2,
            )

    def __call__(self, function: F) -> F:
        """Decorate a function: the block is open for as long as a call of it lasts.

        Raises:
            TypeError: something that is not a function. When a call gives back a coroutine or generator that would only
                run after the block, though the function does not look like one that does.
        """
        self._is_used = True
        if isinstance(function, type) or not callable(function):
            raise TypeError(
                f"@{self._name}(...) stands before a function, a coroutine function or a generator, not before {function!r}"
            )
        held: Any = functools.wraps(function)(self._held(function))
        return held  # type: ignore[no-any-return]

    def _held(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if _is(inspect.isasyncgenfunction, function):
            return _async_generator(self._make, function)
        if _is(inspect.iscoroutinefunction, function):
            return _coroutine(self._make, function)
        if _is(inspect.isgeneratorfunction, function):
            return _generator(self._make, function)
        return self._plain(function)

    def _plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def held(*args: Any, **kwargs: Any) -> Any:
            with self._make():
                result = function(*args, **kwargs)
                if inspect.iscoroutine(result) or inspect.isgenerator(result) or inspect.isasyncgen(result):
                    if not inspect.isasyncgen(result):
                        result.close()
                    raise TypeError(
                        f"@{self._name}(...): {getattr(function, '__name__', function)} gives back {result!r}, which runs "
                        f"only after the block. Put @{self._name}(...) before the `async def` or generator itself."
                    )
                return result

        return held


def _is(kind: Callable[[Any], bool], function: Any) -> bool:
    """Return whether a function, or an object that can be called, is of a kind."""
    return kind(function) or (not inspect.isroutine(function) and kind(getattr(function, "__call__", None)))  # noqa: B004


def _coroutine(make: Callable[[], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    async def held(*args: Any, **kwargs: Any) -> Any:
        with make():
            return await function(*args, **kwargs)

    return held


def _generator(make: Callable[[], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def held(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with make():
            return (yield from function(*args, **kwargs))

    return held


def _async_generator(make: Callable[[], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    async def held(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
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

    return held
