"""Each contestant's best settings for each work, found once on a machine and kept in a file.

Compiling the peers' loops for every candidate takes minutes, so what was found is kept under the
machine's description in `peers/settings.json`, with all speeds seen; on another machine, or with
`--tune`, it is found afresh.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from contestants import Entry
from remote import Remote, RemoteError
from works import Settings, Work

_TUNED_AT: Final = 0.05
_SECONDS: Final = 0.25
_ROUNDS: Final = 2
FILE: Final = Path(__file__).parent / "peers" / "settings.json"

Start = Callable[[Entry, Work], Remote]


class Settled:
    """The settings known for one machine."""

    def __init__(self, machine: str, path: Path = FILE, afresh: bool = False) -> None:
        self.machine, self.path, self.afresh = machine, path, afresh
        self.all: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.seen: set[tuple[str, str]] = set()

    def of(self, entry: Entry, work: Work, start: Start, cores: int) -> Settings:
        """The settings to use, found now if they are not known."""
        known = self.all.setdefault(self.machine, {}).setdefault(work.key, {})
        stale = self.afresh and (entry.name, work.key) not in self.seen
        if entry.name not in known or stale:
            known[entry.name] = _tuned(entry, work, start, cores)
            self.seen.add((entry.name, work.key))
            if len(known[entry.name]["tried"]) > 1:
                self._save()
        chosen: Settings = known[entry.name]["settings"]
        return chosen

    def _save(self) -> None:
        self.path.write_text(json.dumps(self.all, indent=1) + "\n")


def _tuned(entry: Entry, work: Work, start: Start, cores: int) -> dict[str, Any]:
    with start(entry, work) as remote:
        candidates = remote.ask("candidates", cores=cores)["candidates"]
        if len(candidates) == 1:
            return {"settings": candidates[0], "tried": [[candidates[0], None]]}
        tried = [[settings, _speed(remote, settings)] for settings in candidates]
    best = max(tried, key=lambda pair: pair[1])
    if best[1] == 0.0:
        raise RemoteError(f"{entry.name} on {work.key}: no settings work on this machine")
    return {"settings": best[0], "tried": tried}


def _speed(remote: Remote, settings: Settings) -> float:
    """The best of a few measurements; 0 where these settings do not work on this machine."""
    try:
        remote.ask("build", p=_TUNED_AT, settings=settings)
        rates = [remote.ask("measure", seconds=_SECONDS)["rate"] for _ in range(_ROUNDS)]
    except RemoteError:
        return 0.0
    return round(float(max(rates)), 1)


def as_text(settings: Settings) -> str:
    """For a table."""
    parts = [str(settings["layout"])] if "layout" in settings else []
    parts.append(f"{settings['threads']} thread" + "s" * (int(settings["threads"]) > 1))
    if "stack" in settings:
        parts.append(f"stack of {settings['stack']}")
    if settings.get("compile"):
        parts.append("torch.compile")
    return ", ".join(parts)
