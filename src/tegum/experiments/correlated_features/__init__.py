"""Correlated and anticorrelated features: how they are organised, and local orthogonal bases.

Items 24 to 27 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.correlated_features.basis_figures import FIGURES as BASIS_FIGURES
from tegum.experiments.correlated_features.claims import claims
from tegum.experiments.correlated_features.claims_27_basis import claims as of_basis
from tegum.experiments.correlated_features.figures import FIGURES
from tegum.experiments.correlated_features.measure import measure

EXPERIMENT = Experiment(
    name="correlated-features",
    title="Correlated and anticorrelated features",
    section="Correlated and Anticorrelated Features",
    summary="Pairs of features in two dimensions and bundles in ten, of equal importance: trained "
    "models beside the exact optimum.",
    measure=measure,
    figures=FIGURES + BASIS_FIGURES,
    claims=(*claims, *of_basis),
)
