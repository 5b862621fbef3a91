"""Who may come in: the token, where a request says it was sent to, and who sent it."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

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
_HEADERS: Final = (
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


class Guard:
    """Lets through what knows the token and comes from the page itself.

    The token is in the query or in the cookie that the first visit sets. `Host` must be one of
    `names` (or, with `remote`, any plain address): a foreign name that was made to resolve to this
    machine is refused. `Origin`, where there is one, must be the server itself, and a WebSocket
    must have one.
    """

    def __init__(self, app: ASGIApp, token: str, names: Iterable[str], *, remote: bool) -> None:
        self._app, self._token = app, token.encode()
        self._names, self._remote = frozenset(names), remote
        self._cookie = "tegum"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 in one line, or pass on; security headers on everything."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        query = parse_qs(scope["query_string"].decode("latin-1"))
        asked = query.get("token", [""])[-1]
        reason = self._reason(scope, headers, asked)
        if reason is not None and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4403, "reason": reason})
        elif reason is not None:
            await PlainTextResponse(f"{reason}\n", 403)(scope, receive, _armoured(send, scope))
        elif scope["type"] == "http" and scope["path"] == "/" and asked:
            await self._welcome(scope, headers)(scope, receive, _armoured(send, scope))
        elif scope["type"] == "http":
            await self._app(scope, receive, _armoured(send, scope))
        else:
            await self._app(scope, receive, send)

    def _reason(self, scope: Scope, headers: dict[str, str], asked: str) -> str | None:
        """Why not."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_own(host):
            return f"this server is not called {host[:80]!r}"
        if origin is None and scope["type"] == "websocket":
            return "a WebSocket must say its origin"
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return f"requests from {origin[:80]!r} are not answered"
        if not any(self._is_token(text) for text in (asked, self._from_cookie(headers))):
            return "the token is missing or wrong: open the address that tegum explore printed"
        return None

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._token)

    def _is_own(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._remote

    def _from_cookie(self, headers: dict[str, str]) -> str:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        found = cookies.get(self._cookie_name(headers.get("host", "")))
        return found.value if found is not None else ""

    def _cookie_name(self, host: str) -> str:
        """Cookies do not tell ports apart, but several explorers may run on one machine."""
        try:
            port = urlsplit(f"//{host}").port
        except ValueError:
            port = None
        return f"{self._cookie}-{port or 80}"

    def _welcome(self, scope: Scope, headers: dict[str, str]) -> RedirectResponse:
        """To the page, with the token in a cookie instead of the address."""
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            self._cookie_name(headers.get("host", "")),
            self._token.decode(),
            httponly=True,
            samesite="lax",
        )
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
                *_HEADERS,
                ("content-security-policy", policy),
                ("cache-control", cache),
            ]
            own: MutableMapping[str, Any] = message
            own["headers"] = [
                *((n, v) for n, v in message.get("headers", []) if n.lower() != b"cache-control"),
                *((name.encode(), text.encode()) for name, text in extra),
            ]
        await send(message)

    return wrapped
