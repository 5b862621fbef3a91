"""The explorer before and behind its door: strangers, names of hosts, pages that take nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from explorer_server import Page, Running, awaited
from uvicorn.config import Config
from uvicorn.server import ServerState

import tegum as tg
from tegum import discovery
from tegum.explorer import door
from tegum.explorer.access import Access, own_names
from tegum.explorer.app import Explorer, Offer
from tegum.explorer.door import Door, PageSocket, Porch
from tegum.explorer.limits import Limits
from tegum.explorer.session import Session
from tegum.explorer.state import FIRST, PageState
from tegum.report.files import figure_file, is_report_file, table_file

pytestmark = pytest.mark.xdist_group("explorer")
ACCESS = Access("key", own_names("127.0.0.1"), remote=False)
REMOTE = Access("key", own_names("0.0.0.0"), remote=True)


def _refusal(access: Access, *headers: tuple[str, str], socket: bool = False) -> str | None:
    raw = [(name.encode(), text.encode("latin-1")) for name, text in headers]
    return access.refusal(raw, b"token=key", socket=socket)


# --- names ---------------------------------------------------------------------------------------

OWN = ("127.0.0.1:8642", "127.0.0.1", "localhost", "LOCALHOST:1", "[::1]:80", "[::1]")
FOREIGN = (
    *("localhost/evil", "localhost#evil", "localhost?evil", "evil@localhost", "localhost\\evil"),
    *("localhost:", "localhost:80:80", "localhost:123456", "localhost:8o", " localhost", ""),
    *("localhost\t", "localhost.evil.example", "[localhost]", "::1", "[::1", "127.0.0.1]"),
    *("localhost:٣", "evil.example", "127.0.0.1%20", "localhost,evil"),
)


def test_a_host_is_a_name_and_a_port_and_nothing_else() -> None:
    for host in OWN:
        assert _refusal(ACCESS, ("host", host)) is None
    for host in FOREIGN:
        raw = host.encode("utf-8").decode("latin-1")
        for access in (ACCESS, REMOTE):
            said = _refusal(access, ("host", raw))
            assert said is not None
            assert "this server is not called" in said
            assert "\n" not in said
    assert _refusal(ACCESS, ("host", "192.168.1.4:8642")) is not None
    assert _refusal(REMOTE, ("host", "192.168.1.4:8642")) is None


def test_hosts_and_origins_are_said_once() -> None:
    host = ("host", "localhost:1")
    for again in (host, ("Host", "evil.example")):
        assert "once" in str(_refusal(ACCESS, host, again))
    own, evil = ("origin", "http://localhost:1"), ("origin", "http://evil.example")
    assert _refusal(ACCESS, host, own, socket=True) is None
    assert "must say its origin" in str(_refusal(ACCESS, host, socket=True))
    assert "not answered" in str(_refusal(ACCESS, host, evil))
    assert "once" in str(_refusal(ACCESS, host, evil, own))


def test_the_server_is_not_called_by_half_a_name(server: Running) -> None:
    asked = f"GET /?token={server.token} HTTP/1.1\r\nHost: localhost/evil\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as stranger:
        stranger.sendall(asked.encode())
        said = stranger.makefile("rb").read()
    assert said.startswith(b"HTTP/1.1 403 ")
    assert said.endswith(b"this server is not called 'localhost/evil'\n")


# --- strangers -----------------------------------------------------------------------------------


@asynccontextmanager
async def _listening(porch: Porch, application: Any) -> Any:
    """A server of one application behind the door: its port."""
    config = Config(application, ws=PageSocket, lifespan="off", log_level="error")
    config.load()
    make: Callable[[], Door] = partial(Door, porch, config, ServerState(), {})
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _hello(scope: Any, receive: Any, send: Any) -> None:
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
    )
    await send({"type": "http.response.body", "body": b"hello"})


async def _said(port: int, *parts: bytes) -> bytes:
    """All that is answered, until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)
        with suppress(ConnectionError):
            return await asyncio.wait_for(reader.read(), 30)
        return b""
    finally:
        writer.close()


def _asked(token: str = "key") -> bytes:
    text = f"GET /?token={token} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return text.encode()


def test_who_shows_the_token_is_let_in_whatever_the_pieces() -> None:
    async def run() -> None:
        porch = Porch(ACCESS)
        async with _listening(porch, _hello) as port:
            whole = await _said(port, _asked())
            pieces = await _said(port, *(_asked()[i : i + 20] for i in range(0, 80, 20)))
            for said in (whole, pieces):
                assert said.startswith(b"HTTP/1.1 200 ")
                assert said.endswith(b"hello")
            wrong = await _said(port, _asked("wrong"))
            assert wrong.startswith(b"HTTP/1.1 403 ")
            assert wrong.count(b"\n", wrong.index(b"\r\n\r\n") + 4) == 1
            assert (await _said(port, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
            long = b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000
            assert (await _said(port, long)).startswith(b"HTTP/1.1 400 ")
            assert len(porch) == 0

    awaited(run())


def test_strangers_have_a_while_and_few_places() -> None:
    async def run() -> None:
        porch = Porch(ACCESS, most=3, seconds=0.3)
        async with _listening(porch, _hello) as port:
            loop = asyncio.get_running_loop()
            start = loop.time()
            slow = (b"GET / HTTP/1.1\r\n", *([b"x: y\r\n"] * 40))  # a header now and then
            assert await _said(port, *slow[:10]) == b""
            assert 0.2 < loop.time() - start < 10
            waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
            assert (await _said(port, _asked())).endswith(b"hello")
            assert len(porch) <= 3
            await asyncio.wait_for(waiting[0][0].read(), 10)  # the first had to go
            for _, writer in waiting:
                writer.close()

    awaited(run())


def test_idle_strangers_take_no_place_of_those_who_are_in(server: Running) -> None:
    with ExitStack() as stack, server.socket() as before:
        page = Page(before)
        for _ in range(260):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
        assert server.get(f"/?token={server.token}")[0].status == 303
        assert page.ask("ping")["type"] == "ok"
        with server.socket() as after:
            assert Page(after).ask("ping")["type"] == "ok"


def test_a_page_that_takes_nothing_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much it still had to take: whoever serves it hears of it."""
    monkeypatch.setattr(door, "_TAKES_SECONDS", 0.2)
    ended = asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        with suppress(OSError):
            while True:
                await send({"type": "websocket.send", "bytes": bytes(2**20)})
        assert (await receive())["type"] == "websocket.disconnect"
        ended.set()

    upgrade = (
        b"GET /ws?token=key HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )

    async def run() -> None:
        async with _listening(Porch(ACCESS), endless) as port:
            deaf = socket.create_connection(("127.0.0.1", port))
            deaf.sendall(upgrade)
            await asyncio.wait_for(ended.wait(), 30)
            deaf.close()

    awaited(run())


# --- sessions ------------------------------------------------------------------------------------


class _Socket:
    """A page that says what it is told to, and leaves."""

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.said: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(0.01)
        if self._texts:
            return {"type": "websocket.receive", "text": self._texts.pop(0)}
        return {"type": "websocket.disconnect"}

    async def send_text(self, text: str) -> None:
        self.said.append(json.loads(text))


class _Pool:
    """Breaks in a way that nobody thought of, once, and then has a worker."""

    def __init__(self) -> None:
        self.worker = _Worker()
        self._broken = True

    async def take(self) -> Any:
        if self._broken:
            self._broken = False
            raise ValueError("something else")
        return self.worker


class _Worker:
    ended = False

    async def send(self, text: bytes) -> None:
        pass

    async def receive(self) -> Any:
        return b"T", b"\xff\xfe"  # no text

    async def end(self) -> None:
        self.ended = True

    async def how_it_ended(self) -> str:
        return "code 1"


def test_a_session_outlives_what_it_cannot_pass_on_and_leaves_no_worker() -> None:
    configure = json.dumps({"type": "configure", "id": 1, "state": FIRST.data()})
    page, pool = _Socket(configure, configure, '{"type":"ping","id":2}'), _Pool()
    awaited(Session(page, pool, Limits()).serve())  # type: ignore[arg-type]
    assert page.said[1] == {
        **{"type": "error", "id": 1, "code": "failed"},
        "message": "configure failed: ValueError",
    }
    assert [said["type"] for said in page.said[2:]] == ["crashed", "ok"]
    assert pool.worker.ended


# --- sizes ---------------------------------------------------------------------------------------


def _descriptions(n: int) -> Iterator[tg.Problem]:
    laws = {
        "independent": lambda: tg.Independent(n, 0.1),
        "correlated": lambda: tg.distributions.Correlated(n // 2, 2, 0.1),
        "anticorrelated": lambda: tg.distributions.Anticorrelated(n // 2, 2, 0.1),
        "groups": lambda: tg.distributions.Groups((tg.Independent(n, 0.1),)),
        "mixture": lambda: tg.Mixture((tg.Independent(n, 0.1),)),
    }
    listed = {
        "activations",
        "copula",
        "hierarchy",
        "samples",
    }  # as long as what is sent: limits of messages hold
    refused = {"custom"}  # a page may not name functions
    discovery.load()
    assert laws.keys() | listed | refused >= set(
        discovery.found(discovery.PARTS["distribution"], "")
    )
    targets = ("x", "square", tg.targets.Pairs(), tg.targets.Pairs(pairs=[[0, n - 1]]))
    for law in laws.values():
        for target in targets:
            yield tg.Problem(law(), tg.ReLUOutput(2), target=target)


def test_no_description_takes_memory_by_its_size() -> None:
    """Nor does the refusal of a page that asks for it."""
    tracemalloc.start()
    try:
        for n in (10**9, 3 * 10**10, 2**62):
            for problem in _descriptions(n):
                state = {**FIRST.data(), "problem": json.loads(problem.to_json())}
                state["training"] = {"checkpoints": 2**62, "curve_points": 2**62}
                with pytest.raises(tg.TegumError, match="too many features"):
                    Limits().admit(PageState.read(state))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("law", "training", "said"),
    [
        ({"x": [[0] * 401]}, {}, "too many features: 401 asked for, 400 at most"),
        ({"x": [[1, 2], [3]]}, {}, "Samples.x must be an array of real numbers"),
        ({"x": [[1, "a"]]}, {}, "Samples.x must be an array of real numbers"),
        ({"x": [1, 2]}, {}, "Samples.x must be rows of features"),
        ({"x": "/etc/passwd"}, {}, "Samples.x must be an array of numbers: no files are read here"),
        ({"x": {"digest": "0" * 32, "shape": [2**60, 2**60]}}, {}, "known by its digest alone"),
        ({"x": {"digest": "0" * 32, "file": "/etc/passwd"}}, {}, "no files are read here"),
        ({"x": [[1, 2]], "weights": [1, 2]}, {}, "Samples.weights must be 1, one for each row"),
        ({"x": [[0, 1]] * 17_000}, {"batch_size": "all"}, "too many samples in a batch: 17000"),
        ({"x": [[0] * 9] * 30_000}, {"engine": "exact"}, "too many multiply-adds in one step"),
        (
            {"kind": "copula", "feature_probability": 0.1, "factors": [[0.5]] * 400},
            {"batch_size": 512},
            "too many multiply-adds in one step",
        ),
        (
            {"kind": "hierarchy", "feature_probability": 0.1, "parents": [-1] * 401},
            {},
            "too many features: 401",
        ),
    ],
)
def test_data_of_a_page_that_cannot_be_is_refused_in_a_line(
    law: dict[str, Any], training: dict[str, Any], said: str
) -> None:
    model = {"kind": "relu_output", "n_hidden": 9}
    problem = {"kind": "problem", "distribution": {"kind": "samples", **law}, "model": model}
    with pytest.raises(tg.TegumError) as caught:
        Limits().admit(PageState.read({"problem": problem, "training": training, "seeds": 1000}))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


# --- the report ----------------------------------------------------------------------------------


async def _status(application: Any, path: str) -> int:
    """How a request of somebody with the token is answered."""
    found: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    async def receive() -> Any:
        await asyncio.Event().wait()  # it stays

    scope = {
        **{"type": "http", "method": "GET", "path": path, "raw_path": path.encode()},
        **{"query_string": b"token=key", "headers": [(b"host", b"localhost")]},
        **{"root_path": "", "scheme": "http", "http_version": "1.1", "client": None},
    }
    await application(scope, receive, send)
    return found[0]


def test_of_a_report_folder_the_report_is_served(tmp_path: Path) -> None:
    shown = [
        *("report.html", "report.md", "claims.json"),
        *("figures/introduction-features.svg", "figures/x-y_2.png", "figures/x-film.gif"),
        "tables/basic-results-counts.csv",
    ]
    hidden = [
        *("store/index.sqlite", "store/units/ab.safetensors", "other.html", "claims.json.bak"),
        *(".secret", "figures/.secret.svg", "figures/deeper/x.svg", "figures/x.html"),
        *("tables/notes.txt", "models.nc", "figures"),
    ]
    for name in (*shown, *hidden):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_text("content")
    (tmp_path / "figures" / "linked.svg").symlink_to("/etc/hostname")
    application = Explorer(Offer(tmp_path, static=tmp_path), ACCESS).application()

    async def run() -> None:
        for name in shown:
            assert await _status(application, f"/report/{name}") == 200, name
        ways = ("figures/../store/index.sqlite", "figures/linked.svg", "../x", "./report.html/..")
        for name in (*hidden, *ways, "figures//../store/index.sqlite", "figures/a\0.svg", ""):
            assert await _status(application, f"/report/{name}") == 404, name

    awaited(run())


def test_every_figure_of_an_experiment_is_a_file_of_a_report() -> None:
    from tegum.report.discovery import list_experiments

    for experiment in list_experiments():
        for figure in experiment.figures:
            assert is_report_file(figure_file(experiment.name, figure.name, "svg"))
            for table in figure.tables:
                assert is_report_file(table_file(experiment.name, table))
