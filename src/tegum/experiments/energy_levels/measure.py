"""Trainings at a constant rate: their jumps between levels, and what these take of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import dynamics
from tegum.analysis.jump_share import jump_share
from tegum.dims import CHECKPOINT, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.training import Training, log_spaced

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: A jump is late when it begins after this step, …
LATE: Final = 3_000
#: … and counts when D_i changes by more than this.
SIZE: Final = 0.3
#: The last D_i are this near to 0 or 1/2.
OFF: Final = 0.02

PROBLEM: Final = Problem(
    Independent(n_features=60, feature_probability=0.3), ReLUOutput(n_hidden=4)
)
SEEDS: Final = (24, 5)  # in a full and in a quick run, as below
STEPS: Final = (12_000, 8_000)
#: Steps between checkpoints, even for the test that moves jumps in time.
EVERY: Final = (60, 100)
_EARLY: Final = 16  # log-spaced checkpoints before the even ones


def measure(lab: Lab) -> Tables:
    """All jumps and losses; of each seed, what its jumps hold; traces of the chosen one.

    Checkpoints are at even steps, and at some early ones.
    """
    import pandas as pd

    steps, every = lab.pick(*STEPS), lab.pick(*EVERY)
    training = Training(
        steps=steps, batch_size=512, learning_rate=1e-3, curve_points=0,
        checkpoints=(*log_spaced(every, _EARLY)[:-1], *range(every, steps + 1, every)),
        held_out=1024,  # the expected loss takes its place
    )  # fmt: skip
    runs = lab.train(PROBLEM, training=training, seeds=lab.pick(*SEEDS))
    traces = dynamics.traces(runs)
    found = dynamics.jumps(traces)
    share = jump_share(traces, found)
    pooled = {"time_share": share.time_share, "drop_share": share.drop_share}
    pooled["p_value"] = share.p_value
    losses = traces["loss"].to_dataframe().reset_index().rename(columns={CHECKPOINT: "step"})
    trainings = share.table.merge(each_seed(traces, found), on=SEED)
    chosen = chosen_of(trainings)[SEED]
    return {
        "jumps": found,
        "trainings": trainings,
        "share": pd.DataFrame([pooled]),
        "losses": losses[[SEED, "step", "loss"]],
        "curve": losses[losses[SEED] == chosen][[SEED, "step", "loss"]],
        "dimensionality": _long(traces, chosen),
    }


def each_seed(traces: xr.Dataset, found: pd.DataFrame) -> pd.DataFrame:
    """Per seed: late jumps, what they take of the loss, whether the largest late fall is one's.

    `late` counts jumps of more than SIZE that begin after LATE, `late_drop` is the largest fall of
    the loss in one of them, `fall` the largest between two checkpoints after LATE, at `fall_start`
    to `fall_end`, and `within` whether that is in one of them; `off` is how far the last D_i are
    from their levels, `at_half` how many are at the upper level; `last_loss`.
    """
    import pandas as pd

    rows = []
    for run in dynamics.each(traces):
        own = late_jumps(found[found[SEED] == run.at[SEED]])
        after = run.steps >= LATE
        steps, falls = run.steps[after], -np.diff(run.loss[after])
        k = int(falls.argmax())
        inside = (own["start"] <= steps[k]) & (own["end"] >= steps[k + 1])
        last = run.dimensionality[-1]
        rows.append(
            {
                SEED: run.at[SEED],
                "late": len(own),
                "late_drop": own["loss_drop"].max() if len(own) else 0.0,
                "fall": falls[k],
                "fall_start": steps[k],
                "fall_end": steps[k + 1],
                "within": inside.any(),
                "off": np.minimum(np.abs(last), np.abs(last - 0.5)).max(),
                "at_half": (np.abs(last - 0.5) <= OFF).sum(),
                "last_loss": run.loss[-1],
            }
        )
    return pd.DataFrame(rows)


def late_jumps(found: pd.DataFrame) -> pd.DataFrame:
    """The jumps that begin after LATE and change D_i by more than SIZE."""
    large = (found["after"] - found["before"]).abs() > SIZE
    return found[large & (found["start"] >= LATE)]


def chosen_of(trainings: pd.DataFrame) -> pd.Series:
    """The seed whose loss falls fastest in a late jump; without any, that falls fastest late."""
    order = ["within", "fall"]
    return trainings.sort_values(order, ascending=False, kind="stable").iloc[0]


def _long(traces: xr.Dataset, seed: int) -> pd.DataFrame:
    D = traces["dimensionality"].sel({SEED: seed}, drop=True)
    table = D.to_dataframe().reset_index().rename(columns={CHECKPOINT: "step"})
    return table[["step", "feature", "dimensionality"]]
