"""Where compiled kernels are kept between processes.

numba stamps a cached function with its own source file's path and time, so a kernel would not
notice a change in a file it calls into, and equal sources elsewhere would be compiled again: the
folder is named by a digest of all kernel sources and by what compiles them instead.

What is read there is run. So nothing is read that somebody else could have written, nor any file
whose checksum does not match: damaged code would end the process.
"""

from __future__ import annotations

import logging
import os
import pickle
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, Final
from uuid import uuid4

import llvmlite
import numba
from filelock import FileLock
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher
from numba.core.event import trigger_event

from tegum import checksum
from tegum.engines import shipped
from tegum.engines.alone import Turn
from tegum.engines.digest import digest_of as digest_of
from tegum.engines.digest import sources_digest as sources_digest

log = logging.getLogger("tegum.engines")

#: Seconds after which a process that holds the lock is taken to have stopped.
_PATIENCE: Final = 10.0
#: Seconds after which nobody is writing a file any more: a form takes milliseconds.
_ABANDONED: Final = 3600.0
#: How a file is called while it is written.
_DRAFT: Final = ".new-"
#: How files are written; another layout has folders of its own.
_LAYOUT: Final = "sealed"
#: What was said of folders that cannot be used.
_warned: Final[set[str]] = set()
#: Who compiles a kernel for us, by its function.
_under_way: Final[dict[Any, Thread]] = {}


def cache_home() -> Path:
    """`$TEGUM_CACHE_DIR`, or `tegum` in the user's cache directory."""
    given = os.environ.get("TEGUM_CACHE_DIR")
    if given:
        return Path(given)
    # the second is where Windows has such things
    place = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(place or Path.home() / ".cache") / "tegum"


def own_folder(*names: str) -> Path | None:
    """The folder of these names in the cache, made where it is missing, which we alone can write.

    None, and a warning once in a process, where there can be no such folder.
    """
    folder = cache_home()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for name in ("", *names):
            folder = folder / name
            folder.mkdir(mode=0o700, exist_ok=True)
            if why := _shared(folder.stat()):
                _warn(f"{folder} is not used: {why}")
                return None
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        _warn(f"{folder} cannot be written: {error.strerror}")
        return None
    return folder


def keep(kernel: Dispatcher) -> Dispatcher:
    """Keep the compiled forms of a kernel on disk, where there is a place to.

    Those that came with the package are found first. Both are good as long as no file beside the
    kernel's own changes, wherever those files are.
    """
    function = kernel.py_func
    name = folder_for(Path(function.__code__.co_filename).parent)
    folder = own_folder("kernels", name)
    if folder is not None:
        local = kernel._cache = DiskCache(function, folder)  # type: ignore[attr-defined]
        kernel.compile = local.turn.within(kernel.compile)  # type: ignore[method-assign, assignment]
    if (shipped.HOME / name).is_dir():
        kernel._cache = shipped.Shipped(function, name, kernel._cache)  # type: ignore[attr-defined]
    return kernel


def folder_for(sources: Path) -> str:
    """What the folder of an engine's kernels is called: all that forms depend on, but the CPU."""
    made_by = f"numba-{numba.__version__}-llvmlite-{llvmlite.__version__}"
    return f"{sources_digest(sources)}-{sys.implementation.cache_tag}-{made_by}-{_LAYOUT}"


def is_kept(kernel: Dispatcher) -> bool:
    """Whether some form of a kernel is kept, on disk or in the package, or cannot be."""
    local = kernel._cache  # type: ignore[attr-defined]
    if isinstance(local, shipped.Shipped):
        if local.has_some():
            return True
        local = local.local
    return not isinstance(local, DiskCache) or local.has_some()


def wait_for(kernel: Dispatcher, work: Callable[[], object]) -> None:
    """Have a kernel compiled by a process that `work` waits for, as does the kernel's first call.

    Not by this process: who calls holds numba's lock. Nor a second time while one is at it.
    """

    def quietly() -> None:
        with suppress(Exception):  # the call compiles then
            work()

    if kernel.py_func in _under_way and _under_way[kernel.py_func].is_alive():
        return
    thread = Thread(target=quietly, daemon=True)
    _under_way[kernel.py_func] = thread
    thread.start()


def kept_forms() -> int:
    """How many compiled forms of kernels are kept on disk."""
    return sum(1 for _ in (cache_home() / "kernels").glob("*/*.nbc"))


def _shared(about: os.stat_result) -> str:
    """Who else could have written a folder or file, where the system says who may."""
    if not hasattr(os, "geteuid"):
        return ""
    if about.st_uid != os.geteuid():
        return "it is somebody else's"
    others = about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return "others can write it" if others else ""


def _warn(what: str) -> None:
    """Say why kernels are made anew, once in a process."""
    if not _warned:
        log.warning(
            "cache: %s; kernels are made anew in every process, which can take minutes; "
            "TEGUM_CACHE_DIR may name a folder of your own",
            what,
        )
    _warned.add(what)


class _Impl(CompileResultCacheImpl):
    """numba's way to write and read a form, without its search for a place by path and time."""

    def __init__(self) -> None:
        """The place is known."""


class DiskCache(FunctionCache):
    """numba's cache, made safe to share and allowed to fail.

    Who reads takes no lock: files are replaced as a whole, and none is ever that of another form.
    A full disk or a damaged file costs a compilation, not the run.
    """

    def __init__(self, py_func: Any, folder: Path) -> None:
        name = f"{Path(py_func.__code__.co_filename).stem}.{py_func.__qualname__}"
        self._name, self._py_func, self._impl = repr(py_func), py_func, _Impl()
        self._cache_path = str(folder)
        # the folder's name says what others put in a stamp
        self._cache_file = _Files(self._cache_path, name, "")  # type: ignore[no-untyped-call]
        self.turn = Turn(folder / f"{name}.compiling", self._name)
        self.enable()  # type: ignore[no-untyped-call]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled form for a signature, or None; see `Turn`."""
        found = self._load(sig, target_context)
        thread = None if found else _under_way.pop(self._py_func, None)
        if thread is not None:
            with trigger_event("numba:compile", data={"dispatcher": self._name}):
                thread.join()
            found = self._load(sig, target_context)
        if found is None:
            self.turn.come()
            found = self._load(sig, target_context)
        return found

    def has_some(self) -> bool:
        """Whether any form is kept."""
        return bool(self._cache_file._load_index())  # type: ignore[no-untyped-call]

    def _load(self, sig: Any, target_context: Any) -> Any:
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
        try:
            if not data.lifted and not data.library.has_dynamic_globals:
                with self._alone():
                    key = self._index_key(sig, data.codegen)  # type: ignore[no-untyped-call]
                    self._cache_file.save(key, self._impl.reduce(data))  # type: ignore[no-untyped-call]
        except OSError as error:
            _warn(f"{self.cache_path} cannot be written: {error.strerror}")

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
    another process at once, could lead to the file of another form. Each ends with a checksum of
    its name and content, and counts as missing without it.
    """

    def save(self, key: Any, data: Any) -> None:
        """Keep the form, then the index that leads to it; drop what killed processes left."""
        for draft in Path(self._cache_path).glob(f"{_DRAFT}*"):
            with suppress(OSError):  # another process was first
                if time.time() - draft.stat().st_mtime > _ABANDONED:
                    draft.unlink()
        known = self._load_index()
        name = known.get(key) or f"{Path(self._index_name).stem}.{uuid4().hex[:16]}.nbc"
        self._write(name, self._dump(data))  # type: ignore[no-untyped-call]
        self._save_index({**known, key: name})

    def _load_index(self) -> dict[Any, str]:
        body = self._read(self._index_name)
        if body is None:
            return {}
        version, stamp, known = pickle.loads(body)
        return known if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_index(self, known: dict[Any, str]) -> None:
        about = (self._version, self._source_stamp, known)
        self._write(self._index_name, self._dump(about))  # type: ignore[no-untyped-call]

    def _load_data(self, name: str) -> Any:
        body = self._read(name)
        return None if body is None else pickle.loads(body)

    def _read(self, name: str) -> memoryview | None:
        """What was written under this name; None where it is not there, damaged or not ours."""
        path = Path(self._cache_path) / name
        try:
            with path.open("rb") as file:
                if why := _shared(os.fstat(file.fileno())):
                    _warn(f"{path} is not used: {why}")
                    return None
                return checksum.unseal(file.read(), name)
        except FileNotFoundError:
            return None

    def _write(self, name: str, body: bytes) -> None:
        handle, draft = tempfile.mkstemp(prefix=_DRAFT, dir=self._cache_path)  # for us alone
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(checksum.seal(body, name))
            os.replace(draft, Path(self._cache_path) / name)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
