"""A site on a host of static files, and its pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from explorer_page import ExplorerPage
from playwright.sync_api import Browser


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class Host:
    """A folder that is served, and one path of it."""

    def __init__(self, port: int, path: str) -> None:
        self.port, self.path = port, path

    def address(self, fragment: str) -> str:
        return f"http://127.0.0.1:{self.port}/{self.path}{fragment}"

    @property
    def hosts(self) -> set[str]:
        """All that its pages may ask."""
        return {f"127.0.0.1:{self.port}"}


class Disk:
    """A page in a file."""

    hosts = frozenset({""})

    def __init__(self, file: Path) -> None:
        self.file = file

    def address(self, fragment: str) -> str:
        return f"{self.file.as_uri()}{fragment}"


class SitePage(ExplorerPage):
    """A page of a site: nobody answers it."""

    def __init__(
        self, place: Host | Disk, browser: Browser, fragment: str = "", **how: Any
    ) -> None:
        self.place = place
        self.open(browser, place.address(fragment), **how)

    @property
    def hosts(self) -> set[str]:
        return set(self.place.hosts)


@contextmanager
def hosted(root: Path, path: str) -> Iterator[Host]:
    """Files in `root`, of which `path` is the site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=root))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Host(server.server_address[1], path)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
