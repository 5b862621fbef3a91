"""Weights up to rotation, reflection and the order of features: alignment and canonical forms.

A model of independent, equally important features is as good after any orthogonal map of its
hidden space and any permutation of its features, so two trained models are compared after
removing both, and pictures of many are drawn in one position.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from tegum.analysis import _sets, geometry
from tegum.analysis._arrays import Array, lift, one_model
from tegum.analysis._matching import assign, starts
from tegum.arguments import array, explained
from tegum.dims import F64, FEATURE, HIDDEN, I64, Bools
from tegum.errors import SpecError

#: Singular values below this share of the largest are no dimension of the target.
_FLAT: Final = 1e-3
#: Rotation and order are improved in turn at most this often.
_ROUNDS: Final = 50
#: What a feature must add, as a share of its length, to choose the next axis of a canonical
#: form. An almost antipodal partner adds next to nothing, and would choose it by its noise.
_ADDS: Final = 0.2
#: When no represented feature does, any feature that adds this share of the longest, in turn.
_LAST: Final = (1e-3, 1e-10)
#: The number of hidden dimensions of `canonical_rotation`'s answer.
AXIS: Final = "axis"


@dataclass(frozen=True, eq=False)
class Alignment:
    """W[:, order] turned by `rotation` lies on the target.

    Args:
        rotation: Q, orthogonal, (hidden, hidden).
        order: the feature of W that stands for each feature of the target, (feature,).
        error: ‖Q W[:, order] − target‖_F >= 0.

    Source: method, orthogonal Procrustes with a permutation.
    """

    rotation: F64
    order: I64
    error: float

    def apply(self, W: NDArray[Any]) -> F64:
        """Q W[:, order]: weights moved as those that were aligned.

        Args:
            W: weights (hidden, feature).

        Returns:
            The moved weights, (hidden, feature).
        """
        return np.asarray(self.rotation @ np.asarray(W, dtype=np.float64)[:, self.order])


def procrustes(
    W: NDArray[Any] | xr.DataArray, target: NDArray[Any] | xr.DataArray, *, reflect: bool = True
) -> F64:
    """The orthogonal Q that minimises ‖Q W − target‖_F, features as they are.

    With U Σ Vᵀ = target Wᵀ it is U Vᵀ.

    Args:
        W: weights (hidden, feature), plain or labelled.
        target: weights of the same shape, (hidden, feature).
        reflect: False makes its determinant +1.

    Returns:
        Q, (hidden, hidden).

    Raises:
        SpecError: unless both are finite and one model of the same shape (hidden, feature).

    Source: method, orthogonal Procrustes (Schönemann 1966).
    """
    return _turn(*_two("procrustes", W, target), reflect)


@explained(example="tg.align(W, target)")
def align(
    W: NDArray[Any] | xr.DataArray,
    target: NDArray[Any] | xr.DataArray,
    *,
    groups: Sequence[Hashable] | None = None,
    reflect: bool = True,
) -> Alignment:
    """The rotation and order of features that bring W closest to the target, as far as found.

    The best orders by Gram matrix are improved in turn with their rotations; the error never rises
    on the way.

    Args:
        W: weights (hidden, feature), plain or labelled.
        target: weights of the same shape, (hidden, feature).
        groups: a label per feature: a feature can stand only for one of the same label. `range(n)`
            keeps the order, None allows every permutation.
        reflect: False allows rotations only.

    Returns:
        Rotation, order and what is left.

    Raises:
        SpecError: unless both are finite and one model of the same shape (hidden, feature), and
            there is one group per feature.

    Source: method, orthogonal Procrustes and linear assignment in turn.
    """
    w, aim = _two("align", W, target)
    if w.size == 0:
        return Alignment(np.eye(len(w)), np.arange(w.shape[1]), 0.0)
    allowed = _allowed(groups, w.shape[1])
    singular = np.linalg.svd(aim, compute_uv=False)
    rank = int((singular > _FLAT * singular[0]).sum())
    orders = starts(w.T @ w, aim.T @ aim, rank, allowed)
    found = [_settle(w, aim, order, allowed, reflect) for order in orders]
    return min(found, key=lambda alignment: alignment.error)


def align_sets(
    W: NDArray[Any] | xr.DataArray, target: NDArray[Any] | xr.DataArray, sets: ArrayLike
) -> Alignment:
    """The rotation, and the order of sets and of their members, that bring W closest to the target.

    A set can stand only for a set of its size, and its members for members of that; see
    `align`, which leaves sets where they are.

    Args:
        W: weights (hidden, feature), plain or labelled.
        target: weights of the same shape, (hidden, feature).
        sets: a label per feature, (feature,), at most six different ones.

    Returns:
        Rotation, order and what is left.

    Raises:
        SpecError: as `align`, and for more than six sets.

    Source: method, `align` for every order of the sets.
    """
    label = _sets.checked(W, sets)
    w = array("align_sets", "W", W)
    groups: list[int] = label.tolist()
    found = []
    for order in _sets.orders(label):
        alignment = align(w[..., order], target, groups=groups)
        found.append(replace(alignment, order=order[alignment.order]))
    return min(found, key=lambda alignment: alignment.error)


def canonical(W: Array) -> Array:
    """The representative of W among all its rotations and reflections.

    The first represented feature lies along +x, the second with a direction of its own in the
    upper half of the xy-plane, the third on the side of positive z, and so on; an antipodal
    partner has none. Q W has the same representative as W for every orthogonal Q.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        The weights turned, (..., hidden, feature), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: method, the QR decomposition of the first independent features.
    """
    return lift(lambda w: _canonical(w) @ w, W, (HIDDEN, FEATURE))


def canonical_rotation(W: Array) -> Array:
    """The orthogonal Q with canonical(W) = Q W.

    The identity for a model that is not finite. Where features span less than the hidden space,
    the last axes are arbitrary.

    Args:
        W: weights (..., hidden, feature), plain or labelled.

    Returns:
        Q, (..., axis, hidden), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions.

    Source: method, the QR decomposition of the first independent features.
    """
    return lift(_canonical, W, (AXIS, HIDDEN))


def _two(
    owner: str, W: NDArray[Any] | xr.DataArray, target: NDArray[Any] | xr.DataArray
) -> tuple[F64, F64]:
    w, aim = one_model(owner, "W", W), one_model(owner, "target", target)
    if w.shape != aim.shape:
        raise SpecError.of(owner, "W", f"must have the target's shape {aim.shape}", w.shape)
    for field, values in (("W", w), ("target", aim)):
        if not np.isfinite(values).all():
            raise SpecError.of(owner, field, "must be finite", values)
    return w, aim


def _allowed(groups: Sequence[Hashable] | None, size: int) -> Bools:
    if groups is None:
        return np.ones((size, size), dtype=np.bool_)
    if len(groups) != size:
        raise SpecError.of("align", "groups", f"must have {size} labels", len(groups))
    numbers = {label: number for number, label in enumerate(dict.fromkeys(groups))}
    label = np.array([numbers[group] for group in groups])
    return np.asarray(label[:, None] == label)


def _turn(w: F64, aim: F64, reflect: bool) -> F64:
    left, _, right = np.linalg.svd(aim @ w.T)
    if not reflect and np.linalg.det(left) * np.linalg.det(right) < 0:
        left[:, -1] *= -1  # the direction of the smallest singular value costs least
    return np.asarray(left @ right)


def _settle(w: F64, aim: F64, order: I64, allowed: Bools, reflect: bool) -> Alignment:
    """Improve the rotation for the order and the order for the rotation until neither moves."""
    best = Alignment(np.eye(len(w)), order, math.inf)
    for _ in range(_ROUNDS):
        rotation = _turn(w[:, order], aim, reflect)
        moved = rotation @ w
        error = float(np.linalg.norm(moved[:, order] - aim))
        if error >= best.error:
            break
        best = Alignment(rotation, order, error)
        cost = (moved**2).sum(0) - 2 * aim.T @ moved  # ‖Q W_j − target_i‖², less ‖target_i‖²
        order = assign(np.where(allowed, cost, np.inf))
    return best


def _canonical(W: F64) -> F64:
    """(..., hidden, feature) -> (..., axis, hidden)."""
    m = W.shape[-2]
    turned = np.empty((*W.shape[:-2], m, m))
    for place in np.ndindex(W.shape[:-2]):
        turned[place] = _axes(W[place])
    return turned


def _axes(w: F64) -> F64:
    """Gram–Schmidt over the features that choose an axis, as rows, completed to a basis."""
    m, n = w.shape
    if not np.isfinite(w).all():
        return np.eye(m)
    length = geometry.norms(w)
    longest = float(length.max(initial=0.0))
    shown = np.flatnonzero(geometry.represented(w))
    rules = [(int(i), _ADDS * float(length[i])) for i in shown]
    rules += [(i, share * longest) for share in _LAST for i in range(n)]
    rows = np.zeros((0, m))
    for feature, least in rules:
        if len(rows) == m:
            return rows
        added = w[:, feature]
        for _ in range(2):  # once more, for what rounding left
            added = added - rows.T @ (rows @ added)
        size = float(np.linalg.norm(added))
        if size > least:
            rows = np.concatenate([rows, added[None] / size])
    rest = np.linalg.svd(rows, full_matrices=True)[2][len(rows) :]
    return np.concatenate([rows, rest])
