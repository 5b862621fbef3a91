"""Phase diagrams by the activation of the outputs, and how much superposition each brings.

Item 54 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.activation_functions.claims import claims
from tegum.experiments.activation_functions.figures import FIGURES
from tegum.experiments.activation_functions.measure import measure
from tegum.experiments.base import Experiment

EXPERIMENT = Experiment(
    name="activation-functions",
    title="The phase diagram depends on the activation",
    section=claims.section,
    summary="Two features in one dimension with ReLU, leaky, GELU and squared outputs: what "
    "becomes of the extra feature, and the area of superposition.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
