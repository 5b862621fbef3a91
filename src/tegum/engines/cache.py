"""Where compiled kernels are kept between processes.

numba stamps a cached function with its own source file only, so a kernel would not notice a
change in a file it calls into: the directory is named by a digest of all kernel sources instead.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

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
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tegum"


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
        disk = DiskCache(kernel.py_func)  # type: ignore[no-untyped-call]
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

    numba numbers its files by what an unlocked index says: two processes that compile different
    forms at once can swap them. A full disk or a damaged file costs a compilation, not the run.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled form for a signature, or None."""
        try:
            with self._locked(fcntl.LOCK_SH):
                return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # whatever a damaged pickle may raise
            with suppress(OSError), self._locked(fcntl.LOCK_EX):
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled form, if possible."""
        with suppress(OSError), self._locked(fcntl.LOCK_EX):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        with open(Path(self.cache_path) / "lock", "ab") as handle:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, kind)
            yield
