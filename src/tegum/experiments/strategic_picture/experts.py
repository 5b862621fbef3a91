"""Item 48: loss reduction per activation, the accounting of a mixture of experts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.distributions import Independent
from tegum.experiments.base import Judgement, Lab, Tables, when
from tegum.loss.expected import expected_loss
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.theory import activity
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

DENSITIES: Final = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.01)
#: Closed forms and expected losses agree to this.
EQUAL: Final = 1e-9
#: As good as dedicated: a ratio above this, at the sparsest density.
AS_GOOD: Final = 0.999
DEDICATED, PAIR, BEST = "dedicated", "antipodal pair", "best pair"


def measure(lab: Lab) -> pd.DataFrame:
    """A row per neuron and density: its loss reduction over the frequency of its activation."""
    import pandas as pd

    pairs = Problem(Independent(n_features=2, feature_probability=0.5), ReLUOutput(n_hidden=1))
    found = lab.train(
        pairs,
        {DENSITY: list(DENSITIES)},
        Training(engine="exact", curve_points=0),
        lab.pick(16, 6),
    )
    rows = []
    for p in DENSITIES:
        alone, pair = _loss(1, p, [[1.0]], [0.0]), _loss(2, p, [[1.0, -1.0]], [0.0, 0.0])
        none = _loss(1, p, [[0.0]], [p / 2])
        losses = found["loss"].sel(feature_probability=p).to_numpy()
        both, never = 1 - (1 - p) ** 2, 2 * none
        shared = _both(found["W"].sel(feature_probability=p).to_numpy())
        trained = float(np.nanmin(np.where(shared, losses, np.nan))) if shared.any() else np.nan
        for name, value, theory in (
            (DEDICATED, (none - alone) / p, activity.dedicated_reduction(p)),
            (PAIR, (never - pair) / both, activity.antipodal_reduction(p)),
            (BEST, (never - trained) / both, np.nan),
        ):
            rows.append({"neuron": name, "p": p, "reduction": value, "theory": float(theory)})
    return pd.DataFrame(rows).rename(columns={"p": DENSITY})


def _both(W: np.ndarray) -> np.ndarray:
    """Which of the models (seed, 1, 2) use the neuron for both features."""
    return np.asarray((np.abs(W[:, 0]) > 0.1).all(axis=1))


def _loss(n: int, p: float, W: list[list[float]], b: list[float]) -> float:
    law = Independent(n_features=n, feature_probability=p)
    problem = Problem(law, ReLUOutput(n_hidden=1))
    return float(expected_loss(problem, np.array(W), np.array(b), jobs=1).loss)


def judge_forms(tables: Tables) -> Judgement:
    """48.a: the closed forms are those of expected losses."""
    rows = tables["experts"].dropna(subset=["theory"])
    off = float((rows["reduction"] - rows["theory"]).abs().max())
    return when(off <= EQUAL, f"within {off:.1e} at {len(rows)} points", off=off)


def judge_deficit(tables: Tables) -> Judgement:
    """48.b: superposition is not optimal, but becomes as good as dedicated neurons."""
    wide = _wide(tables)
    deficit = wide[DEDICATED] - wide[PAIR]
    off = float((deficit - activity.antipodal_deficit(wide.index.to_numpy())).abs().max())
    sparse = wide.loc[wide.index.min()]
    ratio = float(sparse[PAIR] / sparse[DEDICATED])
    return when(
        bool((deficit > 0).all()) and off <= EQUAL and ratio >= AS_GOOD,
        f"deficit {deficit.max():.3f} at 1−S={deficit.idxmax():g} to {deficit.min():.1e}, within "
        f"{off:.1e} of p²/(4(2−p)); ratio {ratio:.5f} at 1−S={wide.index.min():g}",
        ratio=ratio,
    )


def judge_best(tables: Tables) -> Judgement:
    """48.c: nor with the best weights and biases of a pair."""
    wide = _wide(tables).dropna(subset=[BEST])
    deficit = wide[DEDICATED] - wide[BEST]
    return when(
        len(wide) > 0 and bool((deficit > 0).all()),
        f"deficit of the best pair {deficit.max():.3f} at 1−S={deficit.idxmax():g} to "
        f"{deficit.min():.1e} at {deficit.idxmin():g}; exact optima at {len(wide)} densities",
        least=deficit.min(),
    )


def _wide(tables: Tables) -> pd.DataFrame:
    rows = tables["experts"]
    return rows.pivot(index=DENSITY, columns="neuron", values="reduction")
