"""The exact engine: expected losses and their gradients without sampling.

`check_exact` says whether a problem has an expected loss here, `check_trainable` whether it has a
gradient; `lower` makes arrays of problems, of which `measure` finds losses and `polish` minima.
"""

from tegum.engines.exact.enumeration import MOST_FEATURES
from tegum.engines.exact.lowering import (
    SLOPES,
    Lowered,
    check_exact,
    check_trainable,
    is_summed,
    lower,
)
from tegum.engines.exact.run import Measured, measure, polish

__all__ = [
    "MOST_FEATURES",
    "SLOPES",
    "Lowered",
    "Measured",
    "check_exact",
    "check_trainable",
    "is_summed",
    "lower",
    "measure",
    "polish",
]
