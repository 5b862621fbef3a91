"""Listening: the socket, the address to open, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from secrets import token_urlsafe
from typing import Final

import uvicorn

from tegum.errors import SpecError, TegumError, joined, printable
from tegum.explorer.access import Access, is_loopback, own_names
from tegum.explorer.app import Explorer, Offer
from tegum.explorer.door import Door, PageSocket, Porch

#: Tried first, so that the address of a state stays good from one run to the next.
PORT: Final = 8642
#: Of those who have shown the token.
_CONNECTIONS: Final = 256
_NOT_BUILT: Final = (
    "the page is not built: run `make page` in a clone of the repository (it needs Node.js 20 or "
    "newer), or install a released wheel"
)


@dataclass(frozen=True)
class Place:
    """Where a running explorer is found."""

    host: str
    port: int
    token: str
    fragment: str = ""

    @property
    def url(self) -> str:
        """The address to open, perhaps of a state; whoever knows it may come in."""
        shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}
        host = shown.get(self.host, self.host)
        origin = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        return f"{origin}/?token={self.token}{self.fragment}"


def serve(
    offer: Offer,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    allow_remote: bool = False,
    open_browser: bool = True,
    fragment: str = "",
    ready: Callable[[Place], None] = lambda place: None,
) -> None:
    """Serve the explorer until Ctrl-C; `ready` is told the address once it answers.

    `fragment` is the part of an address from # on, which holds the state to open.

    Raises `TegumError` where the page is not built, the report folder is missing, the address
    cannot be had, or `host` is more than loopback without `allow_remote`.
    """
    if not is_loopback(host) and not allow_remote:
        rule = "must be a loopback address, or come with --allow-remote"
        raise SpecError.of("explore", "host", rule, host)
    if not (offer.static / "index.html").is_file():
        raise TegumError(_NOT_BUILT)
    if offer.report is not None and not offer.report.is_dir():
        raise SpecError.of("explore", "report", "must be a folder", str(offer.report))
    with _listening(host, port) as listener:
        port = int(listener.getsockname()[1])
        place = Place(host, port, token_urlsafe(24), fragment)
        access = Access(place.token, own_names(host), remote=not is_loopback(host))
        porch = Porch(access)
        config = uvicorn.Config(
            Explorer(offer, access).application(),
            http=partial(Door, porch),  # type: ignore[arg-type]
            ws=PageSocket,
            ws_max_size=offer.limits.message_bytes,
            ws_max_queue=8,
            ws_per_message_deflate=False,  # weights do not compress, and loopback is fast
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        server.when_up = lambda: _announce(place, ready, open_browser)
        server.when_down = porch.close
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(server.serve(sockets=[listener]))


class _Server(uvicorn.Server):
    """Tells when it is up, and when it goes down."""

    when_up: Callable[[], None] = staticmethod(lambda: None)
    when_down: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self.when_up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.when_down()
        await super().shutdown(sockets)


def _announce(place: Place, ready: Callable[[Place], None], open_browser: bool) -> None:
    ready(place)
    if open_browser:
        # some browsers do not return before they are closed
        threading.Thread(target=webbrowser.open, args=(place.url,), daemon=True).start()


def _listening(host: str, port: int | None) -> socket.socket:
    """A socket that listens: on the given port, or else on the usual one, or any that is free."""
    failed: OSError | None = None
    for candidate in (PORT, 0) if port is None else (port,):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            # with the usual option another process could take the port too, on Windows
            option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
            listener.setsockopt(socket.SOL_SOCKET, option, 1)
            listener.bind((host, candidate))
            listener.listen(128)
            return listener
        except (OSError, OverflowError, TypeError, ValueError) as error:
            listener.close()  # a name that no host can have is one of the latter two
            failed = error if isinstance(error, OSError) else OSError(joined(error))
    assert failed is not None
    why = failed.strerror or failed
    raise TegumError(f"cannot listen on {printable(host)} port {port or PORT}: {why}")
