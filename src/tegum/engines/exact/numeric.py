"""How this engine's kernels are compiled, and the moments of a term that they work with."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from tegum.engines.parts import PART, WHOLE
from tegum.engines.portable import alike

#: NaN and infinity stay well defined. A form is compiled once: the same point has the same bits
#: whoever evaluates it.
FAST: Final = False
_COMMON: Final[dict[str, Any]] = {
    "fastmath": FAST, "boundscheck": False, "error_model": "numpy", "_nrt": False,
}  # fmt: skip

UNIFORM, SIGNED, EXPONENTIAL, CONSTANT = range(4)

#: Integers to pass on. A literal is a type of its own: what is given one is compiled for it alone.
NONE: Any = np.int64(-1)
ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)
TWO: Any = np.int64(2)

#: Places of a term's moments, with z the pre-activation, R = ReLU(z), x the own feature and v the
#: other active one: E[R²], E[R], E[x R], E[x 1], E[x² 1], E[v R], E[x v 1], where 1 is 1 if z > 0.
R2, R1, XR, X1, XX, VR, XV = range(7)
MOMENTS: Final = 7


def kernel(function: Any) -> Any:
    """`njit` for a function that Python calls and that owns no array: it holds no lock."""
    return alike(njit(nogil=True, **WHOLE, **_COMMON)(function))


def linked(function: Any) -> Any:
    """The same for one that kernels call by its address."""
    return alike(njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **WHOLE, **_COMMON)(function))


def part(function: Any) -> Any:
    """The same for one that only kernels call; unsaid, it would be inlined where its caller is."""
    return njit(forceinline=False, **PART, **_COMMON)(function)


def inline(function: Any) -> Any:
    """The same for one that becomes part of its callers: a call costs its hundred arguments."""
    return njit(forceinline=True, **PART, **_COMMON)(function)
