"""Anticorrelated sets: of the features of a set, at most one is active."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tegum.distributions.base import Block, Distribution, Probability, per_draw
from tegum.distributions.magnitudes import MagnitudeField, OneMagnitude, laws_of
from tegum.spec import PositiveInt


class Anticorrelated(Distribution):
    """Sets of `set_size` features; with probability p a set is on: then exactly one member is.

    Each of the k members is the one with chance 1/k: E[x_i] = p E[v] / k, E[x_i²] = p E[v²] / k,
    and within a set E[x_i x_j] = 0. Features are numbered set by set.

    Args:
        n_sets: the number of sets, >= 1.
        set_size: k, features in each set, >= 1.
        feature_probability: p that a *set* is on, in [0, 1], a number or one per set.
        magnitude: what v is drawn from, as in `Independent`, for all sets or for each.

    Raises:
        SpecError: for a value out of its range, and another number of probabilities than of sets.

    Source: "Correlated and Anticorrelated Features".
    """

    n_sets: PositiveInt
    set_size: PositiveInt
    feature_probability: Probability
    magnitude: MagnitudeField = "uniform"
    kind: Literal["anticorrelated"] = Field("anticorrelated", repr=False)

    @model_validator(mode="after")
    def _shapes_agree(self) -> Anticorrelated:
        if isinstance(self.feature_probability, tuple):
            self._probabilities()
        if isinstance(self.magnitude, tuple):
            self._laws()
        return self

    def _probabilities(self) -> tuple[float, ...]:
        return per_draw(type(self).__name__, self.feature_probability, self.n_sets, "n_sets")

    def _laws(self) -> tuple[OneMagnitude, ...]:
        return laws_of(type(self).__name__, self.magnitude, self.n_sets, "n_sets")

    @property
    def n_features(self) -> int:
        """n_sets · set_size."""
        return self.n_sets * self.set_size

    def blocks(self) -> tuple[Block, ...]:
        """One block per set."""
        return tuple(
            Block("anticorrelated", i * self.set_size, self.set_size, probability, law)
            for i, (probability, law) in enumerate(
                zip(self._probabilities(), self._laws(), strict=True)
            )
        )


EXAMPLE = Anticorrelated(n_sets=2, set_size=3, feature_probability=(0.9, 0.4), magnitude="signed")
