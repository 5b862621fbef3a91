"""Uniform superposition: dimensions per feature stick at fractions, features form polytopes.

Items 13 to 18 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.uniform_geometry.claims import claims
from tegum.experiments.uniform_geometry.claims_15_scatter import claims as scatter
from tegum.experiments.uniform_geometry.claims_18_products import claims as products
from tegum.experiments.uniform_geometry.figures import FIGURES
from tegum.experiments.uniform_geometry.measure import measure

EXPERIMENT = Experiment(
    name="uniform-geometry",
    title="Features form polytopes",
    section=claims.section,
    summary="n = 400 equally important features in m = 30 dimensions, from dense to sparse: how "
    "many dimensions a feature has, on average and each, and what polytopes they are vertices of.",
    measure=measure,
    figures=FIGURES,
    claims=(*claims, *scatter, *products),
)
