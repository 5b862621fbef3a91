"""A problem: what is asked of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from jaxtyping import Float64
from pydantic import Field, model_validator

from tegum.distributions import Distribution
from tegum.distributions.base import AnyDistribution
from tegum.errors import SpecError
from tegum.models import Model
from tegum.models.base import AnyModel
from tegum.spec import Interval, NonNegative, Spec
from tegum.targets import AnyTarget, Target, target_values


class Problem(Spec):
    """Reproduce a target from samples x: minimise L = E[ Σ_i I_i (t(x)_i - x'_i)² ] + l1 E[‖h‖₁].

    n <= m and n = 1 are legitimate.

    Args:
        distribution: what x is drawn from.
        model: what x' and h come from.
        importance: I >= 0, a number or one per feature (n,), not all 0.
        target: t: "x", "abs" ("|x|"), "relu", "square", "cube", "sign" or "step" (1 where x > 0) of
            each feature, any function of each feature as an `Elementwise`, or products, AND, OR of
            pairs as `Pairs`.
        l1: λ >= 0 of a penalty λ·‖h‖₁ on hidden activations.

    Raises:
        SpecError: for a value out of its range, and parts whose shapes do not agree.

    Source: "Demonstrating Superposition: Experiment Setup".
    """

    distribution: AnyDistribution
    model: AnyModel
    importance: Annotated[float | tuple[float, ...], Interval(0)] = 1.0
    target: AnyTarget = "x"
    l1: NonNegative = 0.0
    kind: Literal["problem"] = Field("problem", repr=False)

    if TYPE_CHECKING:  # positions and arrays, which a synthesised signature would not show

        def __init__(
            self,
            distribution: Distribution,
            model: Model,
            importance: float | np.ndarray | tuple[float, ...] | list[float] = ...,
            target: str | Target = ...,
            l1: float = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _shapes_agree(self) -> Problem:
        given, n = self.importance, self.n_features
        if isinstance(given, tuple) and len(given) != n:
            raise SpecError(
                f"Problem.importance must be a number or have {n} entries, one for each feature "
                f"of {type(self.distribution).__name__}; got {len(given)} entries"
            )
        counted = n
        if isinstance(self.target, Target):
            self.target.check(n)
            counted = self.target.n_outputs(n)
        if not (any(given[:counted]) if isinstance(given, tuple) else given):
            raise SpecError.of("Problem", "importance", "must not be all zero", given)
        return self

    @property
    def n_features(self) -> int:
        """n, of the distribution."""
        return self.distribution.n_features

    @property
    def n_hidden(self) -> int:
        """m, of the model."""
        return self.model.n_hidden

    def importance_vector(self) -> Float64[np.ndarray, " n"]:
        """I, one entry per feature, (n,); 0 for the outputs that have no target."""
        importance = np.full(self.n_features, self.importance, dtype=np.float64)
        if isinstance(self.target, Target):
            importance[self.target.n_outputs(self.n_features) :] = 0.0
        return importance

    def target_of(self, x: Float64[np.ndarray, "batch n"]) -> Float64[np.ndarray, "batch n"]:
        """t(x) of each row of x.

        Args:
            x: samples (batch, n).

        Returns:
            The targets, (batch, n).
        """
        return target_values(self.target, x)
