"""Mathematical understanding: the loss by number of active features, and what each part says.

Items 6 to 8 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.mathematical_understanding.claims import claims
from tegum.experiments.mathematical_understanding.figures import FIGURES
from tegum.experiments.mathematical_understanding.measure import measure

EXPERIMENT = Experiment(
    name="mathematical-understanding",
    title="Mathematical understanding",
    section=claims.section,
    summary="The loss, sorted by how many features are active. With one active feature it is a "
    "packing problem on the sphere, in which obtuse angles cost nothing: trained models "
    "arrange their features accordingly.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
