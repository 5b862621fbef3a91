"""Recovery from random and from trained matrices, the lemma's condition, features by dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY, F64, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.experiments.compressed_sensing import recovery
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

#: Entries of the vectors that are recovered, and m/n, in a full and in a quick run.
ENTRIES: Final = (100, 50)
RATIOS: Final = ((0.1, 0.3, 0.5, 0.7, 0.9), (0.2, 0.6))
#: k/m, at most one k of each, and vectors of each size.
RHOS: Final = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
TRIALS: Final = (16, 8)
#: l1 is not tried at k/m so far above its curve: what cannot be recovered costs the most.
HOPELESS: Final = 0.45
#: The density of the features of the trained matrices.
TRAINED: Final = 0.05
#: The lemma's condition: active features of a sample, and samples of each kind.
ACTIVE: Final = (1, 2, 3, 5)
_SAMPLES: Final = (250, 60)
#: Vectors of which the support is looked for under errors of stated length.
_VECTORS: Final = (2000, 500)
_LONG, _KEPT = 20, 5
#: By density: features that are offered for each dimension, more than are represented; dimensions;
#: and, of the sparsest features, one model of many dimensions.
OFFERED: Final = {0.3: 6, 0.1: 8, 0.03: 16, 0.01: 40}
DIMENSIONS: Final = (8, 16, 32, 64)
LARGEST: Final = 128
SEEDS: Final = (2, 1)


def measure(lab: Lab) -> Tables:
    """All tables of the experiment."""
    n = lab.pick(*ENTRIES)
    trained = {m: model(lab, n, m) for m in (round(n * r) for r in lab.pick(*RATIOS))}
    return {
        "transitions": transitions(lab, trained),
        "condition": condition(trained, lab.pick(*_SAMPLES)),
        "supports": supports(lab.pick(*_VECTORS)),
        "bound": bound(lab),
    }


def model(lab: Lab, n: int, m: int) -> tuple[F64, F64]:
    """W (m, n) and b (n,) of a trained model of sparse features."""
    problem = Problem(
        Independent(n_features=n, feature_probability=TRAINED), ReLUOutput(n_hidden=m)
    )
    plan = _plan(lab.pick(3000, 1000), 3e-3)
    runs = lab.train(problem, training=plan).isel({SEED: 0})
    return runs["W"].transpose("hidden", "feature").to_numpy(), runs["b"].to_numpy()


def _plan(steps: int, rate: float) -> Training:
    return Training(
        steps=steps, batch_size=256, learning_rate=rate, schedule="cosine", init_std=0.01,
        curve_points=0, held_out=2**13,
    )  # fmt: skip


def transitions(lab: Lab, trained: dict[int, tuple[F64, F64]]) -> pd.DataFrame:
    """One row per way, m and k: the part `recovered` of `trials` vectors of k ones.

    Ways: "l1" and "lemma", by the same Gaussian matrices, a new one for each vector, and "trained",
    the lemma by the trained W and b. `ratio` m/n, `rho` k/m, `known` the curve of l1 at m/n.
    """
    import pandas as pd

    n, trials, rows = lab.pick(*ENTRIES), lab.pick(*TRIALS), []
    for m, (W, b) in trained.items():
        known = recovery.known_curve(m / n)
        for k in sorted({max(1, round(rho * m)) for rho in RHOS}):
            random = np.random.default_rng([m, k])
            found = {"l1": 0, "lemma": 0, "trained": 0}
            for _ in range(trials):
                A, x = recovery.gaussian(random, m, n), recovery.sparse(random, n, k, alike=True)
                found["lemma"] += _same(recovery.lemma(A, np.zeros(n), A @ x, k), x)
                found["trained"] += _same(recovery.lemma(W, b, W @ x, k), x)
                if k / m <= known + HOPELESS:
                    found["l1"] += _same(recovery.least_sum(A, A @ x), x)
            rows += [
                (way, n, m, k, m / n, k / m, known, trials, count / trials)
                for way, count in found.items()
                if way != "l1" or k / m <= known + HOPELESS
            ]
    columns = ["way", "n", "m", "k", "ratio", "rho", "known", "trials", "recovered"]
    return pd.DataFrame(rows, columns=columns)


def _same(found: F64, x: F64) -> bool:
    return bool(np.abs(found - x).max() <= recovery.EXACT)


def condition(trained: dict[int, tuple[F64, F64]], samples: int) -> pd.DataFrame:
    """One row per sample of k active features of U[0, 1]: how near T(x) is, and if x is recovered.

    `error` ‖T(x) − x‖₂ of the toy model, `least` the smallest active entry.
    """
    import pandas as pd

    rows = []
    for m, (W, b) in trained.items():
        for k in ACTIVE:
            random = np.random.default_rng([m, k, 1])
            for _ in range(samples):
                x = recovery.sparse(random, W.shape[1], k, alike=False)
                error = np.linalg.norm(np.maximum(W.T @ (W @ x) + b, 0.0) - x)
                same = _same(recovery.lemma(W, b, W @ x, k), x)
                rows.append((m, k, error, x[x > 0].min(), same))
    return pd.DataFrame(rows, columns=["m", "k", "error", "least", "recovered"])


def supports(count: int) -> pd.DataFrame:
    """Are the k largest entries of x those of x + e, by the length of e, in two directions?

    x has 20 entries of U[0, 1], k = 5. `rule`: "as written", ‖e‖ just below the (k+1)th largest
    entry; "gap, below" and "gap, above", just below and above 1/√2 of the difference of the kth and
    the next. `direction`: random, or the worst, which moves these two alone. `same`: the part of
    the vectors whose support is the same.
    """
    import pandas as pd

    random, rows = np.random.default_rng(0), []
    x = random.random((count, _LONG))
    order = np.argsort(-x, axis=1)
    kth, after = (np.take_along_axis(x, order[:, j : j + 1], 1) for j in (_KEPT - 1, _KEPT))
    worst = np.zeros_like(x)
    np.put_along_axis(worst, order[:, _KEPT - 1 : _KEPT], -np.sqrt(0.5), 1)
    np.put_along_axis(worst, order[:, _KEPT : _KEPT + 1], np.sqrt(0.5), 1)
    other = random.standard_normal(x.shape)
    directions = {"random": other / np.linalg.norm(other, axis=1, keepdims=True), "worst": worst}
    gap = (kth - after) / np.sqrt(2)
    lengths = {"as written": 0.99 * after, "gap, below": 0.99 * gap, "gap, above": 1.01 * gap}
    for rule, length in lengths.items():
        for name, way in directions.items():
            moved = np.argsort(-(x + length * way), axis=1)
            same = np.sort(moved[:, :_KEPT], 1) == np.sort(order[:, :_KEPT], 1)
            rows.append((rule, name, count, same.all(1).mean()))
    return pd.DataFrame(rows, columns=["rule", "direction", "vectors", "same"])


def bound(lab: Lab) -> pd.DataFrame:
    """One row per density, number of dimensions and seed: features, and the constant.

    `per_dimension` ‖W‖_F²/m, `represented` features, `constant` ‖W‖_F²/m · p ln(1/p).
    """
    import pandas as pd

    parts = []
    for p, offered in OFFERED.items():
        sizes = (*DIMENSIONS, LARGEST) if p == min(OFFERED) else DIMENSIONS
        for m in lab.pick(sizes, DIMENSIONS[:2]):
            n, seeds = offered * m, 1 if m == LARGEST else lab.pick(*SEEDS)
            problem = Problem(
                Independent(n_features=n, feature_probability=p), ReLUOutput(n_hidden=m)
            )
            runs = lab.train(problem, training=_plan(lab.pick(4000, 1000), 1e-2), seeds=seeds)
            per = 1.0 / geometry.dimensions_per_feature(runs["W"])
            table = runs[["loss"]].assign(
                per_dimension=per, represented=geometry.count_represented(runs["W"]),
                constant=per * p * np.log(1 / p),
            ).to_dataframe().reset_index()  # fmt: skip
            parts.append(table.assign(**{DENSITY: p}, n_features=n, m=m))
    return pd.concat(parts, ignore_index=True)
