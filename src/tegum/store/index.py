"""The store's SQLite index: which seed ranges of which family of points are there.

The files are the truth and the index a shortcut: it is filled from the files' names and headers
whenever it is missing, damaged, foreign or behind.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tegum.errors import DamagedFileError, StoreError
from tegum.store.files import SUFFIX, failure, read_meta

_BUSY_SECONDS: Final = 30.0
_CREATE: Final = """
CREATE TABLE IF NOT EXISTS units (
    key TEXT PRIMARY KEY, family TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL
) WITHOUT ROWID
"""
#: Codes by which SQLite says that the file is not a sound index of ours.
_UNSOUND: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR})


class Row(NamedTuple):
    """A stored unit: seeds start..stop-1 of the points that `family` is the digest of."""

    key: str
    family: str
    start: int
    stop: int


def row_of(meta: dict[str, Any], name: str) -> Row:
    """The index row a unit's metadata speaks of; DamagedFileError when it speaks of none."""
    try:
        row = Row(str(meta["key"]), str(meta["family"]), int(meta["start"]), int(meta["stop"]))
    except (KeyError, TypeError, ValueError):
        raise DamagedFileError(f"{name} is damaged or foreign: incomplete metadata") from None
    if name != row.key + SUFFIX:
        raise DamagedFileError(f"{name} is not what its name says: its key is {row.key}")
    return row


class Index:
    """Rows of the unit files in `folder`, kept in the SQLite file `path`."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._connection: sqlite3.Connection | None = None
        #: Files found unreadable while the index was filled.
        self.unreadable: list[Path] = []
        self._catch_up()

    def ranges(self, family: str) -> list[Row]:
        """The stored seed ranges of a family, by start and then stop."""
        sql = "SELECT key, family, start, stop FROM units WHERE family = ? ORDER BY start, stop"
        return [Row(*row) for row in self._run(sql, (family,))]

    def keys(self) -> list[str]:
        """Every key, sorted."""
        return [key for (key,) in self._run("SELECT key FROM units ORDER BY key")]

    def add(self, rows: Iterable[Row]) -> None:
        """Insert or overwrite rows."""
        for row in rows:
            self._run("INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?)", row)

    def discard(self, key: str) -> None:
        """Remove a row if it is there."""
        self._run("DELETE FROM units WHERE key = ?", (key,))

    def close(self) -> None:
        """Close the SQLite connection; it opens again when needed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _catch_up(self) -> None:
        """Bring the rows in line with the files: other processes and people move files too."""
        files = {path.name.removesuffix(SUFFIX) for path in self._folder.glob(f"*{SUFFIX}")}
        known = set(self.keys())
        for key in known - files:
            self.discard(key)
        for key in sorted(files - known):
            path = self._folder / (key + SUFFIX)
            try:
                self.add([row_of(read_meta(path), path.name)])
            except DamagedFileError:
                self.unreadable.append(path)
            except FileNotFoundError:
                continue

    def _run(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._execute(sql, values)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in _UNSOUND:
                raise self._failure(error) from error
        self._remove()
        self._catch_up()
        try:
            return self._execute(sql, values)
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _execute(self, sql: str, values: Sequence[Any]) -> list[Any]:
        deadline = time.monotonic() + _BUSY_SECONDS
        while self._connection is None:
            try:
                self._open()
            except sqlite3.OperationalError as error:
                # two processes that switch to WAL at once are refused without a wait
                self.close()
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        return self._connection.execute(sql, values).fetchall()

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # the index can be rebuilt, so it need not wait for the disk
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(_CREATE)

    def _remove(self) -> None:
        self.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            path = self._path.with_name(self._path.name + suffix)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise failure("write", path, error) from error

    def _failure(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"store cannot use its index {self._path}: {error}")
