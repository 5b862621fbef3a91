"""An overcomplete basis found afterwards: the features of a toy model, from its activations alone.

Item 49 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment, by_id
from tegum.experiments.overcomplete_basis.band_figures import FIGURES as BAND_FIGURES
from tegum.experiments.overcomplete_basis.claims import claims
from tegum.experiments.overcomplete_basis.claims_49_band import claims as of_band
from tegum.experiments.overcomplete_basis.claims_49_computing import claims as of_computing
from tegum.experiments.overcomplete_basis.computing_figures import FIGURES as COMPUTING_FIGURES
from tegum.experiments.overcomplete_basis.figures import FIGURES
from tegum.experiments.overcomplete_basis.measure import measure

EXPERIMENT = Experiment(
    name="overcomplete-basis",
    title="Features taken out of superposition",
    section=claims.section,
    summary="Sparse autoencoders on the hidden activations of toy models, from dense to sparse, "
    "of many sizes and prices, of which none is known to be right, and on neurons that compute.",
    measure=measure,
    figures=(*FIGURES, *BAND_FIGURES, *COMPUTING_FIGURES),
    claims=by_id(claims, of_band, of_computing),
)
