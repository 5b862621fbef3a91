"""All kinds on all problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tegum.experiments._shared.dictionaries import recipe, score_table
from tegum.experiments.base import Lab, Tables
from tegum.experiments.dictionary_learning.kinds import KINDS, Kind, problems
from tegum.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

    from tegum.distributions import Activations

_SEEDS: Final = (12, 3)


def measure(lab: Lab) -> Tables:
    """The table of kinds and problems."""
    return {"board": board(lab)}


def board(lab: Lab) -> pd.DataFrame:
    """One row per problem, method, setting and seed: what `score_table` measures.

    Further columns: features (their number), true_l0; chosen marks the lowest objective of the
    seeds of a setting, best the chosen one of highest mean max cosine over settings.
    """
    import pandas as pd

    parts = []
    for name, law in problems(lab).items():
        for method, kind in KINDS.items():
            rows = _one(lab, law, kind)
            n = law.distribution.n_features
            known: dict[str, Any] = {
                "problem": name,
                "method": method,
                "features": n,
                "dimensions": law.n_features,
            }
            active = float(law.distribution.active_probability().sum())
            parts.append(rows.assign(**known, true_l0=active))
    return mark_best(pd.concat(parts, ignore_index=True))


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
