"""What Linux says of other processes: their parents, their children, the time they have used.

Read from /proc, not from `ps`, whose lines are cut at `COLUMNS` where that is set.
"""

from __future__ import annotations

import os
from pathlib import Path


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third, the state, on: the second may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def parent(pid: int) -> int:
    """The process that started it."""
    return int(_stat(pid)[1])


def seconds(pid: int) -> float:
    """What it has computed; 0 where it is gone."""
    try:
        fields = _stat(pid)
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(of: int) -> list[int]:
    """The processes that it started and that still run."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = _stat(int(folder.name))
        except OSError:
            continue
        if int(fields[1]) == of and fields[0] not in "ZX":
            found.append(int(folder.name))
    return found


def command(pid: int) -> str:
    """Its command line, whole; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
