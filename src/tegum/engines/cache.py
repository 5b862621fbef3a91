"""Where compiled kernels are kept between processes.

numba stamps a cached function with its own source file only, so a kernel would not notice a
change in a file it calls into: the directory is named by a digest of all kernel sources instead.

What is read there is run. So nothing is read that somebody else could have written, nor any file
whose checksum does not match: damaged code would end the process.
"""

from __future__ import annotations

import logging
import os
import pickle
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numba
from filelock import FileLock
from numba.core.caching import FunctionCache, IndexDataCacheFile, UserProvidedCacheLocator
from numba.core.dispatcher import Dispatcher

from tegum import checksum

log = logging.getLogger("tegum.engines")

#: Seconds after which a process that holds the lock is taken to have stopped.
_PATIENCE: Final = 10.0
#: How files are written; another layout has folders of its own.
_LAYOUT: Final = "sealed"
#: What was said of folders that cannot be used.
_warned: Final[set[str]] = set()
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

    They are good as long as no file beside the kernel's own changes.
    """
    file = kernel.py_func.__code__.co_filename
    home = f"{sources_digest(Path(file).parent)}-numba-{numba.__version__}-{_LAYOUT}"
    folder = own_folder("kernels", home, _subfolder(file))
    if folder is None:
        return kernel
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder.parent)
    try:
        disk = DiskCache(kernel.py_func)
    except (RuntimeError, OSError):  # numba's word for: no directory can be written
        return kernel
    finally:
        settings.CACHE_DIR = before
    # failing ours, numba takes a directory that no digest guards
    if Path(disk.cache_path) == folder:
        kernel._cache = disk  # type: ignore[attr-defined]
    return kernel


def kept_forms() -> int:
    """How many compiled forms of kernels are kept on disk."""
    return sum(1 for _ in (cache_home() / "kernels").glob("*/*/*.nbc"))


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


def _subfolder(file: str) -> str:
    """What numba calls the folder of a source file's kernels."""
    return str(UserProvidedCacheLocator.get_suitable_cache_subpath(file))  # type: ignore[no-untyped-call]


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
        try:
            with self._alone():
                super().save_overload(sig, data)  # type: ignore[no-untyped-call]
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
        """Keep the form, then the index that leads to it."""
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
        handle, draft = tempfile.mkstemp(prefix=".new-", dir=self._cache_path)  # for us alone
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(checksum.seal(body, name))
            os.replace(draft, Path(self._cache_path) / name)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
