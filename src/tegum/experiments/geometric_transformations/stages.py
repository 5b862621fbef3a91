"""Measurement of `geometric_transformations`: octahedra, stages, and one training in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tegum.analysis import dynamics, geometry
from tegum.analysis import set_cosines as between
from tegum.analysis.sets import PAIR
from tegum.analysis.stages import loss_rate, stages
from tegum.dims import CHECKPOINT, DENSITY, F64, FEATURE, HIDDEN, SEED
from tegum.distributions import Correlated
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SETS: Final = (0, 0, 0, 1, 1, 1)

#: A set is a line when no cosine within it is below this, …
ALIGNED: Final = 0.9
#: … and two sets lie on one line when no cosine between them is above this.
OPPOSED: Final = -0.9
#: A set is at right angles when no cosine within it is further than this from 0.
RIGHT: Final = 0.1
#: Features are antipodal when their cosine is below this.
ANTIPODAL: Final = -0.95
#: How often the loss falls between four stages.
FALLS: Final = 3
#: The kinds of trajectory, by the cosine between the sets' mean directions in the second stage.
KINDS: Final = {"line": (-1.0, -0.9), "corner": (-0.9, 0.9), "same side": (0.9, 1.0)}

FINAL_DENSITIES: Final = (0.1, 0.05, 0.02)
FINAL_SEEDS: Final = (400, 24)
FINAL_STEPS: Final = (20_000, 12_000)
DROPS_DENSITY, STORY_DENSITY = 0.1, 0.01
DROPS_SEEDS: Final = (64, 8)
STORY_SEEDS: Final = (768, 32)
DROPS_STEPS: Final = (16_000, 12_000)
STORY_STEPS: Final = (60_000, 20_000)
CHECKPOINTS: Final = (140, 100)
FRAMES: Final = (72, 40)
_FIRST_FRAME: Final = 60  # steps
_SHOWN_SEEDS: Final = 48  # faint curves behind the chosen one


def problem(density: float) -> Problem:
    """Two sets of three features that are active together, in three dimensions."""
    return Problem(
        Correlated(n_sets=2, set_size=3, feature_probability=density), ReLUOutput(n_hidden=3)
    )


def plan_final(lab: Lab) -> Training:
    """Where trainings end: the usual start and learning rate."""
    return Training(steps=lab.pick(*FINAL_STEPS), curve_points=0, held_out=1024)


def plan_slow(steps: int, checkpoints: int) -> Training:
    """A small start and a low rate, which keep the stages apart."""
    return Training(
        steps=steps,
        learning_rate=3e-4,
        init_std=0.1,
        checkpoints=checkpoints,
        curve_points=0,
        held_out=1024,  # expected losses take its place
    )


def measure(lab: Lab) -> Tables:
    """The ends of trainings; the stages of all; the chosen training in full."""
    final = lab.train(
        problem(FINAL_DENSITIES[0]),
        {DENSITY: list(FINAL_DENSITIES)},
        plan_final(lab),
        lab.pick(*FINAL_SEEDS),
    )
    count = lab.pick(*CHECKPOINTS)
    drops = lab.train(
        problem(DROPS_DENSITY), training=plan_slow(lab.pick(*DROPS_STEPS), count),
        seeds=lab.pick(*DROPS_SEEDS),
    )  # fmt: skip
    slow = lab.train(
        problem(STORY_DENSITY), training=plan_slow(lab.pick(*STORY_STEPS), count),
        seeds=lab.pick(*STORY_SEEDS),
    )  # fmt: skip
    story = follow(slow)
    return {
        "ends": ends_table(lab.score(final)),
        "drops": stages(dynamics.traces(drops)),
        "trajectories": story.table,
        **story_tables(story, lab.pick(*FRAMES)),
        "kinds": kinds_table(story),
    }


def ends_table(final: xr.Dataset) -> pd.DataFrame:
    """Per model: loss, features represented, largest |cosine| within a set, the worst antipode.

    `octahedron`: six features, at right angles within their set and antipodal across.
    """
    import xarray as xr

    W = final["W"]
    columns = {
        "loss": final["loss"],
        "represented": geometry.count_represented(W),
        "within": abs(between.within_cosines(W, SETS)).max(PAIR),
        "worst_antipode": between.opposites(W, SETS).max(FEATURE),
    }
    whole = xr.Dataset(columns).to_dataframe().reset_index()
    six = whole["represented"] == len(SETS)
    right = (whole["within"] < RIGHT) & (whole["worst_antipode"] < ANTIPODAL)
    return whole.assign(octahedron=six & right)


class Story(NamedTuple):
    """The slow trainings: weights at checkpoints, losses, stages, and a row for each."""

    W: xr.DataArray  # (seed, checkpoint, hidden, feature)
    traces: xr.Dataset
    stages: pd.DataFrame
    table: pd.DataFrame


def follow(runs: xr.Dataset) -> Story:
    """Where each slow training is when its stages have settled (see `_row` for the table)."""
    import pandas as pd

    W = dynamics.at_checkpoints(runs)["W"].transpose(SEED, CHECKPOINT, HIDDEN, FEATURE)
    traces = dynamics.traces(runs)
    cut = stages(traces)
    steps = W[CHECKPOINT].to_numpy()
    rows = []
    for seed in cut[SEED].unique().tolist():
        own = cut[cut[SEED] == seed]
        settled = np.searchsorted(steps, own["settled"].to_numpy())
        rows.append({SEED: seed, **_row(W.sel({SEED: seed}).to_numpy(), settled)})
    return Story(W, traces, cut, pd.DataFrame(rows))


def _row(W: F64, settled: Any) -> dict[str, float]:
    """One training, W (checkpoint, hidden, feature).

    `falls` of the loss; in the second stage: the cosine between the sets' mean directions, the
    least cosine within a set and the largest between sets; in the last but one: the largest
    |cosine| within a set and the worst antipode; both at the end too, and how many features are
    represented there; `opened`, the worst antipode where both sets are first at right angles, and
    `opened_at`, the position of that checkpoint (NaN and −1 where they never are).
    """
    line, before, last = W[settled[min(1, len(settled) - 1)]], W[settled[-2:][0]], W[-1]
    norms = np.linalg.norm(W, axis=-2).min(-1)
    open_now = (np.abs(between.within_cosines(W, SETS)).max(-1) < RIGHT) & (norms > 0.5)
    first = int(open_now.argmax())
    return {
        "falls": len(settled) - 1,
        "set_cosine": float(between.set_cosines(line, SETS)[0]),
        "line_within": float(between.within_cosines(line, SETS).min()),
        "line_between": float(between.between_cosines(line, SETS).max()),
        "before_within": float(np.abs(between.within_cosines(before, SETS)).max()),
        "before_antipode": float(between.opposites(before, SETS).max()),
        "opened": float(between.opposites(W[first], SETS).max()) if open_now.any() else np.nan,
        "opened_at": first if open_now.any() else -1,
        "end_represented": int(geometry.count_represented(last)),
        "end_within": float(np.abs(between.within_cosines(last, SETS)).max()),
        "end_antipode": float(between.opposites(last, SETS).max()),
    }


def on_a_line(table: pd.DataFrame) -> pd.Series:
    """Trainings whose second stage has both sets on one line, on opposite sides."""
    return (table["line_within"] > ALIGNED) & (table["line_between"] < OPPOSED)


def octahedral(table: pd.DataFrame) -> pd.Series:
    """Trainings that end with six features, at right angles within sets, and antipodal across."""
    six = table["end_represented"] == len(SETS)
    return six & (table["end_within"] < RIGHT) & (table["end_antipode"] < ANTIPODAL)


def paused(table: pd.DataFrame) -> pd.Series:
    """Trainings that settle once more before the end: both sets open, not yet antipodal."""
    open_sets = (table["before_within"] < RIGHT) & (table["before_antipode"] > ANTIPODAL)
    return (table["falls"] >= FALLS) & open_sets


def chosen(table: pd.DataFrame) -> pd.Series:
    """The training that goes through most of the paper's stages; of these, the straightest line."""
    line, end, pause = on_a_line(table), octahedral(table), paused(table)
    ranked = table.assign(passed=3 * line + 2 * end + (line & end & pause))
    order = ["passed", "line_between"]
    return ranked.sort_values(order, ascending=[False, True], kind="stable").iloc[0]


def story_tables(story: Story, frames: int) -> Tables:
    """Of the chosen training: stages, their features, paths and moments, rates; some curves."""
    import pandas as pd

    seed = int(chosen(story.table)[SEED])
    own = story.stages[story.stages[SEED] == seed].reset_index(drop=True)
    # a stage more or less than the paper's four keeps its letter in the order of the alphabet
    own = own.assign(name=[chr(ord("A") + k) for k in range(len(own))])
    W = upright(story.W.sel({SEED: seed}).to_numpy(), _position(story, own, 1))
    steps = story.W[CHECKPOINT].to_numpy()
    features, paths, previous = [], [], 0
    for k, name in enumerate(own["name"]):
        at = _position(story, own, k)
        panel = f"{name}, step {steps[at]:,}"
        features.append(_points(W[at : at + 1], steps[at : at + 1]).assign(panel=panel))
        paths.append(_points(W[previous : at + 1], steps[previous : at + 1]).assign(panel=panel))
        previous = at
    run = next(run for run in dynamics.each(story.traces) if run.at[SEED] == seed)
    grid, rate = loss_rate(run.steps, run.loss)
    moments = np.unique(np.rint(np.linspace(
        np.searchsorted(steps, _FIRST_FRAME), len(steps) - 1, frames)).astype(int))  # fmt: skip
    return {
        "stages": own,
        "features": pd.concat(features, ignore_index=True),
        "paths": pd.concat(paths, ignore_index=True),
        "moments": _points(W[moments], steps[moments]),
        "rates": pd.DataFrame({"step": grid, "rate": rate}),
        "curves": _curves(story, seed),
    }


def kind_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Trainings of one of the KINDS."""
    low, high = KINDS[name]
    return (table["set_cosine"] >= low) & (table["set_cosine"] < high)


def kinds_table(story: Story) -> pd.DataFrame:
    """Four moments of the first training of each kind that ends as an octahedron.

    The moments: where the first and the second stage have settled, where both sets are first at
    right angles, and the end.
    """
    import pandas as pd

    steps, table, parts = story.W[CHECKPOINT].to_numpy(), story.table, []
    for name in KINDS:
        rows = table[kind_of(table, name) & octahedral(table) & (table["opened_at"] >= 0)]
        if rows.empty:  # a rare kind, in a quick run
            continue
        row = rows.iloc[0]
        own = story.stages[story.stages[SEED] == row[SEED]]
        second = _position(story, own, 1)
        at = [_position(story, own, 0), second, int(row["opened_at"]), len(steps) - 1]
        W = upright(story.W.sel({SEED: row[SEED]}).to_numpy(), second)
        points = _points(W[at], steps[at])
        panels = points["step"].map(lambda step: f"step {step:,}")
        parts.append(points.assign(kind=name, panel=panels))
    return pd.concat(parts, ignore_index=True)


def _position(story: Story, own: pd.DataFrame, stage: int) -> int:
    steps = story.W[CHECKPOINT].to_numpy()
    return int(np.searchsorted(steps, own["settled"].iloc[min(stage, len(own) - 1)]))


def upright(W: F64, at: int) -> F64:
    """W (checkpoint, hidden, feature), turned: at one moment the sets lie along the last axis.

    On both sides of it where they point apart, else on one. One rotation for all checkpoints:
    what moves is the model.
    """
    first, second = W[at][:, :3].sum(1), W[at][:, 3:].sum(1)
    axis = first - second if first @ second < 0 else first + second
    rest = np.linalg.qr(np.column_stack([axis, np.eye(3)]))[0]
    turned = np.stack([rest[:, 1], rest[:, 2], axis / np.linalg.norm(axis)])
    turned[0] *= np.sign(np.linalg.det(turned))
    return np.asarray(turned @ W)


def _points(W: F64, steps: Any) -> pd.DataFrame:
    """(moment, hidden, feature) as columns step, feature, set, w0, w1, w2."""
    import pandas as pd

    n = W.shape[-1]
    columns = {"step": np.repeat(steps, n), "feature": np.tile(np.arange(n), len(steps))}
    columns["set"] = np.asarray(SETS)[columns["feature"]]
    columns |= {f"w{k}": W[:, k].reshape(-1) for k in range(3)}
    return pd.DataFrame(columns)


def _curves(story: Story, seed: int) -> pd.DataFrame:
    """Losses of the first seeds and of the chosen one."""
    losses = story.traces["loss"]
    kept = sorted({*losses[SEED].to_numpy()[:_SHOWN_SEEDS].tolist(), seed})
    table = losses.sel({SEED: kept}).to_dataframe().reset_index()
    return table.rename(columns={CHECKPOINT: "step"})[[SEED, "step", "loss"]]
