"""What is claimed of dictionaries on the neurons of models that compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.dims import DENSITY
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.overcomplete_basis.claims import RECOVERED, SPARSE
from tegum.experiments.overcomplete_basis.claims_49_band import FOUND
from tegum.experiments.overcomplete_basis.computing import FEATURES, NEURONS

if TYPE_CHECKING:
    import pandas as pd

claims = Claims("The Strategic Picture of Superposition")

_OF: Final = (
    f"{NEURONS} neurons that compute |x| of {FEATURES} features, 1−S = {SPARSE:g}, directions "
    "ReLU(±W_in) of single features, of those at least half as long as the longest"
)


@claims(
    "49.p",
    "From the neurons of a model that computes in superposition a sparse autoencoder finds what "
    "they hold: a direction for each sign of a feature.",
    rule=f"{_OF}: mean max cosine with atoms > {RECOVERED:g}; the seed of lowest held-out "
    "objective, which needs no truth",
    evidence=("computing",),
)
def found(tables: Tables) -> Judgement:
    rows = _sparse(tables)
    chosen = rows[rows["chosen"]].iloc[0]
    cosines = rows["mean_max_cosine"]
    return when(
        chosen["mean_max_cosine"] > RECOVERED,
        f"mean max cosine {chosen['mean_max_cosine']:.3f} of {chosen['held']:g} directions (worst "
        f"seed {cosines.min():.3f}), {chosen['found']:g} above {FOUND:g}; best of {len(rows)}"
        f"{_others(tables)}",
    )


@claims(
    "49.q",
    "Single neurons are no such basis.",
    rule=f"{_OF}: mean max cosine with single neurons ≤ {FOUND:g}, and less than with atoms",
    evidence=("computing",),
)
def mixed(tables: Tables) -> Judgement:
    rows = _sparse(tables)
    chosen = rows[rows["chosen"]].iloc[0]
    few, more = chosen["neurons"], chosen["mean_max_cosine"]
    return when(
        few <= FOUND and few < more, f"with neurons {few:.3f}, with atoms {more:.3f}", neurons=few
    )


def _sparse(tables: Tables) -> pd.DataFrame:
    rows = tables["computing"]
    return some(rows[rows[DENSITY] == SPARSE])


def _others(tables: Tables) -> str:
    rows = tables["computing"]
    other = rows[rows["chosen"] & (rows[DENSITY] != SPARSE)]
    return "".join(
        f"; 1−S = {p:g} {value:.3f}"
        for p, value in zip(other[DENSITY], other["mean_max_cosine"], strict=True)
    )
