"""The store: units of finished work on disk, found by what they are the answer to."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from tegum.errors import DamagedFileError, StoreError, shorten
from tegum.store.files import (
    SUFFIX,
    Arrays,
    Meta,
    encode,
    failure,
    read,
    remove_orphans,
    write,
)
from tegum.store.listing import Listing, Row, check_row, row_of
from tegum.store.lock import Lock

__all__ = ["Lock", "Row", "Store"]

log = logging.getLogger("tegum.store")

_FOLDERS: Final = ("units", "partial", "locks", "damaged")


class Store:
    """A folder of units, safe to share between processes and threads.

    `units/KEY.safetensors` holds a finished unit and `partial/KEY.safetensors` one that was cut
    off; every file is written whole or not at all and carries a checksum. A file that fails it, or
    is not the unit that its name says, is logged, counted in `damaged`, moved to the folder
    `damaged/` and treated as absent. Nothing is held open between calls: there is nothing to close.

    Args:
        path: the folder, made where it is missing.

    Raises:
        StoreError: when the folder cannot be made, read or written.

    Source: method, files of safetensors, named by the digests of their questions.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = _folder(path)
        self.damaged = 0
        self._counting = threading.Lock()
        try:
            for name in _FOLDERS:
                (self.path / name).mkdir(parents=True, exist_ok=True)
                remove_orphans(self.path / name)
        except OSError as error:
            raise failure("use", self.path, error) from error
        for name in _FOLDERS:
            if not os.access(self.path / name, os.R_OK | os.W_OK | os.X_OK):
                raise StoreError(f"store cannot write {self.path / name}: Permission denied")
        self._listing = Listing(self.path / "units")
        self._drop_finished_partials()

    def __contains__(self, key: str) -> bool:
        """Whether a unit is there; `get` tells whether it is sound."""
        return self._unit(key).exists()

    def __len__(self) -> int:
        return len(self.keys())

    def keys(self) -> list[str]:
        """The keys of all finished units, sorted."""
        return sorted(row.key for rows in self._listing.families().values() for row in rows)

    def ranges(self, family: str) -> list[Row]:
        """The stored seed ranges of a family of points, by start and then stop."""
        return list(self._listing.families().get(family, ()))

    def get(self, key: str) -> Arrays | None:
        """The arrays of a finished unit, or None when it is absent or was damaged."""
        found = self.find(key)
        return None if found is None else found[0]

    def find(self, key: str) -> tuple[Arrays, Meta] | None:
        """The arrays of a finished unit and what is kept with them, or None as `get`."""
        return self._read(self._unit(key))

    def put(self, row: Row, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> None:
        """Keep a finished unit, durably; on a failure nothing is left behind.

        Args:
            row: what the unit is.
            arrays: its results by name, each (N, ...).
            meta: JSON values that are stored with it.

        Raises:
            StoreError: the disk is full or not writable.
        """
        data = encode(arrays, {**meta, **row._asdict()})
        write(self._unit(row.key), data)
        self._listing.forget()
        self.drop_partial(row.key)

    def meta(self, key: str) -> Meta | None:
        """The metadata of a sound finished unit."""
        found = self.find(key)
        return None if found is None else found[1]

    def get_partial(self, key: str, machine: str | None = None) -> Arrays | None:
        """The arrays of a unit that was cut off, or None.

        Args:
            key: of the unit.
            machine: where it would be continued; a state of another machine is None then, since
                its numbers were rounded otherwise.

        Returns:
            The state by name.
        """
        found = self._read(self._partial(key))
        if found is None or machine not in (None, found[1].get("machine")):
            return None
        return found[0]

    def put_partial(
        self, row: Row, arrays: Mapping[str, NDArray[Any]], machine: str | None = None
    ) -> None:
        """Keep the state of an unfinished unit in place of an earlier state.

        Args:
            row: what the unit is.
            arrays: its state by name.
            machine: where it was computed.

        Raises:
            StoreError: the disk is full or not writable.
        """
        meta = row._asdict() if machine is None else {**row._asdict(), "machine": machine}
        write(self._partial(row.key), encode(arrays, meta), durable=False)

    def drop_partial(self, key: str) -> None:
        """Forget the state of an unfinished unit."""
        self._change(lambda: self._partial(key).unlink(missing_ok=True), self._partial(key))

    def lock(self, key: str) -> Lock | None:
        """The right to compute a unit, or None while another process has it."""
        return Lock.take(self.path / "locks" / f"{key}.lock")

    @contextmanager
    def sign(self, name: str) -> Iterator[None]:
        """A file `locks/NAME` for a while: who sees it where this path leads has the same store.

        Args:
            name: of the file.

        Yields:
            Nothing.

        Raises:
            StoreError: the disk is full or not writable.
        """
        path = self.path / "locks" / name
        self._change(path.touch, path)
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def verify(self) -> list[str]:
        """Read every file in full; the names of the damaged ones, which are set aside."""
        bad: list[str] = []
        for folder in ("units", "partial"):
            for path in sorted((self.path / folder).glob(f"*{SUFFIX}")):
                if row_of(path.name.removesuffix(SUFFIX)) is None:
                    continue
                before = self.damaged
                self._read(path)
                if self.damaged > before:
                    bad.append(path.name)
        return bad

    def _unit(self, key: str) -> Path:
        return self.path / "units" / (key + SUFFIX)

    def _partial(self, key: str) -> Path:
        return self.path / "partial" / (key + SUFFIX)

    def _read(self, path: Path) -> tuple[Arrays, Meta] | None:
        try:
            arrays, meta = read(path)
            check_row(meta, path.name)
        except FileNotFoundError:
            return None
        except DamagedFileError as error:
            self._set_aside(path, error)
            return None
        return arrays, meta

    def _set_aside(self, path: Path, error: DamagedFileError) -> None:
        with self._counting:
            self.damaged += 1
        log.warning("%s: %s; set aside, will be computed again", self.path, error)
        self._change(lambda: os.replace(path, self.path / "damaged" / path.name), path)
        self._listing.forget()

    def _change(self, action: Callable[[], None], path: Path) -> None:
        try:
            action()
        except FileNotFoundError:
            pass  # another process was quicker
        except OSError as error:
            raise failure("write", path, error) from error

    def _drop_finished_partials(self) -> None:
        for path in (self.path / "partial").glob(f"*{SUFFIX}"):
            if (self.path / "units" / path.name).exists():
                self._change(lambda path=path: path.unlink(missing_ok=True), path)  # type: ignore[misc]


def _folder(path: str | os.PathLike[str]) -> Path:
    """The path of a store; StoreError where it names no folder."""
    named = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
    if not isinstance(named, str) or not named or "\0" in named:
        raise StoreError(f"store must be the path of a folder; got {shorten(path)}")
    return Path(named)
