"""Eighty features in twenty dimensions: the basic results at a larger scale.

Item 4 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.larger.claims import claims
from tegum.experiments.larger.figures import FIGURES
from tegum.experiments.larger.measure import measure

EXPERIMENT = Experiment(
    name="larger",
    title="A larger model is a scaled-up small one",
    section=claims.section,
    summary="n = 80 features of importance .9^i in m = 20 dimensions, from dense to sparse.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
