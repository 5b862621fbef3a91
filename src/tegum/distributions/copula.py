"""A Gaussian copula: features that are on together more often, or less often, than by chance."""

from __future__ import annotations

from functools import cache
from math import pi
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field, PlainValidator, model_validator

from tegum.contents import Content, content_of
from tegum.dims import F64
from tegum.distributions.base import Block, Distribution, Probability, per_draw
from tegum.distributions.magnitudes import (
    MagnitudeField,
    OneMagnitude,
    laws_of,
    magnitude_of,
)
from tegum.errors import SpecError
from tegum.spec import BrokenRule

if TYPE_CHECKING:
    from jaxtyping import Float64

#: Rounding may do so much to a correlation, an eigenvalue and a norm.
_ROUNDING: Final = 1e-9
#: Nodes of an integral over correlations.
_NODES: Final = 256


def _correlation(value: Any) -> Content | None:
    if value is None:
        return None
    found = content_of(value)
    r = found.values
    if len(r.shape) != 2 or r.shape[0] != r.shape[1] or not r.size:
        raise BrokenRule("must be a square matrix (n, n)", found)
    if np.abs(r - r.T).max() > _ROUNDING:
        i, j = np.argwhere(np.abs(r - r.T) > _ROUNDING)[0]
        raise BrokenRule(f"must be symmetric, as r[{j}, {i}] = {r[j, i]:g} is not", float(r[i, j]))
    if np.abs(np.diagonal(r) - 1.0).max() > _ROUNDING:
        i = int(np.argmax(np.abs(np.diagonal(r) - 1.0)))
        raise BrokenRule("must be 1 on the diagonal", float(r[i, i]), f"[{i}][{i}]")
    smallest = float(np.linalg.eigvalsh(r)[0])
    if smallest < -_ROUNDING * len(r):
        rule = "must be positive semi-definite: no eigenvalue below 0"
        raise BrokenRule(rule, float(f"{smallest:.6g}"))
    return found


def _factors(value: Any) -> Content | None:
    if value is None:
        return None
    found = content_of(value)
    if len(found.shape) != 2 or 0 in found.shape:
        raise BrokenRule("must be a matrix (n, k), a row for each feature", found)
    norms = np.sqrt((found.values**2).sum(axis=1))
    if norms.max() > 1.0 + _ROUNDING:
        i = int(norms.argmax())
        raise BrokenRule("must have rows of norm at most 1", float(f"{norms[i]:.6g}"), f"[{i}]")
    return found


class Copula(Distribution):
    """x_i is on where z_i <= Φ⁻¹(p_i), of standard normal z with correlations R.

    P(x_i ≠ 0) is p_i exactly. P(x_i ≠ 0 and x_j ≠ 0) is Φ₂(Φ⁻¹(p_i), Φ⁻¹(p_j); R_ij), and
    `on_correlation` how on and off of two features are then correlated. Magnitudes are independent.

    Args:
        feature_probability: p that a feature is active, in [0, 1], a number or one each.
        correlation: R (n, n), 1 on the diagonal, positive semi-definite; an array or a file.
        factors: in its place F (n, k), rows of norm at most 1: R = F Fᵀ off the diagonal.
        magnitude: what v is drawn from, as in `Independent`.

    Raises:
        SpecError: for values out of their ranges, what is no matrix of correlations, and unless
            one of correlation and factors is given.

    Source: method, correlated features; not in the paper.
    """

    feature_probability: Probability
    correlation: Annotated[Content | None, PlainValidator(_correlation)] = None
    factors: Annotated[Content | None, PlainValidator(_factors)] = None
    magnitude: MagnitudeField = "uniform"
    kind: Literal["copula"] = Field("copula", repr=False)

    if TYPE_CHECKING:

        def __init__(
            self,
            feature_probability: Any,
            correlation: Any = ...,
            factors: Any = ...,
            magnitude: Any = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _shapes_agree(self) -> Copula:
        if (self.correlation is None) == (self.factors is None):
            said = "neither" if self.factors is None else "both"
            rule = "must be given, or factors in its place"
            raise SpecError(f"Copula.correlation {rule}; got {said}")
        self.draws()
        self.laws()
        return self

    @property
    def n_features(self) -> int:
        """The rows of what is given."""
        given = self.factors if self.correlation is None else self.correlation
        return len(given) if given is not None else 0

    def draws(self) -> tuple[float, ...]:
        """p of each feature."""
        return per_draw("Copula", self.feature_probability, self.n_features, "n_features")

    def laws(self) -> tuple[OneMagnitude, ...]:
        """The magnitude of each feature."""
        return laws_of("Copula", self.magnitude, self.n_features, "n_features")

    def correlations(self) -> Float64[np.ndarray, "n n"]:
        """R, (n, n)."""
        if self.factors is None:
            return np.array(self.correlation)
        r: F64 = np.asarray(self.factors.values @ self.factors.values.T)
        np.fill_diagonal(r, 1.0)
        return r

    def mixing(self) -> Float64[np.ndarray, "n n"]:
        """L, lower triangular with L Lᵀ = R, (n, n): z = L g of independent g."""
        size, directions = np.linalg.eigh(self.correlations())
        root = directions * np.sqrt(np.maximum(size, 0.0))
        lower: F64 = np.linalg.qr(root.T).R.T
        return np.ascontiguousarray(lower)

    def blocks(self) -> tuple[Block, ...]:
        """One block of all features."""
        return (Block("joint", 0, self.n_features, 1.0, "uniform"),)

    def mean(self) -> Float64[np.ndarray, " n"]:
        """E[x], (n,): p_i E[v]."""
        return np.array(self.draws()) * self._law("mean")

    def active_probability(self) -> Float64[np.ndarray, " n"]:
        """P(x_i ≠ 0), (n,): p."""
        return np.array(self.draws())

    def active_together(self) -> Float64[np.ndarray, "n n"]:
        """P(x_i ≠ 0 and x_j ≠ 0), (n, n)."""
        p, r = np.array(self.draws()), self.correlations()
        both = np.diag(p)
        for i in range(len(p) - 1):
            both[i, i + 1 :] = both[i + 1 :, i] = _both(p[i], p[i + 1 :], r[i, i + 1 :])
        return both

    @property
    def on_correlation(self) -> Float64[np.ndarray, "n n"]:
        """How on and off of two features are correlated, (n, n); 0 for one that is always so."""
        p = np.array(self.draws())
        spread = np.sqrt(p * (1 - p))
        size = np.outer(spread, spread)
        covariance = self.active_together() - np.outer(p, p)
        found: F64 = np.divide(covariance, size, out=np.zeros_like(size), where=size > 0)
        np.fill_diagonal(found, 1.0)
        return found

    def second_moment(self) -> Float64[np.ndarray, "n n"]:
        """E[x xᵀ], (n, n): P(both ≠ 0) E[v_i] E[v_j], and p_i E[v_i²]."""
        mean = self._law("mean")
        moment = np.asarray(self.active_together() * np.outer(mean, mean))
        np.fill_diagonal(moment, np.array(self.draws()) * self._law("mean_square"))
        return moment

    def _law(self, moment: str) -> F64:
        laws = [float(getattr(magnitude_of(law), moment)) for law in self.laws()]
        return np.array(laws)

    def _drawn(self, rng: np.random.Generator, size: int) -> F64:
        from scipy.special import ndtri

        z = rng.standard_normal((size, self.n_features)) @ self.mixing().T
        x = rng.random(z.shape)
        laws = self.laws()
        for law in dict.fromkeys(laws):
            own = [i for i, other in enumerate(laws) if other == law]
            x[:, own] = magnitude_of(law).from_uniform(x[:, own])
        return np.where(z <= ndtri(np.array(self.draws())), x, 0.0)


def _both(p: float, others: F64, r: F64) -> F64:
    """P(z <= Φ⁻¹(p) and z' <= Φ⁻¹(p')) for others p' with correlations r.

    By how much it exceeds p p' is the integral of the normal density over correlations from 0 to r.
    """
    from scipy.special import ndtri

    found = p * others
    sure = (others <= 0.0) | (others >= 1.0)
    if p <= 0.0 or p >= 1.0:
        return found
    h, k = float(ndtri(p)), ndtri(np.where(sure, 0.5, others))
    at, weight = _nodes()
    end = np.arcsin(np.clip(r, -1.0, 1.0))[:, None]
    angle = end * (at + 1.0) / 2.0
    c2, s, k = np.cos(angle) ** 2, np.sin(angle), k[:, None]
    # (h² + k² - 2hks) / 2c², free of differences of what is nearly the same for s near 1 or -1
    sign = np.where(s < 0, -1.0, 1.0)
    power = (h - sign * k) ** 2 / (2.0 * c2) + sign * h * k / (1.0 + np.abs(s))
    part = (np.exp(-power) * weight).sum(axis=1) * end[:, 0] / (4.0 * pi)
    return np.asarray(np.where(sure, found, np.maximum(found + part, 0.0)))


@cache
def _nodes() -> tuple[F64, F64]:
    return np.polynomial.legendre.leggauss(_NODES)


EXAMPLE = Copula(
    feature_probability=(0.3, 0.5, 0.8),
    correlation=[[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]],
    magnitude="signed",
)
