"""What the training kernels draw, scored against the stated laws; and three trained models."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY, F64
from tegum.distributions import Anticorrelated, Correlated, Distribution, Groups, Independent
from tegum.distributions.magnitudes import MAGNITUDES
from tegum.engines.sampled.draw import samples
from tegum.experiments.base import Lab, Tables
from tegum.models import Linear, ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.scalars import powers
from tegum.theory.linear import uniform_variance
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Feature probabilities of the paper's law to look at: those of the paper's basic results.
DENSITIES: Final = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
#: Probabilities of the on/off draws for all the other laws: all kernels are met.
PROBABILITIES: Final = (0.4, 0.12)
#: The data of small and of large models come from different kernels.
HIDDEN_SIZES: Final = {"small model": 2, "large model": 16}
BATCH: Final = 1024


def measure(lab: Lab) -> Tables:
    """Samples of every law by both kinds of kernel, and three trained models."""
    return {**_law(lab), **_moments(lab), **_models(lab)}


def _drawn(distribution: Distribution, n_hidden: int, count: int) -> F64:
    """`count` samples (count, n), as the engine draws them to train a model of this size."""
    problem = Problem(distribution, ReLUOutput(n_hidden=n_hidden))
    x = samples(problem, Training(batch_size=BATCH), steps=count // BATCH)
    return x.reshape(-1, x.shape[-1]).astype(np.float64)


def _law(lab: Lab) -> Tables:
    """The paper's law: per feature mean, variance and P(x ≠ 0); the law of the active values."""
    import pandas as pd

    count = lab.pick(2**17, 2**16)
    parts, values = [], []
    for p, (model, n_hidden) in product(DENSITIES, HIDDEN_SIZES.items()):
        x = _drawn(Independent(n_features=20, feature_probability=p), n_hidden, count)
        parts.append(paper_law_scores(x, p).assign(model=model))
        active = np.sort(x[x != 0][:50_000])
        values.append((p, model, len(active), uniform_distance(active)))
    active_values = pd.DataFrame(values, columns=[DENSITY, "model", "values", "distance"])
    return {"law": pd.concat(parts, ignore_index=True), "active_values": active_values}


def paper_law_scores(x: F64, p: float) -> pd.DataFrame:
    """Mean, variance and P(x_i ≠ 0) of samples (size, feature), with their z-scores.

    The standard errors are those of the stated law, E[x^k] = p/(k+1).
    """
    import pandas as pd

    mean, variance = p / 2, uniform_variance(p)
    fourth = p / 5 - 4 * mean * p / 4 + 6 * mean**2 * p / 3 - 3 * mean**4
    seen = x.mean(0), ((x - mean) ** 2).mean(0), (x != 0).mean(0)
    stated = mean, variance, p
    errors = [sqrt(v / len(x)) for v in (variance, fourth - variance**2, p * (1 - p))]
    table: dict[str, Any] = {DENSITY: p, "feature": np.arange(x.shape[1])}
    for name, a, b, error in zip(("mean", "variance", "active"), seen, stated, errors, strict=True):
        table |= {name: a, f"{name}_stated": b, f"z_{name}": z_scores(a, np.asarray(b), error)}
    table["resolution"] = errors[0] / sqrt(x.shape[1]) / mean
    return pd.DataFrame(table)


def uniform_distance(ordered: F64) -> float:
    """√n times the Kolmogorov–Smirnov distance of n ordered values from U[0, 1]."""
    n = len(ordered)
    step = np.arange(n + 1) / n
    distance = max(float((step[1:] - ordered).max()), float((ordered - step[:-1]).max()))
    return sqrt(n) * distance


def z_scores(seen: F64, stated: F64, error: F64 | float) -> F64:
    """(seen − stated) / error; where the error is 0, 0 if they are equal and infinity if not."""
    off = np.asarray(seen - stated, dtype=np.float64)
    error = np.broadcast_to(error, off.shape)
    sure = np.where(off == 0, 0.0, np.inf)
    return np.divide(off, error, out=sure, where=error > 0)


def laws() -> Iterator[tuple[str, Distribution]]:
    """Every kind of distribution with every magnitude, at each of `PROBABILITIES`."""
    for p, name in product(PROBABILITIES, MAGNITUDES):
        uneven = tuple(p * np.array([0.5, 1.0, 0.6, 0.9, 0.7, 0.8]))
        sets: dict[str, Any] = {"n_sets": 2, "set_size": 3, "magnitude": name}
        alone = Independent(n_features=6, feature_probability=uneven, magnitude=name)
        together = Correlated(feature_probability=p, **sets)
        either = Anticorrelated(feature_probability=p, **sets)
        yield f"independent, {name}", alone
        yield f"correlated, {name}", together
        yield f"anticorrelated, {name}", either
        yield f"groups, {name}", Groups(parts=(together, either, alone))


def _moments(lab: Lab) -> Tables:
    import pandas as pd

    count = 2**18
    parts = []
    for (name, distribution), (model, n_hidden) in product(laws(), HIDDEN_SIZES.items()):
        table = moment_scores(_drawn(distribution, n_hidden, count), distribution)
        highest = max(block.probability for block in distribution.blocks())
        parts.append(table.assign(law=name, highest_probability=highest, model=model))
    return {"moments": pd.concat(parts, ignore_index=True)}


def moment_scores(x: F64, distribution: Distribution) -> pd.DataFrame:
    """E[x_i] and E[x_i x_j], i <= j, of samples (size, feature) against the stated ones."""
    import pandas as pd

    size, n = x.shape
    i, j = np.triu_indices(n)
    squared = x**2
    mean, second, fourth = x.mean(0), x.T @ x / size, squared.T @ squared / size
    parts = []
    for moment, at, seen, stated, square in (
        ("mean", (np.arange(n), -1), mean, distribution.mean(), np.diag(second)),
        ("second", (i, j), second[i, j], distribution.second_moment()[i, j], fourth[i, j]),
    ):
        error = np.sqrt(np.maximum(square - seen**2, 0.0) / size)
        columns = {"stated": stated, "measured": seen, "error": error}
        columns |= {"feature": at[0], "feature_j": at[1], "z": z_scores(seen, stated, error)}
        parts.append(pd.DataFrame(columns).assign(moment=moment))
    return pd.concat(parts, ignore_index=True)


def _models(lab: Lab) -> Tables:
    """The eigenvalues of WᵀW and the features of the best linear, dense and sparse model."""
    import pandas as pd

    plan = Training(steps=2500, learning_rate=5e-3, schedule="cosine", curve_points=0)
    seeds = lab.pick(8, 3)
    law, importance = Independent(n_features=20, feature_probability=0.03), powers(0.7, 20)
    linear = Problem(law, Linear(n_hidden=5), importance)
    relu = Problem(law, ReLUOutput(n_hidden=5), importance)
    trained = best(lab.score(lab.train(relu, {DENSITY: [1.0, 0.03]}, plan, seeds)))
    chosen = {
        "linear": best(lab.score(lab.train(linear, None, plan, seeds))),
        "ReLU, 1−S = 1": trained.isel(feature_probability=0),
        "ReLU, 1−S = 0.03": trained.isel(feature_probability=1),
    }
    parts = [feature_rows(model["W"]).assign(panel=name) for name, model in chosen.items()]
    return {"models": pd.concat(parts, ignore_index=True).assign(best_of=seeds)}


def feature_rows(W: xr.DataArray | F64) -> pd.DataFrame:
    """Per feature ‖W_i‖, sup_i, D_i, and the eigenvalues of WᵀW, largest first, beside them."""
    import pandas as pd

    w = np.asarray(W, dtype=np.float64)
    columns = {
        "feature": np.arange(w.shape[1]),
        "norm": geometry.norms(w),
        "superposition": geometry.superposition(w),
        "dimensionality": geometry.dimensionality(w),
        "eigenvalue": np.linalg.eigvalsh(geometry.gram(w))[::-1],
    }
    return pd.DataFrame(columns)
