"""A problem: what is asked of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from jaxtyping import Float64
from pydantic import BeforeValidator, Field, model_validator

from tegum.distributions import Distribution
from tegum.distributions.base import AnyDistribution
from tegum.errors import SpecError
from tegum.models import Model
from tegum.models.base import AnyModel
from tegum.spec import NonNegative, Spec, number_or_vector

TargetName = Literal["x", "abs"]


def _alias(value: Any) -> Any:
    return "abs" if isinstance(value, str) and value == "|x|" else value


class Problem(Spec):
    """Reproduce a target from samples x: minimise L = E[ Σ_i I_i (t(x)_i - x'_i)² ] + l1 E[‖h‖₁].

    x is drawn from `distribution`, x' and h come from `model`; t(x) is x (`target="x"`) or |x|
    (`"abs"`, also written "|x|"). `importance` I >= 0, one number or one per feature, not all 0;
    `l1` >= 0 penalises the hidden activations. n <= m and n = 1 are legitimate.
    Raises `SpecError`. Source: "Demonstrating Superposition: Experiment Setup".
    """

    distribution: AnyDistribution
    model: AnyModel
    importance: Annotated[
        float | tuple[float, ...], number_or_vector("must be >= 0", lambda x: x >= 0)
    ] = 1.0
    target: Annotated[TargetName, BeforeValidator(_alias)] = "x"
    l1: NonNegative = 0.0
    kind: Literal["problem"] = Field("problem", repr=False)

    if TYPE_CHECKING:  # positions and arrays, which a synthesised signature would not show

        def __init__(
            self,
            distribution: Distribution,
            model: Model,
            importance: float | np.ndarray | tuple[float, ...] | list[float] = ...,
            target: str = ...,
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
        if not (any(given) if isinstance(given, tuple) else given):
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
        """I, one entry per feature."""
        return np.full(self.n_features, self.importance, dtype=np.float64)
