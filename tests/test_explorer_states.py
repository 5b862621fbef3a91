"""The explorer: every value that goes out with a state is of that state, and of no earlier one."""

from __future__ import annotations

import io
import json
import math
import time
from typing import Any, Literal

import numpy as np
import pytest
from explorer_server import small

import tegum as tg
from tegum.analysis.tegum_factors import shape_name
from tegum.errors import SpecError
from tegum.explorer.exports import export
from tegum.explorer.frames import decode
from tegum.explorer.limits import Limits
from tegum.explorer.live import Live
from tegum.explorer.messages import Export
from tegum.explorer.screen import Screen
from tegum.explorer.state import PageState

pytestmark = pytest.mark.xdist_group("explorer")
WILD = {"steps": 400, "batch_size": 64, "learning_rate": 1e30}


class _Shown:
    """A training and what a page is sent of it."""

    def __init__(self, **changes: Any) -> None:
        self.live = Live(PageState.read(small(**changes)), Limits(), jobs=1)
        self.live.record()
        self.headers: dict[str, dict[str, Any]] = {}
        self.arrays: dict[str, dict[str, np.ndarray]] = {}
        self.screen = Screen(self._take, lambda text: None)
        self.screen.start(self.live, 1)

    def _take(self, frame: bytes) -> None:
        header, arrays = decode(frame)
        self.headers[header["type"]], self.arrays[header["type"]] = header, arrays

    def advance(self, step: int) -> None:
        while self.live.step < step:
            self.live.advance(step - self.live.step)

    def look(self) -> None:
        """A frame, an analysis and traces of what there is now."""
        self.screen.drawn(2**40)
        self.screen.want("frame", "analysis", "traces")
        time.sleep(0.04)  # more than a frame of 30 a second
        self.screen.show()

    def rest(self) -> None:
        """The same, and all that follows without another word."""
        self.look()
        while self.screen.wait() == 0:
            self.screen.show()

    def file(self, kind: Any, which: Literal["selected", "all"] = "all") -> bytes:
        return export(
            self.live,
            self.screen,
            Export(type="export", id=None, request=1, format=kind, which=which),
        )


def _losses(state: PageState, step: int) -> np.ndarray:
    """Those at a step of a training of its own, measured there."""
    live = Live(state, Limits(), jobs=1)
    while live.step < step:
        live.advance(step - live.step)
    return np.asarray(live.engine.probe(live.batch, live.arrays, jobs=1), np.float64)


def test_what_diverged_has_no_loss_in_any_file() -> None:
    shown = _Shown(training=WILD)
    shown.advance(400)
    assert json.loads(shown.file("json"))["loss"] == [None] * 3
    assert json.loads(shown.file("json", "selected"))["loss"] is None
    archive = np.load(io.BytesIO(shown.file("npz")))
    assert not np.isfinite(archive["W"]).any()
    assert json.loads(str(archive["about"]))["loss"] == [None] * 3
    text = shown.file("safetensors")
    length = int.from_bytes(text[:8], "little")
    assert json.loads(text[8 : 8 + length])["__metadata__"]["loss"] == "[null,null,null]"
    for kind in ("svg", "png"):
        with pytest.raises(SpecError, match="a model that diverged"):
            shown.file(kind)


def test_a_model_with_one_lost_number_is_lost_everywhere() -> None:
    """The bias alone: W is finite, and a batch may still give a finite loss."""
    shown = _Shown()
    shown.advance(30)
    shown.look()
    assert shown.headers["frame"]["finite"]
    shown.live.arrays["theta"][1, -1] = math.nan  # the last bias of seed 1
    shown.screen.selected = 1
    shown.live.advance(1)
    shown.live.record()
    shown.look()
    frame, analysis = shown.headers["frame"], shown.headers["analysis"]
    assert (frame["finite"], frame["loss"], frame["diverged"]) == (False, None, 1)
    assert (analysis["shape"], analysis["represented"], analysis["factors"]) == (
        "diverged", None, [],
    )  # fmt: skip
    named = {seed: one["name"] for one in analysis["shapes"] for seed in one["seeds"]}
    assert (named[1], "diverged" in (named[0], named[2])) == ("diverged", False)
    for arrays in (shown.arrays["frame"], shown.arrays["analysis"]):
        assert np.isfinite(arrays["losses"]).tolist() == [True, False, True]
    assert np.isnan(shown.arrays["analysis"]["loss_errors"][1])
    assert np.isnan(shown.arrays["frame"]["D"]).all()
    traces = shown.arrays["traces"]
    assert traces["steps"][-1] == 31
    assert np.isnan(traces["loss"][-1])
    assert np.isnan(traces["D"][-1]).all()
    assert np.isfinite(traces["loss"][:-1]).all()
    found = json.loads(shown.file("json"))["loss"]
    assert [loss is None for loss in found] == [False, True, False]
    with pytest.raises(SpecError, match="a model that diverged"):
        shown.file("svg")


def test_losses_are_of_the_step_they_come_with_or_name_their_own() -> None:
    shown = _Shown()
    shown.screen.selected = 2
    shown.screen.status = "running"
    shown.live._probe_from = math.inf  # measuring took too long: not again before a step is kept
    shown.advance(40)
    kept = shown.live.history.steps[-1]
    while shown.live.history.next_due() <= shown.live.step + 1:
        shown.live.advance(1)
    kept = shown.live.history.steps[-1]
    shown.live._probe_from = math.inf
    shown.live.advance(1)
    step = shown.live.step
    assert kept < step
    shown.look()
    frame = shown.headers["frame"]
    state = PageState.read(small())
    assert (frame["step"], frame["measured"]) == (step, kept)
    assert frame["loss"] == pytest.approx(_losses(state, kept)[2], rel=1e-6)
    told = json.loads(shown.file("json"))
    assert told["step"] == step
    np.testing.assert_allclose(told["loss"], _losses(state, step), rtol=1e-6)
    shown.live.advance(1)
    shown.screen.status = "paused"
    shown.look()
    frame = shown.headers["frame"]
    assert (frame["step"], frame["measured"]) == (step + 1, step + 1)
    assert frame["loss"] == pytest.approx(_losses(state, step + 1)[2], rel=1e-6)


def test_after_a_change_losses_are_those_of_the_new_numbers() -> None:
    shown = _Shown()
    shown.screen.selected = 0
    shown.advance(50)
    shown.live.record()
    shown.look()
    before = shown.headers["frame"]["loss"]
    shown.live._probe_from = math.inf
    shown.live.change({"importance": 4.0})
    shown.look()
    loss = shown.headers["frame"]["loss"]
    assert loss == pytest.approx(_losses(shown.live.state(), 50)[0], rel=1e-6)
    assert loss > 2.5 * before


def test_the_past_comes_with_its_own_numbers() -> None:
    shown = _Shown()
    shown.advance(50)
    shown.live.record()
    shown.live.change({"feature_probability": 0.5, "importance[0]": 3.0})
    shown.advance(60)
    shown.look()
    now = shown.headers["frame"]["numbers"]
    assert (now["feature_probability"], now["importance"]) == (0.5, [3.0, 1.0, 1.0, 1.0, 1.0])
    shown.screen.past = shown.live.history.at(50)
    shown.look()
    frame = shown.headers["frame"]
    assert (frame["step"], frame["measured"], frame["past"]) == (50, 50, True)
    assert frame["numbers"]["feature_probability"] == 0.1
    assert frame["numbers"]["importance"] == [1.0] * 5


def _shapes(models: np.ndarray) -> dict[str, list[int]]:
    """The seeds of each shape, by tegum's own word for each model (m, n)."""
    names = [shape_name(np.asarray(W, np.float64)) for W in models]
    return {name: [k for k, other in enumerate(names) if other == name] for name in set(names)}


def _counted(analysis: dict[str, Any]) -> dict[str, list[int]]:
    return {one["name"]: one["seeds"] for one in analysis["shapes"]}


def test_counts_are_all_of_the_step_that_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = _Shown()
    shown.advance(5)
    shown.rest()
    monkeypatch.setattr("tegum.explorer.screen._COUNT_SECONDS", 0.0)  # one of three at a time
    monkeypatch.setattr("tegum.explorer.screen._COUNT_SHARE", 1e-9)  # between analyses but once
    shown.screen.status = "running"
    models = {5: shown.live.parameters()["W"].copy()}
    seen = []
    for step in (9, 200, 300, 310, 320):
        shown.advance(step)
        models[step] = shown.live.parameters()["W"].copy()
        shown.look()
        analysis = shown.headers["analysis"]
        assert analysis["step"] == step
        assert _counted(analysis) == _shapes(models[analysis["shapes_step"]])
        seen.append(analysis["shapes_step"])
    assert seen == [5, 5, 200, 200, 200]


def test_what_stands_still_is_counted_to_the_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paused, and at a step of the past: without another word of the page."""
    shown = _Shown()
    shown.advance(300)
    monkeypatch.setattr("tegum.explorer.screen._COUNT_SECONDS", 0.0)
    for past in (None, 30, 300):
        shown.screen.past = None if past is None else shown.live.history.at(past)
        shown.rest()
        analysis, moment = shown.headers["analysis"], shown.screen.moment()
        assert analysis["step"] == analysis["shapes_step"] == moment.step
        assert _counted(analysis) == _shapes(moment.parameters["W"])


def test_two_states_have_two_stamps() -> None:
    """Of another step, model, time or number: what is drawn of one is told from the other."""
    shown = _Shown()
    shown.screen.selected = 1
    stamps = []

    def stamp() -> None:
        shown.look()
        own = ("run", "step", "changes", "past", "selected")
        of = {kind: {name: shown.headers[kind][name] for name in own} for kind in shown.headers}
        assert of["frame"] == of["analysis"]
        assert of["frame"]["selected"] == of["traces"]["selected"]
        stamps.append(json.dumps(of["frame"]))

    shown.advance(20)
    stamp()
    shown.live.change({"feature_probability": 0.3})
    stamp()
    shown.advance(30)
    stamp()
    shown.screen.past = shown.live.history.at(30)
    stamp()
    shown.screen.past, shown.screen.selected = None, 2
    stamp()
    shown.screen.start(shown.live, 2)
    stamp()
    assert len(set(stamps)) == len(stamps)


def test_a_curve_of_losses_ends_where_its_model_does() -> None:
    """As a checkpoint of the same step says, which has no loss."""
    problem = tg.Problem(tg.Independent(5, 0.1), tg.ReLUOutput(2))
    steps = (0, 1, 2, 4, 9, 20)
    training = tg.Training(
        steps=20, batch_size=64, learning_rate=1e30, checkpoints=steps, curve_points=6
    )
    runs = tg.train(problem, training=training, seeds=3, progress=False)
    curve = runs["loss_curve"]
    assert tuple(curve["step"].to_numpy()) == steps
    alive = np.isfinite(runs["W_checkpoint"].to_numpy()).all(axis=(-2, -1))
    alive &= np.isfinite(runs["b_checkpoint"].to_numpy()).all(axis=-1)
    assert not (np.isfinite(curve.to_numpy()) & ~alive).any()
    assert np.isfinite(curve.to_numpy()[:, 0]).all()
    assert not alive[:, -1].any()
