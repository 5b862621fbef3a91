"""Energy levels: features that jump between dimensionalities, and the loss that falls with them.

Item 30 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.energy_levels.claims import claims
from tegum.experiments.energy_levels.figures import FIGURES
from tegum.experiments.energy_levels.measure import measure

EXPERIMENT = Experiment(
    name="energy-levels",
    title="Features jump between energy levels",
    section=claims.section,
    summary="n = 60 equally important features in m = 4 dimensions at 1−S = 0.3, trained at a "
    "constant learning rate: dimensionalities D_i and expected losses at every 60th step.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
