"""Basic results, polytopes, energy levels and neurons again, by PyTorch.

Item 56 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.torch_replication.claims import claims
from tegum.experiments.torch_replication.figures import FIGURES
from tegum.experiments.torch_replication.measure import measure

EXPERIMENT = Experiment(
    name="torch-replication",
    title="The same by PyTorch",
    section=claims.section,
    summary="Four experiments trained by the torch engine, which shares no code with the fused "
    "kernels, and judged by the same thresholds; needs PyTorch and a full run.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
