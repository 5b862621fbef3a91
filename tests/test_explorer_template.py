"""Workers that are forks: warm, killed for good, and not missed where there can be none."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import processes
import pytest
from explorer_server import awaited

from tegum.explorer import process
from tegum.explorer.frames import to_json
from tegum.explorer.process import Pool, WorkerProcess

_PING = to_json({"type": "ping", "id": 7}).encode()


def _in_a_pool(test: Callable[[Pool], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        pool = Pool(spares=0)
        try:
            await test(pool)
        finally:
            await pool.close()

    awaited(run())


async def _answers(worker: WorkerProcess) -> None:
    await worker.send(_PING)
    tag, message = await worker.receive()
    assert (tag, message) == (b"T", b'{"type":"ok","id":7}')


def test_a_fork_loads_nothing_itself_and_how_it_ended_is_told() -> None:
    async def test(pool: Pool) -> None:
        first, second = await pool.take(), await pool.take()
        for worker in (first, second):
            await _answers(worker)
        parents = {processes.parent(w.pid) for w in (first, second)}
        assert len(parents) == 1
        template = parents.pop()
        assert template != os.getpid()
        assert processes.seconds(first.pid) < 0.5 * processes.seconds(template)
        assert {os.getpgid(w.pid) for w in (first, second)} == {first.pid, second.pid}
        await first.end()
        assert not first.alive
        assert await first.how_it_ended() == "signal SIGKILL"
        os.kill(second.pid, signal.SIGSEGV)
        with pytest.raises(EOFError):
            await second.receive()
        assert await second.how_it_ended() == "signal SIGSEGV"
        third = await pool.take()
        third._writer.write_eof()
        with pytest.raises(EOFError):
            await third.receive()
        assert await third.how_it_ended() == "code 0"

    _in_a_pool(test)


def test_a_template_that_is_gone_takes_its_forks_along_and_is_replaced() -> None:
    async def test(pool: Pool) -> None:
        old = await pool.take()
        await _answers(old)
        template = processes.parent(old.pid)
        os.kill(template, signal.SIGKILL)
        with pytest.raises(EOFError):
            await old.receive()
        assert await old.how_it_ended() == "signal SIGKILL"
        await old.end()
        new = await pool.take()
        await _answers(new)
        assert processes.parent(new.pid) != template
        await new.end()

    _in_a_pool(test)


def test_where_nothing_is_forked_each_worker_loads_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "POSSIBLE", False)

    async def test(pool: Pool) -> None:
        worker = await pool.take()
        await _answers(worker)
        assert processes.parent(worker.pid) == os.getpid()
        await worker.end()
        assert await worker.how_it_ended() == "signal SIGKILL"

    _in_a_pool(test)


def test_a_pool_closes_while_its_template_still_loads() -> None:
    async def test(pool: Pool) -> None:
        waiting = asyncio.create_task(pool.take())
        await asyncio.sleep(0.2)
        template = pool._template
        assert template is not None
        assert template.alive
        assert not waiting.done()
        await pool.close()
        assert not template.alive
        with pytest.raises(ConnectionError, match="the server is closing"):
            await waiting

    _in_a_pool(test)
