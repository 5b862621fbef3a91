"""How fast the explorer is: updates per second while models train, and model-steps per second.

A real server, a real WebSocket, and a client that acknowledges every frame as a page does (it
decodes them, and draws nothing). Each case trains for a few seconds after its kernels are loaded.

    python benchmarks/explorer.py [--seconds 5]
"""

from __future__ import annotations

import argparse
import json
import time
import urllib.request
from itertools import pairwise
from typing import Any

from served import explorer
from websockets.sync.client import connect

from tegum.explorer.frames import decode

#: name, n, m, seeds, batch size, feature probability.
CASES = (
    ("(5,2) × 100", 5, 2, 100, 1024, 0.05),
    ("(20,5) × 100", 20, 5, 100, 1024, 0.05),
    ("(80,20) × 10", 80, 20, 10, 1024, 0.05),
    ("(80,20) × 100", 80, 20, 100, 1024, 0.05),
)


def main() -> None:
    """Print a table, one row for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    with explorer() as (_, port, token):
        print(f"first byte of the page after {1e3 * _page(port, token):.1f} ms\n")
        print("| (n, m) × models | updates/s | longest gap, ms | model-steps/s |")
        print("| :-- | --: | --: | --: |")
        for case in CASES:
            print(_row(case, port, token, seconds), flush=True)


def _page(port: str, token: str) -> float:
    start = time.perf_counter()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(f"http://127.0.0.1:{port}/?token={token}") as answer:
        answer.read(1)
    return time.perf_counter() - start


def _row(case: tuple[Any, ...], port: str, token: str, seconds: float) -> str:
    name, n, m, seeds, batch, p = case
    state = {
        "problem": {
            "kind": "problem",
            "distribution": {"kind": "independent", "n_features": n, "feature_probability": p},
            "model": {"kind": "relu_output", "n_hidden": m},
        },
        "training": {"steps": 10_000_000, "batch_size": batch, "learning_rate": 1e-3},
        "seeds": seeds,
        "seed": 0,
    }
    origin = f"http://127.0.0.1:{port}"
    address = f"ws://127.0.0.1:{port}/ws?token={token}"
    with connect(address, origin=origin, max_size=None) as socket:  # type: ignore[arg-type]
        socket.send(json.dumps({"type": "configure", "state": state}))
        socket.send(json.dumps({"type": "watch", "fps": 60}))
        times: list[float] = []
        steps: list[int] = []
        while not times or times[-1] < times[0] + seconds:
            received = socket.recv()
            if isinstance(received, str):
                said = json.loads(received)
                if said["type"] in ("error", "crashed"):
                    raise SystemExit(said["message"])
                continue
            header, _ = decode(received)
            if header["type"] != "frame":
                continue
            socket.send(json.dumps({"type": "ack", "frame": header["frame"]}))
            if header["step"] > 20:  # the kernels are loaded, the slices have their length
                times.append(time.perf_counter())
                steps.append(header["step"])
    gaps = [later - earlier for earlier, later in pairwise(times)]
    span = times[-1] - times[0]
    rate = seeds * (steps[-1] - steps[0]) / span
    return f"| {name} | {len(gaps) / span:.1f} | {1e3 * max(gaps):.0f} | {rate:,.0f} |"


if __name__ == "__main__":
    main()
