"""The server's end of a worker: a process that can be killed, and what makes the next ones."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from tegum.errors import TegumError
from tegum.explorer.link import PREFIX
from tegum.explorer.template import POSSIBLE, Fork, Template

_MOST_BYTES: Final = 256_000_000
_GALLERY: Final = "from tegum.explorer.gallery import main; main()"
_WARM: Final = "from tegum.explorer.warm import main; main()"
_START: Final = "from tegum.explorer.worker import main; main()"


class WorkerProcess:
    """One worker, and the pipe to it."""

    def __init__(
        self,
        process: asyncio.subprocess.Process | Fork,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process, self._reader, self._writer = process, reader, writer

    @classmethod
    async def start(cls) -> WorkerProcess:
        """A new process, ready in a second or so; what it is told before that waits."""
        process = await asyncio.create_subprocess_exec(
            # -P: modules of the folder the server was started in are none of ours
            *(sys.executable, "-P", "-c", _START),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the server, which then ends its workers
        )
        assert process.stdin is not None
        assert process.stdout is not None
        return cls(process, process.stdout, process.stdin)

    @classmethod
    async def fork(cls, template: Template) -> WorkerProcess:
        """A fork of a template, ready at once if that is. Raises `OSError` if it is gone."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await template.fork(theirs)
        except BaseException:
            ours.close()
            raise
        return cls(process, *await asyncio.open_connection(sock=ours))

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    async def send(self, text: bytes) -> None:
        """A command; waits while the worker has enough to read. Nothing happens if it is dead."""
        with suppress(ConnectionError, RuntimeError):
            self._writer.write(PREFIX.pack(b"T", len(text)) + text)
            await self._writer.drain()

    async def receive(self) -> tuple[bytes, bytes]:
        """The tag and bytes of its next message. Raises `EOFError` once it is dead."""
        try:
            tag, length = PREFIX.unpack(await self._reader.readexactly(PREFIX.size))
            if length > _MOST_BYTES:
                raise EOFError
            return tag, await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self._writer.close()
            raise EOFError from error

    async def end(self) -> None:
        """Kill it, whatever it is doing, and wait until it is gone."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._writer.close()

    async def how_it_ended(self) -> str:
        """Words for the reason."""
        code = await self._process.wait()
        if code >= 0:
            return f"code {code}"
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
        return f"signal {-code}"


async def prepare(report: Path | None, delay: float) -> bytes:
    """The gallery as JSON: a process makes it, as it imports every experiment.

    Raises `TegumError` where that fails.
    """
    await asyncio.sleep(delay)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _GALLERY, str(report or "")),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        found, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    if process.returncode:
        raise TegumError("the gallery cannot be made; the server's output says why")
    return found


async def warm_up() -> None:
    """Make kernels ahead, in a process behind all others; cancelled, it is ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _WARM), start_new_session=True
    )
    try:
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()


class Pool:
    """Workers for pages. One is started ahead, so that a page need not wait for it."""

    def __init__(self, spares: int = 1) -> None:
        self._wanted = spares
        self._template: Template | None = None
        self._making = asyncio.Lock()
        self._spares: list[WorkerProcess] = []
        self._starting: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self) -> None:
        """Start what is to be ready."""
        self._refill()

    async def take(self) -> WorkerProcess:
        """A worker that nobody else has; the caller ends it."""
        while self._spares:
            worker = self._spares.pop()
            if worker.alive:
                self._refill()
                return worker
        worker = await self._new()
        self._refill()
        return worker

    async def close(self) -> None:
        """End the spare ones, and what makes them."""
        self._closed = True
        for task in list(self._starting):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task
        for worker in self._spares:
            await worker.end()
        self._spares.clear()
        if self._template is not None:
            await self._template.end()

    def _refill(self) -> None:
        missing = self._wanted - len(self._spares) - len(self._starting)
        for _ in range(0 if self._closed else missing):
            task = asyncio.create_task(self._start())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _start(self) -> None:
        self._spares.append(await self._new())

    async def _new(self) -> WorkerProcess:
        """A fork, or a process of its own where there is none. Raises `OSError` once closed."""
        if POSSIBLE:
            with suppress(OSError):
                return await WorkerProcess.fork(await self._living_template())
        if self._closed:
            raise ConnectionError("the server is closing")
        return await WorkerProcess.start()

    async def _living_template(self) -> Template:
        async with self._making:
            if self._template is None or not self._template.alive:
                self._template = await Template.start()
            return self._template
