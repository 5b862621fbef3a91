"""Learning as geometric transformations: two correlated sets on their way to an octahedron.

Item 31 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.geometric_transformations.claims import claims
from tegum.experiments.geometric_transformations.figures import FIGURES
from tegum.experiments.geometric_transformations.measure import measure

EXPERIMENT = Experiment(
    name="geometric-transformations",
    title="Learning moves features through simple geometric steps",
    section=claims.section,
    summary="Two sets of three correlated features in three dimensions: where trainings end, and, "
    "from a small start at a low learning rate, the stages they go through.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
