"""Where compiled kernels are kept between processes.

numba stamps a cached function with its own source file only, so a kernel would not notice a
change in a file it calls into: the directory is named by a digest of all kernel sources instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numba
from filelock import FileLock
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher

#: Seconds after which a process that holds the lock is taken to have stopped.
_PATIENCE: Final = 10.0
#: Files that the results of every engine depend on, beside its own.
_COMMON = (
    Path(__file__).with_name("xavier.py"),
    Path(__file__).parents[1] / "models" / "activations.py",
)


def cache_home() -> Path:
    """`$TEGUM_CACHE_DIR`, or `tegum` in the user's cache directory."""
    given = os.environ.get("TEGUM_CACHE_DIR")
    if given:
        return Path(given)
    # the second is where Windows has such things
    place = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(place or Path.home() / ".cache") / "tegum"


@cache
def sources_digest(folder: Path) -> str:
    """`digest_of` an engine's folder, read once: results may change when it does."""
    return digest_of(folder)


def digest_of(folder: Path) -> str:
    """A digest of the Python files in a folder, and of those that all engines take numbers from."""
    digest = blake2b(digest_size=8)
    for path in (*sorted(folder.glob("*.py")), *_COMMON):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def keep(kernel: Dispatcher) -> Dispatcher:
    """Keep the compiled forms of a kernel on disk, where there is a place to.

    They are good as long as no file beside the kernel's own changes.
    """
    sources = Path(kernel.py_func.__code__.co_filename).parent
    folder = cache_home() / "kernels" / f"{sources_digest(sources)}-numba-{numba.__version__}"
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder)
    try:
        disk = DiskCache(kernel.py_func)
    except (RuntimeError, OSError):  # numba's word for: no directory can be written
        return kernel
    finally:
        settings.CACHE_DIR = before
    # failing ours, numba takes a directory that no digest guards
    if Path(disk.cache_path).is_relative_to(folder):
        kernel._cache = disk  # type: ignore[attr-defined]
    return kernel


class DiskCache(FunctionCache):
    """numba's cache, made safe to share and allowed to fail.

    Who reads takes no lock: files are replaced as a whole, and none is ever that of another form.
    A full disk or a damaged file costs a compilation, not the run.
    """

    def __init__(self, py_func: Any) -> None:
        super().__init__(py_func)  # type: ignore[no-untyped-call]
        locator, name = self._impl.locator, self._impl.filename_base
        self._cache_file = _Files(self._cache_path, name, locator.get_source_stamp())  # type: ignore[no-untyped-call]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled form for a signature, or None."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except OSError:  # it cannot be read, now or at all
            return None
        except Exception:  # whatever a damaged pickle may raise
            with suppress(OSError), self._alone():
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled form, if possible."""
        with suppress(OSError), self._alone():
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Write while nobody else does: of two indexes written at once one would be lost."""
        lock = FileLock(Path(self.cache_path) / "lock", timeout=_PATIENCE, poll_interval=0.01)
        with suppress(OSError):  # a file system without locks, or a process that has stopped
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


class _Files(IndexDataCacheFile):
    """The files of a kernel: a form's has a name that no other had before.

    numba numbers them by what the index says, so that an index read a moment ago, or written by
    another process at once, could lead to the file of another form.
    """

    def save(self, key: Any, data: Any) -> None:
        """Keep the form, then the index that leads to it."""
        known = self._load_index()  # type: ignore[no-untyped-call]
        name = known.get(key) or f"{Path(self._index_name).stem}.{uuid4().hex[:16]}.nbc"
        self._save_data(name, data)  # type: ignore[no-untyped-call]
        self._save_index({**known, key: name})  # type: ignore[no-untyped-call]
