"""Dictionaries on activations of toy models: what they find of W, and of how many features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import atom_counts
from tegum.dims import DENSITY, F64, LATENT
from tegum.distributions import Activations
from tegum.experiments._shared.dictionaries import (
    TOYS,
    independent,
    objective,
    recipe,
    score_table,
    toy,
)
from tegum.experiments.base import Lab, Tables
from tegum.experiments.overcomplete_basis.band import band
from tegum.experiments.overcomplete_basis.computing import computing
from tegum.models import SAE
from tegum.problem import Problem

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: The price λ of Σ f, for all of them.
PRICE: Final = 0.3
#: 1−S of the activations that dictionaries are trained on.
DENSITIES: Final = (0.5, 0.3, 0.1, 0.03, 0.01)
#: Sizes of dictionaries in units of the number of features.
FACTORS: Final = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0)
_QUICK_FACTORS: Final = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
#: What sizes are tried on: a toy model, and random directions (features, hidden dimensions, 1−S).
RANDOM: Final = (20, 10, 0.05)
SHAPES: Final = ("square antiprism", "random directions")
#: Of dictionaries on toy models, and of those of all sizes: (full, quick).
SEEDS: Final = (64, 24)
_SIZED_SEEDS: Final = (32, 4)


def measure(lab: Lab) -> Tables:
    """Toy models' features recovered; dictionaries of all sizes, and of all prices."""
    toys = {name: toy(lab, name) for name in TOYS}
    found = {**recovered(lab, toys), **counted(lab, toys)}
    return {**found, "band": band(lab), "computing": computing(lab)}


def recovered(lab: Lab, toys: dict[str, F64]) -> Tables:
    """`recovered`: one row per shape, density and seed, with what `score_table` measures.

    `atoms`: columns of W of the pentagon and atoms of the chosen dictionaries, one row each.
    """
    import pandas as pd

    parts, atoms = [], []
    for name, W in toys.items():
        n, _, p = TOYS[name]
        problem = Problem(Activations(W, independent(n, p)), SAE(n), l1=PRICE)
        runs = lab.train(problem, {DENSITY: DENSITIES}, recipe(), seeds=lab.pick(*SEEDS))
        rows = score_table(runs, W, DENSITY)
        parts.append(rows.assign(shape=name))
        if name == "pentagon":
            atoms = [_in_plane(W.T, density=np.nan, what="feature")]
            atoms += [
                _in_plane(
                    runs["W_dec"].sel({DENSITY: row[DENSITY], "seed": row["seed"]}).to_numpy(),
                    density=row[DENSITY], what="atom",
                )
                for _, row in rows[rows["chosen"]].iterrows()
            ]  # fmt: skip
    return {
        "recovered": pd.concat(parts, ignore_index=True),
        "atoms": pd.concat(atoms, ignore_index=True),
    }


def _in_plane(rows: F64, density: float, what: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({DENSITY: density, "what": what, "w0": rows[:, 0], "w1": rows[:, 1]})


def counted(lab: Lab, toys: dict[str, F64]) -> Tables:
    """`sizes`: one row per shape, size and seed: objective, mean_max_cosine, living, distinct.

    `agreement`: one row per shape and size: `features`, `again`, the fewest of its atoms that are
    found in a larger dictionary, and `agreed`, the size that `agreed_size` finds.
    """
    import pandas as pd

    n, m, p = RANDOM
    toy_n, _, toy_p = TOYS[SHAPES[0]]
    laws = {
        SHAPES[0]: Activations(toys[SHAPES[0]], independent(toy_n, toy_p)),
        SHAPES[1]: Activations.random(m, independent(n, p)),
    }
    sizes, agreement = [], []
    for name, law in laws.items():
        rows, again = _all_sizes(lab, law)
        sizes.append(rows.assign(shape=name))
        agreement.append(again.assign(shape=name))
    return {
        "sizes": pd.concat(sizes, ignore_index=True),
        "agreement": pd.concat(agreement, ignore_index=True),
    }


def _all_sizes(lab: Lab, law: Activations) -> tuple[pd.DataFrame, pd.DataFrame]:
    import pandas as pd

    n = law.W.shape[1]
    sizes = sorted({round(n * factor) for factor in lab.pick(FACTORS, _QUICK_FACTORS)})
    runs = lab.train(
        Problem(law, SAE(max(sizes)), l1=PRICE), {"n_latents": sizes},
        recipe(), seeds=lab.pick(*_SIZED_SEEDS),
    )  # fmt: skip
    rows = score_table(runs, law.W, "n_latents")
    atoms = [[_own(runs, size, seed) for seed in runs["seed"].to_numpy()] for size in sizes]
    flat = [own for of_size in atoms for own in of_size]
    rows = rows.assign(
        features=n,
        living=rows["n_latents"] - rows["dead"],
        distinct=[atom_counts.distinct(own) for own in flat],
    )
    best = objective(runs).argmin("seed").to_numpy()
    chosen = [of_size[k] for of_size, k in zip(atoms, best, strict=True)]
    again = [
        min((atom_counts.shared(own, other) for other in chosen[i + 1 :]), default=np.nan)
        for i, own in enumerate(chosen)
    ]
    found: dict[str, Any] = {"n_latents": sizes, "features": n, "again": again}
    return rows, pd.DataFrame({**found, "agreed": atom_counts.agreed_size(chosen)})


def _own(runs: xr.Dataset, size: int, seed: int) -> F64:
    """The atoms of one dictionary, without the rows of zeros behind them."""
    rows = runs["W_dec"].sel(n_latents=size, seed=seed).isel({LATENT: slice(size)})
    return np.asarray(rows.to_numpy(), np.float64)
