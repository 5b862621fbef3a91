"""The explorer's parts: frames, limits, history, bases, and a worker without pipes."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from explorer_server import small

import tegum as tg
from tegum.errors import SpecError
from tegum.explorer import looking
from tegum.explorer.census import Census
from tegum.explorer.frames import decode, encode, to_json
from tegum.explorer.history import History
from tegum.explorer.limits import LimitError, Limits
from tegum.explorer.link import FRAME, TEXT
from tegum.explorer.live import Live
from tegum.explorer.moment import Moment
from tegum.explorer.screen import Screen
from tegum.explorer.state import FIRST, PageState
from tegum.explorer.trainer import Pace
from tegum.explorer.worker import Worker

# --- frames --------------------------------------------------------------------------------------


def test_a_frame_by_hand() -> None:
    frame = encode({"type": "t", "x": float("nan")}, {"a": np.array([1.0, -2.0, 0.5])})
    text = b'{"type":"t","x":null,"arrays":[{"name":"a","dtype":"f4","shape":[3],"offset":0}]}'
    padded = text + b" " * (-len(text) % 8)
    body = struct.pack("<3f", 1, -2, 0.5) + bytes(4)
    assert frame == b"TGM1" + struct.pack("<I", len(padded)) + padded + body


def test_frames_are_read_back() -> None:
    arrays = {
        "W": np.arange(6, dtype=np.float32).reshape(2, 3),
        "steps": np.array([[1, -(2**31)]]),
        "flags": np.array([True, False, True]),
        "none": np.zeros((0, 3)),
        "far": np.array([1e300]),
    }
    header, found = decode(encode({"type": "t"}, arrays))
    assert header["type"] == "t"
    assert all(entry["offset"] % 8 == 0 for entry in header["arrays"])
    for name in ("W", "steps", "flags", "none"):
        np.testing.assert_array_equal(found[name], arrays[name])
    assert np.isinf(found["far"][0])
    assert to_json([float("inf"), {"a": (1, 2.5)}]) == '[null,{"a":[1,2.5]}]'


# --- states and limits ---------------------------------------------------------------------------


def test_a_state_is_its_json() -> None:
    assert PageState.read(FIRST.data()) == FIRST
    state = PageState.read(small(changes=[[5, {"l1": 0.5}], [9, {"importance[1]": 2}]]))
    settled = state.settled(3)
    assert (settled.problem.l1, settled.seed, settled.changes) == (0.5, 3, ())
    assert settled.problem.importance == (1.0, 2.0, 1.0, 1.0, 1.0)
    assert state.training.curve_points == 0  # the server's own


@pytest.mark.parametrize("changes", [3, [3], [[1, 2]], [[-1, {}]], [[2, {}], [1, {}]]])
def test_changes_must_be_a_list_of_them(changes: Any) -> None:
    with pytest.raises(SpecError, match=r"State\.changes must be"):
        PageState.read(small(changes=changes))


def test_limits_count_what_a_step_costs() -> None:
    state = PageState.read(small(seeds=10))  # 10 seeds · 64 samples · 5 features · (2 + 2)
    Limits(step_work=12_800).admit(state)
    with pytest.raises(LimitError, match="12800 asked for, 12799 at most"):
        Limits(step_work=12_799).admit(state)
    with pytest.raises(LimitError, match="weights of all seeds together: 100 asked"):
        Limits(weights=99).admit(state)


# --- history -------------------------------------------------------------------------------------


def _moment(step: int, W: np.ndarray) -> Moment:
    return Moment(step, {"W": W}, np.zeros(len(W)), step, FIRST.problem, FIRST.training, 0)


def test_history_is_log_spaced_from_the_last_change_on() -> None:
    history = History(10**9)
    step = 0
    for _ in range(40):
        step = history.next_due()
        history.keep(_moment(step, np.zeros((2, 1, 1))))
    assert history.steps[:13] == [*range(12), 13]  # one by one, then a tenth further each time
    history.restart_at(step)
    following = []
    for _ in range(3):
        following.append(history.next_due())
        history.keep(_moment(following[-1], np.zeros((2, 1, 1))))
    assert following == [step + 1, step + 2, step + 3]


def test_history_is_bounded() -> None:
    history = History(50 * (4 * 1000 + 8))
    for _ in range(300):
        history.keep(_moment(history.next_due(), np.zeros((1, 10, 100))))
        last = history.steps[-1]
        assert len(history.steps) <= 50
        assert history.steps[0] == 0
        assert history.steps == sorted(history.steps)
    assert history.steps[-1] == last
    kept = history.at(last - 1)
    assert kept is not None
    assert kept.step < last
    before = history.at(-5)
    assert before is not None
    assert before.step == 0


# --- looking -------------------------------------------------------------------------------------


def test_the_basis_spans_what_there_is_most_of() -> None:
    rng = np.random.default_rng(3)
    W = rng.normal(size=(6, 9))
    basis = looking.look(W).arrays["basis"]
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-12)
    lost = np.linalg.norm(W - basis.T @ basis @ W) ** 2
    assert lost == pytest.approx((np.linalg.svd(W)[1][3:] ** 2).sum())
    np.testing.assert_array_equal(looking.look(W[:2]).arrays["basis"], np.eye(2))


def test_the_basis_does_not_jump() -> None:
    rng = np.random.default_rng(4)
    W = rng.normal(size=(6, 9)) * np.array([3, 3, 2, 1, 1, 1])[:, None]
    first = looking.look(W)
    again = looking.look(-W @ np.diag(1 + 1e-3 * rng.normal(size=9)), first.bases)
    np.testing.assert_allclose(again.arrays["basis"], first.arrays["basis"], atol=0.02)


def test_shapes_are_counted_a_few_at_a_time_and_never_those_of_two_steps() -> None:
    angles = np.pi * np.arange(5) * 2 / 5
    pentagon = np.stack([np.cos(angles), np.sin(angles)])
    nothing = np.zeros((2, 5))
    models, later = np.stack([pentagon, nothing, pentagon]), np.stack([nothing] * 3)
    census = Census()
    assert not census.count(models, 700, seconds=0.0)
    assert (census.step, census.by_name()) == (None, [])
    assert not census.count(later, 800, seconds=0.0, finish=True)
    assert not census.count(later, 900, seconds=0.0, finish=True)
    first = [{"name": "pentagon", "seeds": [0, 2]}, {"name": "nothing", "seeds": [1]}]
    assert (census.step, census.by_name()) == (700, first)
    assert [census.count(later, 900, seconds=0.0) for _ in range(4)] == [False, False, True, True]
    assert (census.step, census.by_name()) == (900, [{"name": "nothing", "seeds": [0, 1, 2]}])
    assert looking.shape(np.full((2, 3), np.nan)) == "diverged"


@pytest.mark.parametrize(("begun", "counted"), [(0, 500), (30, 500), (100, 100)])
def test_a_census_of_the_first_steps_is_not_waited_for(begun: int, counted: int) -> None:
    models, census = np.zeros((3, 2, 5)), Census()
    assert not census.count(models, begun, seconds=0.0)
    for step in (500, 501, 502)[: 3 if counted == 500 else 2]:
        assert not census.count(models, step, seconds=0.0, finish=True)
    assert census.step == counted


# --- a training ----------------------------------------------------------------------------------


def test_a_change_keeps_the_weights() -> None:
    live = Live(PageState.read(small()), Limits(), jobs=1)
    live.record()
    while live.step < 50:
        live.advance(50 - live.step)
    before = live.parameters()["W"].copy()
    live.change({"feature_probability": 0.5, "learning_rate": 0.002})
    np.testing.assert_array_equal(live.parameters()["W"], before)
    assert live.problem.distribution.feature_probability == 0.5
    assert live.state().changes == ((50, {"feature_probability": 0.5, "learning_rate": 0.002}),)
    with pytest.raises(SpecError, match="must be in"):
        live.change({"feature_probability": 2})
    assert live.problem.distribution.feature_probability == 0.5


def test_changes_beyond_the_limit_are_made_but_not_repeatable() -> None:
    live = Live(PageState.read(small()), Limits(changes=2), jobs=1)
    live.record()
    for step in range(1, 4):
        live.advance(1)
        live.change({"l1": 0.0, "learning_rate": 0.001 * step})
    assert live.training.learning_rate == 0.003
    assert len(live.state().changes) == 2
    assert not live.repeatable


def test_the_best_is_kept_until_another_is_clearly_lower() -> None:
    live = Live(PageState.read(small()), Limits(), jobs=1)
    live.scores = np.array([0.30, 0.20, 0.25])
    assert live.best() == 1
    live.scores = np.array([0.30, 0.20, 0.1997])  # 0.15 % less: as good
    assert live.best() == 1
    live.scores = np.array([0.30, 0.20, 0.16])
    assert live.best() == 2
    live.scores = np.array([0.30, 0.20, np.nan])
    assert live.best() == 1


def test_which_of_equally_good_models_is_shown_does_not_depend_on_who_looked() -> None:
    law = {"kind": "independent", "n_features": 2, "feature_probability": 0.3}
    model = {"kind": "relu_output", "n_hidden": 1}
    state = small(seeds=24, steps=2000)
    state["problem"] |= {"distribution": law, "model": model}
    state["training"]["schedule"] = "cosine"
    found = []
    for looks in (0, 1000, 3):
        live = Live(PageState.read(state), Limits(), jobs=1)
        live.record()
        while not live.ended:
            live.advance(1 if live.step < looks else 2000)
            if looks:
                live.score()
                live.best()
        found.append(live.best(still=True))
    lowest = live.scores.min()
    assert (np.sort(live.scores)[1] - lowest) / lowest < 0.002  # there are others as good
    assert len(set(found)) == 1


def test_all_models_are_compared_on_the_same_samples() -> None:
    live = Live(PageState.read(small()), Limits(), jobs=1)
    live.record()
    live.advance(50)
    live.arrays["theta"][:] = live.arrays["theta"][1]  # one model three times
    live.score()
    assert live.scores[0] == live.scores[1] == live.scores[2]
    assert live.errors[0] > 0


def test_who_becomes_the_best_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses are measured for an analysis: picture and curves follow to the model it names."""
    live = Live(PageState.read(small(seeds=3)), Limits(), jobs=1)
    live.record()
    sent: list[dict[str, Any]] = []
    screen = Screen(lambda data: sent.append(decode(data)[0]), lambda text: None)
    measured = np.array([[1.0, 2.0, 2.0], [2.0, 2.0, 2.0], [2.0, 2.0, 1.0]])
    now = [0]
    monkeypatch.setattr(live, "score", lambda: setattr(live, "scores", measured[now[0]]))
    screen.start(live, 1)
    for seed in (0, 2):
        now[0] = seed
        screen.want("analysis")
        for _ in range(3):
            screen.show()
            screen.drawn(99)
            time.sleep(0.04)  # more than a frame of 30 a second
        last = {header["type"]: header["selected"]["seed"] for header in sent}
        assert last == {"frame": seed, "analysis": seed, "traces": seed}


def test_slices_grow_to_their_time_and_no_further() -> None:
    pace = Pace()
    for _ in range(20):
        pace.took(pace.steps, pace.steps * 1e-4)
    assert 100 <= pace.steps <= 150  # 15 ms
    pace.took(pace.steps, 1.0)
    assert pace.steps <= 2


# --- a worker ------------------------------------------------------------------------------------


class _Pipes:
    """Says what it is told to, one command at a time, and keeps the answers."""

    def __init__(self, *commands: dict[str, Any]) -> None:
        self.commands = [json.dumps(command).encode() for command in commands]
        self.texts: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []

    def take(self, timeout: float | None) -> Iterator[bytes]:
        if self.commands:
            yield self.commands.pop(0)
        elif timeout is None:
            raise EOFError

    def send(self, tag: bytes, message: bytes) -> None:
        if tag == TEXT:
            self.texts.append(json.loads(message))
        elif tag == FRAME:
            self.frames.append(decode(message)[0])


def _served(*commands: dict[str, Any]) -> _Pipes:
    pipes = _Pipes(*commands)
    with pytest.raises(EOFError):
        Worker(pipes).serve()  # type: ignore[arg-type]
    return pipes


@pytest.mark.parametrize(
    ("what", "title", "wish"),
    [
        ("phase", "phase diagram", {"n_features": 2, "points": 3, "seeds": 2, "steps": 10}),
        ("dictionary", "dictionary", {"n_latents": 3, "seeds": 2, "steps": 10}),
    ],
)
def test_what_raises_beside_the_training_is_over_and_the_training_is_not(
    what: str,
    title: str,
    wish: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from tegum.explorer.dictionary import DictionaryJob
    from tegum.explorer.phases import PhaseJob

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no cells")

    for job in (PhaseJob, DictionaryJob):
        monkeypatch.setattr(job, "advance", broken)
    configure = {"type": "configure", "id": 1, "state": small(), "run": True}
    asked = {"type": what, "id": 2, **wish}
    pipes = _served(configure, asked, *[{"type": "ping"}] * 3, {"type": "pause", "id": 3})
    said = [text for text in pipes.texts if text["type"] in ("error", f"{what}_stopped")]
    assert [text["type"] for text in said] == [f"{what}_stopped", "error"]
    assert (said[0][what], said[1]["code"]) == (1, what)
    assert said[1]["message"] == f"the {title} failed: RuntimeError: 'no cells'"
    # the training is there to be paused
    assert {"type": "ok", "id": 3} in pipes.texts
    assert "RuntimeError" in capfd.readouterr().err


def test_a_training_that_raises_is_over_and_its_worker_is_not(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from tegum.engines.sampled.engine import SampledEngine

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no more\nof this")

    configure = {"type": "configure", "id": 1, "state": small(), "run": True}
    monkeypatch.setattr(SampledEngine, "advance", broken)
    drawn = {"type": "ack", "frame": 9}
    pipes = _served(configure, *[{"type": "ping"}] * 5, drawn, {"type": "run", "id": 2})
    failed, refused = (text for text in pipes.texts if text["type"] == "error")
    assert failed["code"] == "failed"
    assert failed["message"] == "the training failed: RuntimeError: 'no more\\nof this'"
    assert (refused["id"], refused["code"]) == (2, "state")
    frames = [frame for frame in pipes.frames if frame["type"] == "frame"]
    assert frames[-1]["status"] == "failed"
    assert "RuntimeError" in capfd.readouterr().err


def test_changes_that_follow_one_another_are_one() -> None:
    class Burst(_Pipes):
        def take(self, timeout: float | None) -> Iterator[bytes]:
            if timeout is None and not self.commands:
                raise EOFError
            commands, self.commands = self.commands, []
            yield from commands

    changes = [{"type": "change", "id": k, "values": {"l1": 0.01 * k}} for k in range(1, 5)]
    configure = {"type": "configure", "state": small(), "run": False}
    pipes = Burst(configure, *changes)
    with pytest.raises(EOFError):
        Worker(pipes).serve()  # type: ignore[arg-type]
    changed = [text for text in pipes.texts if text["type"] == "changed"]
    assert [text["id"] for text in changed] == [4]
    assert changed[0]["state"]["changes"] == [[0, {"l1": 0.04}]]


def test_the_first_state_is_a_good_one() -> None:
    Limits().admit(FIRST)
    assert tg.Problem.from_json(FIRST.problem.to_json()) == FIRST.problem
