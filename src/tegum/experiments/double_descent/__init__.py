"""Superposition, memorization and double descent: what models of few data store.

Item 61 of the list of claims, a follow-up of the paper.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.double_descent.claims import claims
from tegum.experiments.double_descent.figures import FIGURES
from tegum.experiments.double_descent.measure import measure

EXPERIMENT = Experiment(
    name="double-descent",
    title="Few data are memorized, many become features",
    section=claims.section,
    summary="The same toy model on a fixed set of data, from three to thousands: data in "
    "superposition, features in superposition, and the worse test loss between.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
