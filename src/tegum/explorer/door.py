"""Connections: strangers have a while to show the token, pages must take what they are sent."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from tegum.explorer.access import HEADERS, NO_TOKEN, Access
from tegum.explorer.stranger import POLICY, page_for

_STRANGERS: Final = 64
_SECONDS: Final = 5.0
#: Of a request before its body: a cookie may be long, but not so long.
_MOST_BYTES: Final = 16 * 1024
#: How often it is looked whether a page takes what it is sent: twice stuck is gone.
_TAKES_SECONDS: Final = 15.0


class Porch:
    """The connections that have not shown the token: `most` of them, each for `seconds`.

    Where there are more, the one that came first has to go: who has the token shows it at once.
    None of them takes a place of those who are in.
    """

    def __init__(
        self, access: Access, *, most: int = _STRANGERS, seconds: float = _SECONDS
    ) -> None:
        self.access, self._most, self._seconds = access, most, seconds
        self._waiting: dict[Door, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._waiting)

    def enter(self, door: Door) -> None:
        """One more."""
        if len(self._waiting) >= self._most:
            self._send_off(next(iter(self._waiting)))
        timer = asyncio.get_running_loop().call_later(self._seconds, self._send_off, door)
        self._waiting[door] = timer

    def leave(self, door: Door) -> None:
        """One less: it is in, or gone."""
        timer = self._waiting.pop(door, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Send them all off."""
        for door in list(self._waiting):
            self._send_off(door)

    def _send_off(self, door: Door) -> None:
        self.leave(door)
        door.close()


class Door(asyncio.Protocol):
    """A connection up to its first request, which the server gets if it shows the token.

    What does not is answered, in one line or with a page for a browser, and closed.
    """

    def __init__(
        self,
        porch: Porch,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._porch = porch
        self._server = (config, server_state, app_state, _loop)
        self._head = h11.Connection(h11.SERVER, _MOST_BYTES)
        self._received: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._porch.enter(self)

    def connection_lost(self, error: Exception | None) -> None:
        """And gone."""
        self._porch.leave(self)

    def close(self) -> None:
        """Without another word."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """A part of the first request."""
        if self._transport is None or self._transport.is_closing():
            return
        self._received.append(data)
        try:
            self._head.receive_data(data)
            event = self._head.next_event()
        except h11.RemoteProtocolError:
            self._answer(400, "this is no request of HTTP")
            return
        if isinstance(event, h11.Request):
            path, _, query = event.target.partition(b"?")
            socket = any(name == b"upgrade" for name, _ in event.headers)
            reason = self._porch.access.refusal(event.headers, query, socket=socket)
            if reason is None:
                self._let_in(self._transport)
                return
            ask = (event.method.decode(), path.decode("latin-1"), event.headers)
            self._answer(403, reason, page_for(*ask) if reason == NO_TOKEN else None)

    def _let_in(self, transport: asyncio.Transport) -> None:
        self._porch.leave(self)
        inside = H11Protocol(*self._server)
        inside.connection_made(transport)
        transport.set_protocol(inside)
        inside.data_received(b"".join(self._received))

    def _answer(self, status: int, reason: str, page: str | None = None) -> None:
        text = (page or f"{reason}\n").encode()
        kind = "plain" if page is None else "html"
        headers = [
            ("content-type", f"text/{kind}; charset=utf-8"),
            ("content-security-policy", POLICY),
            ("content-length", str(len(text))),
            ("cache-control", "no-store"),
            ("connection", "close"),
            *HEADERS,
        ]
        events = (
            h11.Response(status_code=status, headers=headers),
            h11.Data(data=text),
            h11.EndOfMessage(),
        )
        assert self._transport is not None
        self._transport.write(b"".join(self._head.send(event) or b"" for event in events))
        self._transport.close()


class PageSocket(WebSocketsSansIOProtocol):
    """A page's WebSocket: what takes nothing is not read from, and is gone after a while."""

    _stuck = False
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to look after it."""
        super().connection_made(transport)
        self._look_again()

    def connection_lost(self, exc: Exception | None) -> None:
        """No more."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """It has more to take than it should: what it asks for now would come on top."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """It has taken something."""
        super().resume_writing()
        self._stuck = False
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def _look_again(self) -> None:
        self._look = self.loop.call_later(_TAKES_SECONDS, self._look_after)

    def _look_after(self) -> None:
        stuck = not self.writable.is_set() or self.transport.is_closing()
        if stuck and self._stuck:
            self.transport.abort()
            return
        self._stuck = stuck
        self._look_again()
