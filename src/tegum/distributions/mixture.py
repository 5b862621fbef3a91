"""Mixtures: every sample is from one of several distributions, by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.contents import Content, shares, weights_of
from tegum.dims import F64
from tegum.distributions._parts import Parted, read_parts
from tegum.distributions.base import Block, Distribution
from tegum.errors import SpecError

if TYPE_CHECKING:
    from jaxtyping import Float64


class Mixture(Parted):
    """x is from the k-th part with probability w_k / Σ w: all features of a sample from one part.

    Moments and expected losses are those of the parts, weighted.

    Args:
        parts: one or more distributions of as many features each.
        weights: w >= 0, one for each part, (k,), not all 0; equal ones by default.

    Raises:
        SpecError: for no parts, parts of different numbers of features, what is no distribution,
            and weights that do not go with them.

    Source: method, mixtures; not in the paper.
    """

    parts: Annotated[tuple[Distribution, ...], PlainValidator(read_parts)]
    weights: Annotated[Content | None, PlainValidator(weights_of)] = None
    kind: Literal["mixture"] = Field("mixture", repr=False)

    if TYPE_CHECKING:

        def __init__(self, parts: Any, weights: Any = ...) -> None: ...

    @model_validator(mode="after")
    def _shapes_agree(self) -> Mixture:
        for k, part in enumerate(self.parts):
            if part.n_features != self.n_features:
                rule = f"must have as many features as the first, {self.n_features}"
                raise SpecError.of("Mixture", f"parts[{k}]", rule, part.n_features)
        if self.weights is not None and len(self.weights) != len(self.parts):
            rule = f"must be {len(self.parts)}, one for each part"
            raise SpecError.of("Mixture", "weights", rule, len(self.weights))
        return self

    @property
    def n_features(self) -> int:
        """That of every part."""
        return self.parts[0].n_features

    def chances(self) -> Float64[np.ndarray, " k"]:
        """The probability of each part, (k,)."""
        return shares(self.weights, len(self.parts))

    def components(self) -> tuple[tuple[float, Distribution], ...]:
        """The components of the parts, with their chances."""
        return tuple(
            (chance * inner, one)
            for chance, part in zip(self.chances().tolist(), self.parts, strict=True)
            for inner, one in part.components()
        )

    def blocks(self) -> tuple[Block, ...]:
        """One block of all features: which part a sample is from ties them together."""
        return (Block("joint", 0, self.n_features, 1.0, "uniform"),)

    def mean(self) -> Float64[np.ndarray, " n"]:
        """E[x], (n,): the mean over the parts."""
        return self._over_parts([part.mean() for part in self.parts])

    def active_probability(self) -> Float64[np.ndarray, " n"]:
        """P(x_i ≠ 0), (n,)."""
        return self._over_parts([part.active_probability() for part in self.parts])

    def active_together(self) -> Float64[np.ndarray, "n n"]:
        """P(x_i ≠ 0 and x_j ≠ 0), (n, n)."""
        return self._over_parts([part.active_together() for part in self.parts])

    def second_moment(self) -> Float64[np.ndarray, "n n"]:
        """E[x xᵀ], (n, n)."""
        return self._over_parts([part.second_moment() for part in self.parts])

    def _drawn(self, rng: np.random.Generator, size: int) -> F64:
        which = rng.choice(len(self.parts), size=size, p=self.chances())
        x = np.zeros((size, self.n_features))
        for k, part in enumerate(self.parts):
            here = which == k
            x[here] = part.sample(rng, int(here.sum()))
        return x

    def _over_parts(self, of_parts: list[F64]) -> F64:
        return np.asarray(np.tensordot(self.chances(), np.stack(of_parts), axes=1))


EXAMPLE = Mixture(
    parts=(
        {"kind": "independent", "n_features": 4, "feature_probability": [0.6, 0.1, 0.9, 0.5]},
        {"kind": "correlated", "n_sets": 2, "set_size": 2, "feature_probability": [0.3, 0.8]},
    ),
    weights=(3, 1),
)
