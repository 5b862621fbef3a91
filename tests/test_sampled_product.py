"""Matrix products in register tiles, against float64; whatever this machine's registers."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from tegum.engines.sampled.product import multiply
from tegum.engines.sampled.shared import work_array

#: rows, columns, inner, and whether a is read down its columns: strips of 16 and of 8 columns with
#: all their heights, and more than one depth.
SHAPES = [
    (1, 1, 1, False),
    (3, 5, 2, False),
    (12, 8, 128, False),
    (23, 24, 129, False),
    (29, 17, 300, True),
    (64, 30, 400, False),
    (64, 400, 30, False),
    (400, 30, 64, True),
]


@njit
def _multiply(flip, size, a, b, add, c):  # type: ignore[no-untyped-def]
    multiply(flip, size, a, b, add, c)


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize(("rows", "columns", "inner", "flip"), SHAPES)
def test_a_product_is_that_of_float64(
    add: bool, rows: int, columns: int, inner: int, flip: bool
) -> None:
    rng = np.random.default_rng(rows)
    wide = (columns + 7) // 8 * 8
    a = work_array(inner + 2, rows + 3) if flip else work_array(rows + 2, inner + 3)
    b, c = work_array(inner + 1, wide + 8), work_array(rows + 1, wide + 16)
    for array in (a, b, c):
        array[:] = rng.normal(size=array.shape)
    before, old = c.copy(), np.abs(c[:rows, :columns])
    left = (a[:inner, :rows].T if flip else a[:rows, :inner]).astype(np.float64)
    right = b[:inner, :columns].astype(np.float64)
    _multiply(flip, (rows, columns, inner), a, b, add, c)
    wanted = left @ right + (before[:rows, :columns].astype(np.float64) if add else 0.0)
    # each of `inner` products and sums is rounded once, to a part in 2^24 of what is summed
    bound = (inner + 2) * 2.0**-24 * (np.abs(left) @ np.abs(right) + old)
    assert (np.abs(c[:rows, :columns] - wanted) <= bound).all()
    # nothing else is written but the columns that fill a vector
    np.testing.assert_array_equal(c[rows:], before[rows:])
    np.testing.assert_array_equal(c[:, wide:], before[:, wide:])
