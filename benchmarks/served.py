"""An explorer to be measured, in a process of its own, with a page that holds nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_SERVER = """
import sys
from pathlib import Path
from tegum.explorer.app import Offer
from tegum.explorer.serve import serve

serve(Offer(static=Path(sys.argv[1])), port=0, open_browser=False,
      ready=lambda place: print(place.port, place.token, flush=True))
"""


class Served(NamedTuple):
    """Where it is."""

    pid: int
    port: str
    token: str


@contextmanager
def explorer() -> Iterator[Served]:
    """One that is ready, and gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "index.html").write_text("<!doctype html><title>benchmark</title>")
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, folder], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            yield Served(process.pid, *process.stdout.readline().split())
        finally:
            process.terminate()
            process.wait()
