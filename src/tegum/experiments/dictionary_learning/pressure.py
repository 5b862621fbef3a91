"""Dictionaries under pressure to be sparse: parents that are absorbed, and latents that mix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import firing
from tegum.analysis.recovery import matching
from tegum.dims import LATENT
from tegum.distributions import Activations, Hierarchy
from tegum.experiments._shared.dictionaries import independent, recipe, score_table
from tegum.experiments.base import Lab
from tegum.experiments.dictionary_learning.kinds import Kind, M, N
from tegum.models import SAE
from tegum.problem import Problem
from tegum.runs.outputs import forward

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Four parents with two children each, in so many dimensions; how often they are active.
_PARENTS, _CHILDREN, _DIMENSIONS = 4, 2, 16
_ROOT, _GIVEN = 0.15, 0.4
_FEATURES: Final = _PARENTS * (1 + _CHILDREN)

#: Each kind with settings from little pressure to much. A Matryoshka's inner dictionary has as many
#: latents as there are parents.
UNDER: Final[Mapping[str, Kind]] = {
    "ReLU + L1": Kind(SAE, "l1", (0.03, 0.1, 0.2, 0.35, 0.5)),
    "TopK": Kind(lambda n: SAE(n, "topk", k=1), "k", (3, 2, 1)),
    "JumpReLU": Kind(lambda n: SAE(n, "jumprelu"), "l1", (0.01, 0.03, 0.06, 0.1)),
    "gated": Kind(lambda n: SAE(n, "gated"), "l1", (0.2, 0.5, 0.8)),
    "Matryoshka TopK": Kind(lambda n: SAE(n, "topk", k=1, nested=(_PARENTS,)), "k", (3, 2, 1)),
}
_SEEDS: Final = (16, 3)
_SAMPLES: Final = 4000

#: How many features are active on average where k is varied, and the k.
ACTIVE: Final = 3
KS: Final = (1, 2, 3, 4, 5, 6, 8)
VARIED: Final[Mapping[str, Kind]] = {
    "TopK": Kind(lambda n: SAE(n, "topk", k=1), "k", KS),
    "Matryoshka TopK": Kind(lambda n: SAE(n, "topk", k=1, nested=(n // 4, n // 2)), "k", KS),
}


def hierarchy(lab: Lab) -> pd.DataFrame:
    """One row per method, setting and seed: alone, together, gap (means over edges), l0, true_l0.

    `alone` is the recall of a parent's latent where the parent is active and the child is not,
    `together` where both are, `gap` their difference. `order` counts settings from little pressure.
    """
    import pandas as pd

    parents = [-1] * _PARENTS + [i for i in range(_PARENTS) for _ in range(_CHILDREN)]
    given = (_ROOT,) * _PARENTS + (_GIVEN,) * (_PARENTS * _CHILDREN)
    tree = Hierarchy(parents=tuple(parents), feature_probability=given)
    law = Activations.random(_DIMENSIONS, tree)
    x, h = law.sample_both(np.random.default_rng(0), _SAMPLES)
    parts = []
    for method, kind in UNDER.items():
        runs = _trained(lab, law, kind)
        rows = score_table(runs, law.W, kind.axis).rename(columns={kind.axis: "setting"})
        codes = forward(runs, h, layer=LATENT)
        found = [
            _absorbed(
                runs.sel({kind.axis: row.setting, "seed": row.seed}), codes, kind.axis, x, law
            )
            for row in rows.itertuples()
        ]
        order = rows["setting"].map({s: i for i, s in enumerate(kind.settings)})
        parts.append(rows.join(pd.DataFrame(found)).assign(method=method, order=order))
    true = float(tree.active_probability().sum())
    return pd.concat(parts, ignore_index=True).assign(true_l0=true)


def _absorbed(
    one: xr.Dataset, codes: xr.DataArray, axis: str, x: Any, law: Activations
) -> dict[str, float]:
    own = codes.sel({axis: one[axis], "seed": one["seed"]}).to_numpy()
    tree = law.distribution
    assert isinstance(tree, Hierarchy)
    pairs = matching(law.W, one["W_dec"].to_numpy())
    edges = firing.absorption(x, own, pairs, tree.parents)
    return {name: float(np.nanmean(getattr(edges, name))) for name in ("alone", "together", "gap")}


def varied(lab: Lab) -> pd.DataFrame:
    """One row per method, k and seed: what `score_table` measures, true_l0."""
    import pandas as pd

    law = Activations.random(M, independent(N, ACTIVE / N))
    parts = [
        score_table(_trained(lab, law, kind), law.W, kind.axis).assign(method=method)
        for method, kind in VARIED.items()
    ]
    return pd.concat(parts, ignore_index=True).assign(true_l0=float(ACTIVE))


def _trained(lab: Lab, law: Activations, kind: Kind) -> xr.Dataset:
    problem = Problem(law, kind.model(law.distribution.n_features))
    return lab.train(problem, {kind.axis: kind.settings}, recipe(), seeds=lab.pick(*_SEEDS))
