"""Collapse to principal components: three correlated pairs from sparse to dense.

Items 28 to 29 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.collapse_to_pca.claims import claims
from tegum.experiments.collapse_to_pca.figures import FIGURES
from tegum.experiments.collapse_to_pca.measure import measure

EXPERIMENT = Experiment(
    name="collapse-to-pca",
    title="Correlated pairs collapse to principal components",
    section=claims.section,
    summary="Three correlated pairs in two dimensions (n = 6, m = 2, equal importance) from sparse "
    "to dense: trained models, the exact optimum, and where its branches cross.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
