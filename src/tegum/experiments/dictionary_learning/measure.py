"""All kinds on all problems, and classical methods where scikit-learn is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import baselines
from tegum.experiments._shared.dictionaries import recipe, score_table
from tegum.experiments.base import Lab, Tables
from tegum.experiments.dictionary_learning.kinds import CLASSICAL, KINDS, Kind, problems
from tegum.experiments.dictionary_learning.pressure import hierarchy, varied
from tegum.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

    from tegum.distributions import Activations

_SEEDS: Final = (12, 3)
#: Classical methods take longer: fewer seeds, and so many samples.
_CLASSICAL_SEEDS: Final = (3, 1)
_SAMPLES: Final = (3000, 1000)


def measure(lab: Lab) -> Tables:
    """The table of kinds and problems, and what pressure to be sparse does."""
    return {"board": board(lab), "hierarchy": hierarchy(lab), "varied": varied(lab)}


def board(lab: Lab) -> pd.DataFrame:
    """One row per problem, method, setting and seed: what `score_table` measures.

    Further columns: features (their number), true_l0; chosen marks the lowest objective of the
    seeds of a setting, best the chosen one of highest mean max cosine over settings.
    """
    import pandas as pd

    parts = []
    for name, law in problems(lab).items():
        known: dict[str, Any] = {
            "problem": name, "features": law.distribution.n_features, "dimensions": law.n_features,
            "true_l0": float(law.distribution.active_probability().sum()),
        }  # fmt: skip
        each = {method: _one(lab, law, kind) for method, kind in KINDS.items()}
        each |= {
            label: _classical(lab, law, label)
            for label, method in CLASSICAL.items()
            if method.name in baselines.available()
        }
        parts += [rows.assign(method=method, **known) for method, rows in each.items()]
    return mark_best(pd.concat(parts, ignore_index=True))


def _classical(lab: Lab, law: Activations, label: str) -> pd.DataFrame:
    """The same of a classical method, on samples that are drawn once."""
    own, n = CLASSICAL[label], law.distribution.n_features
    h = law.sample(np.random.default_rng(0), lab.pick(*_SAMPLES))
    seeds = lab.pick(*_CLASSICAL_SEEDS)
    runs = baselines.fit(h, n, own.name, seeds=seeds, **own.settings)
    setting = next(iter(own.settings.values()), np.nan)
    return score_table(runs, law.W).assign(setting=setting)


def _one(lab: Lab, law: Activations, kind: Kind) -> pd.DataFrame:
    """As many latents as there are features."""
    problem = Problem(law, kind.model(law.distribution.n_features))
    runs = lab.train(problem, {kind.axis: kind.settings}, recipe(), seeds=lab.pick(*_SEEDS))
    return score_table(runs, law.W, kind.axis).rename(columns={kind.axis: "setting"})


def mark_best(rows: pd.DataFrame) -> pd.DataFrame:
    """With `best`: of the chosen ones of a problem and method that of highest mean max cosine."""
    chosen = rows[rows["chosen"]]
    highest = chosen.groupby(["problem", "method"])["mean_max_cosine"].idxmax()
    return rows.assign(best=rows.index.isin(highest))
