"""Polysemanticity and capacity: when features share dimensions, by their kurtosis.

Item 62 of the list of claims, a follow-up of the paper.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.capacity.claims import claims
from tegum.experiments.capacity.figures import FIGURES
from tegum.experiments.capacity.measure import measure

EXPERIMENT = Experiment(
    name="capacity",
    title="Capacity is shared out by marginal loss",
    section=claims.section,
    summary="A quadratic toy whose optimum has a closed form: dimensions are shared by features "
    "of high kurtosis, and not below that of normal numbers.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
