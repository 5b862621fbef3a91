"""Norms of features in a pair."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tegum.experiments.base import Lab, Tables


def measure(lab: Lab) -> Tables:
    p = np.geomspace(1, 0.01, lab.pick(24, 6))
    sweep = pd.DataFrame({"feature_probability": p, "norm": 1 + 0.3 * (1 - p), "n": len(p)})
    grid = pd.DataFrame(np.outer(p, 1 - p), index=pd.Index(p, name="p"))
    return {"sweep": sweep, "grid": grid}
