"""One writer at a time: a lock the operating system releases, however its holder dies.

In:  the path of a lock file, a sentence for whoever finds it taken.
Out: the right to write, for the length of a `with`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reveil.errors import ReveilError

_POLL_SECONDS = 0.05


@contextmanager
def locked(
    path: Path, *, error: type[ReveilError], what: str, wait_seconds: float = 0.0
) -> Iterator[None]:
    """Hold the lock file `path`, or say who does.

    The file stays behind, empty of meaning: the lock is the kernel's, on the open file, so a
    killed process leaves nothing to clean up by hand.

    Parameters
    ----------
    path
        Created when missing. Its folder must exist.
    error
        Class of the error raised when the lock is taken.
    what
        What the lock protects, as the message names it.
    wait_seconds
        How long to keep trying before the error.

    Raises
    ------
    ReveilError
        Of class `error`, when another process still holds the lock after the wait.

    Examples
    --------
    >>> import tempfile
    >>> from reveil.errors import DataError
    >>> folder = Path(tempfile.mkdtemp())
    >>> with locked(folder / ".lock", error=DataError, what="the folder"):
    ...     with locked(folder / ".lock", error=DataError, what="the folder"):
    ...         pass
    Traceback (most recent call last):
    ...
    reveil.errors.DataError: another process (...) is writing to the folder
    Hint: wait until it has finished, then run the same command again
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        deadline = time.monotonic() + wait_seconds
        while not _take(descriptor):
            if time.monotonic() >= deadline:
                holder = path.read_text(encoding="utf-8", errors="replace").strip()
                raise error(
                    f"another process ({holder or 'unknown'}) is writing to {what}",
                    hint="wait until it has finished, then run the same command again",
                )
            time.sleep(_POLL_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _take(descriptor: int) -> bool:
        # One byte far beyond the text, so that the holder's name stays readable.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
