"""The process of which workers are forks: it loads what they need, and forks when it is told to."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import traceback
from contextlib import suppress

from tegum.explorer import worker
from tegum.explorer.ready import ready
from tegum.explorer.template import ENDED, FORK, KILL, NEWS, ORDER, STARTED


class _Forking:
    """Forks on demand, and tells how the forks end. There is no thread in it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: set[int] = set()
        self._bell, ring = socket.socketpair()
        self._bell.setblocking(False)
        ring.setblocking(False)
        self._ring = ring
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that the bell rings
        signal.set_wakeup_fd(ring.fileno())
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._selector.register(self._bell, selectors.EVENT_READ)

    def serve(self) -> bool:
        """Until the server hangs up; True in a fork, which then is a worker."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._bell:
                    self._bell.recv(4096)
                    self._bury()
                    continue
                order, pipes, _, _ = socket.recv_fds(self._control, ORDER.size, 1)
                if len(order) < ORDER.size:
                    return False
                what, pid = ORDER.unpack(order)
                if what == KILL and pid in self._children:
                    os.kill(pid, signal.SIGKILL)
                elif what == FORK and self._fork(pipes[0]):
                    return True

    def _fork(self, pipe: int) -> bool:
        pid = os.fork()
        if pid == 0:
            self._become(pipe)
            return True
        os.close(pipe)
        self._children.add(pid)
        self._control.send(NEWS.pack(STARTED, pid, 0))
        return False

    def _become(self, pipe: int) -> None:
        """What is the template's is closed; the pipe is where a worker has it."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        self._selector.close()
        for own in (self._control, self._bell, self._ring):
            own.close()
        os.dup2(pipe, 0)
        os.dup2(pipe, 1)
        os.close(pipe)

    def _bury(self) -> None:
        """How forks have ended, in the words of `os.waitstatus_to_exitcode`."""
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.discard(pid)
            with suppress(OSError):
                code = os.waitstatus_to_exitcode(status)
                self._control.send(NEWS.pack(ENDED, pid, code))


def main() -> None:
    """Load, then fork, until the server hangs up."""
    control = socket.socket(fileno=os.dup(0))
    try:
        ready()
    except Exception:  # a worker says it again where its page can be told
        traceback.print_exc()
    if _Forking(control).serve():
        worker.main()
