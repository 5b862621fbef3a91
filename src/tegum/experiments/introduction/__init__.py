"""The paper's first figure: five features in two dimensions, from dense to sparse.

Item 1 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.introduction.claims import claims
from tegum.experiments.introduction.figures import FIGURES
from tegum.experiments.introduction.measure import measure

EXPERIMENT = Experiment(
    name="introduction",
    title="Five features in two dimensions",
    section=claims.section,
    summary="ReLU-output models with n = 5, m = 2 and importances .9^i, from dense to sparse.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
