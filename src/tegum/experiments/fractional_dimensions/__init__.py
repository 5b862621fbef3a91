"""Fractional dimensions under pressure, and what they have to do with leverage and tight frames.

Items 57 and 58 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.fractional_dimensions.claims import claims
from tegum.experiments.fractional_dimensions.figures import FIGURES
from tegum.experiments.fractional_dimensions.measure import measure

EXPERIMENT = Experiment(
    name="fractional-dimensions",
    title="Pressure, leverage and fractions of a dimension",
    section=claims.section,
    summary="How many features sit on the fractions of polytopes, by how many compete and how long "
    "they are trained; dimensionality beside leverage scores, and factors as tight frames.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
