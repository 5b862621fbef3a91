"""Kinds of dictionaries side by side on problems whose features are known.

Item 49 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment, by_id
from tegum.experiments.dictionary_learning.claims import claims
from tegum.experiments.dictionary_learning.claims_49_pressure import claims as of_pressure
from tegum.experiments.dictionary_learning.figures import FIGURES
from tegum.experiments.dictionary_learning.measure import measure
from tegum.experiments.dictionary_learning.pressure_figures import FIGURES as PRESSURE_FIGURES

EXPERIMENT = Experiment(
    name="dictionary-learning",
    title="Dictionaries side by side",
    section=claims.section,
    summary="A table of kinds of dictionaries and problems: how much of the features each finds, "
    "best of N seeds with the spread of the others; absorbed features, and wrong ones.",
    measure=measure,
    figures=(*FIGURES, *PRESSURE_FIGURES),
    claims=by_id(claims, of_pressure),
)
