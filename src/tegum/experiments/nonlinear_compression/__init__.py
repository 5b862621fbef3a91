"""Nonlinear compression: two numbers in one by a staircase, and when that beats linear codes.

Items 51 and 60 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.nonlinear_compression.claims import claims, comments
from tegum.experiments.nonlinear_compression.figures import FIGURES
from tegum.experiments.nonlinear_compression.measure import measure

EXPERIMENT = Experiment(
    name="nonlinear-compression",
    title="Two numbers in one, by a staircase",
    section=claims.section,
    summary="A staircase of steep segments as a network of ReLUs: its losses over the number and "
    "the width of steps, exact and sampled, against linear codes.",
    measure=measure,
    figures=FIGURES,
    claims=(*claims, *comments),
)
