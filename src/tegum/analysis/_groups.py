"""Models of one axis point into groups of the same minimum, and what a group is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tegum.analysis import geometry
from tegum.analysis._orbits import Form, Symmetry, form_of, same, symmetry_of
from tegum.analysis.curvature import Signature, signature
from tegum.analysis.tegum_factors import shape_name
from tegum.dims import F64, I64
from tegum.loss.expected import loss_of_zero, same_loss
from tegum.runs.models import Models
from tegum.runs.weights import split

#: Columns of a description, and those of the signature.
COLUMNS: Final = (
    *("count", "share", "loss", "spread", "above", "represented", "shape"),
    *("spectrum", "diagonal", "family"),
)
SIGNS: Final = ("negative", "rotation", "flat", "positive")


@dataclass(eq=False)
class Group:
    """Models of one minimum, the one of lowest loss first."""

    members: I64
    form: Form
    signs: Signature | None = None
    family: bool = False


class Finder:
    """The groups among the models of a Dataset."""

    def __init__(
        self, models: Models, loss: F64, loss_tolerance: float, tolerance: float, hessian: bool
    ) -> None:
        self.models, self.loss, self.hessian = models, loss, hessian
        self.loss_tolerance, self.tolerance = loss_tolerance, tolerance
        self.symmetries: dict[int, Symmetry] = {}
        self.blanks = [loss_of_zero(problem) for problem in models.problems]

    def groups(self, members: I64) -> list[Group]:
        """By rising loss; `members` are models of one axis point."""
        found: list[tuple[list[int], Form]] = []
        for k in members[np.argsort(self.loss[members], kind="stable")].tolist():
            symmetry, form = self._form(k)
            home = self._home(k, form, symmetry, found)
            if home is None:
                found.append(([k], form))
            else:
                home.append(k)
        groups = [Group(np.array(known, np.int64), form) for known, form in found]
        return self._families(groups) if self.hessian else groups

    def describe(self, group: Group, ended: int, lowest: float) -> dict[str, Any]:
        """The row of a group in the table; `ended` models have converged, to `lowest` or more."""
        first, losses = int(group.members[0]), self.loss[group.members]
        loss = float(losses.min())
        row: dict[str, Any] = {
            "count": len(losses),
            "share": len(losses) / ended,
            "loss": loss,
            "spread": float(np.ptp(losses)),
            "above": self._above(first, loss, lowest),
            "represented": int((np.diagonal(group.form.A) > geometry.REPRESENTED**2).sum()),
            "shape": self._shape(first),
            "spectrum": tuple(np.linalg.svd(group.form.A, compute_uv=False).tolist()),
            "diagonal": tuple(np.sort(np.diagonal(group.form.A))[::-1].tolist()),
            "family": group.family,
        }
        if group.signs is not None:
            row |= dict(zip(SIGNS, _counts(group.signs), strict=True))
        return row

    def _home(
        self, k: int, form: Form, symmetry: Symmetry, found: list[tuple[list[int], Form]]
    ) -> list[int] | None:
        for known, other in reversed(found):
            if not self._level(known[0], k):
                return None  # the others are lower still
            if same(form, other, symmetry, self.tolerance) is not None:
                return known
        return None

    def _families(self, groups: list[Group]) -> list[Group]:
        """Groups of one loss and one signature, with flat directions, are one family."""
        merged: list[Group] = []
        for group in groups:
            group.signs = self._signature(int(group.members[0]))
            for known in merged if group.signs.flat else ():
                level = self._level(int(known.members[0]), int(group.members[0]))
                if level and known.signs and _counts(known.signs) == _counts(group.signs):
                    known.members = np.concatenate([known.members, group.members])
                    known.family = True
                    break
            else:
                merged.append(group)
        return merged

    def _level(self, one: int, other: int) -> bool:
        return self._same(one, float(self.loss[one]), float(self.loss[other]))

    def _same(self, k: int, one: float, other: float) -> bool:
        """Whether losses are equal at the axis point of model k."""
        blank = self.blanks[int(self.models.point_of[k])]
        return bool(same_loss(one, other, self.loss_tolerance, blank))

    def _above(self, k: int, loss: float, lowest: float) -> float:
        """By which part a loss is above the lowest: infinite above a loss of 0."""
        if self._same(k, lowest, 0.0):
            return 0.0 if self._same(k, loss, lowest) else float("inf")
        return loss / lowest - 1

    def _shape(self, k: int) -> str:
        """What the features of a tied model form; those of an untied one have two directions."""
        W, out = split(self.models.weights[k].W)
        return shape_name(W) if out is None else ""

    def _form(self, k: int) -> tuple[Symmetry, Form]:
        point, weights = int(self.models.point_of[k]), self.models.weights[k]
        if point not in self.symmetries:
            self.symmetries[point] = symmetry_of(self.models.problems[point])
        symmetry = self.symmetries[point]
        return symmetry, form_of(weights.A, weights.b, symmetry, self.tolerance)

    def _signature(self, k: int) -> Signature:
        weights = self.models.weights[k]
        return signature(self.models.problem(k), weights.W, weights.b)


def _counts(signs: Signature) -> tuple[int, ...]:
    return (signs.negative, signs.rotation, signs.flat, signs.positive)
