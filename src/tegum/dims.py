"""Names of dimensions, and the array aliases used in signatures."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FEATURE: Final = "feature"
HIDDEN: Final = "hidden"
NEURON: Final = "neuron"
#: Of a dictionary.
LATENT: Final = "latent"
STEP: Final = "step"
CHECKPOINT: Final = "checkpoint"
SEED: Final = "seed"
CANDIDATE: Final = "candidate"
SAMPLE: Final = "sample"
MINIMUM: Final = "minimum"
#: The number of active features.
ACTIVE: Final = "active"
#: The second feature dimension of G and of cosines.
FEATURE_J: Final = "feature_j"
#: The axis of most sweeps, p = 1 − S.
DENSITY: Final = "feature_probability"

#: Plain array aliases; shapes are said by the jaxtyping annotation or the docstring.
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]
