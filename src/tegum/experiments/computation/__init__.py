"""Computation in superposition: |x| of many features by few neurons.

Items 40 to 45 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment, by_id
from tegum.experiments.computation.claims import SECTION, claims
from tegum.experiments.computation.claims_40_circuits import basic, motif
from tegum.experiments.computation.figures import FIGURES
from tegum.experiments.computation.measure import measure

EXPERIMENT = Experiment(
    name="computation",
    title="Neurons compute on features in superposition",
    section=SECTION,
    summary="Untied two-layer models without hidden bias learn y = |x|: with two neurons for each "
    "feature, with n = 100 features on m = 40 neurons from dense to sparse, and in small models "
    "whose circuits can be read.",
    measure=measure,
    figures=FIGURES,
    claims=by_id(claims, basic, motif),
)
