"""What was asked in public: one-hot data, features that are none, computing with few neurons.

Item 63 of the list of claims, follow-ups of the paper.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.public_questions.claims import claims
from tegum.experiments.public_questions.figures import FIGURES
from tegum.experiments.public_questions.measure import measure

EXPERIMENT = Experiment(
    name="public-questions",
    title="Questions that readers asked",
    section=claims.section,
    summary="Polygons of one-hot data, features that are never active or do not matter, ReLUs and "
    "ANDs on fewer neurons than there are of them.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
