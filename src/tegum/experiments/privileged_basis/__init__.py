"""Superposition in a privileged basis: neurons, by a ReLU on the hidden layer.

Items 36 to 39 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment, by_id
from tegum.experiments.privileged_basis import claims_38_stages
from tegum.experiments.privileged_basis.claims import claims
from tegum.experiments.privileged_basis.figures import FIGURES
from tegum.experiments.privileged_basis.measure import measure

EXPERIMENT = Experiment(
    name="privileged-basis",
    title="Neurons: from one feature each to many",
    section=claims.section,
    summary="ReLU-hidden models h = ReLU(Wx), x' = ReLU(Wᵀh + b), n = 10, m = 5, I_i = .75^i: a "
    "thousand at each of fifteen densities.",
    measure=measure,
    figures=FIGURES,
    claims=by_id(claims, claims_38_stages.claims),
)
