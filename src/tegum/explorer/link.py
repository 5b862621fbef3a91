"""The pipe between the server and a worker: tagged, length-prefixed messages of bytes."""

from __future__ import annotations

import os
import queue
import struct
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO, Final

#: Tag and length before every message.
PREFIX: Final = struct.Struct("<cI")
#: What a message is: JSON text, a binary frame, or the answer to a request of the server.
TEXT, FRAME, ANSWER = b"T", b"B", b"R"
#: The number of a request, and whether it was answered, before an answer's bytes.
REQUEST: Final = struct.Struct("<I?")
_WAITING: Final = 32


class Link:
    """A worker's end: commands come in from stdin, everything else goes out to stdout.

    A thread reads commands into a short queue; when it is full the pipe fills, and the server
    waits. After the server has gone, `take` raises `EOFError`.
    """

    def __init__(self) -> None:
        # whatever prints must not write into the protocol
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._inbox: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        thread = threading.Thread(target=self._read, args=(sys.stdin.buffer,), daemon=True)
        thread.start()

    def take(self, timeout: float | None) -> Iterator[bytes]:
        """The commands that are waiting; without any, the first one within `timeout` seconds.

        None waits for ever, 0 not at all.
        """
        try:
            command = self._inbox.get(timeout != 0, timeout)
            while True:
                if command is None:
                    raise EOFError
                yield command
                command = self._inbox.get_nowait()
        except queue.Empty:
            return

    def send(self, tag: bytes, message: bytes) -> None:
        """One message; waits while the server does not read."""
        data = memoryview(PREFIX.pack(tag, len(message)) + message)
        while data:
            data = data[self._out.write(data) :]

    def _read(self, stream: BinaryIO) -> None:
        while True:
            head = stream.read(PREFIX.size)
            if len(head) < PREFIX.size:
                self._inbox.put(None)
                return
            _, length = PREFIX.unpack(head)
            self._inbox.put(stream.read(length))
