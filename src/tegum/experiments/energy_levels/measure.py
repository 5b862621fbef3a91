"""Measurement and rules of `energy_levels`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import dynamics
from tegum.analysis.jump_share import jump_share
from tegum.dims import CHECKPOINT, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Judgement, Lab, Tables, when
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
SIGNIFICANT: Final = 0.05

PROBLEM: Final = Problem(
    Independent(n_features=60, feature_probability=0.3), ReLUOutput(n_hidden=4)
)
SEEDS: Final = (24, 5)  # in a full and in a quick run, as below
STEPS: Final = (12_000, 8_000)
#: Steps between checkpoints, even for the test that moves jumps in time.
EVERY: Final = (60, 100)
_EARLY: Final = 16  # log-spaced checkpoints before the even ones


def plan(lab: Lab) -> Training:
    """The training: constant learning rate, checkpoints at even steps and some early ones."""
    steps, every = lab.pick(*STEPS), lab.pick(*EVERY)
    return Training(
        steps=steps,
        batch_size=512,
        learning_rate=1e-3,
        checkpoints=(*log_spaced(every, _EARLY)[:-1], *range(every, steps + 1, every)),
        curve_points=0,
        held_out=1024,  # the expected loss takes its place
    )


def measure(lab: Lab) -> Tables:
    """All jumps and losses; of each seed, what its jumps hold; traces of the chosen one."""
    runs = lab.train(PROBLEM, training=plan(lab), seeds=lab.pick(*SEEDS))
    traces = dynamics.traces(runs)
    found = dynamics.jumps(traces)
    share = jump_share(traces, found)
    losses = traces["loss"].to_dataframe().reset_index().rename(columns={CHECKPOINT: "step"})
    trainings = share.table.merge(_each_seed(traces, found), on=SEED)
    chosen = int(_chosen(trainings)[SEED])
    return {
        "jumps": found,
        "trainings": trainings,
        "share": _pooled(share.time_share, share.drop_share, share.p_value),
        "losses": losses[[SEED, "step", "loss"]],
        "curve": losses[losses[SEED] == chosen][[SEED, "step", "loss"]],
        "dimensionality": _long(traces, chosen),
    }


def _pooled(time_share: float, drop_share: float, p_value: float) -> pd.DataFrame:
    import pandas as pd

    row = {"time_share": time_share, "drop_share": drop_share, "p_value": p_value}
    return pd.DataFrame([row])


def _each_seed(traces: xr.Dataset, found: pd.DataFrame) -> pd.DataFrame:
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
                "late_drop": float(own["loss_drop"].max()) if len(own) else 0.0,
                "fall": falls[k],
                "fall_start": steps[k],
                "fall_end": steps[k + 1],
                "within": bool(inside.any()),
                "off": float(np.minimum(np.abs(last), np.abs(last - 0.5)).max()),
                "at_half": int((np.abs(last - 0.5) <= OFF).sum()),
                "last_loss": run.loss[-1],
            }
        )
    return pd.DataFrame(rows)


def late_jumps(found: pd.DataFrame) -> pd.DataFrame:
    """The jumps that begin after LATE and change D_i by more than SIZE."""
    large = (found["after"] - found["before"]).abs() > SIZE
    return found[large & (found["start"] >= LATE)]


def _chosen(trainings: pd.DataFrame) -> pd.Series:
    """The seed whose loss falls fastest in a late jump; without any, that falls fastest late."""
    order = ["within", "fall"]
    return trainings.sort_values(order, ascending=False, kind="stable").iloc[0]


def _long(traces: xr.Dataset, seed: int) -> pd.DataFrame:
    D = traces["dimensionality"].sel({SEED: seed}, drop=True)
    table = D.to_dataframe().reset_index().rename(columns={CHECKPOINT: "step"})
    return table[["step", "feature", "dimensionality"]]


def judge_late(tables: Tables) -> Judgement:
    """30.a: a jump after step LATE."""
    found, trainings = tables["jumps"], tables["trainings"]
    chosen = _chosen(trainings)
    late = late_jumps(found[found[SEED] == chosen[SEED]])
    with_late, count = int((trainings["late"] > 0).sum()), len(trainings)
    with_any = int((trainings["jumps"] > 0).sum())
    words = "; ".join(
        f"feature {int(row['feature'])}: D {row['before']:.2f} → {row['after']:.2f} at steps "
        f"{int(row['start']):,}–{int(row['end']):,}, loss −{row['loss_drop']:.4f}"
        for _, row in late.iterrows()
    )
    return when(
        len(late) > 0,
        f"seed {int(chosen[SEED])}: {words or 'no such jump'}; such jumps in {with_late} "
        f"of {count} seeds; in {with_any} of any size and at any time after 70 % of the pairs have "
        "formed",
        late=len(late),
        seeds_with_late=with_late,
        seeds=count,
    )


def judge_coincident(tables: Tables) -> Judgement:
    """30.b: the largest late fall of the loss is in a jump."""
    trainings = tables["trainings"]
    chosen, late = _chosen(trainings), trainings[trainings["late"] > 0]
    return when(
        chosen["within"],
        f"seed {int(chosen[SEED])}: the loss falls most, by {chosen['fall']:.4f}, at steps "
        f"{int(chosen['fall_start']):,}–{int(chosen['fall_end']):,}, "
        f"{'within' if chosen['within'] else 'outside'} a jump; so in {int(late['within'].sum())} "
        f"of {len(late)} seeds with late jumps",
        fall=chosen["fall"],
    )


def judge_final(tables: Tables) -> Judgement:
    """30.c: digons and nothing else."""
    trainings = tables["trainings"]
    chosen, near = _chosen(trainings), int((trainings["off"] <= OFF).sum())
    return when(
        chosen["off"] <= OFF,
        f"seed {int(chosen[SEED])}: {int(chosen['at_half'])} features at 1/2, all within "
        f"{chosen['off']:.4f} of their level; so in {near} of {len(trainings)} seeds; last losses "
        f"{trainings['last_loss'].min():.4f} … {trainings['last_loss'].max():.4f}",
        off=chosen["off"],
    )


def judge_share(tables: Tables) -> Judgement:
    """30.d: the loss falls in jumps."""
    share, trainings = tables["share"].iloc[0], tables["trainings"]
    having = int((trainings["jumps"] > 0).sum())
    return when(
        share["p_value"] < SIGNIFICANT,
        f"jumps take {100 * share['time_share']:.1f} % of the time and hold "
        f"{100 * share['drop_share']:.0f} % of the fall of the loss, p = {share['p_value']:.2g}; "
        f"{having} of {len(trainings)} seeds have jumps then",
        **{name: float(share[name]) for name in ("time_share", "drop_share", "p_value")},
    )
