"""The setting of Sharkey, Braun and Millidge (2022), smaller: prices and sizes of dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.distributions import Activations, Copula
from tegum.experiments._shared.dictionaries import recipe, score_table
from tegum.experiments.base import Lab
from tegum.models import SAE
from tegum.problem import Problem
from tegum.scalars import powers

if TYPE_CHECKING:
    import pandas as pd

#: Features and dimensions; theirs are 512 and 256. As many are active for each dimension as there,
#: where they are 5.
FEATURES, DIMENSIONS = 32, 16
ACTIVE: Final = 5 * DIMENSIONS / 256
#: Frequencies fall by the same factor from the first feature to the last.
DECAY: Final = 0.99 ** (512 / FEATURES)
#: Normal numbers of the features have k common factors, of this part of their variance.
_FACTORS, _COMMON = 4, 0.5
#: log2 of latents over features, and α = 10^(j/4): (full, quick).
RATIOS: Final = ((-2, -1, 0, 1, 2, 3, 4, 5), (-1, 0, 1))
POWERS: Final = (range(-8, 9), range(-8, 9, 2))


def law() -> Activations:
    """Correlated features of falling frequency along random directions."""
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((FEATURES, _FACTORS))
    factors *= np.sqrt(_COMMON) / np.linalg.norm(factors, axis=1, keepdims=True)
    falling = powers(DECAY, FEATURES)
    of_x = Copula(tuple(ACTIVE * falling / falling.sum()), factors=factors)
    return Activations.random(DIMENSIONS, of_x)


def band(lab: Lab) -> pd.DataFrame:
    """One row per size and α, one seed: ratio, alpha, n_latents, features, `score_table`'s.

    Their loss, a mean over dimensions with α Σ f over the number of latents, is ours with the price
    α dimensions / latents, over the dimensions.
    """
    import pandas as pd

    truth, alphas = law(), 10.0 ** (np.array(lab.pick(*POWERS)) / 4)
    parts = []
    for power in lab.pick(*RATIOS):
        size = round(FEATURES * 2.0**power)
        runs = lab.train(
            Problem(truth, SAE(size)), {"l1": alphas * DIMENSIONS / size}, recipe(), seeds=1
        )
        rows = score_table(runs, truth.W, "l1")
        parts.append(rows.assign(ratio=2.0**power, alpha=alphas, n_latents=size))
    return pd.concat(parts, ignore_index=True).assign(features=FEATURES)
