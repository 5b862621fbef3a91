"""Superposition and adversarial robustness: vulnerability, masked gradients, robust models.

Items 32 to 35 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.adversarial_robustness.claims import claims
from tegum.experiments.adversarial_robustness.figures import FIGURES
from tegum.experiments.adversarial_robustness.measure import measure
from tegum.experiments.base import Experiment

EXPERIMENT = Experiment(
    name="adversarial-robustness",
    title="Superposition makes models vulnerable",
    section=claims.section,
    summary="Analytic and gradient attacks on models from dense to sparse features, and models "
    "trained on attacked samples.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
