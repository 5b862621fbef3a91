"""How `uniform-geometry` trains: which models start from which, and what settling changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import xarray as xr

from tegum.dims import DENSITY, SEED
from tegum.experiments.uniform_geometry import training
from tegum.loss.expected import expected_loss
from tegum.problem import Problem
from tegum.report.lab import RunLab
from tegum.training import Training

SHAPE = (6, 2)


class Recorder(RunLab):
    """A lab that trains a few steps only and keeps what it was asked for."""

    def train(
        self,
        problem: Problem,
        axes: Mapping[str, Any] | None = None,
        training: Training | None = None,
        seeds: int = 1,
        seed: int = 0,
        start: xr.Dataset | None = None,
    ) -> xr.Dataset:
        assert axes is not None
        assert training is not None
        few = training.replace(steps=3, held_out=64)
        found = super().train(problem, axes, few, seeds, seed, start)
        self.asked.append((1 / np.array(axes[DENSITY]), training, start, found))
        return found

    asked: list[tuple[Any, Training, xr.Dataset | None, xr.Dataset]]


@pytest.fixture
def lab() -> Recorder:
    made = Recorder()
    made.asked = []
    return made


def levels_of(runs: xr.Dataset) -> list[float]:
    return [round(level, 6) for level in (1 / runs[DENSITY].to_numpy()).tolist()]


def asked_levels(asked: Sequence[Any]) -> list[list[float]]:
    return [levels.round(6).tolist() for levels, *_ in asked]


def test_models_are_led_from_sparse_to_dense(lab: Recorder) -> None:
    runs = training.led(lab, SHAPE, [1.5, 3.0, 2.2], 2)
    assert asked_levels(lab.asked) == [[3.0], [2.2], [1.5]]
    assert lab.asked[0][2] is None
    for (*_, before), (_, _, start, _) in zip(lab.asked, lab.asked[1:], strict=False):
        assert start is not None
        np.testing.assert_array_equal(start["W"], before["W"].isel({DENSITY: 0}))
        np.testing.assert_array_equal(start["b"], before["b"].isel({DENSITY: 0}))
    recipes = [(plan.learning_rate, plan.batch_size) for _, plan, *_ in lab.asked]
    assert recipes == [
        (r.learning_rate, r.batch_size)
        for r in (training.SCRATCH, training.LED, training.LED_DENSE)
    ]
    assert levels_of(runs) == [1.5, 2.2, 3.0]
    np.testing.assert_array_equal(runs["W"].isel({DENSITY: 0}), lab.asked[2][3]["W"][0])


def test_only_models_between_are_led(lab: Recorder) -> None:
    runs = training.trained(lab, SHAPE, [1.1, 1.24, 1.3, 3.0, 3.2, 5.0], 1)
    assert asked_levels(lab.asked) == [[1.1, 1.24], [3.0], [1.3], [3.2, 5.0]]
    assert [start is None for _, _, start, _ in lab.asked] == [True, True, False, True]
    assert levels_of(runs) == [1.1, 1.24, 1.3, 3.0, 3.2, 5.0]
    # the losses of sparse models are exact ones
    sparse = runs.isel({DENSITY: -1, SEED: 0})
    problem = training.problem(SHAPE).replace(
        distribution=training.problem(SHAPE).distribution.replace(feature_probability=0.2)
    )
    exact = expected_loss(problem, sparse["W"], sparse["b"]).loss
    assert float(sparse["loss"]) == pytest.approx(float(exact), rel=1e-5)


def test_settling_moves_the_best_seed_alone_and_downhill(lab: Recorder) -> None:
    plan = Training(steps=300, learning_rate=1e-2, batch_size=64, init_std=0.3, held_out=256)
    runs = RunLab().train(training.problem(SHAPE), {DENSITY: [0.5, 0.2]}, plan, 3)
    scored = lab.score(runs)
    settled = training.settled(lab, runs)
    assert settled["W"].dims == runs["W"].dims
    for k in range(2):
        chosen = int(scored["loss"][k].to_numpy().argmin())
        for seed in range(3):
            before, after = (d.isel({DENSITY: k, SEED: seed}) for d in (scored, settled))
            if seed == chosen:
                assert float(after["loss"]) < float(before["loss"])
                assert np.abs(after["W"] - before["W"]).max() > 1e-4
            else:
                assert float(after["loss"]) == float(before["loss"])
                np.testing.assert_array_equal(after["W"], before["W"].astype(np.float64))
        # the first seed that was lowest still is
        assert int(settled["loss"][k].to_numpy().argmin()) == chosen
