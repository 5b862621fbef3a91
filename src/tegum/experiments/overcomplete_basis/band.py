"""The setting of Sharkey, Braun and Millidge (2022): prices and sizes of dictionaries.

Theirs are 512 features in 256 dimensions, which `tegum reproduce overcomplete-basis --fine` has
too, in some hours on two cores: a training of 3,000 steps costs 25 to 42 s of CPU time with 512 to
2,048 latents, more with more; 35 of them have been, which 49.h tells of. With
128 in 64 the table was not done after 760 s of it, so that a full run, of which this is a part, has
64 in 32: 295 s.
"""

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

#: Features, twice as many as there are dimensions: (full, quick, fine).
FEATURES: Final = (64, 32, 512)
#: As many are active for each feature as there, where they are 5 of 512.
SHARE: Final = 5 / 512
#: Frequencies fall by the same factor from the first feature to the last.
DECAY: Final = 0.99**512
#: Normal numbers of the features have k common factors, of this part of their variance.
_FACTORS, _COMMON = 4, 0.5
#: log2 of latents over features, and α = 10^(j/4): (full, quick).
RATIOS: Final = ((-2, -1, 0, 1, 2, 3, 4, 5), (-1, 0, 1))
POWERS: Final = (range(-8, 9), range(-8, 9, 2))
#: Larger dictionaries have one seed, those of up to this ratio two.
_TWICE: Final = 4.0


def law(features: int) -> Activations:
    """Correlated features of falling frequency along random directions."""
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((features, _FACTORS))
    factors *= np.sqrt(_COMMON) / np.linalg.norm(factors, axis=1, keepdims=True)
    falling = powers(DECAY ** (1 / features), features)
    of_x = Copula(tuple(SHARE * features * falling / falling.sum()), factors=factors)
    return Activations.random(features // 2, of_x)


def band(lab: Lab) -> pd.DataFrame:
    """One row per size, α and seed: ratio, alpha, n_latents, features, `score_table`'s.

    Their loss, a mean over dimensions with α Σ f over the number of latents, is ours with the price
    α dimensions / latents, over the dimensions.
    """
    import pandas as pd

    features = lab.pick(*FEATURES)
    truth, alphas = law(features), 10.0 ** (np.array(lab.pick(*POWERS)) / 4)
    parts = []
    for power in lab.pick(*RATIOS):
        ratio = 2.0**power
        size = round(features * ratio)
        prices = alphas * truth.n_features / size
        seeds = lab.pick(2, 1) if ratio <= _TWICE else 1
        runs = lab.train(Problem(truth, SAE(size)), {"l1": prices}, recipe(), seeds=seeds)
        rows = score_table(runs, truth.W, "l1")
        named = dict(zip(runs["l1"].to_numpy().tolist(), alphas, strict=True))
        parts.append(rows.assign(ratio=ratio, alpha=rows["l1"].map(named), n_latents=size))
    return pd.concat(parts, ignore_index=True).assign(features=features)
