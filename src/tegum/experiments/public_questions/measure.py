"""What was asked in public and fits a toy: one-hot data, features that are none, computation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.distributions import Anticorrelated, Independent
from tegum.experiments.base import Lab, Tables
from tegum.experiments.public_questions.compressed import mixed, trained, universal_and
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

#: One-hot data: so many features, one of them active, uniform on [0, 1].
ONE_HOT: Final = 6
_ONE_HOT_SEEDS: Final = (200, 100)
_EXACT: Final = Training(engine="exact", steps=3000, curve_points=0)
#: A pentagon, and a sixth feature that is never active, or does not matter.
P, FIVE = 0.05, 5
_SEEDS: Final = (32, 16)


def measure(lab: Lab) -> Tables:
    """Minima of one-hot data, features that are none, ReLUs and ANDs on few neurons."""
    return {
        **one_hot(lab),
        "idle": idle(lab),
        "trained": trained(lab),
        "mixed": mixed(lab),
        "and": universal_and(lab),
    }


def one_hot(lab: Lab) -> Tables:
    """Every end of the exact descents: `minima`, and `shapes`, the directions of each loss.

    `minima`: seed, loss, represented. `shapes`: loss, feature, x, y.
    """
    import pandas as pd

    law = Anticorrelated(n_sets=1, set_size=ONE_HOT, feature_probability=1.0)
    problem = Problem(law, ReLUOutput(n_hidden=2))
    runs = lab.train(problem, None, _EXACT, seeds=lab.pick(*_ONE_HOT_SEEDS))
    minima = pd.DataFrame(
        {
            "seed": runs["seed"].values,
            "loss": runs["loss"].values,
            "represented": geometry.count_represented(runs["W"]).values,
        }
    )
    firsts = minima.assign(level=minima["loss"].round(6)).drop_duplicates("level")
    shapes = []
    for seed, loss in zip(firsts["seed"], firsts["loss"], strict=True):
        W = runs["W"].sel(seed=seed).transpose("hidden", "feature").values
        shapes.append(pd.DataFrame({"loss": loss, "feature": np.arange(ONE_HOT), "x": W[0],
                                    "y": W[1]}))  # fmt: skip
    return {"minima": minima, "shapes": pd.concat(shapes, ignore_index=True)}


def idle(lab: Lab) -> pd.DataFrame:
    """Five features, and five with a sixth that is never active or of importance 0.

    One row per setting and seed: setting, seed, loss, sixth (its ‖W_i‖; NaN where there is none),
    chosen (the lowest loss).
    """
    import pandas as pd

    settings: dict[str, tuple[tuple[float, ...], float | tuple[float, ...]]] = {
        "five": ((P,) * FIVE, 1.0),
        "never active": ((*(P,) * FIVE, 0.0), 1.0),
        "no importance": ((P,) * (FIVE + 1), (*(1.0,) * FIVE, 0.0)),
    }
    found = []
    for setting, (p, importance) in settings.items():
        law = Independent(n_features=len(p), feature_probability=p)
        problem = Problem(law, ReLUOutput(n_hidden=2), importance)
        runs = lab.train(problem, None, _EXACT, seeds=lab.pick(*_SEEDS))
        norms = geometry.norms(runs["W"]).transpose("seed", "feature").values
        found.append(pd.DataFrame({
            "setting": setting, "seed": runs["seed"].values, "loss": runs["loss"].values,
            "sixth": norms[:, FIVE] if norms.shape[1] > FIVE else np.nan,
            "chosen": runs["seed"].values == int(best(runs)["seed"]),
        }))  # fmt: skip
    return pd.concat(found, ignore_index=True)
