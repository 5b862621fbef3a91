"""Processes that are made to fail, forked from one that has its kernels; what became of them."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tegum.errors import TegumError

#: No child takes longer by itself.
PATIENCE = 300.0


@dataclass
class Tally:
    """What was done how often, and what came of it."""

    what: str
    tried: int = 0
    found: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    details: list[str] = field(default_factory=list)

    def add(self, outcome: str, *, wrong: bool = False, detail: str = "") -> None:
        self.found[outcome] += 1
        if wrong:
            self.wrong += 1
            self.details.append(f"{outcome}: {detail}")

    def merge(self, other: Tally) -> None:
        self.tried += other.tried
        self.found.update(other.found)
        self.wrong += other.wrong
        self.details += other.details

    @classmethod
    def read(cls, data: dict[str, Any]) -> Tally:
        return cls(**{**data, "found": Counter(data["found"])})

    def line(self) -> str:
        found = ", ".join(f"{number} {outcome}" for outcome, number in self.found.most_common())
        return f"| {self.what} | {self.tried} | {found} | {self.wrong} |"


@dataclass(frozen=True)
class Ended:
    """How a child ended: what it said, or the signal that ended it."""

    code: int
    said: str

    @property
    def done(self) -> bool:
        return self.code == 0

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def refused(self) -> bool:
        """Ended with an error of tegum's own, of one line."""
        return self.code == 2 and "\n" not in self.said


def fork(action: Callable[[], object], log: Path) -> int:
    """The process that runs `action`: it says in `log` what went wrong."""
    child = os.fork()
    if child:
        return child
    code = 0
    faulthandler.enable(log.open("w"))
    try:
        said = action()
        log.write_text(str(said), "utf-8")
    except TegumError as error:
        log.write_text(str(error), "utf-8")
        code = 2
    except BaseException:
        log.write_text(traceback.format_exc(), "utf-8")
        code = 1
    finally:
        os._exit(code)


def wait(child: int, log: Path, patience: float = PATIENCE) -> Ended:
    """How it ended; one that hangs is ended, which its code then tells."""
    deadline = time.monotonic() + patience
    hung = False
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            break
        if time.monotonic() > deadline and not hung:
            os.kill(child, signal.SIGKILL)
            hung = True
        time.sleep(0.002)
    said = log.read_text("utf-8") if log.exists() else ""
    log.unlink(missing_ok=True)
    return Ended(os.waitstatus_to_exitcode(status), f"did not end\n{said}" if hung else said)


def killed_after(action: Callable[[], object], log: Path, seconds: float) -> Ended:
    """A child that is killed after so long, unless it has ended by then."""
    child = fork(action, log)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)  # it is ours until it is waited for, ended or not
    return wait(child, log)
