"""What a target is: the output y = t(x) that a model is to give for a sample x."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np
from pydantic import PlainValidator

from tegum.arguments import array
from tegum.dims import F64
from tegum.spec import BrokenRule, Spec, spec_of
from tegum.targets.named import NAMED, canonical

if TYPE_CHECKING:
    from jaxtyping import Float


class Target(Spec):
    """y = t(x), n numbers for n features, with t(0) = 0.

    Where all features are absent there is nothing to output: engines count such samples and do
    not simulate them. A target that is a function of each feature by itself and has a name is
    given by that name, as in `Problem(..., target="square")`.

    Source: "Computation in Superposition".
    """

    @abstractmethod
    def values(self, x: Float[np.ndarray, "batch n"]) -> Float[np.ndarray, "batch n"]:
        """y for each row of x, in float64: the plain reference, not the fast path.

        Args:
            x: samples (batch, n).

        Returns:
            The targets, (batch, n).
        """

    def n_outputs(self, n_features: int) -> int:
        """How many of the n outputs have a target; the others are 0 and do not count.

        Args:
            n_features: n >= 1.

        Returns:
            Their number, in 1 … n.
        """
        return n_features

    def check(self, n_features: int) -> None:
        """Refuse what n features cannot have as a target.

        Args:
            n_features: n >= 1.

        Raises:
            SpecError: where this target is not one of n features.
        """


def _target(value: Any) -> str | Target:
    name = canonical(value)
    if isinstance(name, str) and name in NAMED:
        return name
    if isinstance(value, Target) or (isinstance(value, dict) and "kind" in value):
        return spec_of(Target, value)  # type: ignore[type-abstract]
    if callable(value):
        rule = "must be described: target=Elementwise.from_function(f) makes a table of a function"
        raise BrokenRule(rule, value)
    known = ", ".join(repr(name) for name in NAMED)
    raise BrokenRule(f"must be one of {known}, an Elementwise, a LinearMap or a Pairs", value)


AnyTarget: TypeAlias = Annotated[str | Target, PlainValidator(_target)]


def target_values(
    target: str | Target, x: Float[np.ndarray, "batch n"]
) -> Float[np.ndarray, "batch n"]:
    """t(x), of each row of x, for the target of a problem.

    Args:
        target: a name of `NAMED` or a description.
        x: samples (batch, n).

    Returns:
        The targets, (batch, n), in float64.

    Raises:
        SpecError: for samples that are no array of real numbers.

    Source: "Computation in Superposition".
    """
    x = array("target_values", "x", x)
    values: F64 = NAMED[target](x) if isinstance(target, str) else target.values(x)
    return values
