"""Dimension names of every Dataset and the array aliases used in signatures."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FEATURE: Final = "feature"
HIDDEN: Final = "hidden"
NEURON: Final = "neuron"
STEP: Final = "step"
CHECKPOINT: Final = "checkpoint"
SEED: Final = "seed"
CANDIDATE: Final = "candidate"
#: The axis of most sweeps, p = 1 − S.
DENSITY: Final = "feature_probability"

#: Names an axis may not take, because a Dataset gives them another meaning.
RESERVED: Final = frozenset({FEATURE, HIDDEN, NEURON, STEP, CHECKPOINT, SEED, CANDIDATE})

#: Plain array aliases; shapes are said by the jaxtyping annotation or the docstring.
Floats = NDArray[np.float32] | NDArray[np.float64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
