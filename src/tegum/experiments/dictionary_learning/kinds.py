"""The kinds of dictionaries and the problems of the table: a row for each, to be added to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from tegum.distributions import Activations, Copula, Distribution, Independent
from tegum.experiments._shared.dictionaries import TOYS, independent, toy
from tegum.experiments.base import Lab
from tegum.models import SAE
from tegum.scalars import powers


class Kind(NamedTuple):
    """A kind of sparse autoencoder of n latents, and the settings of it that are tried."""

    model: Callable[[int], SAE]
    axis: str
    settings: tuple[float, ...]


KINDS: Final[Mapping[str, Kind]] = {
    "ReLU + L1": Kind(SAE, "l1", (0.2, 0.3, 0.5, 0.8)),
    "TopK": Kind(lambda n: SAE(n, "topk", k=1), "k", (1, 2, 3)),
    "BatchTopK": Kind(lambda n: SAE(n, "batchtopk", k=1), "k", (1, 2, 3)),
    "JumpReLU": Kind(lambda n: SAE(n, "jumprelu"), "l1", (0.03, 0.06, 0.1, 0.2)),
    "gated": Kind(lambda n: SAE(n, "gated"), "l1", (0.5, 0.8, 1.2)),
    "Matryoshka TopK": Kind(lambda n: SAE(n, "topk", k=1, nested=(n // 4, n // 2)), "k", (1, 2, 3)),
}


class Classical(NamedTuple):
    """A method of `tegum.analysis.baselines` with its settings."""

    name: str
    settings: Mapping[str, Any]


#: The price is half of that of ReLU + L1, whose loss has no ½.
CLASSICAL: Final[Mapping[str, Classical]] = {
    "dictionary learning": Classical("dictionary_learning", {"alpha": 0.15}),
    "K-SVD": Classical("ksvd", {"k": 1}),
    "non-negative least squares": Classical("nnls", {}),
    "FastICA": Classical("fastica", {}),
}

#: Features and hidden dimensions of the problems with random directions, and how often the
#: features are active on average: once in a sample.
N, M, P = 20, 10, 0.05
#: The problem of which it is known how well a sketch did.
PLAIN: Final = "20 in 10"
#: What a quick run has: of random directions those that train in half the time of the others.
_QUICK: Final = (PLAIN, "correlated", "falling frequency")
#: Features that are on together: four sets, correlations of their normal numbers.
_SETS, _CORRELATION = 4, 0.5
#: The probabilities of the most and the least frequent feature have this ratio.
_FALLING: Final = 0.85
_NOISE: Final = 0.05


def problems(lab: Lab) -> dict[str, Activations]:
    """Activations whose features are known, by name; in a quick run three of them."""
    made = {
        f"{name}, {n} in {m}": Activations(toy(lab, name), independent(n, p))
        for name, (n, m, p) in TOYS.items()
        if name in lab.pick(("pentagon", "square antiprism"), ())
    }
    factors = np.zeros((N, _SETS))
    factors[np.arange(N), np.arange(N) * _SETS // N] = np.sqrt(_CORRELATION)
    falling = powers(_FALLING, N)
    laws: dict[str, Distribution] = {
        PLAIN: independent(N, P),
        "three at once": independent(N, 3 * P),
        "correlated": Copula(P, factors=factors),
        "falling frequency": Independent(
            n_features=N, feature_probability=tuple(N * P * falling / falling.sum())
        ),
    }
    made |= {name: Activations.random(M, law) for name, law in laws.items()}
    made["noise"] = Activations.random(M, independent(N, P), noise=_NOISE)
    return {name: law for name, law in made.items() if not lab.quick or name in _QUICK}
