"""One open page: its WebSocket, and the worker behind it."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from secrets import token_urlsafe
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

import tegum
from tegum.errors import TegumError, shorten
from tegum.explorer import messages
from tegum.explorer.frames import to_json
from tegum.explorer.limits import Limits
from tegum.explorer.link import ANSWER, FRAME, REQUEST
from tegum.explorer.process import Pool, WorkerProcess
from tegum.explorer.state import FIRST, PageState
from tegum.explorer.vocabulary import vocabulary

_log: Final = logging.getLogger(__name__)
PROTOCOL: Final = 2
NONSENSE: Final = 4409
_WAITING: Final = 64  # commands that the worker has not taken yet
_NONSENSE_IN_A_ROW: Final = 50
_DOWNLOADS: Final = 4  # of one page at a time
_DOWNLOAD_SECONDS: Final = 60.0


class Session:
    """What a page says goes to its worker; what the worker says goes to the page."""

    def __init__(self, socket: WebSocket, pool: Pool, limits: Limits) -> None:
        self.id = token_urlsafe(12)
        self._socket, self._pool, self._limits = socket, pool, limits
        self._outbox: asyncio.Queue[tuple[Any, bytes]] = asyncio.Queue(_WAITING)
        self._sending = asyncio.Lock()
        self.worker: WorkerProcess | None = None
        self._reader: asyncio.Task[None] | None = None
        self._state: dict[str, Any] | None = None
        self._run = 0
        self._requests = itertools.count(1)
        self._answers: dict[int, asyncio.Future[bytes]] = {}

    async def serve(self) -> None:
        """Until the page leaves. Its work is then ended."""
        forwarding = asyncio.create_task(self._forward())
        try:
            await self._say(self._hello())
            await self._listen()
        except WebSocketDisconnect:
            pass
        finally:
            forwarding.cancel()
            await asyncio.gather(forwarding, return_exceptions=True)
            await self._release()

    async def download(self, form: str, which: str) -> bytes:
        """A file of the training. Raises `TegumError`."""
        if self.worker is None:
            raise TegumError("there is no training: configure one first")
        if len(self._answers) >= _DOWNLOADS:
            raise TegumError("other downloads of this page are under way")
        number = next(self._requests)
        wish = {"type": "export", "request": number, "format": form, "which": which}
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self.worker.send(to_json(wish).encode())
            return await asyncio.wait_for(answer, _DOWNLOAD_SECONDS)
        except TimeoutError:
            raise TegumError("the training is too busy to answer: pause it") from None
        finally:
            self._answers.pop(number, None)

    # --- from the page -------------------------------------------------------------------------

    async def _listen(self) -> None:
        nonsense = 0
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = received.get("text")
            try:
                if text is None:
                    raise messages.MessageError("a message must be text; got bytes")
                message = messages.parse(text)
            except messages.MessageError as error:
                nonsense += 1
                await self._refuse(messages.identity(text or ""), "message", str(error))
                if nonsense >= _NONSENSE_IN_A_ROW:
                    await self._socket.close(NONSENSE, "too many messages that are none")
                    return
                continue
            nonsense = 0
            try:
                self._outbox.put_nowait((message, text.encode()))
            except asyncio.QueueFull:
                rule = f"{_WAITING} messages are waiting already: wait for answers"
                await self._refuse(message.id, "limit", rule)

    async def _forward(self) -> None:
        """Message by message; one that fails is refused, and the next one is taken."""
        while True:
            message, text = await self._outbox.get()
            try:
                await self._pass_on(message, text)
            except TegumError as error:  # the numbers of a data set went with the last process
                await self._refuse(message.id, "invalid", str(error))
            except Exception as error:
                _log.error("a message was not passed on: %s", shorten(error))
                rule = f"{message.type} failed: {type(error).__name__}"
                await self._refuse(message.id, "failed", rule)

    async def _pass_on(self, message: Any, text: bytes) -> None:
        if self.worker is None:
            if message.type == "ping":
                await self._say({"type": "ok", "id": message.id})
                return
            ready = await self._revive(message)
            if ready is None:
                return
            text = ready
        if self.worker is not None:
            await self.worker.send(text)

    async def _revive(self, message: Any) -> bytes | None:
        """Start a worker for a message that needs one: what it is to be told, or None."""
        wish = dict(message)
        if message.type == "restart" and self._state is not None:
            state = PageState.read(self._state).settled(message.seed).data()
            wish = {"type": "configure", "id": message.id, "state": state, "run": message.run}
        elif message.type not in ("configure", "phase"):
            if message.type not in ("ack", "watch", "speed"):
                rule = "there is no training: configure one first"
                await self._refuse(message.id, "state", rule)
            return None
        try:
            self.worker = await self._pool.take()
        except OSError as error:
            await self._refuse(message.id, "failed", f"no process can be started: {error}")
            return None
        self._reader = asyncio.create_task(self._read(self.worker))
        await self.worker.send(to_json({"type": "base", "run": self._run}).encode())
        return to_json(wish).encode()

    # --- to the page ---------------------------------------------------------------------------

    async def _read(self, worker: WorkerProcess) -> None:
        try:
            while True:
                tag, message = await worker.receive()
                if tag == ANSWER:
                    self._answer(message)
                elif tag == FRAME:
                    await self._send(message)
                else:
                    self._note(message)
                    await self._send(message.decode())
        except EOFError:
            pass
        except Exception as error:
            _log.error("a worker made no sense: %s", shorten(error))
            await worker.end()
        await self._bury(worker)

    async def _bury(self, worker: WorkerProcess) -> None:
        self.worker = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(TegumError("the training process ended"))
        reason = await worker.how_it_ended()
        text = f"the training process ended ({reason}); restart to train again"
        await self._say({"type": "crashed", "run": self._run, "message": text})

    def _note(self, text: bytes) -> None:
        """Keep what a restart after a crash needs."""
        if text.startswith((b'{"type":"configured"', b'{"type":"changed"')):
            said = json.loads(text)
            self._run, self._state = said["run"], said["state"]

    def _answer(self, message: bytes) -> None:
        number, good = REQUEST.unpack_from(message)
        answer, content = self._answers.get(number), message[REQUEST.size :]
        if answer is None or answer.done():
            return
        if good:
            answer.set_result(content)
        else:
            answer.set_exception(TegumError(content.decode()))

    async def _refuse(self, identity: Any, code: str, message: str) -> None:
        await self._say(messages.refusal(identity, code, message))

    async def _say(self, message: dict[str, Any]) -> None:
        await self._send(to_json(message))

    async def _send(self, message: str | bytes) -> None:
        """To the page. It has a while to take it (`door.PageSocket`), and is gone after that."""
        try:
            async with self._sending:
                if isinstance(message, str):
                    await self._socket.send_text(message)
                else:
                    await self._socket.send_bytes(message)
        except (RuntimeError, WebSocketDisconnect):
            pass  # it is gone: `_listen` hears of it

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "protocol": PROTOCOL,
            "session": self.id,
            "version": tegum.__version__,
            "limits": self._limits.data(),
            "vocabulary": vocabulary(),
            "default": FIRST.data(),
        }

    async def _release(self) -> None:
        worker, self.worker = self.worker, None
        if self._reader is not None:
            self._reader.cancel()
        if worker is not None:
            await worker.end()
