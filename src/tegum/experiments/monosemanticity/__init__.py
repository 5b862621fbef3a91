"""Engineering monosemanticity: neurons of one feature each, by where their biases begin.

Item 59 of the list of claims, a follow-up of the paper.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.monosemanticity.claims import claims
from tegum.experiments.monosemanticity.figures import FIGURES
from tegum.experiments.monosemanticity.measure import measure

EXPERIMENT = Experiment(
    name="monosemanticity",
    title="Negative biases make neurons monosemantic sooner",
    section=claims.section,
    summary="Sparse features are decoded from fewer dimensions by a layer of neurons: from "
    "negative biases more of them get one feature each, and sooner, at no more loss.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
