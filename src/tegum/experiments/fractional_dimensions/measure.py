"""D_i and leverage of trained models, by features that compete and by the length of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.analysis.tegum_factors import factors
from tegum.dims import DENSITY, F64, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Hidden dimensions, and features that compete for them: three to twenty-four of each.
M: Final = 8
COMPETING: Final = (24, 48, 96, 192)
#: Densities among digons, pentagons and antiprisms.
DENSITIES: Final = (0.35, 0.25, 0.2)
#: Steps of the models of all sizes, and those of one size that is trained for several lengths.
STEPS: Final = (4000, 1000)
LENGTHS: Final = ((500, 2000, 8000), (250, 1000))
LONG: Final = 96
SEEDS: Final = (6, 2)
#: The lines of the scatter of D_i: tetrahedra, triangles, digons, pentagons, square antiprisms.
FRACTIONS: Final = (3 / 4, 2 / 3, 1 / 2, 2 / 5, 3 / 8)
ON_LINE: Final = 0.01
#: (features, dimensions, density) of small models whose minima are known polytopes.
SMALL: Final = (
    (2, 1, 0.2), (3, 2, 0.8), (4, 2, 0.2), (4, 3, 0.8), (5, 2, 0.05), (6, 3, 0.1),
)  # fmt: skip
#: Most starts of dense features end with other signs in what they leave out than the simplex.
_STARTS: Final = 64


def measure(lab: Lab) -> Tables:
    """Trained models by size and by length of training, random matrices, small exact minima."""
    import pandas as pd

    steps, lengths = lab.pick(*STEPS), lab.pick(*LENGTHS)
    models = {n: trained(lab, n, steps) for n in lab.pick(COMPETING, COMPETING[::2])}
    by_length = [lines(trained(lab, LONG, length)).assign(steps=length) for length in lengths]
    found = [leverage_table(runs["W"]).assign(kind="trained") for runs in models.values()]
    found += [leverage_table(alike(runs["W"])).assign(kind="random") for runs in models.values()]
    return {
        "pressure": pd.concat([lines(runs) for runs in models.values()], ignore_index=True),
        "lengths": pd.concat(by_length, ignore_index=True),
        "leverage": pd.concat(found, ignore_index=True),
        "shares": pd.concat([shares(best(r)["W"]) for r in models.values()], ignore_index=True),
        "frames": frames(lab),
    }


def trained(lab: Lab, n: int, steps: int) -> xr.Dataset:
    """Models of n features of equal importance, by density and seed."""
    problem = Problem(Independent(n_features=n, feature_probability=0.5), ReLUOutput(n_hidden=M))
    plan = Training(
        steps=steps, batch_size=256, learning_rate=5e-3, schedule="cosine", init_std=0.01,
        curve_points=0, held_out=2**15,
    )  # fmt: skip
    return lab.train(problem, {DENSITY: list(DENSITIES)}, plan, seeds=lab.pick(*SEEDS))


def lines(runs: xr.Dataset) -> pd.DataFrame:
    """One row per model: represented features, and the part of them `on_line`.

    That is, with D_i within `ON_LINE` of one of `FRACTIONS`.
    """
    W = runs["W"]
    D, shown = geometry.dimensionality(W), geometry.represented(W)
    near = abs(D - FRACTIONS[0]) <= ON_LINE
    for fraction in FRACTIONS[1:]:
        near = near | (abs(D - fraction) <= ON_LINE)
    count = shown.sum("feature")
    part = (near & shown).sum("feature") / count.where(count > 0)
    table = runs[["loss"]].assign(represented=count, on_line=part.fillna(0.0))
    frame = table.to_dataframe(dim_order=[DENSITY, SEED]).reset_index()
    return frame.assign(n_features=W.sizes["feature"])


def alike(W: xr.DataArray) -> xr.DataArray:
    """Gaussian matrices of the shapes of W."""
    random = np.random.default_rng(W.sizes["feature"])
    return W.copy(data=random.standard_normal(W.shape))


def leverage(W: F64) -> F64:
    """τ_i = W_iᵀ S⁺ W_i of W (m, n), S = W Wᵀ: what W_i alone adds to the space of all."""
    return np.asarray(np.einsum("hi,hk,ki->i", W, np.linalg.pinv(W @ W.T, hermitian=True), W))


def shared(W: F64) -> pd.DataFrame:
    """One row per feature of W (m, n): `D`, `tau`, and how far it is from an eigenvector of S.

    With μ = W_iᵀS W_i/‖W_i‖² = ‖W_i‖²/D_i, `off` is ‖S W_i − μ W_i‖²/(μ‖W_i‖)². Then τ_i/D_i − 1,
    the mean of (s − μ)²/(s μ) over the spectrum of W_i, lies between `low` and `high`, which are
    `off` times μ over the largest and over the smallest eigenvalue s of S.
    """
    import pandas as pd

    S, squares = W @ W.T, (W**2).sum(0)
    D, eigenvalues = geometry.dimensionality(W), np.linalg.eigvalsh(S)
    mu = squares / D
    off = np.linalg.norm(S @ W - mu * W, axis=0) ** 2 / (mu**2 * squares)
    return pd.DataFrame(
        {"D": D, "tau": leverage(W), "off": off, "low": off * mu / eigenvalues[-1],
         "high": off * mu / eigenvalues[0]}
    )  # fmt: skip


def leverage_table(W: xr.DataArray) -> pd.DataFrame:
    """One row per model: sums of τ_i and D_i, the rank, and the rules that every feature obeys.

    `above` is the most that a D_i exceeds its τ_i by, `outside` the most that a τ_i/D_i − 1 is
    outside its bounds by.
    """
    import pandas as pd

    W = W.transpose(DENSITY, SEED, "hidden", "feature")
    rows = []
    for p, models in zip(W[DENSITY].to_numpy(), W.to_numpy(), strict=True):
        for seed, w in enumerate(models.astype(float)):
            table = shared(w)
            excess = table["tau"] / table["D"] - 1
            outside = np.maximum(table["low"] - excess, excess - table["high"])
            rows.append(
                (p, seed, w.shape[1], np.linalg.matrix_rank(w), table["tau"].sum(),
                 table["D"].sum(), (table["D"] - table["tau"]).max(), outside.max())
            )  # fmt: skip
    names = ["n_features", "rank", "leverage", "dimensionality", "above", "outside"]
    return pd.DataFrame(rows, columns=[DENSITY, SEED, *names])


def shares(W: xr.DataArray) -> pd.DataFrame:
    """One row per represented feature of the models W (density, hidden, feature) of lowest loss.

    `D`, `tau`, `off`, and `tight`: whether Σ D_i of its tegum factor is its rank, to 1 %.
    """
    import pandas as pd

    parts = []
    for p in W[DENSITY].to_numpy():
        w = W.sel({DENSITY: p}).transpose("hidden", "feature").to_numpy().astype(float)
        table = shared(w).assign(**{DENSITY: p}, n_features=w.shape[1], tight=False)
        shown = geometry.represented(w)
        for factor in factors(w):
            table.loc[list(factor.features), "tight"] = factor.tight
        parts.append(table[shown])
    return pd.concat(parts, ignore_index=True)


def frames(lab: Lab) -> pd.DataFrame:
    """One row per factor of the lowest exact minimum of small models.

    `name`, `size` k, `rank` d, `spread`: how much longer the largest eigenvalue of the factor's S
    is than the smallest on its space; `off`: the most that a D_i is off d/k.
    """
    import pandas as pd

    rows = []
    plan = Training(engine="exact", curve_points=0, init_std=1.0, warm_start=0)
    for n, m, p in SMALL:
        problem = Problem(Independent(n_features=n, feature_probability=p), ReLUOutput(n_hidden=m))
        model = best(lab.train(problem, training=plan, seeds=_STARTS))
        W = model["W"].transpose("hidden", "feature").to_numpy()
        D = geometry.dimensionality(W)
        for factor in factors(W):
            own = list(factor.features)
            s = np.linalg.eigvalsh(W[:, own] @ W[:, own].T)[-factor.rank :]
            off = np.abs(D[own] - factor.rank / factor.size).max()
            rows.append((n, m, p, factor.name, factor.size, factor.rank, s[-1] / s[0] - 1, off))
    names = ["n_features", "n_hidden", DENSITY, "name", "size", "rank", "spread", "off"]
    return pd.DataFrame(rows, columns=names)
