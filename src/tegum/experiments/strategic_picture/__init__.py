"""The strategic picture: models without superposition, and what they cost.

Items 46 to 48, and 50, of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.strategic_picture.claims import claims
from tegum.experiments.strategic_picture.figures import FIGURES
from tegum.experiments.strategic_picture.measure import measure

EXPERIMENT = Experiment(
    name="strategic-picture",
    title="Without superposition, and what it costs",
    section=claims.section,
    summary="A penalty λ‖h‖₁ on hidden activity, from small to large; loss reduction per "
    "activation of a neuron.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
