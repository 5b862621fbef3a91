"""Four experiments again by the torch engine: PyTorch's products, autograd and optimiser.

It shares no code with the fused kernels but the descriptions of problems and trainings. Where
PyTorch is not installed all tables are empty.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import dynamics, geometry, neurons
from tegum.analysis.tegum_factors import factors
from tegum.dims import CHECKPOINT, DENSITY, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUHidden, ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.scalars import powers
from tegum.training import Training, log_spaced

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from tegum.models import Model

#: Item 3: the densities, and models of each.
BASIC: Final = (1.0, 0.3, 0.1, 0.01)
BASIC_SEEDS: Final = 12
#: Item 15: 1/(1−S) on the plateau of digons, and among pentagons and antiprisms.
GEOMETRY: Final = (3.0, 4.5)
GEOMETRY_SEEDS: Final = 3
#: Item 30: trainings, and steps between checkpoints.
LEVELS_SEEDS: Final = 8
LEVELS_STEPS, EVERY = 12_000, 60
#: Item 38: the densities, and models of each.
NEURONS: Final = (0.7, 0.3, 0.05)
NEURONS_SEEDS: Final = 64

_COLUMNS: Final = {
    "basic": ("seed", DENSITY, "loss", "represented", "dedicated", "diagonal", "off", "chosen"),
    "geometry": ("level", "factor", "shape", "size", "rank", "off"),
    "levels": ("seed", "step", "feature", "dimensionality"),
    "jumps": ("seed", "start", "end", "before", "after", "loss_drop"),
    "neurons": (DENSITY, "loss", "models", "mono", "represented"),
}


def there() -> bool:
    """Whether PyTorch is installed."""
    return find_spec("torch") is not None


def measure(lab: Lab) -> Tables:
    """The tables of all four; empty without PyTorch, and in a quick run."""
    if lab.quick or not there():
        return empty()
    return {
        "basic": basic(lab),
        "geometry": polytopes(lab),
        **levels(lab),
        "neurons": by_neurons(lab),
    }


def empty() -> Tables:
    """Tables without rows."""
    import pandas as pd

    return {name: pd.DataFrame(columns=list(columns)) for name, columns in _COLUMNS.items()}


def _train(
    lab: Lab, n: int, model: Model, importance: Any, axes: Any, seeds: int, **plan: Any
) -> xr.Dataset:
    problem = Problem(Independent(n_features=n, feature_probability=0.3), model, importance)
    numbers = {"schedule": "cosine", "curve_points": 0, "held_out": 2**15, **plan}
    return lab.train(problem, axes, Training(engine="torch", **numbers), seeds=seeds)


def basic(lab: Lab) -> pd.DataFrame:
    """One row per density and seed: what is represented, and how G differs from the identity.

    `diagonal`: the most that ‖W_i‖² is off 1 for the five most important features and off 0 for
    the others; `off`: the largest |G_ij| beside the diagonal; `chosen`: the lowest expected loss.
    """
    axes = {DENSITY: list(BASIC)}
    runs = _train(
        lab, 20, ReLUOutput(n_hidden=5), powers(0.7, 20), axes, BASIC_SEEDS,
        steps=5000, batch_size=256, learning_rate=5e-3,
    )  # fmt: skip
    runs = lab.score(runs)
    W, G = runs["W"], geometry.gram(runs["W"]).transpose(DENSITY, SEED, ...).to_numpy()
    ideal = np.diag(np.arange(20) < 5)
    own = np.eye(20, dtype=bool)
    wrong = np.abs(G - ideal)
    found = runs[["loss"]].assign(
        represented=geometry.count_represented(W),
        dedicated=geometry.count_dedicated(W),
        diagonal=((DENSITY, SEED), np.where(own, wrong, 0).max((-2, -1))),
        off=((DENSITY, SEED), np.where(own, 0, wrong).max((-2, -1))),
    )
    rows = found.to_dataframe().reset_index()
    return rows.assign(chosen=rows["loss"] == rows.groupby(DENSITY)["loss"].transform("min"))


def polytopes(lab: Lab) -> pd.DataFrame:
    """One row per tegum factor of the models of lowest loss of 60 features in 10 dimensions.

    `off`: the most that a D_i in the whole model is off rank over size.
    """
    import pandas as pd

    axes = {DENSITY: [1 / level for level in GEOMETRY]}
    runs = _train(
        lab, 60, ReLUOutput(n_hidden=10), 1.0, axes, GEOMETRY_SEEDS,
        steps=6000, batch_size=256, learning_rate=1e-2, init_std=0.01,
    )  # fmt: skip
    chosen, rows = best(runs)["W"], []
    for level, p in zip(GEOMETRY, chosen[DENSITY].to_numpy(), strict=True):
        W = chosen.sel({DENSITY: p}).transpose("hidden", "feature").to_numpy()
        D = geometry.dimensionality(W)
        for k, factor in enumerate(factors(W)):
            off = np.abs(D[list(factor.features)] - factor.rank / factor.size).max()
            rows.append((level, k, factor.name, factor.size, factor.rank, off))
    return pd.DataFrame(rows, columns=list(_COLUMNS["geometry"]))


def levels(lab: Lab) -> Tables:
    """`levels`: D_i at all checkpoints of every seed; `jumps`: of features between 0 and 1/2."""
    steps = (*log_spaced(EVERY, 16)[:-1], *range(EVERY, LEVELS_STEPS + 1, EVERY))
    runs = _train(
        lab, 60, ReLUOutput(n_hidden=4), 1.0, None, LEVELS_SEEDS, steps=LEVELS_STEPS,
        batch_size=512, learning_rate=1e-3, schedule="constant", checkpoints=steps, held_out=1024,
    )  # fmt: skip
    traces = dynamics.traces(runs)
    D = traces["dimensionality"].to_dataframe().reset_index()
    return {
        "levels": D.rename(columns={CHECKPOINT: "step"})[list(_COLUMNS["levels"])],
        "jumps": dynamics.jumps(traces),
    }


def by_neurons(lab: Lab) -> pd.DataFrame:
    """One row per density: monosemantic neurons and represented features at the lowest loss."""
    import pandas as pd

    axes = {DENSITY: list(NEURONS)}
    runs = _train(
        lab, 10, ReLUHidden(n_hidden=5), powers(0.75, 10), axes, NEURONS_SEEDS,
        steps=4000, batch_size=256, learning_rate=5e-3,
    )  # fmt: skip
    rows = []
    for p in NEURONS:
        model = best(runs.sel({DENSITY: p}))
        w = model["W"].transpose("hidden", "feature").to_numpy()
        mono, shown = int(neurons.count_monosemantic(w)), int(geometry.count_represented(w))
        rows.append((p, float(model["loss"]), runs.sizes[SEED], mono, shown))
    return pd.DataFrame(rows, columns=list(_COLUMNS["neurons"]))
