"""Hidden activations of a toy model: mixtures of few of many true directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.arguments import array, whole
from tegum.contents import Content, content_of
from tegum.dims import F64, FEATURE, HIDDEN
from tegum.distributions._estimated import estimated
from tegum.distributions._runs import read_run
from tegum.distributions._spread import spread
from tegum.distributions.base import AnyDistribution, Block, Distribution, check_generator
from tegum.errors import SpecError
from tegum.spec import BrokenRule, Flag, NonNegative

if TYPE_CHECKING:
    from jaxtyping import Float64

#: Squares of more would not hold in float32, in which samples are.
_LARGEST: Final = 1e15


def _directions(value: Any) -> Content:
    if set(getattr(value, "dims", ())) == {HIDDEN, FEATURE}:
        value = value.transpose(HIDDEN, FEATURE)
    found = content_of(value)
    if len(found.shape) != 2 or 0 in found.shape:
        raise BrokenRule("must be a matrix (hidden, feature), or a run of one model", found)
    if np.abs(found.values).max() > _LARGEST:
        raise BrokenRule(f"must be at most {_LARGEST:g} in size", float(np.abs(found.values).max()))
    return found


def _bias(value: Any) -> Content | None:
    if value is None:
        return None
    found = content_of(value)
    if len(found.shape) != 1:
        raise BrokenRule("must be a row of numbers (hidden,)", found)
    return found


def _random_columns(owner: str, n_hidden: int, distribution: Distribution, seed: int) -> F64:
    m = whole(owner, "n_hidden", n_hidden, "must be an integer >= 1", 1)
    start = whole(owner, "seed", seed, "must be an integer >= 0", 0)
    if not isinstance(distribution, Distribution):
        raise SpecError.of(owner, "distribution", "must be a Distribution", distribution)
    columns = np.random.default_rng(start).standard_normal((m, distribution.n_features))
    return np.asarray(columns / np.linalg.norm(columns, axis=0))


class Activations(Distribution):
    """h = f(W x + b) + σ ξ: samples are hidden activations (hidden,), of features x (feature,).

    The truth behind them is known: column i of W is the direction of feature i, which is what a
    dictionary is to find. x is drawn with h, and kept by `sample_both` alone. `n_features` is how
    many numbers a sample has, those of h. Moments are exact where f is the identity, and
    estimates of 131,072 samples else; how often an h_k is not 0 is always estimated.

    Args:
        of: W, an array (hidden, feature) or the path of a file; or a run of one model, as
            `runs.isel(seed=0)`, which says b_hidden, rectified and distribution too.
        distribution: What x is drawn from.
        b_hidden: b (hidden,); 0 by default.
        rectified: Whether f is a ReLU; the identity by default.
        noise: σ >= 0 of normal noise on every h_k.

    Raises:
        SpecError: for what is no matrix of finite numbers, parts whose shapes do not agree, and a
            run of several models or of another kind.

    Source: claim 49; the method of Sharkey, Braun and Millidge (2022), whose data are such.
    """

    of: Annotated[Content, PlainValidator(_directions)]
    distribution: AnyDistribution
    b_hidden: Annotated[Content | None, PlainValidator(_bias)] = None
    rectified: Flag = False
    noise: NonNegative = 0.0
    kind: Literal["activations"] = Field("activations", repr=False)

    if TYPE_CHECKING:

        def __init__(
            self,
            of: Any,
            distribution: Distribution = ...,
            b_hidden: Any = ...,
            rectified: bool = ...,
            noise: float = ...,
        ) -> None: ...

    @classmethod
    def random(
        cls, n_hidden: int, distribution: Distribution, seed: int = 0, **more: Any
    ) -> Activations:
        """Of random directions of norm 1, one for each feature.

        Args:
            n_hidden: the number of hidden dimensions, >= 1.
            distribution: what x is drawn from.
            seed: of the directions, >= 0.
            more: other fields by name.

        Returns:
            The distribution.

        Raises:
            SpecError: for a number that is none, and as the class.
        """
        columns = _random_columns("Activations.random", n_hidden, distribution, seed)
        return cls(columns, distribution, **more)

    @classmethod
    def spread(
        cls, n_hidden: int, distribution: Distribution, seed: int = 0, **more: Any
    ) -> Activations:
        """Of directions of norm 1, one for each feature, that are as far apart as was found.

        Random ones are moved until the largest cosine of two, `closest`, is low: five in two
        dimensions are a pentagon, m + 1 in m dimensions a simplex, whose cosines are all the same,
        and 2m antipodal pairs. Of many other numbers it is a local minimum, by the seed.

        Args:
            n_hidden: the number of hidden dimensions, >= 1.
            distribution: what x is drawn from.
            seed: of the directions that it begins with, >= 0.
            more: other fields by name.

        Returns:
            The distribution.

        Raises:
            SpecError: for a number that is none, and as the class.
        """
        columns = _random_columns("Activations.spread", n_hidden, distribution, seed)
        return cls(spread(columns), distribution, **more)

    @model_validator(mode="before")
    @classmethod
    def _of_a_run(cls, given: Any) -> Any:
        if isinstance(given, dict) and hasattr(given.get("of"), "data_vars"):
            return read_run(given)
        return given

    @model_validator(mode="after")
    def _shapes_agree(self) -> Activations:
        if self.distribution.n_features != self.of.shape[1]:
            rule = f"must have a column for each of {self.distribution.n_features} features"
            raise SpecError.of("Activations", "of", rule, self.of.shape)
        if self.b_hidden is not None and len(self.b_hidden) != self.n_features:
            rule = f"must be {self.n_features} numbers, one for each hidden dimension"
            raise SpecError.of("Activations", "b_hidden", rule, len(self.b_hidden))
        return self

    @property
    def n_features(self) -> int:
        """How many numbers a sample has: the hidden dimensions."""
        return self.of.shape[0]

    @property
    def W(self) -> Float64[np.ndarray, "m n"]:
        """The true directions, one a column, (hidden, feature)."""
        return self.of.values

    @property
    def closest(self) -> float:
        """The largest cosine between two true directions; NaN where there is one only."""
        norm = np.linalg.norm(self.W, axis=0)
        unit = self.W / np.where(norm > 0, norm, 1.0)
        cosines = unit.T @ unit
        np.fill_diagonal(cosines, -np.inf)
        return float(cosines.max()) if len(cosines) > 1 else float("nan")

    @property
    def feature_probability(self) -> float | tuple[float, ...]:
        """That of x."""
        return self.distribution.feature_probability

    def draws(self) -> tuple[float, ...]:
        """Those of x."""
        return self.distribution.draws()

    def with_probability(self, value: object, index: int | None = None) -> Distribution:
        """A copy whose x has other on/off draws.

        Args:
            value: in [0, 1], or one per draw where no index is given.
            index: which draw, from 0; None for all.

        Returns:
            The copy.

        Raises:
            SpecError: as that of x.
        """
        return self.replace(distribution=self.distribution.with_probability(value, index))

    def blocks(self) -> tuple[Block, ...]:
        """One block of all of h."""
        return (Block("joint", 0, self.n_features, 1.0, "uniform"),)

    def mean(self) -> Float64[np.ndarray, " m"]:
        """E[h], (hidden,)."""
        if self.rectified:
            return estimated(self).mean
        return np.asarray(self.W @ self.distribution.mean() + self._shift())

    def second_moment(self) -> Float64[np.ndarray, "m m"]:
        """E[h hᵀ], (hidden, hidden)."""
        if self.rectified:
            return estimated(self).second
        of_x = self.W @ self.distribution.second_moment() @ self.W.T
        cross = np.outer(self.W @ self.distribution.mean(), self._shift())
        of_b = np.outer(self._shift(), self._shift()) + self.noise**2 * np.eye(self.n_features)
        return np.asarray(of_x + cross + cross.T + of_b)

    def active_probability(self) -> Float64[np.ndarray, " m"]:
        """P(h_k ≠ 0), (hidden,), estimated."""
        return np.diagonal(estimated(self).together).copy()

    def active_together(self) -> Float64[np.ndarray, "m m"]:
        """P(h_k ≠ 0 and h_l ≠ 0), (hidden, hidden), estimated."""
        return estimated(self).together

    def hidden(self, x: Float64[np.ndarray, "batch n"]) -> Float64[np.ndarray, "batch m"]:
        """f(W x + b) of each row of x, without noise.

        Args:
            x: features (batch, feature).

        Returns:
            h, (batch, hidden).

        Raises:
            SpecError: for x that is no array of real numbers.
        """
        z: F64 = np.asarray(array("Activations", "x", x) @ self.W.T + self._shift())
        return np.maximum(z, 0.0) if self.rectified else z

    def sample_both(
        self, rng: np.random.Generator, size: int
    ) -> tuple[Float64[np.ndarray, "size n"], Float64[np.ndarray, "size m"]]:
        """Features and the activations that they make: the truth beside what is seen.

        Args:
            rng: the random numbers to use.
            size: how many samples, >= 0.

        Returns:
            x (size, feature) and h (size, hidden).

        Raises:
            SpecError: for an rng that is no Generator.
        """
        check_generator(rng)
        x = self.distribution.sample(rng, size)
        h = self.hidden(x)
        if self.noise:
            h = h + self.noise * rng.standard_normal(h.shape)
        return x, h

    def _drawn(self, rng: np.random.Generator, size: int) -> F64:
        return self.sample_both(rng, size)[1]

    def _shift(self) -> F64:
        return np.zeros(self.n_features) if self.b_hidden is None else self.b_hidden.values


EXAMPLE = Activations(
    of=[[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]],
    distribution={  # type: ignore[arg-type]
        "kind": "correlated",
        "n_sets": 3,
        "set_size": 1,
        "feature_probability": [0.5, 0.3, 0.6],
    },
)
