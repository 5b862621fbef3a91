"""Custom data: samples of any function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainValidator

from tegum.arguments import doubles
from tegum.dims import F32, F64
from tegum.distributions._estimated import estimated
from tegum.distributions.base import Block, Distribution
from tegum.errors import SpecError, TegumError, joined
from tegum.functions import Function, function_of
from tegum.spec import PositiveInt

if TYPE_CHECKING:
    from jaxtyping import Float64

_FINITE: Final = "must return finite real numbers"


class Custom(Distribution):
    """x of any function: `function(rng, count)` gives count samples, (count, n_features).

    `rng` is a numpy Generator of its own for every step of every model. Without other random
    numbers the same run has the same samples. Threads draw them ahead of the steps, and steps take
    them in float32. Moments are estimates of 131,072 samples.

    A function is written as `module:function`, and found again where that module is imported;
    random numbers and stores go by its name, its source, and that of what it names in its package.
    Others, as a lambda, are known in the process that made them, and are not kept in a store.

    Args:
        function: (rng, count) -> finite real numbers (count, n_features), or its name,
            "module:function".
        n_features: the number of features n, >= 1.

    Raises:
        SpecError: for what is no function, and a value out of its range; for what a function
            returns when it is asked.

    Source: method, samples of a function.
    """

    function: Annotated[Function, PlainValidator(function_of)]
    n_features: PositiveInt
    kind: Literal["custom"] = Field("custom", repr=False)

    if TYPE_CHECKING:

        def __init__(self, function: Any, n_features: int) -> None: ...

    @property
    def feature_probability(self) -> tuple[float, ...]:
        """None: there are no on/off draws."""
        return self.draws()

    def draws(self) -> tuple[float, ...]:
        """None."""
        return ()

    def blocks(self) -> tuple[Block, ...]:
        """One block of all features."""
        return (Block("joint", 0, self.n_features, 1.0, "uniform"),)

    def mean(self) -> Float64[np.ndarray, " n"]:
        """E[x], (n,), estimated."""
        return estimated(self).mean

    def active_probability(self) -> Float64[np.ndarray, " n"]:
        """P(x_i ≠ 0), (n,), estimated."""
        return np.diagonal(estimated(self).together).copy()

    def active_together(self) -> Float64[np.ndarray, "n n"]:
        """P(x_i ≠ 0 and x_j ≠ 0), (n, n), estimated."""
        return estimated(self).together

    def second_moment(self) -> Float64[np.ndarray, "n n"]:
        """E[x xᵀ], (n, n), estimated."""
        return estimated(self).second

    def sample_into(self, rng: np.random.Generator, into: F32) -> None:
        """Fill `into` (size, n) with samples in its precision.

        Args:
            rng: the random numbers to use.
            into: what is filled.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is refused
            into[...] = self._returned(rng, len(into))
        self._check_finite(into)

    def _drawn(self, rng: np.random.Generator, size: int) -> F64:
        x = doubles(self._returned(rng, size))
        self._check_finite(x)
        return x

    def _returned(self, rng: np.random.Generator, size: int) -> NDArray[Any]:
        try:
            x = np.asarray(self.function.call(rng, size))
        except TegumError:
            raise
        except Exception as error:  # whatever it is: a line in a command, a cause in Python
            said = f"{type(error).__name__}: {joined(error)}"
            rule = f"must take (rng, count = {size}); {self.function} raised {said}"
            raise SpecError(f"Custom.function {rule}") from error
        if x.shape != (size, self.n_features):
            rule = f"must return shape {(size, self.n_features)} for count = {size}"
            raise SpecError(f"Custom.function {rule}; {self.function} returned {x.shape}")
        if x.dtype.kind not in "fiub":
            raise SpecError(f"Custom.function {_FINITE}; {self.function} returned {x.dtype}")
        return x

    def _check_finite(self, x: NDArray[Any]) -> None:
        if not np.isfinite(x).all():
            bad = x[~np.isfinite(x)][0]
            raise SpecError(f"Custom.function {_FINITE}; {self.function} returned {bad}")


def halves(rng: np.random.Generator, count: int) -> F64:
    """The function of the example: the second feature is half of the first one.

    Args:
        rng: the random numbers to use.
        count: how many samples.

    Returns:
        The samples, (count, 2).

    Source: method, samples of a function.
    """
    first = rng.random(count) * (rng.random(count) < 0.5)
    return np.stack([first, first / 2], axis=1)


EXAMPLE = Custom(function=halves, n_features=2)
