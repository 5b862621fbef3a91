"""A matrix of the features, so that a model is to compute a mixture of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, PlainValidator

from tegum.arguments import array
from tegum.errors import SpecError
from tegum.spec import BrokenRule, as_number
from tegum.targets.base import Target

if TYPE_CHECKING:
    from jaxtyping import Float

_LARGEST = 1e30


def _matrix(value: Any) -> tuple[tuple[float, ...], ...]:
    rows = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(rows, (list, tuple)) or not rows:
        raise BrokenRule("must be a matrix of at least one row", value)
    found = []
    for k, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != len(rows[0]) or not row:
            raise BrokenRule("must be rows of one length", row, f"[{k}]")
        rule = f"must be of size < {_LARGEST:g}"
        found.append(
            tuple(
                as_number(entry, rule, lambda x: abs(x) < _LARGEST, f"[{k}][{j}]")
                for j, entry in enumerate(row)
            )
        )
    return tuple(found)


class LinearMap(Target):
    """t(x) = M x.

    The outputs after the last row of M have the target 0 and do not count in the loss.

    Args:
        matrix: M (k, n), at most n rows of n finite numbers.

    Raises:
        SpecError: for what is no matrix of finite numbers.

    Source: "Computation in Superposition", for linear functions of all features.
    """

    matrix: Annotated[tuple[tuple[float, ...], ...], PlainValidator(_matrix)]
    kind: Literal["linear_map"] = Field("linear_map", repr=False)

    def n_outputs(self, n_features: int) -> int:
        """The number of rows.

        Args:
            n_features: n >= 1.

        Returns:
            Their number, in 1 … n.
        """
        return len(self.matrix)

    def check(self, n_features: int) -> None:
        """Refuse a matrix of another number of features.

        Args:
            n_features: n.

        Raises:
            SpecError: for rows of another length than n, and more rows than outputs.
        """
        k, n = len(self.matrix), len(self.matrix[0])
        if n != n_features or k > n_features:
            rule = f"must have {n_features} columns, one for each feature, and at most as many rows"
            raise SpecError.of("LinearMap", "matrix", rule, (k, n))

    def mean_square(self, moment: Float[np.ndarray, "n n"]) -> Float[np.ndarray, " n"]:
        """E[y²] of each output.

        Args:
            moment: E[x xᵀ], (n, n).

        Returns:
            Their mean squares, (n,), 0 after the last row.
        """
        rows = self.values(np.eye(len(moment))).T
        return np.asarray(np.diag(rows @ array("LinearMap", "moment", moment) @ rows.T))

    def values(self, x: Float[np.ndarray, "batch n"]) -> Float[np.ndarray, "batch n"]:
        """M x for each row of x, then zeros.

        Args:
            x: samples (batch, n).

        Returns:
            The targets, (batch, n).
        """
        x = array("LinearMap", "x", x)
        y = np.zeros_like(x)
        y[:, : len(self.matrix)] = x @ np.array(self.matrix).T
        return y


EXAMPLE = LinearMap(matrix=((1.0, 0.5, 0.0), (0.0, 1.0, -0.5)))
