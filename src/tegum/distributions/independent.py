"""Independent features: each is active, or not, by itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tegum.distributions.base import Block, Distribution, Probability, per_draw
from tegum.distributions.magnitudes import MagnitudeField, OneMagnitude, laws_of
from tegum.spec import PositiveInt


class Independent(Distribution):
    """x_i = 0 with probability 1 - p_i, else an independent draw of the magnitude v.

    E[x_i] = p_i E[v], E[x_i²] = p_i E[v²], E[x_i x_j] = E[x_i] E[x_j].

    Args:
        n_features: the number of features n, >= 1.
        feature_probability: p = 1 − S that a feature is active, in [0, 1], a number or one each.
        magnitude: what v is drawn from: uniform, U[0, 1]; signed, U[-1, 1]; exponential, Exp(1);
            one, 1; or a law, as tg.Uniform(0.5, 1) is, a Normal, a HalfNormal, a Discrete and a
            Constant; for all features or for each.

    Raises:
        SpecError: for a value out of its range, and another number of probabilities than of
            features.

    Source: "Demonstrating Superposition: Experiment Setup".
    """

    n_features: PositiveInt
    feature_probability: Probability
    magnitude: MagnitudeField = "uniform"
    kind: Literal["independent"] = Field("independent", repr=False)

    @model_validator(mode="after")
    def _shapes_agree(self) -> Independent:
        if isinstance(self.feature_probability, tuple):
            self._probabilities()
        if isinstance(self.magnitude, tuple):
            self._laws()
        return self

    def _probabilities(self) -> tuple[float, ...]:
        return per_draw(
            type(self).__name__, self.feature_probability, self.n_features, "n_features"
        )

    def _laws(self) -> tuple[OneMagnitude, ...]:
        return laws_of(type(self).__name__, self.magnitude, self.n_features, "n_features")

    def blocks(self) -> tuple[Block, ...]:
        """One block of size 1 per feature."""
        return tuple(
            Block("independent", start, 1, probability, law)
            for start, (probability, law) in enumerate(
                zip(self._probabilities(), self._laws(), strict=True)
            )
        )


EXAMPLE = Independent(n_features=3, feature_probability=(0.4, 1.0, 0.7), magnitude="exponential")
