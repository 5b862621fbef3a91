"""A process that has loaded what workers need, and of which each worker is a fork.

Loading the library and its kernels takes seconds of a core, a fork hundredths of one: a page that
is loaded again, and the next page of a lecture, do not wait. On Linux alone; what else can fork
may have libraries that do not survive it, and there each worker is a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import sys
from collections import deque
from contextlib import suppress
from typing import Final

#: Whether there are templates here.
POSSIBLE: Final = sys.platform == "linux"
#: What is told to a template: to fork, with the worker's pipe, or to kill a worker.
ORDER: Final = struct.Struct("<cq")
FORK, KILL = b"F", b"K"
#: What it tells: that a worker was started or has ended, its number, and how it ended.
NEWS: Final = struct.Struct("<cqi")
STARTED, ENDED = b"S", b"E"
_CODE: Final = "from tegum.explorer.forking import main; main()"


class Fork:
    """A worker's process, as the server sees it: like one of asyncio's."""

    def __init__(self, template: Template, pid: int) -> None:
        self._template, self.pid = template, pid
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        """How it ended, as of `asyncio.subprocess.Process`; None while it runs."""
        return self._ended.result() if self._ended.done() else None

    def kill(self) -> None:
        """End it, whatever it is doing; it may have ended."""
        with suppress(OSError):  # without its template it ends too: `Template._lose`
            self._template.order(KILL, self.pid)

    async def wait(self) -> int:
        """How it ended, once it has."""
        return await asyncio.shield(self._ended)

    def ended(self, code: int) -> None:
        """The template has seen it end."""
        if not self._ended.done():
            self._ended.set_result(code)


class Template:
    """The server's end."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process, self._control = process, control
        self._asked: deque[asyncio.Future[Fork]] = deque()
        self._forks: dict[int, Fork] = {}
        asyncio.get_running_loop().add_reader(control, self._hear)

    @classmethod
    async def start(cls) -> Template:
        """A new one; what it is told before it is ready waits."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                # -P: modules of the folder the server was started in are none of ours
                *(sys.executable, "-P", "-c", _CODE),
                stdin=theirs.fileno(),
                start_new_session=True,  # Ctrl-C is for the server, which then ends its workers
            )
        return cls(process, ours)

    @property
    def alive(self) -> bool:
        """Whether it can be asked for more."""
        return self._control.fileno() >= 0 and self._process.returncode is None

    async def fork(self, pipe: socket.socket) -> Fork:
        """A worker that hears and speaks over `pipe`. Raises `OSError` where there is none."""
        answer: asyncio.Future[Fork] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        try:
            self.order(FORK, 0, pipe)
        except OSError:
            self._asked.remove(answer)
            raise
        return await answer

    def order(self, what: bytes, pid: int, pipe: socket.socket | None = None) -> None:
        """Tell it something. Raises `OSError` where it is gone."""
        with_it = [] if pipe is None else [pipe.fileno()]
        socket.send_fds(self._control, [ORDER.pack(what, pid)], with_it)

    async def end(self) -> None:
        """It ends with its pipe; its workers do with theirs."""
        self._lose()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    def _hear(self) -> None:
        try:
            news = self._control.recv(NEWS.size)
        except BlockingIOError:
            return
        except OSError:
            news = b""
        if len(news) < NEWS.size:
            self._lose()
            return
        what, pid, code = NEWS.unpack(news)
        if what == ENDED:
            self._forks.pop(pid).ended(code)
            return
        fork = self._forks[pid] = Fork(self, pid)
        answer = self._asked.popleft()
        if not answer.done():
            answer.set_result(fork)

    def _lose(self) -> None:
        """It is gone, and nobody will tell how its workers end: they do now."""
        if self._control.fileno() < 0:
            return
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(ConnectionError("the process that starts others ended"))
        for pid, fork in self._forks.items():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            fork.ended(-signal.SIGKILL)
        self._forks.clear()
