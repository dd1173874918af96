"""Files that are written whole or not at all, and locks between processes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

LONGEST_NAME = 255  # bytes; of every file system in use
LOCK_TIMEOUT_SECONDS = 600.0  # a save takes a few


def short_name(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a file name that fits in `longest` bytes.

    A name that is too long keeps its beginning, a hash and its suffix.

    >>> short_name("test_it.yaml")
    'test_it.yaml'
    >>> short_name("test_it[" + 300 * "a" + "].yaml", 40)
    'test_it[aaaaaaaaaaaaaa-d8fbc94e1e85.yaml'
    """
    if len(os.fsencode(name)) <= longest:
        return name
    end = f"-{_hash(name)}{Path(name).suffix}"
    return os.fsencode(Path(name).stem)[: longest - len(os.fsencode(end))].decode("utf-8", "ignore") + end


def hashed_name(name: str) -> str:
    """Return another file name, which differs from the given one in more than case."""
    return short_name(f"{Path(name).stem}-{_hash(name)}{Path(name).suffix}")


def _hash(name: str) -> str:
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:12]


_NO_FILE_THERE = {
    errno.ELOOP: "a symbolic link that leads back to itself",
    errno.ENOTDIR: "a path through something that is not a directory",
    errno.ENAMETOOLONG: "a path with a part that is too long for a file's name",
}


def special_kind(path: Path) -> str | None:
    """Return what is at a path if it is neither a file nor nothing; None otherwise.

    Such a thing cannot be opened safely: reading it could wait for ever, or never end.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return _NO_FILE_THERE.get(error.errno or 0)
    except ValueError:  # a NUL
        return "a path with a character that no file's name can have"
    kinds = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return None if stat.S_ISREG(mode) else kinds.get(stat.S_IFMT(mode), "a device")


def unwritable(path: Path) -> str | None:
    """Return why a file cannot be written, or is not meant to be; None if it can.

    A file that is replaced by renaming could be replaced even if it is read-only, and would be against its owner's will.
    """
    target = path.resolve()
    if target.exists():
        mode = target.stat().st_mode
        if not mode & 0o222:
            return f"it is read-only (mode {mode & 0o777:o}), and is not replaced; `chmod u+w` it first if it should be"
    folder = next(parent for parent in target.parents if parent.exists())
    return None if os.access(folder, os.W_OK | os.X_OK) else f"the directory {folder} is not writable"


def write_whole(path: Path, text: str) -> None:
    """Replace a file's content atomically.

    After a crash at any moment, the file has the old content or the new one, never a part. Nothing
    is left behind when it fails. A symbolic link stays one: its target is replaced.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{short_name(path.name, 200)}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    _sync_directory(path.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_directory(directory: Path) -> None:
    """Make a rename durable.

    Windows has no such call, and needs none.
    """
    if sys.platform == "win32":  # pragma: no cover - only there
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[Path]:
    """Hold the lock of a file against all other processes and threads.

    Yields the path of a file for notes about it. The lock and the notes are in the temporary
    directory, so that neither is left beside the cassette.
    """
    lock = Lock(path)
    lock.acquire(LOCK_TIMEOUT_SECONDS)
    try:
        yield lock.place.with_suffix(".notes")
    finally:
        lock.release()


class Lock:
    """A lock between processes, which ends with its process, however that ends.

    It is an open SQLite transaction in which nothing is ever written: the same on every system, with nothing to clean
    up after a crash. `filelock` takes about as long (0.11 ms instead of 0.17), and is a dependency for one class.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @cached_property
    def place(self) -> Path:
        """The file of the lock."""
        name = hashlib.sha256(os.fsencode(self._path.resolve())).hexdigest()[:32]
        user = os.getuid() if hasattr(os, "getuid") else "user"
        return Path(tempfile.gettempdir()) / f"understudy-locks-{user}" / f"{name}.lock"

    def acquire(self, timeout_seconds: float = 0) -> bool:
        """Acquire the lock, waiting up to `timeout_seconds` for it.

        Returns:
            Whether it was free, and could be acquired. Always True with a timeout.

        Raises:
            TimeoutError: another process held it until the timeout.
            OSError: the file of the lock cannot be written.
        """
        import sqlite3  # here, because a replay locks nothing

        self.place.parent.mkdir(mode=0o700, exist_ok=True)
        connection = sqlite3.connect(self.place, timeout=timeout_seconds, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            connection.close()
            if timeout_seconds and error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise OSError(errno.EIO, f"the lock {self.place} cannot be held: {error}") from error
            if timeout_seconds:
                raise TimeoutError(f"another process has held {self.place} for {timeout_seconds:g} s") from error
            return False
        self._connection = connection
        return True

    def release(self, remove: bool = False) -> None:
        """Release the lock; do nothing if it is not held.

        `remove`: delete the lock's file, too, because no process will ever want it again.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            if remove:
                self.place.unlink(missing_ok=True)


def is_locked(path: Path) -> bool:
    """Return True if a living process holds the lock of a file.

    The lock's file is removed: for files that no other process will ever lock.
    """
    lock = Lock(path)
    free = lock.acquire()
    lock.release(remove=True)
    return not free
