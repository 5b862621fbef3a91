"""A running explorer to test against: a real server, real sockets, real processes."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import numpy as np
import processes
from websockets.sync.client import ClientConnection, connect

from tegum.explorer.frames import decode

Arrays = dict[str, np.ndarray]

_CODE = """
import sys
from pathlib import Path
from tegum.explorer.app import Offer
from tegum.explorer.serve import serve

static, report, pages = sys.argv[1:]
serve(
    Offer(Path(report) if report else None, int(pages), Path(static)),
    port=0, open_browser=False, ready=lambda place: print(place.port, place.token, flush=True),
)
"""


def awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns, run in a thread: this one's loop runs once a browser was open."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    token: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def socket(self, **how: Any) -> Any:
        """A connection, to be used in `with`."""
        settings: dict[str, Any] = {"origin": self.origin, "max_size": None, **how}
        token = settings.pop("token", self.token)
        return connect(f"ws://127.0.0.1:{self.port}/ws?token={token}", **settings)

    def get(self, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """The numbers of the processes that train, or could: what the server's template forked."""
        return [
            worker
            for template in processes.children(self.process.pid)
            if "tegum.explorer.forking" in processes.command(template)
            for worker in processes.children(template)
        ]


@contextmanager
def running(
    static: Path,
    report: Path | None = None,
    pages: int = 8,
    environment: dict[str, str] | None = None,
    log: Path | None = None,
) -> Iterator[Running]:
    """A server that is up; it must end by itself, without a complaint, on Ctrl-C.

    What it and its workers say goes into `log`, if one is given.
    """
    static.mkdir(exist_ok=True)
    if not (static / "index.html").exists():
        (static / "index.html").write_text("<!doctype html><title>explorer</title>")
    with ExitStack() as stack:
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, str(static), str(report or ""), str(pages)],
            stdout=subprocess.PIPE,
            stderr=None if log is None else stack.enter_context(log.open("wb")),
            text=True,
            env=environment,
        )
    try:
        assert process.stdout is not None
        port, token = process.stdout.readline().split()
        yield Running(process, int(port), token)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        if process.stdout is not None:
            process.stdout.close()
    assert code == 0


class Page:
    """What a page does, without the page: it says things, and draws (acknowledges) frames."""

    def __init__(self, socket: ClientConnection, *, draws: bool = True) -> None:
        self.socket, self.draws = socket, draws
        self.hello = self.until("hello")[0]

    def say(self, type: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"type": type, **fields}))

    def next(self, timeout: float = 240.0) -> tuple[dict[str, Any], Arrays]:
        """The next message of any kind; text has no arrays."""
        received = self.socket.recv(timeout)
        if isinstance(received, str):
            return json.loads(received), {}
        header, arrays = decode(received)
        if header["type"] == "frame" and self.draws:
            self.say("ack", frame=header["frame"])
        return header, arrays

    def until(
        self, type: str, when: Callable[[dict[str, Any]], bool] = lambda header: True
    ) -> tuple[dict[str, Any], Arrays]:
        """The next message of a type for which `when` holds; others are passed over."""
        end = time.monotonic() + 240
        while time.monotonic() < end:
            header, arrays = self.next()
            if header["type"] == type and when(header):
                return header, arrays
            if header["type"] == "error" and type != "error":
                raise AssertionError(header["message"])
        raise AssertionError(f"no {type} came")

    def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        """What is answered to a message, be it an error."""
        self.say(type, id=f"ask {type}", **fields)
        while True:
            header, _ = self.next()
            if header.get("id") == f"ask {type}":
                return header

    def resting(self, step: int) -> tuple[dict[str, Any], Arrays]:
        """The first frame at a step that is not running."""
        return self.until("frame", lambda h: h["step"] == step and h["status"] != "running")


def small(seeds: int = 3, steps: int = 400, **changes: Any) -> dict[str, Any]:
    """A state that trains in no time."""
    law = {"kind": "independent", "n_features": 5, "feature_probability": 0.1}
    return {
        "problem": {
            "kind": "problem",
            "distribution": law,
            "model": {"kind": "relu_output", "n_hidden": 2},
        },
        "training": {"steps": steps, "batch_size": 64, "learning_rate": 0.01},
        "seeds": seeds,
        "seed": 7,
        **changes,
    }
