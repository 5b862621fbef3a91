"""Everything works; one claim differs as recorded, one needs a full run."""

from __future__ import annotations

from fake_experiments.antipodal_pairs.claims import geometry, introduction
from fake_experiments.antipodal_pairs.figures import FIGURES
from fake_experiments.antipodal_pairs.measure import measure
from tegum.experiments.base import Experiment

EXPERIMENT = Experiment(
    name="antipodal-pairs",
    title="Antipodal pairs & <norms>",
    section="Demonstrating Superposition",
    summary="Norms of features in a pair, for sparsities from dense to 1 in 100.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(sorted((*introduction, *geometry), key=lambda claim: claim.id)),
)
