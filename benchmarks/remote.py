"""The driver's end of a worker process."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from contestants import Entry
from works import Work

HERE = Path(__file__).parent


class RemoteError(RuntimeError):
    """A contestant's process failed; the message ends with what it said."""


class Remote:
    """A contestant in its own process, on the given cores, for one work."""

    def __init__(self, entry: Entry, python: Path, work: Work, cores: Sequence[int]) -> None:
        self.entry, self.work = entry, work
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        where = ",".join(str(core) for core in cores)
        self.process = subprocess.Popen(
            [str(python), str(HERE / "worker.py"), entry.module, work.key, where],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.ready: dict[str, Any] | None = None

    def __enter__(self) -> Remote:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        self.process.communicate()
        self.log.close()

    def wait(self) -> dict[str, Any]:
        """What the process says once it has imported everything."""
        if self.ready is None:
            self.ready = self._reply()
        return self.ready

    def ask(self, order: str, **fields: Any) -> dict[str, Any]:
        """The reply to an order; RemoteError where it failed."""
        self.wait()
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"order": order, **fields}) + "\n")
        self.process.stdin.flush()
        reply = self._reply()
        if "error" in reply:
            raise RemoteError(f"{self.entry.name} on {self.work.key}: {reply['error']}")
        return reply

    def _reply(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.log.seek(0)
            said = self.log.read()[-2000:]
            raise RemoteError(f"{self.entry.name} on {self.work.key} ended: {said}")
        reply: dict[str, Any] = json.loads(line)
        return reply
