"""Compressed sensing: features by dimension against its bound, and Lemma 1 as an algorithm.

Items 52 and 53 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.compressed_sensing.claims import claims
from tegum.experiments.compressed_sensing.figures import FIGURES
from tegum.experiments.compressed_sensing.measure import measure

EXPERIMENT = Experiment(
    name="compressed-sensing",
    title="Toy models and compressed sensing",
    section=claims.section,
    summary="Features per dimension beside the bound of compressed sensing; what a toy model "
    "recovers by Lemma 1, and l1 beside it.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
