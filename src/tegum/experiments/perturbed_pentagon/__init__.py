"""The pentagon with one feature of another density: deformed, then collapsed into two digons.

Items 20 to 23 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.perturbed_pentagon.claims import claims
from tegum.experiments.perturbed_pentagon.claims_22_lengths import claims as of_lengths
from tegum.experiments.perturbed_pentagon.figures import FIGURES
from tegum.experiments.perturbed_pentagon.measure import measure

EXPERIMENT = Experiment(
    name="perturbed-pentagon",
    title="A pentagon of which one feature is sparser or denser",
    section=claims.section,
    summary="Five features in two dimensions, one of them a tenth to ten times as dense as the "
    "others: exact minima followed over its density, and trained models.",
    measure=measure,
    figures=FIGURES,
    claims=(*claims, *of_lengths),
)
