"""Samples: a fixed data set, of which minibatches are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.contents import Content, content_of, shares, weights_of
from tegum.dims import F64
from tegum.distributions.base import Block, Distribution
from tegum.errors import SpecError
from tegum.spec import BrokenRule

if TYPE_CHECKING:
    from jaxtyping import Float64

#: Squares of more would not hold in float32, in which minibatches are.
_LARGEST: Final = 1e15


def _rows(value: Any) -> Content:
    found = content_of(value)
    if len(found.shape) != 2 or 0 in found.shape:
        raise BrokenRule("must be rows of features (T, n), T and n >= 1", found)
    if np.abs(found.values).max() > _LARGEST:
        raise BrokenRule(f"must be at most {_LARGEST:g} in size", float(np.abs(found.values).max()))
    return found


class Samples(Distribution):
    """A fixed data set: x is a row, each by its weight.

    Minibatches are drawn with replacement; `Training(batch_size="all")` takes every row in every
    step. Moments are means over the rows, and so is the expected loss, which is exact for every
    model and target.

    Two are equal when their numbers are. In JSON, and so in a Dataset, up to 2,000 numbers are
    written out; more of them are known by a digest, and by their file, if they came from one: what
    was given as an array is to be given again before such a Dataset is asked for its problem.

    Args:
        x: the rows (T, n), an array or the path of a .npy or .safetensors file.
        weights: the weight of each row, >= 0, (T,), not all 0; equal ones by default.

    Raises:
        SpecError: for what are no rows of finite numbers, and weights that do not go with them.

    Source: method, a fixed data set.
    """

    x: Annotated[Content, PlainValidator(_rows)]
    weights: Annotated[Content | None, PlainValidator(weights_of)] = None
    kind: Literal["samples"] = Field("samples", repr=False)

    if TYPE_CHECKING:

        def __init__(self, x: Any, weights: Any = ...) -> None: ...

    @model_validator(mode="after")
    def _shapes_agree(self) -> Samples:
        if self.weights is not None and len(self.weights) != len(self.x):
            rule = f"must be {len(self.x)}, one for each row"
            raise SpecError.of("Samples", "weights", rule, len(self.weights))
        return self

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return self.x.shape[1]

    @property
    def feature_probability(self) -> tuple[float, ...]:
        """None: there are no on/off draws."""
        return self.draws()

    def draws(self) -> tuple[float, ...]:
        """None."""
        return ()

    def chances(self) -> Float64[np.ndarray, " T"]:
        """The chance of each row, (T,); they sum to 1."""
        return shares(self.weights, len(self.x))

    def blocks(self) -> tuple[Block, ...]:
        """One block of all features, whose law is the rows."""
        return (Block("joint", 0, self.n_features, 1.0, "uniform"),)

    def mean(self) -> Float64[np.ndarray, " n"]:
        """The mean row, (n,)."""
        return np.asarray(self.chances() @ self.x.values)

    def active_probability(self) -> Float64[np.ndarray, " n"]:
        """The share of rows with x_i ≠ 0, (n,)."""
        return np.asarray(self.chances() @ (self.x.values != 0))

    def active_together(self) -> Float64[np.ndarray, "n n"]:
        """The share of rows with x_i ≠ 0 and x_j ≠ 0, (n, n)."""
        on = (self.x.values != 0).astype(np.float64)
        return np.asarray((on * self.chances()[:, None]).T @ on)

    def second_moment(self) -> Float64[np.ndarray, "n n"]:
        """The mean of x xᵀ over the rows, (n, n)."""
        return np.asarray((self.x.values * self.chances()[:, None]).T @ self.x.values)

    def _drawn(self, rng: np.random.Generator, size: int) -> F64:
        if self.weights is None:
            return np.asarray(self.x.values[rng.integers(len(self.x), size=size)])
        return np.asarray(self.x.values[rng.choice(len(self.x), size=size, p=self.chances())])


EXAMPLE = Samples(
    x=[[1.0, 0.0, 0.5], [0.0, -0.25, 0.0], [0.0, 0.0, 0.0], [0.25, 2.0, 0.0]],
    weights=(1, 2, 0.5, 4),
)
