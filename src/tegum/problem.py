"""A problem: what is asked of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

import numpy as np
from pydantic import Field, model_validator

from tegum.distributions import Distribution
from tegum.distributions.base import AnyDistribution
from tegum.errors import SpecError
from tegum.models import Model
from tegum.models.base import AnyModel
from tegum.spec import Flag, Interval, NonNegative, Spec
from tegum.targets import AnyTarget, Target, target_values

if TYPE_CHECKING:
    from jaxtyping import Float64

#: The largest power of an error: float32 holds that of an error of 10.
_MOST_POWER: Final = 32
#: What only models with W or W_in can be asked for.
_PLAIN: Final = ("importance", "target", "loss_power", "weight_l1", "weight_l2", "unit_norm")


class Problem(Spec):
    """Reproduce a target from samples x: minimise L = E[ Σ_i I_i (t(x)_i - x'_i)² ] + l1 E[‖h‖₁].

    n <= m and n = 1 are legitimate. The errors may have another power, |t(x)_i - x'_i|^q, and the
    weights a cost: Σ λ₁ ‖W‖₁ + λ₂ ‖W‖² over W, or over W_in and W_out. Losses are without costs of
    h and of weights, which `penalty` sums up.

    Args:
        distribution: what x is drawn from.
        model: what x' and h come from.
        importance: I >= 0, a number or one per feature (n,), not all 0.
        target: t: "x", "abs" ("|x|"), "relu", "square", "cube", "sign" or "step" (1 where x > 0) of
            each feature, any function of each feature as an `Elementwise`, or products, AND, OR of
            pairs as `Pairs`, or a matrix as `LinearMap`.
        l1: λ >= 0 of a penalty λ·‖h‖₁ on hidden activations.
        loss_power: q in [1, 32], the power of errors: 2 their square, 4 that of the L⁴ loss.
        weight_l1: λ₁ >= 0 of the sum of absolute weights, a number or one for W_in and one for
            W_out, or for each matrix of a `Deep` model.
        weight_l2: λ₂ >= 0 of the sum of squared weights, likewise; weight_decay λ of an optimiser
            that adds λ W to the gradient is λ₂ = λ/2, but also acts on biases.
        unit_norm: Keep every column of W, or of W_in, at norm 1: after each step it is brought
            back, and its gradient is that along the sphere.

    Raises:
        SpecError: for a value out of its range, and parts whose shapes do not agree.

    Source: "Demonstrating Superposition: Experiment Setup".
    """

    later: ClassVar[frozenset[str]] = frozenset(
        {"loss_power", "weight_l1", "weight_l2", "unit_norm"}
    )

    distribution: AnyDistribution
    model: AnyModel
    importance: Annotated[float | tuple[float, ...], Interval(0)] = 1.0
    target: AnyTarget = "x"
    l1: NonNegative = 0.0
    loss_power: Annotated[float, Interval(1, _MOST_POWER)] = 2.0
    weight_l1: Annotated[float | tuple[float, ...], Interval(0)] = 0.0
    weight_l2: Annotated[float | tuple[float, ...], Interval(0)] = 0.0
    unit_norm: Flag = False
    kind: Literal["problem"] = Field("problem", repr=False)

    if TYPE_CHECKING:  # positions and arrays, which a synthesised signature would not show

        def __init__(
            self,
            distribution: Distribution,
            model: Model,
            importance: float | np.ndarray | tuple[float, ...] | list[float] = ...,
            target: str | Target = ...,
            l1: float = ...,
            loss_power: float = ...,
            weight_l1: float | tuple[float, ...] = ...,
            weight_l2: float | tuple[float, ...] = ...,
            unit_norm: bool = ...,
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
        for name, costs in (("weight_l1", self.weight_l1), ("weight_l2", self.weight_l2)):
            if isinstance(costs, tuple) and not len(costs) == len(self.model.weights) > 1:
                rule = "must be a number, or two for W_in and W_out of an untied model"
                if len(self.model.weights) > 2:
                    rule = f"must be a number, or one for each of {', '.join(self.model.weights)}"
                raise SpecError.of("Problem", name, rule, costs)
        if self.model.engine:
            self._check_plain()
        if self.unit_norm and not self.model.weights:
            rule = "must be False: columns are those of W or W_in, and the model has neither"
            raise SpecError.of("Problem", "unit_norm", rule, type(self.model).__name__)
        return self

    def _check_plain(self) -> None:
        """Raise SpecError for what a model with an engine of its own cannot be asked for."""
        for name in _PLAIN:
            default, given = type(self).model_fields[name].default, getattr(self, name)
            if given != default:
                rule = f"must be {default!r} for {type(self.model).__name__}"
                raise SpecError.of("Problem", name, rule, given)

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

    def weight_costs(self) -> Float64[np.ndarray, "2 k"]:
        """What weights cost.

        Returns:
            λ₁ of W, or of W_in and of W_out, or of each of the model's matrices, then λ₂ likewise,
            (2, k), k >= 2; 0 for W_out if tied.
        """
        count = len(self.model.matrices(self.n_features))
        costs = np.zeros((2, max(2, count)))
        for row, given in zip(costs, (self.weight_l1, self.weight_l2), strict=True):
            row[:count] = given
        return costs

    def without_costs(self) -> Problem:
        """The same problem with errors alone: nothing that h or weights cost, no constraint."""
        return self.replace(l1=0.0, weight_l1=0.0, weight_l2=0.0, unit_norm=False)

    def target_of(self, x: Float64[np.ndarray, "batch n"]) -> Float64[np.ndarray, "batch n"]:
        """t(x) of each row of x.

        Args:
            x: samples (batch, n).

        Returns:
            The targets, (batch, n).
        """
        return target_values(self.target, x)
