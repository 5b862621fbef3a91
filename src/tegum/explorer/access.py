"""Who may come in: the token, where a request says it was sent to, and who sent it."""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tegum.errors import shorten
from tegum.explorer.stranger import POLICY, page_for

#: Names and texts of a request's headers, as they came.
RawHeaders = Iterable[tuple[bytes, bytes]]

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

#: A name, an address or an address of IPv6 in brackets, and perhaps a port: nothing else.
_HOST: Final = re.compile(
    r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[0-9a-z][0-9a-z._-]*))(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII | re.IGNORECASE,
)
_READ: Final = ("host", "origin", "cookie")
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; worker-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: The report is a page of its own: no scripts, styles and pictures within it.
_REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-popups"
)
#: Said to who does not know the token.
NO_TOKEN: Final = "the token is missing or wrong: open the address that tegum explore printed"
HEADERS: Final = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
)


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine alone."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def own_names(host: str) -> frozenset[str]:
    """The names by which a server on `host` may be called, besides plain addresses."""
    names = {*LOOPBACK, host.lower()}
    if not is_loopback(host):
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return frozenset(names)


@dataclass(frozen=True)
class Access:
    """Who may come in: what knows the token and comes from the page itself.

    The token is in the query or in the cookie that the first visit sets. `Host` must be one of
    `names` (or, where `remote`, any plain address): a foreign name that was made to resolve to
    this machine is refused. `Origin`, where there is one, must be the server itself, and a
    WebSocket must have one.
    """

    token: str
    names: frozenset[str]
    remote: bool

    def refusal(self, headers: RawHeaders, query: bytes, *, socket: bool) -> str | None:
        """Why a request, or a `socket` that is to be opened, is refused; None where it is not."""
        found = {name: [text for own, text in _plain(headers) if own == name] for name in _READ}
        if any(len(found[name]) > 1 for name in ("host", "origin")):
            return "a request must say its host and its origin once"
        host, origin = "".join(found["host"]), "".join(found["origin"]) or None
        place = _HOST.fullmatch(host)
        if place is None or not self._is_own((place["six"] or place["name"]).lower()):
            return f"this server is not called {shorten(host)}"
        if origin is None and socket:
            return "a WebSocket must say its origin"
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return f"requests from {shorten(origin)} are not answered"
        shown = (asked_in(query), _in_cookies(found["cookie"], cookie_of(headers)))
        if not any(hmac.compare_digest(text.encode(), self.token.encode()) for text in shown):
            return NO_TOKEN
        return None

    def _is_own(self, name: str) -> bool:
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.remote


def asked_in(query: bytes) -> str:
    """The token in a query; "" without one."""
    return parse_qs(query.decode("latin-1")).get("token", [""])[-1]


def cookie_of(headers: RawHeaders) -> str:
    """The cookie's name, with the port: a browser shows cookies to all explorers of a machine."""
    host = next((text for name, text in _plain(headers) if name == "host"), "")
    place = _HOST.fullmatch(host)
    return f"tegum-{place['port'] if place is not None and place['port'] else 80}"


def _in_cookies(texts: list[str], name: str) -> str:
    try:
        found = SimpleCookie("; ".join(texts)).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _plain(headers: RawHeaders) -> Iterator[tuple[str, str]]:
    return ((name.decode("latin-1").lower(), text.decode("latin-1")) for name, text in headers)


class Guard:
    """Lets `access` say of each request whether it is answered."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 in one line, or pass on; security headers on everything."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        socket = scope["type"] == "websocket"
        query = scope["query_string"]
        reason = self._access.refusal(scope["headers"], query, socket=socket)
        if reason is not None and socket:
            await send({"type": "websocket.close", "code": 4403, "reason": reason})
        elif reason is not None:
            await self._refuse(reason, scope)(scope, receive, _armoured(send, scope))
        elif not socket and scope["path"] == "/" and asked_in(query):
            await self._welcome(scope["headers"])(scope, receive, _armoured(send, scope))
        elif not socket:
            await self._app(scope, receive, _armoured(send, scope))
        else:
            await self._app(scope, receive, send)

    def _refuse(self, reason: str, scope: Scope) -> Response:
        """In a line; a browser without the token gets a page."""
        ask = (scope["method"], scope["path"], scope["headers"])
        page = page_for(*ask) if reason == NO_TOKEN else None
        if page is None:
            return PlainTextResponse(f"{reason}\n", 403)
        return HTMLResponse(page, 403, {"content-security-policy": POLICY})

    def _welcome(self, headers: RawHeaders) -> RedirectResponse:
        """To the page, with the token in a cookie instead of the address."""
        answer = RedirectResponse("/", 303)
        answer.set_cookie(cookie_of(headers), self._access.token, httponly=True, samesite="lax")
        return answer


def _armoured(send: Send, scope: Scope) -> Send:
    """`send` with security headers on the response."""
    path: str = scope["path"]
    policy = _REPORT_POLICY if path.startswith("/report/") else _PAGE_POLICY
    hashed = path.startswith("/assets/")

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            # a refusal must not outlive its reason
            fixed = hashed and message["status"] < 400
            cache = "private, max-age=31536000, immutable" if fixed else "no-store"
            extra: list[tuple[str, str]] = [
                *HEADERS,
                ("cache-control", cache),
            ]
            own: MutableMapping[str, Any] = message
            if not any(n.lower() == b"content-security-policy" for n, _ in own.get("headers", [])):
                extra.append(("content-security-policy", policy))
            own["headers"] = [
                *((n, v) for n, v in message.get("headers", []) if n.lower() != b"cache-control"),
                *((name.encode(), text.encode()) for name, text in extra),
            ]
        await send(message)

    return wrapped
