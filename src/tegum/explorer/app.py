"""The application: the page, its WebSocket, the gallery, the report, downloads."""

from __future__ import annotations

import asyncio
import functools
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from tegum.errors import TegumError
from tegum.explorer.access import Access, Guard
from tegum.explorer.limits import Limits
from tegum.explorer.process import Pool, prepare, warm_up
from tegum.explorer.session import Session
from tegum.report.files import is_report_file

TOO_MANY: Final = 4429
#: What Vite builds; part of the wheel.
STATIC: Final = Path(__file__).parent / "static"

_GALLERY_LATER: Final = 5.0  # seconds after the first page: its training comes first
_MEDIA: Final = {
    "safetensors": "application/octet-stream",
    "npz": "application/octet-stream",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
}


@dataclass(frozen=True)
class Offer:
    """What is served: `pages` at a time at most, from `static`, with a `report`.

    Each page has `limits`; `spares` processes wait for the next ones. `warm`: another one compiles
    ahead what lessons and presets need.
    """

    report: Path | None = None
    pages: int = 8
    static: Path = STATIC
    limits: Limits = field(default_factory=Limits)
    spares: int = 1
    warm: bool = False


class ReportFiles(StaticFiles):
    """What a report is made of; the rest of its folder, the store for one, is nobody's business."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file of a path, if a report has such a file."""
        known = is_report_file(path.replace(os.sep, "/"))
        return super().lookup_path(path) if known else ("", None)


class Explorer:
    """Serves what there is to those who have access."""

    def __init__(self, offer: Offer, access: Access) -> None:
        self.offer, self.access = offer, access
        self.pool = Pool(offer.spares)
        self.sessions: dict[str, Session] = {}
        self._gallery: asyncio.Task[bytes] | None = None

    def application(self) -> Starlette:
        """The ASGI application."""
        routes: list[BaseRoute] = [
            WebSocketRoute("/ws", self._socket),
            Route("/api/gallery", self._show_gallery),
            Route("/api/lessons", self._lessons),
            Route("/api/sessions/{session}/{what}.{form}", self._download),
        ]
        if self.offer.report is not None:
            routes.append(Mount("/report", ReportFiles(directory=self.offer.report)))
        page = StaticFiles(directory=self.offer.static, html=True, check_dir=False)
        routes.append(Mount("/", page))
        return Starlette(
            routes=routes,
            middleware=[Middleware(Guard, access=self.access)],
            lifespan=self._lifespan,
            exception_handlers={HTTPException: _in_a_line},
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        await self.pool.open()
        warming = asyncio.create_task(warm_up()) if self.offer.warm else None
        try:
            yield
        finally:
            if warming is not None:
                warming.cancel()
                await asyncio.gather(warming, return_exceptions=True)
            if self._gallery is not None:
                self._gallery.cancel()
            await self.pool.close()

    async def _socket(self, socket: WebSocket) -> None:
        """One page, from open to closed."""
        await socket.accept()
        if len(self.sessions) >= self.offer.pages:
            reason = f"{self.offer.pages} pages are open already: close one"
            await socket.close(TOO_MANY, reason)
            return
        self._prepared(_GALLERY_LATER)  # somebody may ask for it next
        session = Session(socket, self.pool, self.offer.limits)
        self.sessions[session.id] = session
        try:
            await session.serve()
        finally:
            del self.sessions[session.id]

    def _prepared(self, delay: float) -> asyncio.Task[bytes]:
        """The gallery, which is made once."""
        task = self._gallery
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._gallery = asyncio.create_task(prepare(self.offer.report, delay))
        return task

    async def _show_gallery(self, request: Request) -> Response:
        try:
            found = await asyncio.shield(self._prepared(0.0))
        except TegumError as error:
            raise HTTPException(500, str(error)) from None
        return Response(found, media_type="application/json")

    async def _lessons(self, request: Request) -> Response:
        return JSONResponse(lessons())

    async def _download(self, request: Request) -> Response:
        names = request.path_params
        what, form = names["what"], names["form"]
        forms = {"model": ("safetensors", "json", "npz"), "figure": ("svg", "png")}
        if form not in forms.get(what, ()):
            raise HTTPException(404, f"there is no {what}.{form}")
        which = request.query_params.get("which", "selected")
        if which not in ("selected", "all"):
            raise HTTPException(400, f"which must be selected or all; got {which[:40]!r}")
        session = self.sessions.get(names["session"])
        if session is None:
            raise HTTPException(404, "this page is closed")
        try:
            content = await session.download(form, which)
        except TegumError as error:
            raise HTTPException(409, str(error)) from None
        headers = {"content-disposition": f'attachment; filename="tegum-{what}.{form}"'}
        return Response(content, media_type=_MEDIA[form], headers=headers)


@functools.cache
def lessons() -> list[dict[str, object]]:
    """The guided path."""
    text = files("tegum.explorer").joinpath("lessons.json").read_text("utf-8")
    found: list[dict[str, object]] = json.loads(text)
    return found


async def _in_a_line(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", error.status_code)
