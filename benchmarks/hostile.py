"""What hostile clients cost the explorer: its memory, and the frames of somebody who just looks.

A real server, a page that trains and acknowledges its frames, and for a while beside it 50 hostile
clients: wrong tokens, a header every now and then, frames of megabytes, connections that are open
on one side only, floods of valid messages; 260 connections that say nothing; and messages that once
did harm. Afterwards the connections that are open on one side stay open. Memory is that of the
server and of all its processes.

    python benchmarks/hostile.py [--seconds 15]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from served import explorer
from websockets.asyncio.client import connect as connect_later
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tegum.explorer.frames import decode

_LAW = {"kind": "independent", "n_features": 5, "feature_probability": 0.05}
_STATE: dict[str, Any] = {
    "problem": {
        "kind": "problem",
        "distribution": _LAW,
        "model": {"kind": "relu_output", "n_hidden": 2},
    },
    "training": {"steps": 10_000_000, "batch_size": 256},
    "seeds": 20,
}
_EACH = 10  # of five kinds
_IDLE = 260
#: Until connections that answer no ping are given up.
_SETTLES = 75.0


def main() -> None:
    """Print a table: before, during and after."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    with explorer() as served:
        _measure(*served, seconds)


def _measure(pid: int, port: str, token: str, seconds: float) -> None:
    origin = f"http://127.0.0.1:{port}"
    with connect(f"ws://127.0.0.1:{port}/ws?token={token}", origin=origin, max_size=None) as socket:  # type: ignore[arg-type]
        page = _Page(socket)
        print("| | frames/s | longest gap, s | memory, MB | processes |")
        print("| :-- | --: | --: | --: | --: |")
        page.row("before", seconds, pid)
        pipe, theirs = multiprocessing.Pipe()
        hostile = multiprocessing.Process(target=_hostile, args=(port, token, theirs), daemon=True)
        hostile.start()
        pipe.recv()  # all are there
        page.row("during", seconds, pid)
        pipe.send("enough")
        counts = pipe.recv()
        time.sleep(_SETTLES)
        page.row("after", seconds, pid)
        hostile.kill()
        print("\n" + ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))


class _Page:
    """Somebody who looks: draws every frame."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._times = socket, [time.perf_counter()]
        socket.send(json.dumps({"type": "configure", "state": _STATE}))
        threading.Thread(target=self._look, daemon=True).start()
        while len(self._times) < 60:
            time.sleep(0.1)

    def _look(self) -> None:
        with suppress(WebSocketException):
            while True:
                received = self._socket.recv()
                header = decode(received)[0] if isinstance(received, bytes) else {"type": ""}
                if header["type"] == "frame":
                    self._times.append(time.perf_counter())
                    self._socket.send(json.dumps({"type": "ack", "frame": header["frame"]}))

    def row(self, name: str, seconds: float, pid: int) -> None:
        """The frames of so many seconds, and the memory at their end."""
        start = time.perf_counter()
        time.sleep(seconds)
        end = time.perf_counter()
        times = [start, *(t for t in self._times if start < t < end), end]
        gap = max(later - earlier for earlier, later in pairwise(times))
        memory, processes = _memory(pid)
        rate = (len(times) - 2) / seconds
        print(f"| {name} | {rate:.1f} | {gap:.2f} | {memory:.0f} | {processes} |", flush=True)


def _memory(pid: int) -> tuple[float, int]:
    """Megabytes of a process and of all below it, what they share once, and their number."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
    parents = dict([int(word) for word in line.split()] for line in listing.stdout.splitlines())
    own, total = {pid}, 0.0
    for _ in range(3):  # the server, its template, workers
        own |= {process for process, parent in parents.items() if parent in own}
    for process in own:
        with suppress(OSError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if "Pss:" in line)
    return total / 1024, len(own)


# --- the others ----------------------------------------------------------------------------------


def _hostile(port: str, token: str, pipe: Any) -> None:
    os.nice(5)
    asyncio.run(_Crowd(int(port), token).act(pipe))


class _Crowd:
    """All hostile clients, in one process of their own."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self.counts: Counter[str] = Counter()
        self._open: list[Any] = []

    async def act(self, pipe: Any) -> None:
        """Until it is enough; connections that are open on one side stay."""
        tasks = [asyncio.create_task(self._forever(self._harm))]
        tasks += [asyncio.create_task(self._forever(self._flood)) for _ in range(_EACH)]
        await asyncio.sleep(1.0)  # they have pages; the others take turns at those that are left
        kinds = (self._guess, self._drip, self._huge, self._half)
        tasks += [asyncio.create_task(self._forever(act)) for act in kinds for _ in range(_EACH)]
        tasks += [asyncio.create_task(self._idle()) for _ in range(_IDLE)]
        await asyncio.sleep(2.0)
        pipe.send("there")
        await asyncio.to_thread(pipe.recv)
        for task in tasks:
            task.cancel()
        pipe.send(dict(self.counts))
        await asyncio.sleep(3600)

    async def _forever(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await asyncio.wait_for(act(), 60)
            except (OSError, EOFError, WebSocketException, TimeoutError):
                self.counts["connections that were refused or closed"] += 1
            await asyncio.sleep(0.05)

    def _page(self) -> Any:
        address = f"ws://127.0.0.1:{self._port}/ws?token={self._token}"
        return connect_later(address, origin=f"http://127.0.0.1:{self._port}", max_size=None)  # type: ignore[arg-type]

    async def _idle(self) -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                self.counts["connections that said nothing"] += 1
                await reader.read()
                writer.close()
            await asyncio.sleep(0.5)

    async def _guess(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"GET /?token=guess HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 403")
        writer.close()
        self.counts["wrong tokens"] += 1

    async def _drip(self) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.counts["slow requests"] += 1
        writer.write(b"GET / HTTP/1.1\r\n")
        while True:
            await asyncio.sleep(0.5)
            writer.write(b"x: y\r\n")
            await writer.drain()

    async def _huge(self) -> None:
        async with self._page() as page:
            await page.recv()
            self.counts["frames of 8 MB"] += 1
            await page.send("x" * 8_000_000)
            await page.recv()

    async def _half(self) -> None:
        """A page that trains large models, and neither reads nor answers pings any more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            f"GET /ws?token={self._token} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        self._open.append((reader, writer))
        writer.transport.pause_reading()
        self.counts["connections open on one side"] += 1
        await asyncio.sleep(3600)

    async def _flood(self) -> None:
        async with self._page() as page:
            await page.recv()
            await page.send(json.dumps({"type": "configure", "state": _STATE, "run": False}))
            for _ in range(200):
                for text in ('{"type":"ping"}', '{"type":"traces"}', '{"type":"step"}'):
                    await page.send(text)
                    self.counts["valid messages of floods"] += 1
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.001):
                        while True:
                            await page.recv()

    async def _harm(self) -> None:
        async with self._page() as page:
            await page.recv()
            while True:
                for text in _harmful():
                    await page.send(text)
                    assert json.loads(await page.recv())["type"] == "error"
                    self.counts["messages that once did harm"] += 1
                await asyncio.sleep(0.1)


def _harmful() -> list[str]:
    many = {**_STATE["problem"], "distribution": {**_LAW, "n_features": 30_000_000_000}}
    pairs = {**_STATE, "problem": {**many, "target": {"kind": "pairs"}}}
    return [
        '{"type":"ping","id":"\\ud800"}',
        '{"type":"configure","state":{"\\udfff":1}}',
        json.dumps({"type": "configure", "state": pairs}),
        json.dumps({"type": "configure", "state": {"a": json.loads("[" * 400 + "]" * 400)}}),
    ]


if __name__ == "__main__":
    main()
