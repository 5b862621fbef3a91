"""Jumps, shares and stages on hand-made traces; traces of real trainings against their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import tegum as tg
from tegum.analysis import dynamics
from tegum.analysis.jump_share import jump_share
from tegum.analysis.loss_stages import loss_rate, stages
from tegum.dims import F64
from tegum.errors import SpecError

STEPS = np.arange(0, 2001, 10)


def ramp(start: float, end: float, low: float = 0.0, high: float = 0.5) -> F64:
    """Level, then a straight line between two steps, then level."""
    return np.interp(STEPS, [start, end], [low, high])


def traced(*features: F64, loss: F64 | None = None) -> xr.Dataset:
    """One training with these D_i."""
    D = np.stack(features, axis=-1)[None]
    loss = np.ones(len(STEPS)) if loss is None else loss
    dims = ("seed", "checkpoint")
    return xr.Dataset(
        {"dimensionality": ((*dims, "feature"), D), "loss": (dims, loss[None])},
        {"seed": [7], "checkpoint": STEPS},
    )


class TestJumps:
    def test_a_planted_jump_with_its_loss(self) -> None:
        loss = np.interp(STEPS, [990, 1050], [3.0, 2.0])
        found = tg.jumps(traced(0 * STEPS + 0.1, ramp(1000, 1040), loss=loss))
        assert len(found) == 1
        row = found.iloc[0]
        assert (row["seed"], row["feature"]) == (7, 1)
        assert (row["from_level"], row["to_level"]) == (0.0, 0.5)
        assert (row["start"], row["end"]) == (1000, 1040)
        assert (row["before"], row["after"]) == (0.0, 0.5)
        assert row["loss_before"] == pytest.approx(3 - 10 / 60)
        assert row["loss_drop"] == pytest.approx(40 / 60)

    def test_a_slow_jump_and_one_downwards(self) -> None:
        found = tg.jumps(traced(ramp(500, 1900), ramp(100, 150, 0.5, 0.0)))
        assert found["feature"].tolist() == [1, 0]  # in the order of time
        assert found["to_level"].tolist() == [0.0, 0.5]
        assert found[["start", "end"]].to_numpy().tolist() == [[100, 150], [500, 1900]]

    def test_the_slow_foot_of_a_jump_is_not_part_of_it(self) -> None:
        D = np.interp(STEPS, [0, 1000, 1040, 2000], [0.0, 0.1, 0.5, 0.5])
        assert tg.jumps(traced(D)).iloc[0]["start"] == 1000
        # 1e-4 per step before, 1e-2 in the jump: with an edge of 1/100 it counts
        assert tg.jumps(traced(D), edge=0.0099).iloc[0]["start"] == 0

    def test_there_and_back_is_two_jumps(self) -> None:
        D = np.interp(STEPS, [400, 500, 1000, 1100], [0.0, 0.5, 0.5, 0.0])
        found = tg.jumps(traced(D))
        assert found["to_level"].tolist() == [0.5, 0.0]
        assert found["start"].tolist() == [400, 1000]

    @pytest.mark.parametrize(
        "D",
        [
            0 * STEPS + 0.25,
            0.25 + 0.049 * np.sign(np.sin(1.0 + STEPS)),  # noise within the margin
            np.interp(STEPS, [0, 500, 1000], [0.0, 0.29, 0.0]),  # turns back in time
            np.interp(STEPS, [0, 500], [0.31, 0.5]),  # at the upper level all along
            np.where(STEPS == 500, np.nan, ramp(1000, 1100)),  # not finite
        ],
    )
    def test_none(self, D: F64) -> None:
        assert tg.jumps(traced(D)).empty

    def test_noise_does_not_hide_a_jump(self) -> None:
        noise = 0.03 * np.random.default_rng(0).standard_normal(len(STEPS))
        found = tg.jumps(traced(ramp(1000, 1100) + noise))
        assert len(found) == 1
        assert found.iloc[0]["start"] < 1050 + 10
        assert found.iloc[0]["end"] > 1050 - 10
        little = tg.jumps(traced(ramp(1000, 1100) + noise / 10)).iloc[0]
        assert abs(little["start"] - 1000) <= 20
        assert abs(little["end"] - 1100) <= 20

    def test_a_jump_over_a_level_is_one(self) -> None:
        levels = (0.0, 0.4, 0.5, 2 / 3)
        found = tg.jumps(traced(ramp(1000, 1040, 0.0, 2 / 3)), levels=levels, margin=0.04)
        assert found[["from_level", "to_level"]].to_numpy().tolist() == [[0.0, 2 / 3]]

    def test_every_training_of_an_ensemble_keeps_its_names(self) -> None:
        two = [traced(ramp(100, 200)), traced(ramp(600, 700))]
        both = xr.concat(two, xr.Variable("feature_probability", [0.3, 0.1]))
        found = tg.jumps(both)
        assert found.columns[:2].tolist() == ["feature_probability", "seed"]
        assert found["feature_probability"].tolist() == [0.3, 0.1]
        assert found["start"].tolist() == [100, 600]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"levels": (0.5,)}, r"jumps.levels must be two or more numbers in \[0, 1\]"),
            ({"levels": (0.0, np.nan)}, r"jumps.levels must be two or more numbers in \[0, 1\]"),
            ({"levels": (0.0, 0.5, 0.4)}, "jumps.levels must rise by more than two margins"),
            ({"levels": (0.0, 0.1)}, "jumps.levels must rise by more than two margins of 0.05"),
            ({"margin": 0.0}, "jumps.margin must be > 0; got 0.0"),
            ({"edge": 0.0}, r"jumps.edge must be in \(0, 1\]; got 0.0"),
        ],
    )
    def test_bad_input(self, change: dict[str, Any], message: str) -> None:
        with pytest.raises(SpecError, match=message):
            tg.jumps(traced(ramp(1, 2)), **change)


def trained(model: tg.ReLUOutput | tg.ReLUHidden, checkpoints: Any = (0, 7, 20)) -> xr.Dataset:
    problem = tg.Problem(tg.Independent(n_features=4, feature_probability=0.5), model)
    plan = tg.Training(steps=20, batch_size=8, checkpoints=checkpoints, held_out=8)
    axes = {"feature_probability": [0.5, 0.1]}
    return tg.train(problem, axes, plan, seeds=2, progress=False)


class TestTraces:
    def test_each_part_is_what_it_says(self) -> None:
        runs = trained(tg.ReLUOutput(n_hidden=2))
        found = dynamics.traces(runs)
        assert found["dimensionality"].dims == (
            "feature_probability", "seed", "checkpoint", "feature"
        )  # fmt: skip
        for p in (0.5, 0.1):
            at = {"feature_probability": p, "seed": 1, "checkpoint": 7}
            own = tg.Problem(tg.Independent(n_features=4, feature_probability=p),
                             tg.ReLUOutput(n_hidden=2))  # fmt: skip
            W, b = runs.W_checkpoint.sel(at).to_numpy(), runs.b_checkpoint.sel(at).to_numpy()
            loss, _ = tg.expected_loss(own, W, b)
            assert float(found["loss"].sel(at)) == pytest.approx(loss, rel=1e-6)
            np.testing.assert_allclose(found["dimensionality"].sel(at), tg.dimensionality(W))
            np.testing.assert_allclose(found["norm"].sel(at), np.linalg.norm(W, axis=0))

    def test_without_an_expected_loss(self) -> None:
        runs = trained(tg.ReLUHidden(n_hidden=2))
        assert "loss" not in dynamics.traces(runs)
        found = tg.jumps(runs, levels=(0.0, 0.5, 1.0))
        assert found["loss_drop"].isna().all()
        with pytest.raises(SpecError, match=r"stages.runs must hold loss"):
            stages(runs)

    def test_without_checkpoints(self) -> None:
        runs = trained(tg.ReLUOutput(n_hidden=2), checkpoints=())
        with pytest.raises(SpecError, match="must hold weights at checkpoints: train with"):
            tg.jumps(runs)


class TestShare:
    def test_all_of_the_fall_is_in_the_jump(self) -> None:
        # The first feature is at 1/2 from the start: half of two, so the whole time is looked at.
        loss = np.interp(STEPS, [1000, 1100], [2.0, 1.0])
        seen = traced(0 * STEPS + 0.5, ramp(1000, 1100), loss=loss)
        share = jump_share(seen, formed=0.5)
        row = share.table.iloc[0]
        assert (row["since"], row["jumps"]) == (0, 1)
        assert row["drop"] == pytest.approx(1.0)
        assert (share.drop_share, share.time_share) == (pytest.approx(1.0), pytest.approx(0.05))
        # Only the place where it is, of 200, holds all.
        assert share.p_value == pytest.approx(1 / 200, abs=5 * np.sqrt(1 / 200 / 9999))

    def test_none_of_it_is(self) -> None:
        loss = np.interp(STEPS, [300, 400], [2.0, 1.0])
        seen = traced(0 * STEPS + 0.5, ramp(1000, 1100), loss=loss)
        share = jump_share(seen, formed=0.5, shifts=99)
        assert share.drop_share == pytest.approx(0.0, abs=1e-12)
        assert share.p_value == 1.0

    def test_time_begins_when_enough_have_formed(self) -> None:
        seen = traced(*(ramp(s, s + 20) for s in (100, 200, 300, 400)))
        assert jump_share(seen, formed=0.7, shifts=9).table["since"].tolist() == [320]
        assert jump_share(seen, formed=0.7, shifts=9).table["jumps"].tolist() == [1]

    def test_without_jumps(self) -> None:
        share = jump_share(traced(0 * STEPS + 0.5))
        assert np.isnan([share.p_value, share.drop_share, share.time_share]).all()

    @pytest.mark.parametrize("change", [{"formed": 0}, {"formed": 1.1}, {"shifts": 0}])
    def test_bad_input(self, change: dict[str, Any]) -> None:
        (field,) = change
        with pytest.raises(SpecError, match=rf"jump_share.{field} must be"):
            jump_share(traced(ramp(1, 2)), **change)


def falling(*falls: tuple[float, float]) -> Callable[[F64], F64]:
    """A loss that falls by a factor at each of some steps, within a factor e^±.3 of it."""

    def loss(steps: F64) -> F64:
        u = np.log(np.maximum(steps, 1e-9))
        parts = [np.log(f) / (1 + np.exp(-(u - np.log(at)) / 0.15)) for at, f in falls]
        return np.exp(np.sum([*parts, 0 * u], axis=0))

    return loss


class TestStages:
    STEPS = np.unique(np.rint(np.geomspace(1, 100_000, 300)).astype(int))

    def seen(self, loss: F64) -> xr.Dataset:
        D = np.zeros((1, len(self.STEPS), 1))
        dims = ("seed", "checkpoint")
        return xr.Dataset(
            {"dimensionality": ((*dims, "feature"), D), "loss": (dims, loss[None])},
            {"seed": [3], "checkpoint": self.STEPS},
        )

    def test_three_falls_make_four_stages(self) -> None:
        places = [(300.0, 0.1), (5000.0, 0.01), (40_000.0, 0.5)]
        found = stages(self.seen(falling(*places)(self.STEPS)))
        assert found["seed"].tolist() == [3] * 4
        assert found["stage"].tolist() == [0, 1, 2, 3]
        for end, (at, _) in zip(found["end"], places, strict=False):
            assert end == pytest.approx(at, rel=0.05)
        assert found["start"].tolist() == [0, *found["end"][:-1]]
        inner = found.iloc[1:3]
        assert (inner["start"] < inner["settled"]).all()
        assert (inner["settled"] < inner["end"]).all()
        assert found["loss"].to_numpy()[1] == pytest.approx(0.1, rel=0.02)
        assert found["loss"].to_numpy()[2] == pytest.approx(0.001, rel=0.05)
        assert found["settled"].iloc[-1] == 100_000

    def test_small_falls_do_not_count(self) -> None:
        loss = falling((300.0, 0.01), (10_000.0, 0.97))(self.STEPS)
        assert len(stages(self.seen(loss))) == 2
        assert len(stages(self.seen(loss), prominence=0.001)) == 3

    @pytest.mark.parametrize("loss", [falling()(STEPS), falling()(STEPS) * 3])
    def test_a_loss_that_stays_is_one_stage(self, loss: F64) -> None:
        found = stages(self.seen(np.full(len(self.STEPS), loss[0])))
        assert found["stage"].tolist() == [0]
        assert found["rate"].isna().all()

    def test_the_rate_of_a_power_law_is_its_exponent(self) -> None:
        at, rate = loss_rate(self.STEPS, 5.0 * self.STEPS**-1.5)
        inner = (at > 100) & (at < 20_000)  # away from the ends of the smoothing
        np.testing.assert_allclose(rate[inner], 1.5, atol=0.02)

    def test_diverged(self) -> None:
        assert stages(self.seen(np.full(len(self.STEPS), np.nan))).empty

    def test_bad_input(self) -> None:
        seen = self.seen(falling()(self.STEPS))
        with pytest.raises(SpecError, match=r"stages.prominence must be in \(0, 1\); got 2"):
            stages(seen, prominence=2)
        with pytest.raises(SpecError, match=r"loss_rate.smoothing must be > 0; got 0"):
            stages(seen, smoothing=0)
        with pytest.raises(SpecError, match=r"loss_rate.steps must have three or more"):
            stages(seen, first=90_000_000)
        with pytest.raises(SpecError, match=r"loss_rate.steps must be a rising row"):
            loss_rate(np.array([30, 20, 40]), np.ones(3))
        for loss in (np.ones(2), np.array([1.0, 0.0, 1.0]), np.array([1.0, np.nan, 1.0])):
            with pytest.raises(SpecError, match=r"loss_rate.loss must be 3 finite numbers > 0"):
                loss_rate(np.array([20, 30, 40]), loss)
