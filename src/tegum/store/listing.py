"""Which seed ranges of which family of points are in a store: the names of its files say it.

Nothing else keeps that list, so nothing can disagree with the files.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

from tegum.errors import DamagedFileError
from tegum.store.files import SUFFIX, failure

_KEY: Final = re.compile(r"(?P<family>.+)-(?P<start>[0-9]{1,18})-(?P<stop>[0-9]{1,18})")


class Row(NamedTuple):
    """A unit: seeds start..stop-1 of the points that `family` is the digest of."""

    family: str
    start: int
    stop: int

    @property
    def key(self) -> str:
        """What its files are called, without the suffix."""
        return f"{self.family}-{self.start}-{self.stop}"


def row_of(key: str) -> Row | None:
    """The unit that is called so; None where the name is no unit's."""
    said = _KEY.fullmatch(key)
    if said is None:
        return None
    row = Row(said["family"], int(said["start"]), int(said["stop"]))
    return row if row.key == key and row.start < row.stop else None


def check_row(meta: dict[str, Any], name: str) -> None:
    """Raise `DamagedFileError` where a file is not the unit that its name says."""
    row = row_of(name.removesuffix(SUFFIX))
    if row is None or any(meta.get(field) != value for field, value in row._asdict().items()):
        raise DamagedFileError(f"{name} is damaged or foreign: it is not what its name says")


class Listing:
    """The units in a folder, whose names are read again when the folder has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: tuple[int, dict[str, list[Row]]] = (-1, {})

    def families(self) -> dict[str, list[Row]]:
        """The units of each family, by start and then stop.

        Raises `StoreError` where the folder cannot be read.
        """
        changed, found = self._read
        try:
            now = os.stat(self._folder).st_mtime_ns
            if now != changed:
                found = self._sorted()
                self._read = (now, found)
        except OSError as error:
            raise failure("read", self._folder, error) from error
        return found

    def forget(self) -> None:
        """Read the names again: a clock may be too coarse to tell a change from the one before."""
        self._read = (-1, {})

    def _sorted(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for name in os.listdir(self._folder):
            row = row_of(name.removesuffix(SUFFIX)) if name.endswith(SUFFIX) else None
            if row is not None:
                found.setdefault(row.family, []).append(row)
        for rows in found.values():
            rows.sort()
        return found
