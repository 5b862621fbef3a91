"""Measurements for the expansion of the loss by the number of active features."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tegum.dims import DENSITY, F64
from tegum.distributions import Independent
from tegum.engines.sampled.draw import samples
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.theory import sparse_expansion as expansion
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

N_FEATURES, N_HIDDEN = 5, 2
IMPORTANCE: Final = 0.9 ** np.arange(N_FEATURES)
DENSITIES: Final = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001)
EXACT: Final = 3  #: the orders k < EXACT have closed forms
#: An overlap Σ G_ij² below this is none.
SOME_OVERLAP: Final = 0.01
#: A seed that no training here uses: its samples are new to every model.
_FRESH_SEED: Final = 1_000_000
_BATCH: Final = 1024


class Trained(NamedTuple):
    """A trained model and where it was trained."""

    p: float
    W: F64
    b: F64


def measure(lab: Lab) -> Tables:
    """Train (5, 2) models over sparsity, and take the loss of the best of each apart."""
    import pandas as pd

    seeds = lab.pick(8, 4)
    plan = Training(steps=lab.pick(3000, 2000), learning_rate=5e-3, schedule="cosine")
    chosen = best(lab.score(lab.train(_problem(0.1), {DENSITY: DENSITIES}, plan, seeds)))
    orders, losses, biases = [], [], []
    for p in DENSITIES:
        at = chosen.sel(feature_probability=p)
        model = Trained(p, *(at[name].to_numpy().astype(np.float64) for name in ("W", "b")))
        rng = np.random.default_rng(DENSITIES.index(p))
        orders.append(order_table(model, lab.pick(60_000, 30_000), rng))
        loss, error = fresh_loss(model, lab.pick(2**18, 2**16))
        head = {DENSITY: p, "loss": loss, "error": error, "best_of": seeds}
        losses.append({**head, "chosen_by": float(at["loss"])})
        biases.append({DENSITY: p, **bias_effect(model)})
    return {
        "orders": pd.concat(orders, ignore_index=True),
        "losses": pd.DataFrame(losses),
        "bias_effect": pd.DataFrame(biases),
    }


def _problem(p: float) -> Problem:
    law = Independent(n_features=N_FEATURES, feature_probability=p)
    return Problem(law, ReLUOutput(n_hidden=N_HIDDEN), IMPORTANCE)


def order_table(model: Trained, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """One row per order k: L_k in closed form (NaN for k >= 3), sampled, and its part of the loss.

    `contribution` is p^k (1−p)^(n−k) L_k from the closed form where there is one, and
    `contribution_error` the standard error of those that are sampled.
    """
    import pandas as pd

    exact = np.full(N_FEATURES + 1, np.nan)
    exact[0] = expansion.loss_zero(model.b, IMPORTANCE)
    exact[1] = expansion.loss_one(model.W, model.b, IMPORTANCE)
    exact[2] = expansion.loss_two(model.W, model.b, IMPORTANCE)
    found = [
        expansion.loss_k_sampled(model.W, model.b, IMPORTANCE, k, samples=count, rng=rng)
        for k in range(N_FEATURES + 1)
    ]
    sampled, error = np.array(found).T
    weight = expansion.term_weights(N_FEATURES, model.p)
    known = np.isfinite(exact)
    return pd.DataFrame(
        {
            DENSITY: model.p,
            "k": np.arange(N_FEATURES + 1),
            "closed_form": exact,
            "sampled": sampled,
            "error": error,
            "contribution": weight * np.where(known, exact, sampled),
            "contribution_error": weight * np.where(known, 0.0, error),
        }
    )


def fresh_loss(model: Trained, wanted: int) -> tuple[float, float]:
    """The loss on new samples drawn by the engine, and its standard error.

    At least `wanted` samples, more where p is small, for a loss of rare events needs more.
    The held-out loss that chose the model will not do: the lowest of N is biased downwards.
    """
    problem, most = _problem(model.p), 8 * wanted
    steps = int(min(wanted * max(1.0, 0.05 / model.p), most)) // _BATCH
    x = samples(problem, Training(batch_size=_BATCH), seed=_FRESH_SEED, steps=steps)
    rows = x.reshape(-1, N_FEATURES)
    some = rows[rows.any(axis=1)].astype(np.float64)  # the others all have the loss of x = 0
    count, silent = len(rows), len(rows) - len(some)
    at_zero = float(expansion.loss_zero(model.b, IMPORTANCE))
    error = some - np.maximum(some @ model.W.T @ model.W + model.b, 0.0)
    squared = error**2 @ IMPORTANCE
    mean = (squared.sum() + silent * at_zero) / count
    variance = (((squared - mean) ** 2).sum() + silent * (at_zero - mean) ** 2) / (count - 1)
    return float(mean), sqrt(variance / count)


def bias_effect(model: Trained) -> dict[str, float]:
    """What overlapping outputs cost when one feature is active: with the biases, and without.

    Σ_{i≠j} I_j ∫₀¹ ReLU(G_ji x + b_j)² dx over G_ji > 0, for b and for b = 0.
    """
    G = model.W.T @ model.W
    overlap = np.where(np.eye(N_FEATURES) == 1, 0.0, np.maximum(G, 0.0))
    nodes, weights = np.polynomial.legendre.leggauss(64)
    x = (nodes + 1) / 2
    signal = overlap[..., None] * x + np.where(overlap > 0, model.b[:, None], 0.0)[..., None]
    cost = (np.maximum(signal, 0.0) ** 2 @ weights) / 2
    return {
        "positive_overlaps": float((overlap**2).sum()),
        "cost": float(IMPORTANCE @ cost.sum(axis=1)),
        "cost_without_bias": float(IMPORTANCE @ (overlap**2).sum(axis=1) / 3),
        "largest_bias": float(model.b.max()),
    }


def with_overlaps(effects: pd.DataFrame) -> pd.DataFrame:
    """Of the rows of `bias_effect`, models with positive overlaps and negative biases only."""
    shown = (effects["positive_overlaps"] > SOME_OVERLAP) & (effects["largest_bias"] < 0)
    return effects[shown].sort_values(DENSITY, ascending=False)


def truncations(orders: pd.DataFrame) -> pd.DataFrame:
    """The sums over k <= K for every K: a column per K, a row per feature probability."""
    wide = orders.pivot(index=DENSITY, columns="k", values="contribution")
    return wide.cumsum(axis=1).sort_index(ascending=False)
