"""Fuzz the messages of the explorer: a real server, a real page, and what nobody would say.

    python -m tests.fuzz.messages --seconds 3600 --seed 1

Valid messages of every type are damaged: other types and sizes of values, text in every script
and in none, deep nesting, numbers at every edge, JSON cut short, bytes. After each of them the
page asks for an answer. What comes must be of the protocol, an error must be one line that is no
accident, the page must go on, and the server's log must stay without a traceback. The same seed
says the same.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))  # where it is run as a module

from explorer_server import Page, Running, running, small
from websockets.exceptions import ConnectionClosed

#: What one page is told before another takes its place.
_A_PAGE: Final = 250
_TEXTS: Final = frozenset(
    ("hello", "ok", "error", "configured", "changed", "busy", "history", "phase_stopped")
)
_FRAMES: Final = frozenset(("frame", "analysis", "traces", "phase"))
#: Of errors, but for `failed`: that is an accident.
_CODES: Final = frozenset(("invalid", "message", "limit", "state", "engine"))
_MOST_BYTES: Final = 256 * 1024

_NUMBERS: Final = (
    *(0, -1, 1, 2, 3, 7, 64, 255, 1000, 2**31 - 1, 2**31, 2**53, 2**63, -(2**63), 2**64, 10**30),
    *(0.0, -0.0, 0.5, 1.5, -1e-300, 5e-324, 1e300, 1.7976931348623157e308, 3e10, 10**400),
)
_TEXTS_TO_SAY: Final = (
    *("", "best", "x", "kind", "self", "type", "id", "steps", "\0", "\n\x1b[31m", "ä" * 65),
    *("\ud800", "a\udfff", "😀" * 40, "‮abc", "importance[9999999999]", "x" * 5000),
    *("importance[-1]", "importance[" + "9" * 5000 + "]", "feature_probability[2]", "1e999"),
    *("__class__", "../../etc/passwd", "NaN", "null", "l1", "pairs", "groups", "nothing"),
)
_RAW: Final = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 5000, "0x10", "tru", "'a'")


def valid(rng: random.Random) -> dict[str, Any]:
    """A message that the protocol has."""
    pairs = {"kind": "pairs", "operation": "min", "pairs": [[0, 1], [2, 4]]}
    state = small(seeds=rng.choice((1, 3)), steps=rng.choice((5, 400, 100_000)))
    if rng.random() < 0.2:
        state["problem"]["target"] = pairs
    if rng.random() < 0.5:
        state["problem"]["importance"] = [1, 0.5, 0.25, 2, 0]
        state["changes"] = [[3, {"l1": 0.0}], [9, {"importance[1]": 2, "steps": 500}]]
    values = {"feature_probability": 0.3, "importance[2]": 0.5, "learning_rate": 0.003}
    messages: list[dict[str, Any]] = [
        *[{"type": "configure", "state": state, "run": rng.random() < 0.5, "until": 20}] * 6,
        {"type": "configure", "state": state},
        {"type": "run", "until": rng.choice((None, 30))},
        {"type": "pause"},
        {"type": "step", "steps": 5},
        {"type": "restart", "seed": rng.choice((None, 4)), "run": rng.random() < 0.5},
        {
            "type": "change",
            "values": {name: values[name] for name in rng.sample(sorted(values), 2)},
        },
        {"type": "speed", "steps_per_second": rng.choice((None, 100.0))},
        {"type": "select", "seed": rng.choice(("best", 0, 2))},
        {"type": "watch", "all": True, "fps": 30.0},
        {"type": "seek", "step": rng.choice((None, 3))},
        {"type": "traces"},
        {"type": "phase", "n_features": 2, "points": 2, "seeds": 1, "steps": 5, "bias": True},
        {"type": "phase_stop"},
        {"type": "ack", "frame": 3},
        {"type": "ping"},
    ]
    message = copy.deepcopy(rng.choice(messages))
    if rng.random() < 0.5:
        message["id"] = rng.choice((0, 7, "seven"))
    return message


def damaged(rng: random.Random) -> str | bytes:
    """A message after a few accidents; now and then it is still a valid one."""
    message: Any = valid(rng)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        message = _changed(rng, message)
    text = json.dumps(message)
    if rng.random() < 0.15:
        text = _torn(rng, text)
    if rng.random() < 0.03:
        return text.encode() if rng.random() < 0.5 else b"TGM1" + rng.randbytes(40)
    return text


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in the data, with each of its keys or positions."""
    keys = list(data) if isinstance(data, dict) else range(len(data))
    for key in keys:
        yield data, key
        if isinstance(data[key], (dict, list)):
            yield from _places(data[key])


def _odd(rng: random.Random) -> Any:
    """A value that is hardly ever the one that is asked for."""
    kind = rng.randrange(8)
    if kind <= 2:
        return rng.choice(_NUMBERS)
    if kind == 3:
        return rng.choice(_TEXTS_TO_SAY)
    if kind == 4:
        return rng.choice((None, True, False, [], {}, [[]], {"": None}))
    if kind == 5:
        return [rng.choice(_NUMBERS)] * rng.choice((1, 5, 400, 5000))
    if kind == 6:
        deep: Any = rng.choice(_NUMBERS)
        for _ in range(rng.choice((2, 30, 62, 70, 400))):
            deep = [deep] if rng.random() < 0.5 else {rng.choice(("a", "parts", "kind")): deep}
        return deep
    return {rng.choice(_TEXTS_TO_SAY): rng.choice(_NUMBERS) for _ in range(rng.choice((1, 3, 300)))}


def _changed(rng: random.Random, message: Any) -> Any:
    if not isinstance(message, (dict, list)) or not message or rng.random() < 0.01:
        return _odd(rng)
    owner, key = rng.choice(list(_places(message)))
    how = rng.randrange(7)
    if how == 0:
        del owner[key]
    elif how == 1 and isinstance(owner, dict):
        owner[rng.choice(_TEXTS_TO_SAY)] = owner.pop(key)
    elif how == 2 and isinstance(owner, dict):
        owner[rng.choice(_TEXTS_TO_SAY)] = _odd(rng)
    elif how == 3:
        other, place = rng.choice(list(_places(message)))
        owner[key] = copy.deepcopy(other[place])
    elif how == 4 and isinstance(owner[key], (int, float)):
        owner[key] = owner[key] * rng.choice((-1, 2, 10, 1000)) + rng.choice((0, 1))
    else:
        owner[key] = _odd(rng)
    return message


def _torn(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text))
    how = rng.randrange(6)
    if how == 0:
        return text[:place]
    if how == 1:
        return text[:place] + text[place + 1 :]
    if how == 2:
        return text[:place] + rng.choice('{}[]",:\\0e-\x7f') + text[place:]
    if how == 3:
        return text * 2
    if how == 4:
        return text.replace(": ", f": {rng.choice(_RAW)}, ", 1)
    head, colon, rest = text.rpartition(": ")
    return f"{head}{colon}{rng.choice(_RAW)}{rest[-1:]}"


class Fault(AssertionError):
    """What should not have come."""


class _Talk:
    """Pages of one server, one after another, that say what is damaged."""

    def __init__(self, server: Running) -> None:
        self._server = server
        self.answers: Counter[str] = Counter()
        self.said = 0
        self._stack = ExitStack()
        self._page: Page | None = None

    def say(self, text: str | bytes) -> None:
        """One message, until an answer to the next one has come; raises `Fault`."""
        if self.said % _A_PAGE == 0 or self._page is None:
            self.leave()
            self._page = Page(self._stack.enter_context(self._server.socket()))
        self.said += 1
        page = self._page
        try:
            page.socket.send(text)
            self._settle(page)
        except ConnectionClosed as closed:
            self._page = None
            code = None if closed.rcvd is None else closed.rcvd.code
            # of what is much too long the page may be cut off in the middle
            if code not in (1009, None) or len(text) < _MOST_BYTES:
                raise Fault(f"closed ({code}), after {text[:2000]!r}") from None
        except Fault as fault:
            raise Fault(f"{fault}, after {text[:2000]!r}") from None

    def leave(self) -> None:
        """No page any more."""
        self._stack.close()
        self._page = None

    def _settle(self, page: Page) -> None:
        mark = f"mark {self.said}"
        page.say("ping", id=mark)
        while True:
            header, arrays = page.next()
            if header.get("id") == mark and header["type"] == "ok":
                return
            self.answers[_kind(header, bool(arrays))] += 1


def _kind(header: dict[str, Any], binary: bool) -> str:
    """What an answer is; raises `Fault` where it is not of the protocol."""
    kind = str(header.get("type"))
    if kind not in (_FRAMES if binary else _TEXTS):
        raise Fault(f"no such answer: {str(header)[:400]}")
    if any(math.isinf(x) or math.isnan(x) for x in header.values() if isinstance(x, float)):
        raise Fault(f"no JSON: {str(header)[:400]}")
    if kind != "error":
        return kind
    code, said = header.get("code"), header.get("message")
    if (
        code not in _CODES
        or not isinstance(said, str)
        or not said.isprintable()
        or len(said) > 1000
    ):
        raise Fault(f"no error of the protocol: {str(header)[:1000]}")
    return f"error {code}"


_talks: list[_Talk] = []


def inputs(rng: random.Random) -> Iterator[str | bytes]:
    """Endless messages."""
    while True:
        yield damaged(rng)


def attempt(one: str | bytes) -> None:
    """Say it; raises `Fault`."""
    _talks[-1].say(one)


@contextmanager
def around() -> Iterator[None]:
    """A server of its own, whose log must stay without a traceback."""
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "log"
        with running(Path(name) / "static", log=log) as server:
            _talks.append(_Talk(server))
            try:
                yield
            finally:
                _talks[-1].leave()
        if complaints(log):
            raise Fault(complaints(log))


def complaints(log: Path) -> str:
    """What a server's log has of accidents."""
    text = log.read_text("utf-8", "replace")
    place = max(map(text.find, ("Traceback", "was not passed on", "made no sense")))
    return "" if place < 0 else text[max(0, place - 500) : place + 3000]


def main() -> None:
    """Say messages for a while, and print what was answered and every fault."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    faults, start = 0, time.monotonic()
    with around():
        for one in inputs(random.Random(given.seed)):
            if time.monotonic() > start + given.seconds:
                break
            try:
                attempt(one)
            except Fault as fault:
                faults += 1
                print(f"--- {fault}", flush=True)
        took, talk = time.monotonic() - start, _talks[-1]
        print(f"{talk.said} messages in {took:.0f} s, seed {given.seed}: {faults} faults")
        for kind, count in talk.answers.most_common():
            print(f"{count:>9}  {kind}")


if __name__ == "__main__":
    main()
