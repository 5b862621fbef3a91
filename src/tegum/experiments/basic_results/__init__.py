"""The first demonstration: twenty features in five dimensions, and the linear model.

Items 3 and 5 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment, by_id
from tegum.experiments.basic_results import claims_3_linear
from tegum.experiments.basic_results.claims import claims
from tegum.experiments.basic_results.figures import FIGURES
from tegum.experiments.basic_results.measure import measure

EXPERIMENT = Experiment(
    name="basic-results",
    title="Superposition appears with sparsity",
    section=claims.section,
    summary="n = 20 features of importance .7^i in m = 5 dimensions: the linear model, and "
    "ReLU-output models from dense to sparse features.",
    measure=measure,
    figures=FIGURES,
    claims=by_id(claims, claims_3_linear.claims),
)
