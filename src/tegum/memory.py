"""How much memory there is: what asks for more is refused before it is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tegum.errors import SpecError

#: So many numbers of a description may be written out one by one.
MOST_LISTED: Final = 10_000_000


def check_listed(owner: str, field: str, count: int) -> None:
    """Raise `SpecError` where `count` entries are too many to be listed, before any is made."""
    if count > MOST_LISTED:
        rule = f"can have at most {MOST_LISTED} entries where each stands by itself"
        raise SpecError.of(owner, field, rule, count)


def available_memory() -> int | None:
    """Bytes this process may still allocate without swapping, None where that is not known."""
    bounds = []
    group = Path("/sys/fs/cgroup")
    try:
        bounds.append(1024 * _number(Path("/proc/meminfo"), "MemAvailable:"))
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        cached = sum(_number(group / "memory.stat", f"{kind}active_file") for kind in ("", "in"))
        bounds.append(limit - used + cached)
    except (OSError, ValueError, LookupError):
        pass  # not Linux, or no limit for a control group
    return max(min(bounds), 0) if bounds else None


def lacking(need: float) -> str | None:
    """What is to be said where `need` bytes are more than there are; None where they are not."""
    free = available_memory()
    if free is None or need <= free:
        return None
    return f"{need / 1e9:.3g} GB of memory, and {free / 1e9:.3g} GB are free"


def _number(path: Path, field: str) -> int:
    """The number after `field` in a file of lines "field number ..."."""
    table = dict(line.split()[:2] for line in path.read_text().splitlines())
    return int(table[field])
