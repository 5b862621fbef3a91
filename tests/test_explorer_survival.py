"""The explorer's server: killed trainings, pages that leave, and many of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from socket import SHUT_RDWR
from typing import Any

import numpy as np
import processes
import pytest
from explorer_server import Page, Running, small
from websockets.exceptions import ConnectionClosed

import tegum as tg

pytestmark = pytest.mark.xdist_group("explorer")


def test_a_killed_training_is_reported_and_can_be_restarted(server: Running, page: Page) -> None:
    before = set(server.workers())
    page.say("configure", state=small(steps=1_000_000))
    page.until("frame", lambda h: h["step"] > 100)
    page.say("change", values={"feature_probability": 0.25})
    page.until("changed")
    busy = max(before | set(server.workers()), key=processes.seconds)
    os.kill(busy, signal.SIGKILL)
    crashed, _ = page.until("crashed")
    assert "SIGKILL" in crashed["message"]
    assert page.ask("ping")["type"] == "ok"
    page.say("restart", id=5)
    configured, _ = page.until("configured")
    assert configured["run"] == crashed["run"] + 1
    assert configured["state"]["changes"] == []
    law = configured["state"]["problem"]["distribution"]
    assert law["feature_probability"] == 0.25
    page.until("frame", lambda h: h["run"] == configured["run"] and h["step"] > 100)


def test_a_data_set_that_went_with_its_process_is_asked_for(server: Running, page: Page) -> None:
    """Of more than 2,000 numbers a state has the digest alone."""
    state = small(steps=1_000_000)
    rows = np.round(np.random.default_rng(0).random((500, 5)), 2)
    sent = {"kind": "samples", "x": rows.tolist()}
    state["problem"] = {**state["problem"], "distribution": sent}
    page.say("configure", state=state)
    configured, _ = page.until("configured")
    named = configured["state"]["problem"]["distribution"]["x"]
    assert named == {"digest": tg.Samples(rows).x.digest, "shape": [500, 5]}
    assert page.ask("change", values={"learning_rate": 0.02})["type"] == "changed"
    os.kill(max(server.workers(), key=processes.seconds), signal.SIGKILL)
    page.until("crashed")
    refused = page.ask("restart")
    assert (refused["type"], refused["code"]) == ("error", "invalid")
    assert "known by its digest alone" in refused["message"]
    page.say("configure", state=state)
    assert page.until("configured")[0]["state"]["problem"]["distribution"]["x"] == named


def test_a_page_that_leaves_takes_its_work_with_it(server: Running) -> None:
    with server.socket() as socket:
        page = Page(socket)
        page.say("configure", state=small(steps=1_000_000))
        page.until("frame", lambda h: h["step"] > 10)
        assert len(server.workers()) >= 2
    assert _settles(lambda: len(server.workers()) == 1)  # the spare one


def test_fifty_pages_come_and_vanish(server: Running) -> None:
    closings: list[ConnectionClosed] = []
    for _ in range(5):
        with ExitStack() as stack:
            sockets = [stack.enter_context(server.socket()) for _ in range(10)]
            for number, socket in enumerate(sockets):
                closings += _starts(socket)
                if number % 2:
                    with suppress(OSError):
                        socket.socket.shutdown(SHUT_RDWR)  # without a word
    assert len(closings) >= 5
    reasons = {(one.rcvd.code, one.rcvd.reason) for one in closings if one.rcvd is not None}
    assert reasons == {(4429, "4 pages are open already: close one")}
    assert _settles(lambda: len(server.workers()) == 1)
    with server.socket() as socket:
        page = Page(socket)
        page.say("configure", state=small())
        page.resting(400)


def _starts(socket: Any) -> list[ConnectionClosed]:
    """Set a long training going; how the socket was closed instead, if it was."""
    try:
        Page(socket).say("configure", state=small(steps=1_000_000))
    except ConnectionClosed as closed:
        return [closed]
    return []


def _settles(holds: Callable[[], bool], seconds: float = 240.0) -> bool:
    """Whether it holds at last; a machine may be busy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()
