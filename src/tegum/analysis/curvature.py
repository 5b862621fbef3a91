"""The curvature of the expected loss in W and b: Hessians, and what their signs say.

Rotations of the hidden space leave the loss as it is, so that a model's Hessian is 0 along them:
A W for antisymmetric A, m(m − 1)/2 directions where W has full rank (for untied weights B W_in
and −W_out B for any B, m²). They say nothing about the model; a zero beside them does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tegum.arguments import number
from tegum.dims import F64
from tegum.errors import SpecError
from tegum.loss.expected import FLOOR, expected_loss, loss_of_zero
from tegum.problem import Problem
from tegum.runs.weights import Weights, read_one

#: How far a parameter is displaced: as little as the gradient's error allows, for second
#: derivatives have jumps. At minima it makes errors of 1e-8 to 1e-4 of the largest curvature.
STEP: Final = 1e-4
#: Eigenvalues of at most this share of the largest in size count as 0.
ZERO: Final = 1e-5
#: Directions of the orbit shorter than this share of the longest are none.
_FLAT: Final = 1e-5


@dataclass(frozen=True, eq=False)
class Signature:
    """The signs of a Hessian: how many directions go down, stay level and go up.

    Args:
        negative: directions in which the loss falls; 0 at a minimum.
        rotation: level directions that turn the hidden space.
        flat: further level directions, to second order.
        positive: directions in which it rises.
        eigenvalues: of the Hessian apart from the rotations, ascending, (k,).

    Source: method, eigenvalues of the Hessian.
    """

    negative: int
    rotation: int
    flat: int
    positive: int
    eigenvalues: F64


def hessian(problem: Problem, W: Any, b: Any = None, *, step: float = STEP) -> F64:
    """∂²L/∂θ∂θ' of one model, by central differences of the exact gradient.

    θ holds W (hidden, feature) row by row, or W_in and W_out (feature, hidden), then b, unless
    the model has none: P numbers. The error is about step² of the fourth derivatives, about step
    where a second derivative jumps, and 1e-10 L / step. One call of `expected_loss` has all 2 P
    models.

    Args:
        problem: what the model is for.
        W: weights (hidden, feature), or the pair (W_in, W_out).
        b: (feature,), None for 0.
        step: how far a parameter is displaced, > 0.

    Returns:
        The Hessian, (P, P), symmetric.

    Raises:
        SpecError: for what `expected_loss` refuses, costs of weights, more than one model, and a
            step <= 0.

    Source: method, central differences.
    """
    step = number("hessian", "step", step, "must be > 0", lambda x: x > 0)
    theta = read_one("hessian", problem, W, b).flat()
    if problem.weight_costs().any():
        rule = "must be 0 for a Hessian; problem.without_costs() has the loss alone"
        raise SpecError.of("Problem", "weight_l2", rule, problem.weight_l2)
    count = len(theta)
    moved = np.concatenate([theta + step * np.eye(count), theta - step * np.eye(count)])
    models = Weights.of_flat(problem, moved)
    found = expected_loss(problem, models.W, models.b, gradient=True)
    rows = Weights.of(problem.model, found.gradient or {}).flat()
    matrix = (rows[:count] - rows[count:]) / (2 * step)
    return np.asarray((matrix + matrix.T) / 2)


def signature(
    problem: Problem, W: Any, b: Any = None, *, zero: float = ZERO, step: float = STEP
) -> Signature:
    """The signs of the Hessian at one model, rotations apart.

    Args:
        problem: what the model is for.
        W: weights (hidden, feature), or the pair (W_in, W_out).
        b: (feature,), None for 0.
        zero: an eigenvalue of at most this times the largest in size, or 1e-4 of the loss of
            predicting 0 if that is more, counts as 0, in (0, 1).
        step: how far a parameter is displaced, > 0.

    Returns:
        The counts, and the eigenvalues.

    Raises:
        SpecError: for what `hessian` refuses, and unless 0 < zero < 1.

    Source: method, eigenvalues of the Hessian.
    """
    zero = number("signature", "zero", zero, "must be in (0, 1)", lambda x: 0 < x < 1)
    matrix = hessian(problem, W, b, step=step)
    along = _orbit(read_one("signature", problem, W, b))
    rest = np.linalg.svd(along, full_matrices=True)[2][len(along) :]
    values = np.linalg.eigvalsh(rest @ matrix @ rest.T)
    limit = zero * float(np.abs(values).max(initial=FLOOR * loss_of_zero(problem)))
    negative, positive = int((values < -limit).sum()), int((values > limit).sum())
    flat = len(values) - negative - positive
    return Signature(negative, len(along), flat, positive, values)


def _orbit(weights: Weights) -> F64:
    """An orthonormal basis, as rows, of the directions that change the hidden basis only."""
    _, size, basis = np.linalg.svd(weights.rotations(), full_matrices=False)
    return np.asarray(basis[: int((size > _FLAT * size.max(initial=1e-12)).sum())])
