"""Two sets of three features: where trainings end, their stages, and one training in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tegum.analysis import dynamics, geometry
from tegum.analysis import set_cosines as between
from tegum.analysis.loss_stages import loss_rate, stages
from tegum.analysis.sets import PAIR
from tegum.dims import CHECKPOINT, DENSITY, F64, FEATURE, HIDDEN, I64, SEED
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


def measure(lab: Lab) -> Tables:
    """The ends of trainings; the stages of all; the chosen training in full."""
    final = lab.train(
        problem(FINAL_DENSITIES[0]),
        {DENSITY: list(FINAL_DENSITIES)},
        Training(steps=lab.pick(*FINAL_STEPS), curve_points=0, held_out=1024),
        lab.pick(*FINAL_SEEDS),
    )
    drops = _slow(lab, DROPS_DENSITY, DROPS_STEPS, DROPS_SEEDS)
    story = follow(_slow(lab, STORY_DENSITY, STORY_STEPS, STORY_SEEDS))
    table = trajectories(story)
    return {
        "ends": ends_table(lab.score(final)),
        "drops": stages(dynamics.traces(drops)),
        "trajectories": table,
        **story_tables(story, chosen_of(table), lab.pick(*FRAMES)),
        "kinds": kinds_table(story, table),
    }


def problem(density: float) -> Problem:
    """Two sets of three features that are active together, in three dimensions."""
    return Problem(
        Correlated(n_sets=2, set_size=3, feature_probability=density), ReLUOutput(n_hidden=3)
    )


def _slow(lab: Lab, density: float, steps: tuple[int, int], seeds: tuple[int, int]) -> xr.Dataset:
    """From a small start at a low rate, which keep the stages apart."""
    training = Training(
        steps=lab.pick(*steps), learning_rate=3e-4, init_std=0.1, curve_points=0,
        checkpoints=lab.pick(*CHECKPOINTS),
        held_out=1024,  # expected losses take its place
    )  # fmt: skip
    return lab.train(problem(density), training=training, seeds=lab.pick(*seeds))


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
    table = xr.Dataset(columns).to_dataframe().reset_index()
    whole = _octahedra(table["represented"], table["within"], table["worst_antipode"])
    return table.assign(octahedron=whole)


def _octahedra(represented: pd.Series, within: pd.Series, antipode: pd.Series) -> pd.Series:
    return (represented == len(SETS)) & (within < RIGHT) & (antipode < ANTIPODAL)


class Story(NamedTuple):
    """The slow trainings: weights at checkpoints, losses, stages."""

    W: xr.DataArray  # (seed, checkpoint, hidden, feature)
    traces: xr.Dataset
    stages: pd.DataFrame

    def of(self, seed: int) -> tuple[F64, pd.DataFrame, I64]:
        """W and stages of one training, and the positions of the checkpoints they settled at."""
        own = self.stages[self.stages[SEED] == seed].reset_index(drop=True)
        settled = np.searchsorted(self.W[CHECKPOINT].to_numpy(), own["settled"].to_numpy())
        return self.W.sel({SEED: seed}).to_numpy(), own, settled


def follow(runs: xr.Dataset) -> Story:
    """The slow trainings, cut into stages."""
    W = dynamics.at_checkpoints(runs)["W"].transpose(SEED, CHECKPOINT, HIDDEN, FEATURE)
    traces = dynamics.traces(runs)
    return Story(W, traces, stages(traces))


def trajectories(story: Story) -> pd.DataFrame:
    """Where each slow training is when its stages have settled, a row of `measures` for each."""
    import pandas as pd

    rows = []
    for seed in story.stages[SEED].unique().tolist():
        W, _, settled = story.of(seed)
        rows.append({SEED: seed, **measures(W, settled)})
    return pd.DataFrame(rows)


def measures(W: F64, settled: Any) -> dict[str, float]:
    """One training, W (checkpoint, hidden, feature).

    `falls` of the loss; in the second stage: the cosine between the sets' mean directions, the
    least cosine within a set and the largest between sets; in the last but one: the largest
    |cosine| within a set and the worst antipode; both at the end too, and how many features are
    represented there; `opened`, the worst antipode where both sets are first at right angles, and
    `opened_at`, the position of that checkpoint (NaN and −1 where they never are).
    """
    line, before = W[settled[:2][-1]], settled[-2:][0]
    inside = between.within_cosines(W, SETS)
    within, antipode = np.abs(inside).max(-1), between.opposites(W, SETS).max(-1)
    opened = np.flatnonzero((within < RIGHT) & (np.linalg.norm(W, axis=-2).min(-1) > 0.5))
    return {
        "falls": len(settled) - 1,
        "set_cosine": between.set_cosines(line, SETS)[0],
        "line_within": between.within_cosines(line, SETS).min(),
        "line_between": between.between_cosines(line, SETS).max(),
        "before_within": within[before],
        "before_antipode": antipode[before],
        "opened": antipode[opened[0]] if opened.size else np.nan,
        "opened_at": opened[0] if opened.size else -1,
        "end_represented": geometry.count_represented(W[-1]),
        "end_within": within[-1],
        "end_antipode": antipode[-1],
    }


def on_a_line(table: pd.DataFrame) -> pd.Series:
    """Trainings whose second stage has both sets on one line, on opposite sides."""
    return (table["line_within"] > ALIGNED) & (table["line_between"] < OPPOSED)


def octahedral(table: pd.DataFrame) -> pd.Series:
    """Trainings that end with six features, at right angles within sets, and antipodal across."""
    return _octahedra(table["end_represented"], table["end_within"], table["end_antipode"])


def paused(table: pd.DataFrame) -> pd.Series:
    """Trainings that settle once more before the end: both sets open, not yet antipodal."""
    open_sets = (table["before_within"] < RIGHT) & (table["before_antipode"] > ANTIPODAL)
    return (table["falls"] >= FALLS) & open_sets


def chosen_of(table: pd.DataFrame) -> pd.Series:
    """The training that goes through most of the paper's stages; of these, the straightest line."""
    line, end, pause = on_a_line(table), octahedral(table), paused(table)
    ranked = table.assign(passed=3 * line + 2 * end + (line & end & pause))
    order = ["passed", "line_between"]
    return ranked.sort_values(order, ascending=[False, True], kind="stable").iloc[0]


def story_tables(story: Story, chosen: pd.Series, frames: int) -> Tables:
    """Of the chosen training: stages, their features, paths and moments, rates; some curves."""
    import pandas as pd

    seed = int(chosen[SEED])
    W, own, settled = story.of(seed)
    # a stage more or less than the paper's four keeps its letter in the order of the alphabet
    own = own.assign(name=[chr(ord("A") + k) for k in range(len(own))])
    W, steps = upright(W, settled[:2][-1]), story.W[CHECKPOINT].to_numpy()
    features, paths = [], []
    for name, before, at in zip(own["name"], [0, *settled], settled, strict=False):
        panel = f"{name}, step {steps[at]:,}"
        features.append(_points(W, steps, [at]).assign(panel=panel))
        paths.append(_points(W, steps, np.arange(before, at + 1)).assign(panel=panel))
    run = next(run for run in dynamics.each(story.traces) if run.at[SEED] == seed)
    grid, rate = loss_rate(run.steps, run.loss)
    moments = np.linspace(np.searchsorted(steps, _FIRST_FRAME), len(steps) - 1, frames)
    return {
        "stages": own,
        "features": pd.concat(features, ignore_index=True),
        "paths": pd.concat(paths, ignore_index=True),
        "moments": _points(W, steps, np.unique(np.rint(moments).astype(int))),
        "rates": pd.DataFrame({"step": grid, "rate": rate}),
        "curves": _curves(story, seed),
    }


def kind_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Trainings of one of the KINDS."""
    return table["set_cosine"].between(*KINDS[name], inclusive="left")


def kinds_table(story: Story, table: pd.DataFrame) -> pd.DataFrame:
    """Four moments of the first training of each kind that ends as an octahedron.

    The moments: where the first and the second stage have settled, where both sets are first at
    right angles, and the end.
    """
    import pandas as pd

    steps, parts = story.W[CHECKPOINT].to_numpy(), []
    for name in KINDS:
        rows = table[kind_of(table, name) & octahedral(table) & (table["opened_at"] >= 0)]
        if rows.empty:  # a rare kind, in a quick run
            continue
        W, _, settled = story.of(rows[SEED].iloc[0])
        second = settled[:2][-1]
        at = [settled[0], second, rows["opened_at"].iloc[0], len(steps) - 1]
        points = _points(upright(W, second), steps, at)
        panels = points["step"].map(lambda step: f"step {step:,}")
        parts.append(points.assign(kind=name, panel=panels))
    return pd.concat(parts, ignore_index=True)


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


def _points(W: F64, steps: I64, at: Any) -> pd.DataFrame:
    """W (checkpoint, hidden, feature) at some moments: columns step, feature, set, w0, w1, w2."""
    import pandas as pd

    n = len(SETS)
    columns = {"step": np.repeat(steps[at], n), "feature": np.tile(np.arange(n), len(at))}
    columns["set"] = np.tile(SETS, len(at))
    columns |= {f"w{k}": W[at, k].reshape(-1) for k in range(3)}
    return pd.DataFrame(columns)


def _curves(story: Story, seed: int) -> pd.DataFrame:
    """Losses of the first seeds and of the chosen one."""
    losses = story.traces["loss"]
    kept = sorted({*losses[SEED].to_numpy()[:_SHOWN_SEEDS].tolist(), seed})
    table = losses.sel({SEED: kept}).to_dataframe().reset_index()
    return table.rename(columns={CHECKPOINT: "step"})[[SEED, "step", "loss"]]
